// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
)

// facts are what is kept of a row of exchanges besides its first event and the answers. They stand behind these in the row's bytes.
type facts struct {
	exchange           correlate.Exchange // the first
	last               int64              // the time of the last event of all, ns since 1970
	timed              int64              // exchanges with a duration
	total, least, most int64              // of these durations, ms
	gaps               gaps
	// Exchanges with recursion, the queries to other servers, and those without a response. The servers of all exchanges are in
	// exchange.Recursion.
	recursed, queries, timeouts int64
	ttl                         uint32 // the least, s
	flags                       uint16
}

// Flags of facts.
const (
	factAnswered uint16 = 1 << iota
	factLeapt
	factUnanswered
	factAsked
	factCached
	factServer // the look-up names a server
	factServerVaries
	factCacheVaries
	factAnswersCut
	factGapsLost
	factTTL
	factRecursed // a dns.Recursion stands before the facts
)

// factsSize is the size of facts as bytes. maxFacts is the most that a row has besides its first event and its key.
const (
	factsSize = 16 + 16 + 13*8 + 8*recentTimes + 4 + 2 + 2 + 1
	maxFacts  = factsSize + dns.MaxRecursion + dns.MaxAnswerSet
)

func (f *facts) has(flag uint16) bool { return f.flags&flag != 0 }

// mark sets a flag if a condition holds. It never clears one.
func (f *facts) mark(flag uint16, on bool) {
	if on {
		f.flags |= flag
	}
}

// append appends the facts to the bytes of a row. size is the size of its answers.
func (f *facts) append(dst []byte, size int) []byte {
	x := &f.exchange
	f.mark(factAnswered, x.Answered)
	f.mark(factLeapt, x.Leapt)
	f.mark(factUnanswered, x.Unanswered)
	f.mark(factAsked, x.Lookup.Asked)
	f.mark(factCached, x.Lookup.Cached)
	f.mark(factServer, x.Lookup.Server.IsValid())
	if f.has(factRecursed) {
		dst = x.Recursion.Append(dst)
	}
	from := len(dst)
	dst = slices.Grow(dst, factsSize)[:from+factsSize]
	f.write(dst[from:], size)
	return dst
}

// write writes the facts over bytes of factsSize.
func (f *facts) write(b []byte, size int) {
	x, le := &f.exchange, binary.LittleEndian
	f.mark(factGapsLost, f.gaps.lost)
	var server [16]byte
	if f.has(factServer) {
		server = x.Lookup.Server.As16()
	}
	copy(b, x.ID[:])
	copy(b[16:], server[:])
	b = b[32:]
	for i, n := range [...]int64{x.Start, x.End, x.Lookup.Events, f.last, f.timed, f.total, f.least, f.most, f.gaps.first, f.gaps.squares, f.recursed, f.queries, f.timeouts} {
		le.PutUint64(b[8*i:], uint64(n))
	}
	b = b[13*8:]
	for i, n := range f.gaps.recent {
		le.PutUint64(b[8*i:], uint64(n))
	}
	b = b[8*recentTimes:]
	le.PutUint32(b, f.ttl)
	le.PutUint16(b[4:], f.flags)
	le.PutUint16(b[6:], uint16(size))
	b[8] = f.gaps.n
}

// read reads the facts of a row. It returns its first event and its answers.
func (f *facts) read(data []byte) (raw []byte, set dns.AnswerSet) {
	x, le := &f.exchange, binary.LittleEndian
	kept, b := data[:len(data)-factsSize], data[len(data)-factsSize:]
	copy(x.ID[:], b)
	server := [16]byte(b[16:])
	b = b[32:]
	for i, n := range [...]*int64{&x.Start, &x.End, &x.Lookup.Events, &f.last, &f.timed, &f.total, &f.least, &f.most, &f.gaps.first, &f.gaps.squares, &f.recursed, &f.queries, &f.timeouts} {
		*n = int64(le.Uint64(b[8*i:]))
	}
	b = b[13*8:]
	for i := range f.gaps.recent {
		f.gaps.recent[i] = int64(le.Uint64(b[8*i:]))
	}
	b = b[8*recentTimes:]
	var size int
	f.ttl, f.flags, size, f.gaps.n = le.Uint32(b), le.Uint16(b[4:]), int(le.Uint16(b[6:])), b[8]
	x.Answered, x.Leapt, x.Unanswered = f.has(factAnswered), f.has(factLeapt), f.has(factUnanswered)
	x.Lookup.Asked, x.Lookup.Cached = f.has(factAsked), f.has(factCached)
	if f.has(factServer) {
		x.Lookup.Server = netip.AddrFrom16(server).Unmap()
	}
	f.gaps.lost = f.has(factGapsLost)
	if f.has(factRecursed) {
		kept, x.Recursion = dns.CutRecursion(kept)
	}
	at := len(kept) - size
	return kept[:at], dns.AnswerSet(kept[at:len(kept):len(kept)])
}
