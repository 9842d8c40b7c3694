// SPDX-License-Identifier: Apache-2.0

package dns

import "github.com/otelcol-winnet/otelcol-winnet/internal/etw"

// Enable selects events of a provider. Provider.Enable makes one.
type Enable struct {
	// Level and Keywords are arguments of EnableTraceEx2: the most verbose level, and MatchAnyKeyword, where 0 means any.
	Level    uint8
	Keywords uint64

	// Events with a category outside wanted are not selected. If wanted is 0 all categories are.
	wanted   category
	category map[uint16]category
}

// Wants reports whether the event is selected: a session with this level and these keywords receives it, and its category is wanted. By
// ETW's rule a session receives every event without a level or without a keyword.
func (e Enable) Wants(r *etw.Record) bool {
	if r.Level > e.Level && r.Level != 0 || r.Keyword != 0 && e.Keywords != 0 && r.Keyword&e.Keywords == 0 {
		return false
	}
	if e.wanted == 0 {
		return true
	}
	c := e.category[r.ID]
	return c == 0 || c&e.wanted != 0
}

// category is one or more of the categories that the low bits of the DNS Client's keywords select.
//
// The provider's manifest defines none of these four bits. Its events carry the bit of their channel, mostly operationalChannel, and
// some carry a bit above 27. The categories give the bits the meaning in the receiver's documentation.
type category uint8

// The categories, each at its bit of the keywords.
const (
	queryEvents         category = 1 << iota // calls of programs and their results
	cacheEvents                              // the resolver's cache
	configurationEvents                      // servers, suffixes, the hosts file
	networkEvents                            // queries on the wire and their failures
	allCategories       = queryEvents | cacheEvents | configurationEvents | networkEvents
)

// operationalChannel is the keyword bit of the DNS Client's Operational channel, which has the events of the categories. Only 1008, 1010,
// 1012, 1014 and 3024 are in the System channel (bit 62).
const operationalChannel = 1 << 63

// Enable returns the selection for a level and keyword flags. If the provider has categories and the flags have any of their bits, the flags
// select by category. The keywords then get the channel's bit, since without it the session would not receive the events.
func (p *Provider) Enable(level uint8, flags uint64) Enable {
	e := Enable{Level: level, Keywords: flags}
	wanted := category(flags) & allCategories
	categories := p.categories()
	if categories == nil || wanted == 0 {
		return e
	}
	e.Keywords |= operationalChannel
	if wanted != allCategories { // otherwise every event is wanted, without a look-up
		e.wanted, e.category = wanted, categories
	}
	return e
}
