// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// Filter decides which events are wanted. Use it from one goroutine.
type Filter struct {
	// Process returns the path of the process with the query, or "" if it is not known. Nil means that it is never known.
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

// New makes a filter for the provider's events in a profile.
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

// rules returns the keys for noise that exclude by a field, as rules.
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

// SetDevice sets the address of the host of the next events, invalid if it is not known. It is used for events without an address.
func (f *Filter) SetDevice(addr netip.Addr) { f.device = addr }

// Forget forgets the seen events. Call it before the events of another host.
func (f *Filter) Forget() {
	if f.seen != nil {
		f.seen.forget()
	}
}

// AsksProcess reports whether a rule has the field SrcProcessName.
func (f *Filter) AsksProcess() bool { return f.asksProcess }

// Drops reports whether the decoded event is not wanted. It allocates nothing, except for a name longer than all before.
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
