// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"bytes"
	_ "embed"
	"fmt"
	"net/netip"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/filter"
)

// embedded is the list of names that Windows asks for by itself.
//
//go:embed noise.txt
var embedded string

// noise recognizes exchanges that are common and say little: reverse look-ups of private addresses, SOA queries, and names of a list.
type noise struct {
	names *filter.Domains
}

// newNoise reads a list: a name or "*." and a name a line. A line that begins with # is a comment. It returns an error with the number of the
// line for a line that no exchange matches, or only exchanges that whole keeps whole.
func newNoise(text string, whole *WholeConfig) (*noise, error) {
	n := &noise{names: &filter.Domains{}}
	bits := newEntropy()
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")); line == "" {
			continue
		}
		err := n.names.Add(line)
		if err == nil {
			err = matchable(line, whole, &bits)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	return n, nil
}

// matchable returns an error for a line that no exchange of noise can match.
func matchable(line string, whole *WholeConfig, bits *entropy) error {
	name := string(dns.Fold([]byte(strings.TrimPrefix(line, "*."))))
	least := len(name)
	if strings.HasPrefix(line, "*.") {
		least += len("x.")
	}
	_, addrErr := netip.ParseAddr(name)
	_, prefixErr := netip.ParsePrefix(name)
	switch {
	case addrErr == nil || prefixErr == nil:
		return fmt.Errorf("%q is an address, and names are wanted; that of an address is its reverse name, such as 1.2.0.192.in-addr.arpa", line)
	case strings.ContainsAny(name, ":,;"):
		return fmt.Errorf("%q has a character that host names do not have; want one name a line, without scheme and port", line)
	case whole.NameLength > 0 && least > whole.NameLength:
		return fmt.Errorf("%q has names of %d characters or more, and whole.name_length keeps those of more than %d whole; raise that, or remove the line", line, least, whole.NameLength)
	case whole.LabelEntropy > 0 && bits.exceeds([]byte(name), whole.LabelEntropy):
		return fmt.Errorf("%q has a label whose entropy is above whole.label_entropy, %v bits per character, so such names stay whole; raise that, or remove the line", line, whole.LabelEntropy)
	}
	return nil
}

// has reports whether an exchange is noise.
func (n *noise) has(x *Exchange) bool {
	switch {
	case x.HasType && x.Type == mdns.TypeSOA:
		return true
	case x.HasType && x.Type == mdns.TypePTR && private(x.Name):
		return true
	}
	return n.names.Has(x.Name)
}

// The reverse names of addresses that a network gives itself.
var (
	reverseIPv4 = []byte(".in-addr.arpa")
	reverseIPv6 = []byte(".ip6.arpa")
)

// private reports whether a folded name is the reverse name of an address or a network in a private range: RFC 1918, loopback and link-local
// of IPv4, and unique local, link-local and loopback of IPv6 (RFC 4193, RFC 4291, RFC 6303).
func private(name []byte) bool {
	if labels, ok := bytes.CutSuffix(name, reverseIPv4); ok {
		first, rest := lastLabel(labels)
		second, _ := lastLabel(rest)
		switch string(first) {
		case "10", "127":
			return true
		case "172":
			n, ok := octet(second)
			return ok && n >= 16 && n <= 31
		case "192":
			return string(second) == "168"
		case "169":
			return string(second) == "254"
		}
		return false
	}
	labels, ok := bytes.CutSuffix(name, reverseIPv6)
	if !ok {
		return false
	}
	const loopback = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
	first, rest := lastLabel(labels)
	second, rest := lastLabel(rest)
	third, _ := lastLabel(rest)
	switch {
	case string(labels) == loopback:
		return true
	case string(first) != "f":
		return false
	case string(second) == "c" || string(second) == "d": // fc00::/7
		return true
	}
	return string(second) == "e" && (string(third) == "8" || string(third) == "9" || string(third) == "a" || string(third) == "b") // fe80::/10
}

// lastLabel cuts the last label off.
func lastLabel(name []byte) (label, rest []byte) {
	i := bytes.LastIndexByte(name, '.')
	if i < 0 {
		return name, nil
	}
	return name[i+1:], name[:i]
}

// octet reads a decimal number up to 255 without leading zeros.
func octet(label []byte) (n int, ok bool) {
	if len(label) == 0 || len(label) > 3 || label[0] == '0' && len(label) > 1 {
		return 0, false
	}
	for _, c := range label {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, n <= 255
}
