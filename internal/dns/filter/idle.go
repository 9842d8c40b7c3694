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

// Source is a provider and the selection of its events.
type Source struct {
	Provider *dns.Provider
	Enable   dns.Enable
}

// Idle lists the parts of the rules and of the keys for noise that can match no event of the sources, in a profile. They are values, such as
// "exclude[0].DnsRole: audit", and rules, such as "include[1]", if events have each of its values, but none has all. device reports whether
// the device's address is known; it is used for events without an address. An id that is in no manifest is not listed, since a later
// Windows may bring it. Names of processes are not listed either: no manifest has them.
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

// idleOf lists the parts of a rule that match none of the occurrences.
func idleOf(rule string, r Rule, all []occurrence) (idle []string) {
	r = r.split()
	for _, name := range slices.Sorted(maps.Keys(r)) {
		values := r[name]
		if at := find(name); at >= 0 && table[at].alike {
			values = values[:min(1, len(values))]
		}
		for _, v := range values {
			if !occurs(Rule{name: {v}}, all) {
				idle = append(idle, fmt.Sprintf("%s.%s: %s", rule, name, v))
			}
		}
	}
	if len(idle) == 0 && len(r) > 1 && !occurs(r, all) {
		idle = append(idle, rule)
	}
	return idle
}

// occurs reports whether a rule matches one of the occurrences. It is true for an invalid rule, which Validate refuses.
func occurs(r Rule, all []occurrence) bool {
	var one rule
	for name, values := range r {
		if len(one.add(name, values)) > 0 {
			return true
		}
	}
	return slices.ContainsFunc(all, func(o occurrence) bool { return one.possible(&o) })
}

// occurrence stands for the events of one layout with one kind of result.
type occurrence struct {
	event   *dns.Event      // an event of the layout with zero in every field
	others  map[uint16]bool // all known ids, if the occurrence stands for the unknown ones; else nil
	view    *dns.View
	device  bool // the device's address is known
	result  dns.Result
	details details
}

// details are the values that EventResultDetails can have in an occurrence.
type details uint8

const (
	detailsOther   details = iota // no value that a rule can have
	detailsNA                     // NA
	detailsNoError                // the response code 0
	detailsError                  // any other response code
)

// has reports whether events of the layout have the field.
func (o *occurrence) has(f dns.Field) bool { _, ok := o.event.Num(f); return ok }

// hasName reports whether they have a query name.
func (o *occurrence) hasName() bool {
	return o.has(dns.QueryName) || o.has(dns.RecordName) || o.has(dns.PacketData)
}

// hasType reports whether they have a query type.
func (o *occurrence) hasType() bool {
	_, stated := o.event.StatedQType()
	return stated || o.has(dns.PacketData)
}

// hasDvc reports whether they have the device's address.
func (o *occurrence) hasDvc() bool { return o.device || o.has(o.event.Local) }

// hasSrc reports whether they have the address of the asking host.
func (o *occurrence) hasSrc() bool {
	asker := o.event.Peer
	switch {
	case asker == dns.NoField:
		asker = dns.LocalAddress
	case o.event.PeerIsServer:
		asker = o.event.Local
	}
	return o.has(asker) || o.device && o.view.DeviceAsks(o.event)
}

// withResults appends the occurrence with each result that its events can have. A success has the response code NOERROR, a failure has
// another code or none, and an event without a result has no code.
func (o occurrence) withResults(all []occurrence, profile dns.Profile) []occurrence {
	add := func(r dns.Result, d details) {
		o.result, o.details = r, d
		all = append(all, o)
	}
	anyResult := func(code bool) {
		add(dns.ResultNA, detailsNA)
		add(dns.ResultFailure, detailsNA)
		if !code {
			add(dns.ResultSuccess, detailsOther)
			return
		}
		add(dns.ResultSuccess, detailsNoError)
		add(dns.ResultFailure, detailsError)
	}
	e := o.event
	outcome := o.view.Outcome(e)
	switch {
	case o.view.AuditEvent(e): // no audit event has a code
		add(outcome.Result, detailsNA)
	case profile == dns.ProfileDocumented:
		anyResult(e.Phase == dns.Response)
	case e.FinalStatus:
		anyResult(true)
	case o.has(dns.Status) || e.Phase != dns.Response || e.Undecided:
		add(dns.ResultNA, detailsNA)
	case e.NoAnswer && !outcome.HasCode:
		add(outcome.Result, detailsNA)
	default:
		anyResult(true)
	}
	return all
}

// occurrences lists the occurrences of the sources' events, including events that are in no manifest.
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
			e := &dns.Event{Record: r}
			if !s.Enable.Wants(&e.Record) {
				return
			}
			if decoder.Decode(e); !dropInfo || !e.Informational() {
				all = occurrence{event: e, others: others, view: view, device: device}.withResults(all, profile)
			}
		}
		for _, t := range decoder.Templates() {
			const pointerSize = 8
			data, err := t.Encode(nil, pointerSize, nil)
			if err != nil {
				continue // every layout can be encoded with zeros
			}
			add(etw.Record{
				Provider: s.Provider.GUID, Flags: etw.Flag64BitHeader, ID: t.ID, Version: t.Version, Channel: t.Channel, Level: t.Level, Task: t.Task,
				Keyword: t.Keyword, UserData: data,
			}, nil)
		}
		const noID = 0xFFFF
		add(etw.Record{Provider: s.Provider.GUID, ID: noID}, known)
		if audit, err := s.Provider.Keyword("audit"); err == nil {
			for _, task := range []uint16{0, dns.TaskZone} { // one that changes nothing, and one that does
				add(etw.Record{Provider: s.Provider.GUID, ID: noID, Channel: dns.AuditChannel, Keyword: audit, Task: task}, known)
			}
		}
	}
	return all
}
