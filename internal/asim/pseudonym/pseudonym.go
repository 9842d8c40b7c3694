// SPDX-License-Identifier: Apache-2.0

// Package pseudonym replaces values that identify someone by keyed pseudonyms. The texts of a record's fields go in; texts of the same form
// come out: an address for an address, a name with as many labels for a name. The same value and key always give the same pseudonym.
//
// Each field has values of certain kinds. A Pseudonymizer replaces all values of the kinds that it was made for, since several fields of a record
// often have the same value: SrcIpAddr, Src and the name of a reverse look-up all have the client's address.
//
// Addresses are replaced by Crypto-PAn: two addresses that share a prefix of n bits have pseudonyms that share a prefix of n bits. A
// label of a name is replaced by an HMAC of the label and of all labels to its right, so the parents of a name stay its parents. Other values
// are replaced by an HMAC of the whole value.
//
// Pseudonyms are not anonymous. Anyone with the key can test a guess. Anyone without it can still count, compare and match patterns.
package pseudonym

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"hash"
	"net/netip"
)

// Kind is a set of kinds of values.
type Kind uint8

// The kinds.
const (
	Addresses Kind = 1 << iota // IP addresses and subnets
	Names                      // names of the DNS and of hosts
	Users                      // users' names and security identifiers
	Processes                  // paths of programs
	MACs                       // hardware addresses
)

// Mark is the attribute, with the value true, of a resource whose records have pseudonyms.
const Mark = "winnet.pseudonymized"

// Pseudonymizer replaces values. It serves one goroutine. A nil Pseudonymizer replaces nothing.
type Pseudonymizer struct {
	kinds   Kind
	address cryptoPAn
	mac     hash.Hash // HMAC-SHA-256
	use     [1]byte
	sum     [sha256.Size]byte
	lower   []byte
	// The latest pseudonyms. Most events have a client, a server or a name that earlier events had.
	addrs map[netip.Addr]netip.Addr
	names map[string]string
}

// MaxMemory is the most that a Pseudonymizer takes, in bytes: the latest pseudonyms.
const MaxMemory = 2 << 20

// Bounds of the latest pseudonyms. A map that is full is emptied.
const (
	maxAddrs      = 4096
	maxNames      = 2048
	maxCachedName = 512 // bytes of a name and its pseudonym
)

// New makes a Pseudonymizer for the kinds. Each of its uses has a key of its own, derived from key.
func New(kinds Kind, key []byte) *Pseudonymizer {
	derive := func(use string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte("winnet.pseudonymize " + use))
		return h.Sum(nil)
	}
	return &Pseudonymizer{
		kinds: kinds, address: newCryptoPAn([cryptoPAnKey]byte(derive("address"))), mac: hmac.New(sha256.New, derive("text")),
		addrs: map[netip.Addr]netip.Addr{}, names: map[string]string{},
	}
}

// Has reports whether values of one of the kinds are replaced.
func (p *Pseudonymizer) Has(kinds Kind) bool { return p != nil && p.kinds&kinds != 0 }

// digest returns the HMAC of a value. use keeps equal texts of different kinds apart.
func (p *Pseudonymizer) digest(use byte, value []byte) []byte {
	p.mac.Reset()
	p.use[0] = use
	p.mac.Write(p.use[:])
	p.mac.Write(value)
	return p.mac.Sum(p.sum[:0])
}

// The uses of a digest.
const (
	useLabel   = 'l'
	useOpaque  = 'o'
	useMAC     = 'm'
	useEventID = 'e'
)

// Lengths of pseudonyms. Of a million values, two have the same pseudonym of 64 bits once in 37 million times.
const (
	labelBytes = 8 // 13 characters of base 32
	opaqueSize = 13
)

// letters is base 32 in lower case (RFC 4648), so that a pseudonym is a valid label.
var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Opaque appends the pseudonym of a value without a form of its own, such as a user's name: 13 letters and digits.
func (p *Pseudonymizer) Opaque(dst, value []byte) []byte {
	p.lower = appendLower(p.lower[:0], value)
	return letters.AppendEncode(dst, p.digest(useOpaque, p.lower)[:labelBytes])
}

// MAC returns the pseudonym of a hardware address: a local, individual one (IEEE 802, section 8.4).
func (p *Pseudonymizer) MAC(mac [6]byte) [6]byte {
	if !p.Has(MACs) {
		return mac
	}
	to := [6]byte(p.digest(useMAC, mac[:]))
	const group, local = 1, 2
	to[0] = to[0]&^group | local
	return to
}

// EventID replaces an identifier that is a hash of an event's bytes without a key, from which a value could be guessed.
func (p *Pseudonymizer) EventID(id [16]byte) [16]byte {
	if p == nil || id == ([16]byte{}) {
		return id
	}
	return [16]byte(p.digest(useEventID, id[:]))
}

// EventIDText is EventID for an identifier of 32 hexadecimal digits. It leaves any other text as it is.
func (p *Pseudonymizer) EventIDText(text string) string {
	var id [16]byte
	if n, err := hex.Decode(id[:], []byte(text)); p == nil || err != nil || n != len(id) {
		return text
	}
	id = p.EventID(id)
	return hex.EncodeToString(id[:])
}

// appendLower appends a text with its ASCII letters in lower case.
func appendLower(dst, text []byte) []byte {
	for _, c := range text {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
