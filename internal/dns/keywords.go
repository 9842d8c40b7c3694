// SPDX-License-Identifier: Apache-2.0

// The keywords of both providers by name.

package dns

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Keyword is a kind of events of a provider: the events with one of its bits, or the events of a category.
type Keyword struct {
	Name string
	Bits uint64
}

// The sets of keywords: the provider's default, and the events that matter to security.
const (
	setDefault  = "default"
	setSecurity = "security"
)

// serverKeywords divide the events of the DNS Server by the bits in its manifest. The bit of audit is the bit of the channel.
func serverKeywords() []Keyword {
	return []Keyword{
		{"queries", 0x1},                                                  // 256, 287
		{"responses", 0x2 | 0x4},                                          // 257, 258, 284, 285, 288
		{"ignored", 0x8},                                                  // 259
		{"recursion", 0x10 | 0x20},                                        // 260, 261, 289, 290
		{"timeouts", 0x40 | 0x800000000000},                               // 262, 286, 291: recursion that failed
		{"updates", 0x80 | 0x100 | 0x400000000 | 0x8000000000},            // 263, 264, 277, 278
		{"transfers", 0x1FE00},                                            // 265 to 272
		{"notify", 0x20000 | 0x40000 | 0x200000000 | 0x10000000000},       // 273 to 276
		{"lookups", 0x800000000 | 0x1000000000},                           // 279, 280: internal
		{"rate_limiting", 0x40000000000 | 0x80000000000 | 0x100000000000}, // 281 to 283
		{"audit", auditKeyword},
	}
}

// systemChannel is the keyword bit of the DNS Client's events in the System channel.
const systemChannel = 1 << 62

// clientKeywords divide the events of the DNS Client by the categories, and by the System channel, which is in no category.
func clientKeywords() []Keyword {
	return []Keyword{
		{"queries", uint64(queryEvents)},
		{"cache", uint64(cacheEvents)},
		{"configuration", uint64(configurationEvents)},
		{"networking", uint64(networkEvents)},
		{"system", systemChannel},
	}
}

// KeywordNames lists the names that Keyword takes.
func (p *Provider) KeywordNames() []string {
	var names []string
	for _, k := range p.keywords {
		names = append(names, k.Name)
	}
	return append(names, setDefault, setSecurity)
}

// Keyword returns the bits of a keyword, or of a set of keywords, by name in any case.
func (p *Provider) Keyword(name string) (bits uint64, err error) {
	name = strings.ToLower(strings.TrimSpace(name))
	switch name {
	case setDefault:
		return p.Keywords, nil
	case setSecurity:
		bits = p.Keywords
		for _, k := range p.keywords {
			for _, one := range p.security {
				if k.Name == one {
					bits |= k.Bits
				}
			}
		}
		return bits, nil
	}
	for _, k := range p.keywords {
		if k.Name == name {
			return k.Bits, nil
		}
	}
	return 0, fmt.Errorf("%q names no events of the %s; want %s, or a number", name, p.Product, strings.Join(p.KeywordNames(), ", "))
}

// LeftOut lists the kinds of events that the keywords of e exclude, and the kinds that its level excludes although the keywords include
// them. A kind is the name of its keyword. If only some events of a kind are excluded, " (in part)" follows the name.
func (p *Provider) LeftOut(e Enable) (byKeywords, byLevel []string) {
	templates, categories := p.catalog().Templates, p.categories()
	anyLevel := e
	anyLevel.Level = math.MaxUint8
	for _, k := range p.keywords {
		all, asked, wanted := 0, 0, 0
		for _, t := range templates {
			if !k.has(categories, t.ID, t.Keyword) {
				continue
			}
			all++
			r := etw.Record{ID: t.ID, Keyword: t.Keyword, Level: t.Level}
			if !anyLevel.Wants(&r) {
				continue
			}
			asked++
			if e.Wants(&r) {
				wanted++
			}
		}
		byKeywords = appendKind(byKeywords, k.Name, asked, all)
		byLevel = appendKind(byLevel, k.Name, wanted, asked)
	}
	return byKeywords, byLevel
}

// appendKind appends the name of a kind if fewer of its events are left than there were.
func appendKind(kinds []string, name string, left, were int) []string {
	switch {
	case left == were:
		return kinds
	case left > 0:
		name += " (in part)"
	}
	return append(kinds, name)
}

// Collects reports whether any events of a kind come: its keyword's name is one of KeywordNames.
func (p *Provider) Collects(e Enable, kind string) bool {
	byKeywords, byLevel := p.LeftOut(e)
	return !slices.Contains(byKeywords, kind) && !slices.Contains(byLevel, kind)
}

// has reports whether an event is of the kind. categories are the provider's.
func (k Keyword) has(categories map[uint16]category, id uint16, keyword uint64) bool {
	if c := category(k.Bits) & allCategories; categories != nil && c != 0 {
		return categories[id]&c != 0
	}
	return keyword&k.Bits != 0
}
