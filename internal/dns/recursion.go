// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/binary"
	"net/netip"
)

// MaxRecursionServers is the most servers in an AddrSet.
const MaxRecursionServers = 16

// AddrSet is a set of addresses in the order in which they were added, as bytes that a caller may keep.
type AddrSet []byte

// addrSize is the size of an address in an AddrSet, in bytes.
const addrSize = 16

// Len is the number of addresses.
func (s AddrSet) Len() int { return len(s) / addrSize }

// At returns the i-th address.
func (s AddrSet) At(i int) netip.Addr {
	return netip.AddrFrom16([addrSize]byte(s[i*addrSize:])).Unmap()
}

// Add adds an address, without its zone. ok is false if there is no room for it.
func (s AddrSet) Add(addr netip.Addr) (_ AddrSet, ok bool) {
	b := addr.As16()
	for at := 0; at < len(s); at += addrSize {
		if [addrSize]byte(s[at:]) == b {
			return s, true
		}
	}
	if s.Len() == MaxRecursionServers {
		return s, false
	}
	return append(s, b[:]...), true
}

// AddAll adds the addresses of another set. ok is false if there is no room for one.
func (s AddrSet) AddAll(other AddrSet) (_ AddrSet, ok bool) {
	ok = true
	for i := range other.Len() {
		var added bool
		s, added = s.Add(other.At(i))
		ok = ok && added
	}
	return s, ok
}

// Recursion is what is known of the queries that the DNS Server sent to other servers on behalf of a client's query. The zero value is no
// recursion that is known of: the event of one may be missing.
type Recursion struct {
	// Sent, Answered and TimedOut are the numbers of events about such queries, by RecursionStep.
	Sent, Answered, TimedOut int64
	// First is the time of the first event about a query, and Last that of the last event about a response or a timeout, in nanoseconds
	// since 1970; 0 is none.
	First, Last int64
	// Servers are the servers that the events name. ServersCut is set if there are more.
	Servers    AddrSet
	ServersCut bool
}

// Queries is the least number of queries to other servers that the events show.
func (r *Recursion) Queries() int64 { return max(r.Sent, r.Answered+r.TimedOut) }

// Duration returns the time from the first query to the last response or timeout, in nanoseconds. ok is false if an event of either is
// missing.
func (r *Recursion) Duration() (ns int64, ok bool) {
	return max(0, r.Last-r.First), r.Sent > 0 && r.Sent == r.Answered+r.TimedOut
}

// Add adds an event of recursion that happened at a time.
func (r *Recursion) Add(e *Event, at int64) {
	switch e.Recursion {
	case RecursionSent:
		if r.Sent++; r.First == 0 || at < r.First {
			r.First = at
		}
	case RecursionAnswered:
		r.Answered++
	case RecursionTimedOut:
		r.TimedOut++
	}
	if e.Recursion != RecursionSent && (r.Last == 0 || at > r.Last) {
		r.Last = at
	}
	if addr, ok := e.Addr(e.Peer); ok && !addr.IsUnspecified() {
		var added bool
		if r.Servers, added = r.Servers.Add(addr); !added {
			r.ServersCut = true
		}
	}
}

// recursionHead is the size of a Recursion as bytes, without its servers. MaxRecursion is the most that one takes.
const (
	recursionHead = 5*8 + 2
	MaxRecursion  = recursionHead + MaxRecursionServers*addrSize
)

// Append appends the recursion as bytes.
func (r *Recursion) Append(dst []byte) []byte {
	dst = append(dst, r.Servers...)
	for _, n := range [...]int64{r.Sent, r.Answered, r.TimedOut, r.First, r.Last} {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(n))
	}
	cut := byte(0)
	if r.ServersCut {
		cut = 1
	}
	return append(dst, byte(r.Servers.Len()), cut)
}

// CutRecursion takes a recursion off the end of bytes. Its servers alias the bytes.
func CutRecursion(b []byte) (rest []byte, r Recursion) {
	rest, b = b[:len(b)-recursionHead], b[len(b)-recursionHead:]
	for i, n := range [...]*int64{&r.Sent, &r.Answered, &r.TimedOut, &r.First, &r.Last} {
		*n = int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	servers := int(b[recursionHead-2]) * addrSize
	r.ServersCut = b[recursionHead-1] != 0
	r.Servers = AddrSet(rest[len(rest)-servers : len(rest) : len(rest)])
	return rest[:len(rest)-servers], r
}
