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

// Domains is a set of domain names and of whole subtrees, of any size. The zero value is empty.
type Domains struct {
	set domains
}

// Add adds a name, or all names below it if it begins with "*.". It returns an error that says what is allowed.
func (d *Domains) Add(pattern string) error {
	if err := checkDomain(pattern); err != nil {
		return err
	}
	d.set.add(pattern)
	return nil
}

// Has reports whether the set has a name, which the caller has folded with dns.Fold.
func (d *Domains) Has(folded []byte) bool { return d.set.has(folded) }

// domains is a set of domain names and of whole subtrees. It is a trie over labels, from the last label to the first. A look-up takes as
// many steps as the name has labels in common with the set, for any size of the set. One map of names holds all nodes.
//
// Names are compared as octets, except for the case of ASCII letters (RFC 4343). An internationalized name and its xn-- form are different.
// The caller folds a name before the look-up.
type domains struct {
	nodes    map[string]mark
	subtrees bool // there is one
}

// mark is the part of a node that is in the set: its name, its subtree or both. A node without a mark leads to other nodes.
type mark uint8

const (
	itself mark = 1 << iota // the name
	below                   // every name below it
)

// add adds a name, or all names below it if it begins with "*.". checkDomain has checked it.
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
			return // the nodes above it are known as well
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

// fold changes a name to the form in which names are compared.
func fold(name string) string { return string(dns.Fold([]byte(name))) }

// checkDomain returns an error for an invalid name or "*." pattern.
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
