// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// Filter decides which events are wanted. It is used from one goroutine.
type Filter struct {
	// Process gives the path of the process that asked, or "" where it is not known. Nil is never known.
	Process func(*dns.Event) string

	exclude, include []rule
	asks             asks
	dropInfo         bool
	seen             *memory // nil without deduplication

	view   *dns.View
	device netip.Addr // invalid when it is not known
	facts  facts
}

// New makes a filter for the provider's events, whose records are of the profile.
func New(p *dns.Provider, profile dns.Profile, rules Config, noise Noise) (*Filter, error) {
	exclude, excludeErr := compileAll("exclude", rules.Exclude)
	include, includeErr := compileAll("include", rules.Include)
	if err := errors.Join(excludeErr, includeErr, noise.Check()); err != nil {
		return nil, err
	}
	f := &Filter{
		exclude: append(noise.rules(), exclude...), include: include, dropInfo: !noise.IncludeInfoEvents,
		view: dns.NewView(p, profile),
	}
	for _, r := range slices.Concat(f.exclude, f.include) {
		f.asks.add(&r)
	}
	if noise.EnableDeduplication {
		f.seen = newMemory(noise.DeduplicationWindow)
	}
	return f, nil
}

// rules gives the keys that exclude by what an event says, as rules.
func (n *Noise) rules() []rule {
	var list []rule
	if len(n.ExcludedEventIDs) > 0 {
		var ids rule
		for _, id := range n.ExcludedEventIDs {
			ids.addEventID(uint16(id))
		}
		list = append(list, ids)
	}
	if n.ExcludeAAAARecords {
		list = append(list, rule{types: map[uint16]bool{typeAAAA: true}})
	}
	if len(n.ExcludedDomains) > 0 {
		domains := &names{}
		for _, pattern := range n.ExcludedDomains {
			domains.addGlob(pattern)
		}
		list = append(list, rule{names: domains})
	}
	return list
}

const typeAAAA = 28 // RFC 3596

// SetDevice says whose events are to come: the address that stands in where an event names none, invalid when it is not known.
func (f *Filter) SetDevice(addr netip.Addr) { f.device = addr }

// Forget forgets which events were seen, for events of another host to come.
func (f *Filter) Forget() {
	if f.seen != nil {
		f.seen.forget()
	}
}

// AsksProcess reports whether a rule asks for the process that asked.
func (f *Filter) AsksProcess() bool { return f.asks.process }

// Drops reports whether the decoded event is not wanted. It allocates nothing, but for a name longer than any before.
func (f *Filter) Drops(e *dns.Event) bool {
	if f.dropInfo && e.Informational() {
		return true
	}
	if len(f.exclude)+len(f.include) > 0 {
		f.read(e)
		if anyMatches(f.exclude, &f.facts) || len(f.include) > 0 && !anyMatches(f.include, &f.facts) {
			return true
		}
	}
	return f.seen != nil && f.seen.repeats(e)
}

func anyMatches(rules []rule, x *facts) bool {
	for i := range rules {
		if rules[i].matches(x) {
			return true
		}
	}
	return false
}
