// SPDX-License-Identifier: Apache-2.0

package asim

import "github.com/otelcol-winnet/otelcol-winnet/internal/dns"

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

// dnsFlag is one flag: its bit, its short name, its attribute and the field that may carry it alone.
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

// flags writes the flags that the event carries: the header's word, in a field or the packet, single fields, or for a client's
// query whether it asks for recursion.
func (r *dnsRecord) flags() {
	word, hasWord := r.Num(dns.Flags)
	if msg := r.Packet(); msg != nil && !hasWord {
		word, hasWord = uint64(msg.Flags), true
	}
	options, hasOptions := r.Num(dns.QueryOptions)
	list := r.draft.text
	from := len(list)
	for i := range dnsFlags {
		f := &dnsFlags[i]
		set, known := word&f.bit != 0, hasWord
		if n, ok := r.num(f.field); f.field != dns.NoField && ok {
			set, known = n != 0, true
		} else if f.bit == flagRD && hasOptions {
			set, known = options&optionNoRecursion == 0, true
		}
		if !known {
			continue
		}
		r.attrs.PutConstBool(f.attribute, set)
		if set {
			if len(list) > from {
				list = append(list, ',')
			}
			list = append(list, f.short...)
		}
	}
	if r.draft.text = list; len(list) > from {
		r.attrs.PutText("DnsFlags", from)
	}
}
