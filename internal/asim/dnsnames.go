// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"fmt"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// DNSNames says how names are spelled. DNS takes no notice of the case of ASCII letters (RFC 4343), resolvers change it at random in
// their queries (0x20), and a query language that compares text sees as many names as there are spellings.
type DNSNames string

// The spellings.
const (
	// NamesAsSent leaves the names as they were sent.
	NamesAsSent DNSNames = "as_sent"
	// NamesLower puts their ASCII letters into lower case.
	NamesLower DNSNames = "lower"
)

// Validate says which spellings there are.
func (n DNSNames) Validate() error {
	if n != NamesAsSent && n != NamesLower {
		return fmt.Errorf("%q is not a spelling of names; want %s or %s", string(n), NamesAsSent, NamesLower)
	}
	return nil
}

// Spell says how names are spelled in profile windows. Profile asim always has them in lower case, which its schema leaves open, and
// profile documented as they were sent. It is called before the first event.
func (m *DNSMapper) Spell(n DNSNames) { m.names = n }

// DetailAnswers lists answers with their name, type and time to live. It is called before the first event.
func (m *DNSMapper) DetailAnswers(detail bool) { m.detail = detail }

// lowers reports whether names are written in lower case.
func (m *DNSMapper) lowers() bool {
	return m.profile == ProfileASIM || m.profile == ProfileWindows && m.names == NamesLower
}

// spellName puts a name, which is the draft's text since from, into the spelling of the profile.
func (r *dnsRecord) spellName(from int) {
	if r.lowers() {
		dns.Lower(r.draft.text[from:])
	}
}

// spellData puts the data of a record, which is the draft's text since from, into the spelling of the profile: names, and no other data.
func (r *dnsRecord) spellData(from int, typ uint16) {
	if r.lowers() {
		dns.LowerNames(r.draft.text[from:], typ)
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

// spell puts the queried name, which is the draft's text since from, into the spelling of the profile, and keeps the other.
func (r *dnsRecord) spell(from int) (name piece) {
	d := r.draft
	name = d.since(from)
	if r.lowers() && dns.HasUpper(d.text[from:]) {
		d.text = append(d.text, d.text[from:]...)
		r.asked = d.since(int(name.to))
		dns.Lower(d.text[name.from:name.to])
	}
	return name
}
