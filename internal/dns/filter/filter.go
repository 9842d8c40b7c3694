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
	reads            []func(*Filter, *dns.Event) // of the fields that a rule asks for
	asksProcess      bool
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
	var asked [len(table)]bool
	for _, c := range slices.Concat(slices.Concat(f.exclude, f.include)...) {
		asked[c.field] = true
	}
	for i, field := range table {
		if asked[i] && field.read != nil {
			f.reads = append(f.reads, field.read)
		}
	}
	f.asksProcess = asked[find(fieldSrcProcessName)]
	if noise.EnableDeduplication {
		f.seen = newMemory(noise.DeduplicationWindow)
	}
	return f, nil
}

// rules gives the keys that exclude by what an event says, as rules.
func (n *Noise) rules() []rule {
	var list []rule
	if len(n.ExcludedEventIDs) > 0 {
		var r rule
		set := r.on(fieldEventOriginalType).(ids)
		for _, id := range n.ExcludedEventIDs {
			set[uint16(id)] = true
		}
		list = append(list, r)
	}
	if n.ExcludeAAAARecords {
		var r rule
		r.on(fieldDNSQueryTypeName).(types)[typeAAAA] = true
		list = append(list, r)
	}
	if len(n.ExcludedDomains) > 0 {
		var r rule
		set := r.on(fieldDNSQuery).(*names)
		for _, pattern := range n.ExcludedDomains {
			set.addGlob(pattern)
		}
		list = append(list, r)
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
func (f *Filter) AsksProcess() bool { return f.asksProcess }

// Drops reports whether the decoded event is not wanted. It allocates nothing, but for a name longer than any before.
func (f *Filter) Drops(e *dns.Event) bool {
	if f.dropInfo && e.Informational() {
		return true
	}
	if len(f.exclude)+len(f.include) > 0 {
		f.facts.id = e.ID
		for _, read := range f.reads {
			read(f, e)
		}
		if anyMatches(f.exclude, &f.facts) || len(f.include) > 0 && !anyMatches(f.include, &f.facts) {
			return true
		}
	}
	return f.seen != nil && f.seen.repeats(e)
}
