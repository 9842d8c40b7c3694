// SPDX-License-Identifier: Apache-2.0

package pseudonym

import (
	"bytes"
	"net/netip"
	"strconv"
)

// Bounds of a name in its text form: 255 bytes, each of them escaped as \DDD, and 127 labels (RFC 1035 section 2.3.4). A longer text is no
// name and gets one pseudonym as a whole: one for each label would take time that grows with the square of the length.
const (
	maxName   = 4 * 255
	maxLabels = 127
)

// Name appends the pseudonym of a DNS name. The pseudonym has the same number of labels and the same dots at its end. Case does not count. The
// root and the label * stay as they are. If addresses are replaced too, the name of a reverse look-up becomes that of the address's pseudonym.
func (p *Pseudonymizer) Name(dst, name []byte) []byte {
	if to, ok := p.names[string(name)]; ok {
		return append(dst, to...)
	}
	from := len(dst)
	dst = p.name(dst, name)
	if len(name)+len(dst)-from <= maxCachedName {
		if len(p.names) == maxNames {
			clear(p.names)
		}
		p.names[string(name)] = string(dst[from:])
	}
	return dst
}

func (p *Pseudonymizer) name(dst, name []byte) []byte {
	if p.Has(Addresses) {
		if reversed, ok := p.reverse(dst, name); ok {
			return reversed
		}
	}
	if !p.Has(Names) {
		return append(dst, name...)
	}
	return p.labels(dst, name)
}

// labels appends the pseudonym of each label.
func (p *Pseudonymizer) labels(dst, name []byte) []byte {
	p.lower = appendLower(p.lower[:0], name)
	rest := p.lower
	end := len(rest)
	for end > 0 && rest[end-1] == '.' && (end < 2 || rest[end-2] != '\\') {
		end--
	}
	if end == 0 {
		return append(dst, name...)
	}
	dots := rest[end:]
	rest = rest[:end]
	if len(rest) > maxName {
		return append(letters.AppendEncode(dst, p.digest(useLabel, rest)[:labelBytes]), dots...)
	}
	for count := 1; len(rest) > 0; count++ {
		size := labelSize(rest)
		switch label := rest[:size]; {
		case count == maxLabels: // all that is left is one label
			size = len(rest)
			dst = letters.AppendEncode(dst, p.digest(useLabel, rest)[:labelBytes])
		case len(label) == 0 || string(label) == "*":
			dst = append(dst, label...)
		default:
			dst = letters.AppendEncode(dst, p.digest(useLabel, rest)[:labelBytes])
		}
		if rest = rest[size:]; len(rest) > 0 {
			dst = append(dst, '.')
			rest = rest[1:]
		}
	}
	return append(dst, dots...)
}

// labelSize returns the size of the first label. A backslash escapes the byte behind it (RFC 1035 section 5.1).
func labelSize(name []byte) int {
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '.':
			return i
		case '\\':
			i++
		}
	}
	return len(name)
}

// The domains of reverse look-ups (RFC 1035 section 3.5, RFC 3596 section 2.5).
var (
	reverse4 = []byte("in-addr.arpa")
	reverse6 = []byte("ip6.arpa")
)

// reverse appends the pseudonym of the name of a reverse look-up: the same name for the pseudonym of its address. The name of a zone has only
// the last labels of an address; the pseudonym has as many. Labels before the address are replaced like any label. Labels after the domain, as
// in the name of a zone's file, are replaced if names are. ok is false for any other name.
func (p *Pseudonymizer) reverse(dst, name []byte) (_ []byte, ok bool) {
	if len(name) > maxName {
		return dst, false
	}
	var addr [16]byte
	most, size, bits, base, domain := 4, 4, 8, 10, reverse4
	at := domainAt(name, domain)
	if at < 0 {
		most, size, bits, base, domain = 32, 16, 4, 16, reverse6
		at = domainAt(name, domain)
	}
	if at < 0 {
		return dst, false
	}
	behind := name[at+len(domain):]
	rest := bytes.TrimSuffix(name[:at], []byte{'.'})
	parts := 0
	for ; parts < most && len(rest) > 0; parts++ {
		from := bytes.LastIndexByte(rest, '.') + 1
		n, err := strconv.ParseUint(string(rest[from:]), base, bits)
		if err != nil {
			break
		}
		if bits == 8 {
			addr[parts] = byte(n)
		} else {
			addr[parts/2] |= byte(n) << (4 * (1 - parts%2))
		}
		rest = rest[:max(0, from-1)]
	}
	p.address.replace(addr[:size])
	if len(rest) > 0 {
		dst = append(p.labels(dst, rest), '.')
	}
	for i := parts - 1; i >= 0; i-- {
		n := uint64(addr[i/2] >> (4 * (1 - i%2)) & 15)
		if bits == 8 {
			n = uint64(addr[i])
		}
		dst = append(strconv.AppendUint(dst, n, base), '.')
	}
	dst = append(dst, domain...)
	if len(behind) > 1 && p.Has(Names) {
		return p.labels(append(dst, '.'), behind[1:]), true
	}
	return append(dst, behind...), true
}

// domainAt returns the index of a domain's labels in a name, or -1. Case does not count.
func domainAt(name, domain []byte) int {
	for at := len(name) - len(domain); at >= 0; at-- {
		end := at + len(domain)
		if bytes.EqualFold(name[at:end], domain) && (at == 0 || name[at-1] == '.') && (end == len(name) || name[end] == '.') {
			return at
		}
	}
	return -1
}

// Host appends the pseudonym of a host's name or address.
func (p *Pseudonymizer) Host(dst, name []byte) []byte {
	if addr, err := netip.ParseAddr(string(name)); err == nil {
		return p.Addr(addr).AppendTo(dst)
	}
	if !p.Has(Names) {
		return p.addresses(dst, name)
	}
	return p.Name(dst, name)
}
