// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"math/bits"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// The flags word of the DNS header (RFC 1035 section 4.1.1, RFC 4035 section 3.1.6).
const (
	flagAA = 0x0400
	flagTC = 0x0200
	flagRD = 0x0100
	flagRA = 0x0080
	flagZ  = 0x0040
	flagAD = 0x0020
	flagCD = 0x0010
)

// dnsFlag is one flag: its bit, its short name, its attribute, and the field that carries this flag alone, if there is one.
type dnsFlag struct {
	bit       uint64
	short     string
	attribute string
	field     dns.Field
}

// dnsFlags are in the order of the header.
var dnsFlags = [...]dnsFlag{
	{flagAA, "AA", "DnsFlagsAuthoritative", dns.AA},
	{flagTC, "TC", "DnsFlagsTruncated", dns.NoField},
	{flagRD, "RD", "DnsFlagsRecursionDesired", dns.RD},
	{flagRA, "RA", "DnsFlagsRecursionAvailable", dns.NoField},
	{flagZ, "Z", "DnsFlagsZ", dns.NoField},
	{flagAD, "AD", "DnsFlagsAuthenticated", dns.AD},
	{flagCD, "CD", "DnsFlagsCheckingDisabled", dns.NoField},
}

// flags writes the flags that the event carries. They come from the header's flags word in a field or in the packet, from fields of single
// flags, or, for a client's query, from the option that turns recursion off.
func (r *dnsRecord) flags() {
	word, hasWord := r.Num(dns.Flags)
	if msg := r.Packet(); msg != nil && !hasWord {
		word, hasWord = uint64(msg.Flags), true
	}
	options, hasOptions := r.Num(dns.QueryOptions)
	var known, set uint16 // by the flag's place in the table
	for i := range dnsFlags {
		f := &dnsFlags[i]
		on, ok := word&f.bit != 0, hasWord
		if n, has := r.num(f.field); f.field != dns.NoField && has {
			on, ok = n != 0, true
		} else if f.bit == flagRD && hasOptions {
			on, ok = options&optionNoRecursion == 0, true
		}
		if ok {
			known |= 1 << i
		}
		if on && ok {
			set |= 1 << i
		}
	}
	r.flagsSet = set
	if known == 0 {
		return
	}
	slim := r.slims()
	r.attrs.PutConsts(r.flagAttrs(flagsKey{known, set, slim}))
	if slim {
		r.omit(bits.OnesCount16(set)*len("true") + bits.OnesCount16(known&^set)*len("false"))
	}
}

// flagsKey is what the attributes of flags depend on. known and set are bit masks of places in the table.
type flagsKey struct {
	known, set uint16
	slim       bool // only DnsFlags
}

// flagAttrs returns the attributes of flags.
func (m *Mapper) flagAttrs(key flagsKey) *attrs.ConstAttrs {
	if r := m.flagSets[key]; r != nil {
		return r
	}
	r := &attrs.ConstAttrs{}
	var names []string
	for i, f := range dnsFlags {
		if key.known&(1<<i) == 0 {
			continue
		}
		if !key.slim {
			r.Bool(f.attribute, key.set&(1<<i) != 0)
		}
		if key.set&(1<<i) != 0 {
			names = append(names, f.short)
		}
	}
	r.Text("DnsFlags", strings.Join(names, ","))
	m.flagSets[key] = r
	return r
}
