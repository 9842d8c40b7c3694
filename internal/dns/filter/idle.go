// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Source is a provider, and what is wanted of its events.
type Source struct {
	Provider *dns.Provider
	Enable   dns.Enable
}

// Idle lists what of the rules and of the keys for noise can match no event that the sources deliver, in a profile: values such as
// "exclude[0].DnsRole: audit", and rules, "include[1]", each of whose values some event has, but none all. device reports whether the
// device's address is known, which stands in where an event names none. What a later Windows may bring is no event's yet and is not
// listed: an id that is in no manifest. Nor are the names of processes, which no manifest has.
func Idle(sources []Source, profile dns.Profile, device bool, rules Config, noise Noise) []string {
	all := occurrences(sources, profile, device, !noise.IncludeInfoEvents)
	var idle []string
	for _, list := range []struct {
		name  string
		rules []Rule
	}{{"exclude", rules.Exclude}, {"include", rules.Include}} {
		for i, r := range list.rules {
			idle = append(idle, idleOf(fmt.Sprintf("%s[%d]", list.name, i), r, all)...)
		}
	}
	for _, id := range noise.ExcludedEventIDs {
		if !occurs(Rule{fieldEventOriginalType: {strconv.Itoa(id)}}, all) {
			idle = append(idle, fmt.Sprintf("excluded_event_ids: %d", id))
		}
	}
	return idle
}

// idleOf lists what of a rule matches none of the occurrences.
func idleOf(rule string, r Rule, all []occurrence) (idle []string) {
	for _, field := range slices.Sorted(maps.Keys(r)) {
		values := r[field]
		switch field {
		case fieldDNSQuery, fieldSrcIPAddr, fieldDvcIPAddr: // any name or address is as likely as another
			values = values[:min(1, len(values))]
		case fieldSrcProcessName:
			continue
		}
		for _, v := range values {
			if !occurs(Rule{field: {v}}, all) {
				idle = append(idle, fmt.Sprintf("%s.%s: %s", rule, field, v))
			}
		}
	}
	if len(idle) == 0 && len(r) > 1 && !occurs(r, all) {
		idle = append(idle, rule)
	}
	return idle
}

// occurs reports whether a rule matches one of the occurrences, or is not allowed in any case.
func occurs(r Rule, all []occurrence) bool {
	var one rule
	for field, values := range r {
		if len(one.add(field, values)) > 0 {
			return true
		}
	}
	return slices.ContainsFunc(all, func(o occurrence) bool { return o.matched(&one) })
}

// occurrence is what the events of one layout can be, as facts are what one event is.
type occurrence struct {
	id        uint16
	others    map[uint16]bool // ids that are not meant, of an occurrence that is an id of no manifest; else nil
	eventType string
	role      dns.Role
	outcomes  uint8  // by bit, the dns.Result
	code      bool   // a response code can stand in EventResultDetails; NA always can
	typed     bool   // it has a query type
	implied   uint16 // the only one that it can have, or 0
	named     bool   // it has a query name
	dvc, src  bool   // it has an address
}

const anyOutcome = 1<<dns.ResultNA | 1<<dns.ResultSuccess | 1<<dns.ResultFailure

// matched reports whether an event of the layout may match the rule.
func (o *occurrence) matched(r *rule) bool {
	return (r.ids == nil || o.hasID(r.ids)) &&
		(r.types == nil || o.typed && (o.implied == 0 || r.types[o.implied])) &&
		o.hasResult(r) &&
		(r.dvc == nil || o.dvc) && (r.src == nil || o.src) && (r.names == nil || o.named) &&
		(r.kind == nil || (r.kind.roles == 0 || r.kind.roles&(1<<o.role) != 0) &&
			(r.kind.eventTypes == nil || slices.Contains(r.kind.eventTypes, o.eventType)))
}

