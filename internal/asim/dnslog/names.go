// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"fmt"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// Names says how names are spelled. DNS takes no notice of the case of ASCII letters (RFC 4343), resolvers change it at random in
// their queries (0x20), and a query language that compares text sees as many names as there are spellings.
type Names string

// The spellings.
const (
	// NamesAsSent leaves the names as they were sent.
	NamesAsSent Names = "as_sent"
	// NamesLower puts their ASCII letters into lower case.
	NamesLower Names = "lower"
)

// Validate says which spellings there are.
func (n Names) Validate() error {
	if n != NamesAsSent && n != NamesLower {
		return fmt.Errorf("%q is not a spelling of names; want %s or %s", string(n), NamesAsSent, NamesLower)
	}
	return nil
}

// Spell says how names are spelled in profile windows. Profile asim always has them in lower case, which its schema leaves open, and
// profile documented as they were sent. It is called before the first event.
func (m *Mapper) Spell(n Names) { m.names = n }

// DetailAnswers lists answers with their name, type and time to live. It is called before the first event.
func (m *Mapper) DetailAnswers(detail bool) { m.detail = detail }

// lowers reports whether names are written in lower case.
func (m *Mapper) lowers() bool {
	return m.profile == dns.ProfileASIM || m.profile == dns.ProfileWindows && m.names == NamesLower
}

// spellName puts a name, which is the builder's text since from, into the spelling of the profile.
func (r *dnsRecord) spellName(from int) {
	if r.lowers() {
		dns.Lower(r.builder.Text[from:])
	}
}

// spellData puts the data of a record, which is the builder's text since from, into the spelling of the profile: names, and no other data.
func (r *dnsRecord) spellData(from int, typ uint16) {
	if r.lowers() {
		dns.LowerNames(r.builder.Text[from:], typ)
	}
}

// trimDot takes the dot off the end of the name that was appended from on, but not the root's own.
func trimDot(text []byte, from int) []byte {
	if size := len(text) - from; size > 1 && text[len(text)-1] == '.' {
		return text[:len(text)-1]
	}
	return text
}

// dnsQueryOriginal is the name in AdditionalFields of the spelling that was asked, where it is not that of DnsQuery.
const dnsQueryOriginal = "DnsQueryOriginal"

// spell puts the queried name, which is the builder's text since from, into the spelling of the profile, and keeps the other.
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
