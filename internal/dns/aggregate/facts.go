// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"
	"net/netip"
	"unsafe"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// facts are what is kept of a row of exchanges besides its first event, its answers and its recursion. They stand behind these in the row's bytes,
// and are changed where they stand. They have no pointers.
type facts struct {
	// Of the first exchange: the identifier, the times of its first and last event, and its look-up.
	id                 hold.ID
	start, end, events int64
	server             [16]byte

	last               int64 // the time of the last event of all, ns since 1970
	timed              int64 // exchanges with a duration
	total, least, most int64 // of these durations, ms
	gaps               gaps
	// Exchanges with recursion, the queries to other servers, and those without a response. The servers of all exchanges are in the row's
	// recursion.
	recursed, queries, timeouts int64
	ttl                         uint32 // the least, s
	flags                       uint16
	answers                     uint16 // the size of the row's answers, in bytes
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
	factTTL
	factRecursed // a dns.Recursion stands before the facts
)

// factsSize is the size of facts as bytes. maxFacts is the most that a row has besides its first event and its key.
const (
	factsSize = int(unsafe.Sizeof(facts{}))
	maxFacts  = factsSize + dns.MaxRecursion + dns.MaxAnswerSet
)

// factsOf returns the facts in the bytes of a row, which change with them. The bytes may have any alignment: what the address of facts is used for
// works with any on the processors for which Windows and Linux nodes are built, amd64 and arm64, and the compiler checks it only for types with
// pointers.
func factsOf(row []byte) *facts {
	return (*facts)(unsafe.Pointer((*[factsSize]byte)(row[len(row)-factsSize:])))
}

// firstFacts returns the facts of a row's first exchange, without its times and its answers.
func firstFacts(x *correlate.Exchange) facts {
	f := facts{id: x.ID, start: x.Start, end: x.End, events: x.Lookup.Events, server: x.Lookup.Server.As16(), last: math.MinInt64, ttl: math.MaxUint32}
	f.mark(factAnswered, x.Answered)
	f.mark(factLeapt, x.Leapt)
	f.mark(factUnanswered, x.Unanswered)
	f.mark(factAsked, x.Lookup.Asked)
	f.mark(factCached, x.Lookup.Cached)
	f.mark(factServer, x.Lookup.Server.IsValid())
	f.mark(factRecursed, x.Recursion.Queries() > 0)
	return f
}

// exchange returns the first exchange of a row. recursion is the row's.
func (f *facts) exchange(recursion dns.Recursion) correlate.Exchange {
	return correlate.Exchange{
		ID: f.id, Start: f.start, End: f.end, Answered: f.has(factAnswered), Leapt: f.has(factLeapt), Unanswered: f.has(factUnanswered),
		Lookup:    correlate.Lookup{Events: f.events, Server: f.firstServer(), Asked: f.has(factAsked), Cached: f.has(factCached)},
		Recursion: recursion,
	}
}

// firstServer returns the server of the first exchange's look-up; it is invalid if there is none.
func (f *facts) firstServer() (addr netip.Addr) {
	if f.has(factServer) {
		addr = netip.AddrFrom16(f.server).Unmap()
	}
	return addr
}

func (f *facts) has(flag uint16) bool { return f.flags&flag != 0 }

// mark sets a flag if a condition holds. It never clears one.
func (f *facts) mark(flag uint16, on bool) {
	if on {
		f.flags |= flag
	}
}

// append appends what is kept of a row besides its first event.
func (f *facts) append(dst []byte, answers dns.AnswerSet, recursion *dns.Recursion) []byte {
	f.answers = uint16(len(answers))
	dst = append(dst, answers...)
	if f.has(factRecursed) {
		dst = recursion.Append(dst)
	}
	return append(dst, (*[factsSize]byte)(unsafe.Pointer(f))[:]...)
}

// cut returns the first event of a row, and its answers. It sets recursion to the row's, if there is any. row are the bytes whose facts f are.
func (f *facts) cut(row []byte, recursion *dns.Recursion) (raw []byte, answers dns.AnswerSet) {
	kept := row[:len(row)-factsSize]
	if f.has(factRecursed) {
		kept, *recursion = dns.CutRecursion(kept)
	}
	at := len(kept) - int(f.answers)
	return kept[:at], dns.AnswerSet(kept[at:len(kept):len(kept)])
}
