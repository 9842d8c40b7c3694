// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"math"
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// facts are what rules ask of an event, as its record says it.
type facts struct {
	id        uint16
	qtype     uint16
	hasType   bool
	hasName   bool
	hasResult bool       // else EventResultDetails is NA
	result    uint64     // the response code
	name      []byte     // folded
	dvc, src  netip.Addr // invalid when not known
	process   string     // empty when not known

	text []byte // the memory of name
}

// asks says which facts any rule asks for, of those that take time to find out.
type asks struct{ dvc, src, name, process bool }

func (a *asks) add(r *rule) {
	a.dvc = a.dvc || r.dvc != nil
	a.src = a.src || r.src != nil
	a.name = a.name || r.names != nil
	a.process = a.process || r.processes != nil
}

// read finds out what is asked of the event.
func (f *Filter) read(e *dns.Event) {
	x := &f.facts
	x.id = e.ID
	code, ok := e.QType()
	x.qtype, x.hasType = uint16(code), ok && code <= math.MaxUint16
	x.result, x.hasResult = e.RCode()
	x.hasResult = x.hasResult && e.Phase == dns.Response
	if f.asks.name {
		x.text, _ = e.Text(x.text[:0], dns.QueryName)
		x.hasName = len(x.text) > 0
		x.name = fold(x.text)
	}
	if f.asks.dvc {
		if x.dvc, ok = e.LocalAddr(); !ok {
			x.dvc = f.device
		}
	}
	if f.asks.src {
		if x.src, ok = e.AskerAddr(); !ok {
			x.src = netip.Addr{}
			if f.client {
				x.src = f.device
			}
		}
	}
	if f.asks.process && f.Process != nil {
		x.process = f.Process(e)
	}
}
