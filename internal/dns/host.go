// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// hostLayouts asks the host of the events for their layouts, once for each id and version.
type hostLayouts struct {
	ask   func(*etw.Record) (*schema.Template, error)
	tell  func(r *etw.Record, differs *schema.Template, err error)
	asked map[uint32]struct{}
}

// UseHost makes the decoder prefer the host's field lists to the embedded ones. Use it when the events come from the Windows that the
// collector runs on. ask returns a list, or nil if the host has none. tell gets each list that differs from the embedded one, and each
// error. After an error the embedded list stays.
func (d *Decoder) UseHost(ask func(*etw.Record) (*schema.Template, error), tell func(r *etw.Record, differs *schema.Template, err error)) {
	d.host = &hostLayouts{ask: ask, tell: tell, asked: map[uint32]struct{}{}}
}

// askHost asks for the event's layout, unless it has asked before.
func (d *Decoder) askHost(r *etw.Record) {
	k := uint32(r.ID)<<8 | uint32(r.Version)
	if _, done := d.host.asked[k]; done {
		return
	}
	d.host.asked[k] = struct{}{}
	t, err := d.host.ask(r)
	if err != nil {
		d.host.tell(r, nil, err)
		return
	}
	if t == nil {
		return
	}
	if known := d.catalog.Candidates(r.ID, r.Version); len(known) > 0 && known[0].Version == r.Version && known[0].Same(t) {
		d.plans[known[0].Index].host = true
		return
	}
	d.catalog.Prefer(t)
	d.plans = append(d.plans, d.plan(t))
	d.plans[t.Index].host = true
	d.host.tell(r, t, nil)
}
