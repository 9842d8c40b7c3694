// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// Limits of a domain name in its text form (RFC 1035 section 2.3.4), in octets.
const (
	maxDomain = 253
	maxLabel  = 63
)

// domains is a set of domain names and of whole subtrees: a trie over labels, read from the last to the first, so that a
// look-up takes as many steps as the name has labels in common with the set, however large the set is. A node is found by
// the name it stands for, in one map, which is all of the trie.
//
// Names are compared as octets, but for the case of ASCII letters (RFC 4343); an internationalized name is what it is,
// xn-- or not. The caller folds a name with fold before it looks it up.
type domains struct {
	nodes    map[string]mark
	subtrees bool // there is one
}

// mark says what of a node's name is in the set. A node without a mark is on the way to others.
type mark uint8

const (
	itself mark = 1 << iota // the name
	below                   // every name below it
)

// add adds a name, or with "*." in front all names below it. It has been checked by checkDomain.
func (d *domains) add(pattern string) {
	if d.nodes == nil {
		d.nodes = map[string]mark{}
	}
	name, m := fold(pattern), itself
	if parent, ok := strings.CutPrefix(name, "*."); ok {
		name, m, d.subtrees = parent, below, true
	}
	d.nodes[name] |= m
	for {
		_, parent, ok := strings.Cut(name, ".")
		if !ok {
			return
		}
		name = parent
		if _, known := d.nodes[name]; known {
			return // and so are those above it
		}
		d.nodes[name] = 0
	}
}

// has reports whether the set has the folded name.
func (d *domains) has(name []byte) bool {
	if d.nodes[string(name)]&itself != 0 {
		return true
	}
	if !d.subtrees {
		return false
	}
	for end := len(name); end >= 0; {
		start := bytes.LastIndexByte(name[:end], '.') + 1
		m, ok := d.nodes[string(name[start:])]
		switch {
		case !ok:
			return false
		case start == 0:
			return false
		case m&below != 0:
			return true
		}
		end = start - 1
	}
	return false
}

// fold brings a name into the form in which names are compared.
func fold(name string) string { return string(dns.Fold([]byte(name))) }

// checkDomain tells what is wrong with a name or a "*." pattern.
func checkDomain(pattern string) error {
	const want = `want a domain name such as "wpad.corp.local", or "*." and a domain name, which is every name below it`
	name := strings.TrimSuffix(strings.TrimPrefix(pattern, "*."), ".")
	switch {
	case pattern == ".": // the root
		return nil
	case strings.Contains(name, "*"):
		return fmt.Errorf(`%q has a "*" that is not the leftmost label; %s`, pattern, want)
	case name == "":
		return fmt.Errorf("%q is no domain name; %s", pattern, want)
	case len(name) > maxDomain:
		return fmt.Errorf("%q has %d octets, and a domain name at most %d; %s", pattern, len(name), maxDomain, want)
	case strings.ContainsFunc(name, isBlank):
		return fmt.Errorf("%q has a blank or a control character in it; %s", pattern, want)
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" {
			return fmt.Errorf("%q has an empty label; %s", pattern, want)
		}
		if len(label) > maxLabel {
			return fmt.Errorf("%q has a label of %d octets, and at most %d are allowed; %s", pattern, len(label), maxLabel, want)
		}
	}
	return nil
}

func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
