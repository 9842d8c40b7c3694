// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"fmt"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// Names is the spelling of names in records. DNS ignores the case of ASCII letters (RFC 4343), and some resolvers choose it at random in
// their queries (0x20). A query language that compares text treats each spelling as another name.
type Names string

// The spellings.
const (
	// NamesAsSent leaves the names as they were sent.
	NamesAsSent Names = "as_sent"
	// NamesLower puts their ASCII letters into lower case.
	NamesLower Names = "lower"
)

// Validate returns an error for an unknown spelling. The error lists the known ones.
func (n Names) Validate() error {
	if n != NamesAsSent && n != NamesLower {
		return fmt.Errorf("%q is not a spelling of names; want %s or %s", string(n), NamesAsSent, NamesLower)
	}
	return nil
}

// Spell sets the spelling of names in profile windows. Profile asim always has lower case, which its schema allows, and profile
// documented leaves names as they were sent. Call it before the first event.
func (m *Mapper) Spell(n Names) { m.names = n }

// DetailAnswers sets whether answers are listed with their name, type and time to live. Call it before the first event.
func (m *Mapper) DetailAnswers(detail bool) { m.detail = detail }

// lowers reports whether names are written in lower case.
func (m *Mapper) lowers() bool {
	return m.profile == dns.ProfileASIM || m.profile == dns.ProfileWindows && m.names == NamesLower
}

// spellName changes a name to the profile's spelling. The name is the builder's text from index from on.
func (r *dnsRecord) spellName(from int) {
	if r.lowers() {
		dns.Lower(r.builder.Text[from:])
	}
}

// spellData changes the names in a record's data to the profile's spelling. The data is the builder's text from index from on.
func (r *dnsRecord) spellData(from int, typ uint16) {
	if r.lowers() {
		dns.LowerNames(r.builder.Text[from:], typ)
	}
}

// trimDot removes the dot at the end of the name that begins at index from. The root keeps its dot.
func trimDot(text []byte, from int) []byte {
	if size := len(text) - from; size > 1 && text[len(text)-1] == '.' {
		return text[:len(text)-1]
	}
	return text
}

// dnsQueryOriginal is the name in AdditionalFields for the spelling in the query, if it differs from DnsQuery.
const dnsQueryOriginal = "DnsQueryOriginal"

// spell changes the queried name to the profile's spelling and keeps the original one. The name is the builder's text from index from on.
func (r *dnsRecord) spell(from int) (name attrs.Piece) {
	d := r.builder
	name = d.Since(from)
	if r.lowers() && dns.HasUpper(d.Text[from:]) {
		d.Text = append(d.Text, d.Text[from:]...)
		r.asked = d.Since(int(name.To))
		dns.Lower(d.Text[name.From:name.To])
	}
	return name
}
