// SPDX-License-Identifier: Apache-2.0

// Values within a text, such as the data of a record or the condition of a policy.

package pseudonym

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
)

// Text appends a text with pseudonyms in place of the names and addresses in it. A word counts as a name unless it is a number or an address, or
// keep returns true for it. Data in the form of RFC 3597 section 5 is cut off after its length, because its digits may be those of an address.
func (p *Pseudonymizer) Text(dst, text []byte, keep func(word string) bool) []byte {
	for at := 0; at < len(text); {
		if isSeparator(text[at]) {
			dst = append(dst, text[at])
			at++
			continue
		}
		from := at
		for at < len(text) && !isSeparator(text[at]) {
			if text[at] == '\\' {
				at++
			}
			at++
		}
		at = min(at, len(text))
		word := text[from:at]
		if string(word) == `\#` {
			return appendGeneralLength(append(dst, word...), text[at:])
		}
		dst = p.word(dst, word, keep)
	}
	return dst
}

// isSeparator reports whether a byte stands between words.
func isSeparator(c byte) bool {
	return c <= ' ' || c == 0x7f || strings.IndexByte(`;,()"'=<>[]{}|&!?`, c) >= 0
}

// appendGeneralLength appends the length of general data, which comes first in rest.
func appendGeneralLength(dst, rest []byte) []byte {
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return dst
	}
	if n, err := strconv.Atoi(string(fields[0])); err == nil {
		return strconv.AppendInt(append(dst, ' '), int64(n), 10)
	}
	return dst
}

// word appends a word or its pseudonym.
func (p *Pseudonymizer) word(dst, word []byte, keep func(word string) bool) []byte {
	if isNumber(word) {
		return append(dst, word...)
	}
	if text := string(word); text != "" {
		if addr, err := netip.ParseAddr(text); err == nil {
			return p.Addr(addr).AppendTo(dst)
		}
		if subnet, err := netip.ParsePrefix(text); err == nil {
			if !p.Has(Addresses) {
				return append(dst, word...)
			}
			return p.prefix(subnet).AppendTo(dst)
		}
		if end, err := netip.ParseAddrPort(text); err == nil {
			return netip.AddrPortFrom(p.Addr(end.Addr()), end.Port()).AppendTo(dst)
		}
		if keep(text) {
			return append(dst, word...)
		}
	}
	if p.Has(Names) {
		return p.Name(dst, word)
	}
	if p.Has(Addresses) {
		if reversed, ok := p.reverse(dst, word); ok {
			return reversed
		}
	}
	return p.addresses(dst, word)
}

func isNumber(word []byte) bool {
	for _, c := range word {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(word) > 0
}

// addresses appends a text with pseudonyms in place of its addresses: IPv6, and IPv4 with dots or hyphens, as in "ip-10-0-0-5". Four numbers in
// a row count as an address if each is below 256.
func (p *Pseudonymizer) addresses(dst, text []byte) []byte {
	if !p.Has(Addresses) {
		return append(dst, text...)
	}
	for at := 0; at < len(text); {
		if at == 0 || !isHex(text[at-1]) && text[at-1] != ':' {
			if addr, size := address6(text[at:]); size > 0 {
				dst = p.Addr(addr).AppendTo(dst)
				at += size
				continue
			}
		}
		if at == 0 || !isDigit(text[at-1]) {
			if addr, separator, size := address4(text[at:]); size > 0 {
				p.address.replace(addr[:])
				for i, n := range addr {
					if i > 0 {
						dst = append(dst, separator)
					}
					dst = strconv.AppendUint(dst, uint64(n), 10)
				}
				at += size
				continue
			}
		}
		dst = append(dst, text[at])
		at++
	}
	return dst
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// address6 returns the IPv6 address that a text begins with, and its size in the text.
func address6(text []byte) (addr netip.Addr, size int) {
	const longest = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")
	colons := 0
	for size < len(text) && size <= longest && (isHex(text[size]) || text[size] == ':' || text[size] == '.') {
		if text[size] == ':' {
			colons++
		}
		size++
	}
	if colons < 2 || size > longest {
		return addr, 0
	}
	for size > 0 && (text[size-1] == '.' || text[size-1] == ':' && (size < 2 || text[size-2] != ':')) {
		size--
	}
	addr, err := netip.ParseAddr(string(text[:size]))
	if err != nil {
		return addr, 0
	}
	return addr, size
}

// address4 returns the IPv4 address that a text begins with, what separates its numbers, and its size in the text.
func address4(text []byte) (addr [4]byte, separator byte, size int) {
	for i := range addr {
		if i > 0 {
			if size == len(text) || text[size] != '.' && text[size] != '-' || i > 1 && text[size] != separator {
				return addr, 0, 0
			}
			separator = text[size]
			size++
		}
		from := size
		for size < len(text) && isDigit(text[size]) && size-from < 4 {
			size++
		}
		n, err := strconv.ParseUint(string(text[from:size]), 10, 8)
		if err != nil {
			return addr, 0, 0
		}
		addr[i] = byte(n)
	}
	return addr, separator, size
}
