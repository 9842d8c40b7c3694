// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// hostLayouts asks the host of the events for their layouts, once for each id and version. After an error, which may be transient, it
// asks again for an event that is a minute older or younger.
type hostLayouts struct {
	ask  func(*etw.Record) (*schema.Template, error)
	tell func(r *etw.Record, differs *schema.Template, err error)
	// asked has, by id and version, 0 for an answer, and for an error the time of the event for which the host was asked.
	asked map[uint32]int64
}

// askAgainAfter is the time between two questions for the same layout, in FILETIME's units of 100 ns.
const askAgainAfter = int64(time.Minute / 100)

// UseHost makes the decoder prefer the host's field lists to the embedded ones. Use it when the events come from the Windows that the
// collector runs on. ask returns a list, or nil if the host has none. tell gets each list that differs from the embedded one, and each
// first error of a layout. After an error the embedded list stays until the host answers.
func (d *Decoder) UseHost(ask func(*etw.Record) (*schema.Template, error), tell func(r *etw.Record, differs *schema.Template, err error)) {
	d.host = &hostLayouts{ask: ask, tell: tell, asked: map[uint32]int64{}}
}

// askHost asks for the event's layout, unless the host has answered before.
func (d *Decoder) askHost(r *etw.Record) {
	k := uint32(r.ID)<<8 | uint32(r.Version)
	failed, before := d.host.asked[k]
	if before && (failed == 0 || max(r.TimeStamp-failed, failed-r.TimeStamp) < askAgainAfter) {
		return
	}
	t, err := d.host.ask(r)
	if err != nil {
		d.host.asked[k] = max(r.TimeStamp, 1)
		if !before {
			d.host.tell(r, nil, err)
		}
		return
	}
	d.host.asked[k] = 0
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
