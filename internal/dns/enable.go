// SPDX-License-Identifier: Apache-2.0

package dns

import "github.com/otelcol-winnet/otelcol-winnet/internal/etw"

// Enable says which events of a provider are wanted. Provider.Enable makes one.
type Enable struct {
	// Level and Keywords are what EnableTraceEx2 takes: the most verbose level, and MatchAnyKeyword, of which 0 is any.
	Level    uint8
	Keywords uint64

	// Of the events with a category, those outside wanted are not; wanted 0 wants them all.
	wanted   category
	category map[uint16]category
}

// Wants reports whether the event is wanted: whether a session with this level and these keywords receives it, by ETW's own
// rule (an event without a level or without a keyword is always received), and whether its category is wanted.
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

// category is one or more of the categories that the low bits of the DNS Client's keywords stand for.
//
// The provider's manifest defines none of these four bits: its events carry the bit of their channel, most of them
// operationalChannel, and some a bit above 27. The categories make the bits mean what the receiver's documentation says.
type category uint8

// The categories, each at its bit of the keywords.
const (
	queryEvents         category = 1 << iota // calls of programs and their results
	cacheEvents                              // the resolver's cache
	configurationEvents                      // servers, suffixes, the hosts file
	networkEvents                            // queries on the wire and their failures
	allCategories       = queryEvents | cacheEvents | configurationEvents | networkEvents
)

// operationalChannel is the keyword bit of the channel in which the DNS Client's events of these categories lie. Not in it,
// but in the System channel (bit 62), are 1008, 1010, 1012, 1014 and 3024.
const operationalChannel = 1 << 63

// Enable gives what is wanted at a level with keyword flags. The flags of a provider with categories select by category where
// any of those bits is set; the channel's bit then joins the keywords, so that the events arrive to select from.
func (p *Provider) Enable(level uint8, flags uint64) Enable {
	e := Enable{Level: level, Keywords: flags}
	wanted := category(flags) & allCategories
	categories := p.categories()
	if categories == nil || wanted == 0 {
		return e
	}
	e.Keywords |= operationalChannel
	if wanted != allCategories { // else every event is wanted, and none need be looked up
		e.wanted, e.category = wanted, categories
	}
	return e
}