// hasResult reports whether an event of the layout may have a result and details that the rule asks for. A success has the response code
// NOERROR, a failure another one or none, and what says nothing of a result none. Nothing that is audited has a code.
func (o *occurrence) hasResult(r *rule) bool {
	for _, outcome := range [...]dns.Result{dns.ResultNA, dns.ResultSuccess, dns.ResultFailure} {
		if o.outcomes&(1<<outcome) == 0 || r.kind != nil && r.kind.outcomes != 0 && r.kind.outcomes&(1<<outcome) == 0 {
			continue
		}
		if r.results == nil {
			return true
		}
		if r.results.na && (outcome != dns.ResultSuccess || o.role == dns.RoleAudit) {
			return true
		}
		for code := range r.results.codes {
			if o.code && (outcome == dns.ResultSuccess && code == 0 || outcome == dns.ResultFailure && code != 0) {
				return true
			}
		}
	}
	return false
}

func (o *occurrence) hasID(ids map[uint16]bool) bool {
	if o.others == nil {
		return ids[o.id]
	}
	for id := range ids {
		if !o.others[id] {
			return true
		}
	}
	return false
}

// occurrences lists what the sources' events can be, those included that no manifest has.
func occurrences(sources []Source, profile dns.Profile, device, dropInfo bool) (all []occurrence) {
	known := map[uint16]bool{}
	for _, p := range []*dns.Provider{dns.Server(), dns.Client()} {
		for _, t := range dns.NewDecoder(p).Templates() {
			known[t.ID] = true
		}
	}
	for _, s := range sources {
		decoder, view := dns.NewDecoder(s.Provider), dns.NewView(s.Provider, profile)
		add := func(r etw.Record, others map[uint16]bool) {
			e := dns.Event{Record: r}
			if !s.Enable.Wants(&e.Record) {
				return
			}
			if decoder.Decode(&e); !dropInfo || !e.Informational() {
				all = append(all, occurrenceOf(&e, view, profile, device, others))
			}
		}
		for _, t := range decoder.Templates() {
			const pointerSize = 8
			data, err := t.Encode(nil, pointerSize, nil)
			if err != nil {
				continue // no layout needs more than its fields' zeros
			}
			add(etw.Record{
				Provider: s.Provider.GUID, Flags: etw.Flag64BitHeader, ID: t.ID, Version: t.Version, Channel: t.Channel, Level: t.Level, Task: t.Task,
				Keyword: t.Keyword, UserData: data,
			}, nil)
		}
		const noID = 0xFFFF
		add(etw.Record{Provider: s.Provider.GUID, ID: noID}, known)
		if audit, err := s.Provider.Keyword("audit"); err == nil {
			for _, task := range []uint16{0, 5} { // 5 is of the zones
				add(etw.Record{Provider: s.Provider.GUID, ID: noID, Channel: 17, Keyword: audit, Task: task}, known)
			}
		}
	}
	return all
}

// occurrenceOf gives what events of the layout of e, whose fields are zero, can be.
func occurrenceOf(e *dns.Event, view *dns.View, profile dns.Profile, device bool, others map[uint16]bool) occurrence {
	has := func(f dns.Field) bool { _, ok := e.Num(f); return ok }
	o := occurrence{
		id: e.ID, others: others, eventType: view.EventType(e), role: e.Role(), outcomes: 1 << dns.ResultNA, implied: e.Meaning.QueryType,
		named: has(dns.QueryName) || has(dns.RecordName) || has(dns.PacketData),
		dvc:   device || has(e.Local),
	}
	_, o.typed = e.StatedQType()
	o.typed = o.typed || has(dns.PacketData)
	asker := e.Peer
	switch {
	case e.Peer == dns.NoField:
		asker = dns.LocalAddress
	case e.PeerIsServer:
		asker = e.Local
	}
	o.src = has(asker) || device && view.DeviceAsks(e)
	outcome := view.Outcome(e)
	switch {
	case view.AuditEvent(e):
		o.outcomes = 1 << outcome.Result
	case profile == dns.ProfileDocumented:
		o.outcomes, o.code = anyOutcome, e.Phase == dns.Response
	case e.FinalStatus:
		o.outcomes, o.code = anyOutcome, true
	case has(dns.Status) || e.Phase != dns.Response || e.Undecided:
	case e.NoAnswer && !outcome.HasCode:
		o.outcomes = 1 << outcome.Result
	default:
		o.outcomes, o.code = anyOutcome, true
	}
	return o
}
