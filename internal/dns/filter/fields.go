// SPDX-License-Identifier: Apache-2.0

package filter

import (
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
	outcome   dns.Result
	role      dns.Role
	eventType string

	text []byte // the memory of name
}

// asks says which facts any rule asks for, of those that take time to find out.
type asks struct {
	qtype, result, dvc, src, name, process bool

	kind kindAsks
}

// kindAsks are those of kind, and whether there are any.
type kindAsks struct{ any, outcome, role, eventType bool }

func (a *asks) add(r *rule) {
	a.qtype = a.qtype || r.types != nil
	a.result = a.result || r.results != nil
	a.dvc = a.dvc || r.dvc != nil
	a.src = a.src || r.src != nil
	a.name = a.name || r.names != nil
	a.process = a.process || r.processes != nil
	if k := r.kind; k != nil {
		a.kind.outcome = a.kind.outcome || k.outcomes != 0
		a.kind.role = a.kind.role || k.roles != 0
		a.kind.eventType = a.kind.eventType || k.eventTypes != nil
		a.kind.any = true
	}
}

// read finds out what is asked of the event.
func (f *Filter) read(e *dns.Event) {
	x := &f.facts
	x.id = e.ID
	var ok bool
	if f.asks.qtype {
		code, typed := e.QType()
		x.qtype, x.hasType = uint16(code), typed
	}
	if f.asks.result {
		outcome := f.view.Outcome(e)
		x.result, x.hasResult = outcome.Code, outcome.HasCode && e.Phase == dns.Response
	}
	if f.asks.kind.any {
		f.readKind(e)
	}
	if f.asks.name {
		x.text = e.QName(x.text[:0])
		x.hasName = len(x.text) > 0
		x.name = dns.Fold(x.text)
	}
	if f.asks.dvc {
		if x.dvc, ok = e.LocalAddr(); !ok {
			x.dvc = f.device
		}
	}
	if f.asks.src {
		if x.src, ok = e.AskerAddr(); !ok {
			x.src = netip.Addr{}
			if f.view.DeviceAsks(e) && e.Reaches(f.device) {
				x.src = f.device
			}
		}
	}
	if f.asks.process && f.Process != nil {
		x.process = f.Process(e)
	}
}

// readKind finds out what is asked of the event's kind.
func (f *Filter) readKind(e *dns.Event) {
	x, asks := &f.facts, &f.asks.kind
	if asks.outcome {
		x.outcome = f.view.Outcome(e).Result
	}
	if asks.role {
		x.role = e.Role()
	}
	if asks.eventType {
		x.eventType = f.view.EventType(e)
	}
}
