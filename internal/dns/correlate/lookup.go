// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// A look-up of the DNS Client is a program's call (3006) and what it gets (3008), both written by the program, and what the DNS Client
// service does for it in between. They have no id. What the service writes from version 1 on names the program's process, and is
// taken for a part of the one open call of that process, name and type. With two such calls at a time nothing is. Where an event has no type,
// that of the only open call of the process and name is its own (openTypes), else that of the event before it on its thread.

// Lookup is what the events of a look-up say beside the one of which its record is made. The zero value is no look-up.
type Lookup struct {
	Events int64      // for which the record stands
	Server netip.Addr // that answered, or else was asked last; invalid where none is named
	Asked  bool       // a server was asked
	Cached bool       // the cache had the answer
}

// step is what an event is in a look-up that is open.
type step struct {
	part   bool
	rank   uint8 // of the record that it makes where no better event comes: 0 for none
	server uint8 // rank of the server that it names: 0 for none
	asks   bool  // a server is asked, or has answered
	caches bool  // its status says whether the cache had the answer
	own    bool  // the program writes it itself
}

// Ranks of events that a record may be made of.
const (
	rankCall = iota
	rankResponse
	rankCached
	rankAnswer
	rankResult
)

// stepOf gives what an event is in a look-up. The order of the service's events is 3016 and 3018 (the cache), then for each server 3019,
// 3009, 3010, 3011 and 3020.
func stepOf(id uint16) step {
	switch id {
	case 3007, 3015:
		return step{part: true, own: true}
	case 3009:
		return step{part: true, server: 1, asks: true}
	case 3010:
		return step{part: true, server: 2, asks: true}
	case 3011:
		return step{part: true, rank: rankResponse, server: 3, asks: true}
	case 3016:
		return step{part: true}
	case 3018:
		return step{part: true, rank: rankCached, caches: true}
	case 3019:
		return step{part: true, asks: true}
	case 3020:
		return step{part: true, rank: rankAnswer, asks: true}
	}
	return step{}
}

// lookupFacts is what is kept of a look-up's events, behind the event of which the record will be made.
type lookupFacts struct {
	rank, server  uint8
	asked, cached bool
	addr          netip.Addr
}

// factsSize is the size of lookupFacts as bytes.
const factsSize = 4 + 16

func (f *lookupFacts) append(dst []byte) []byte {
	var flags byte
	if f.asked {
		flags |= 1
	}
	if f.cached {
		flags |= 2
	}
	if f.addr.IsValid() {
		flags |= 4
	}
	var addr [16]byte
	if f.addr.IsValid() {
		addr = f.addr.As16()
	}
	return append(append(dst, f.rank, f.server, flags, 0), addr[:]...)
}

// cutFacts takes the facts off the end of what is kept of a look-up.
func cutFacts(data []byte) (raw []byte, f lookupFacts) {
	raw, b := data[:len(data)-factsSize], data[len(data)-factsSize:]
	f = lookupFacts{rank: b[0], server: b[1], asked: b[2]&1 != 0, cached: b[2]&2 != 0}
	if b[2]&4 != 0 {
		f.addr = netip.AddrFrom16([16]byte(b[4:])).Unmap()
	}
	return raw, f
}

func (f *lookupFacts) lookup(events int64) Lookup {
	return Lookup{Events: events, Server: f.addr, Asked: f.asked, Cached: f.cached}
}

// kept gives the event that is kept in an entry, the identifier of the entry's first event, and what is known of its look-up where it is
// of one.
func (k *Correlator) kept(entry *hold.Entry) (raw []byte, id hold.ID, l Lookup) {
	raw, id = hold.CutID(k.store.Data(entry))
	if k.Mode != Correlate || k.store.Key(entry)[0] != clientCall {
		return raw, id, l
	}
	raw, f := cutFacts(raw)
	return raw, id, f.lookup(entry.Count)
}

// absorb makes an event a part of the look-up to which it belongs, if that is open. It reports whether there is one.
func (k *Correlator) absorb(e *dns.Event, raw []byte, at int64) bool {
	s := stepOf(e.ID)
	if !s.part || !k.findCall(e, s, at) {
		return false
	}
	entry := k.store.Get(k.key)
	if entry == nil || entry.Tag&tagSeveral != 0 {
		return false
	}
	if !k.spans(entry, at) {
		return false
	}
	kept, id := hold.CutID(k.store.Data(entry))
	before, facts := cutFacts(kept)
	better := s.rank > facts.rank
	if s.caches {
		status, ok := e.Num(dns.Status)
		facts.cached = facts.cached || ok && status == 0
		better = better && facts.cached
	}
	facts.asked = facts.asked || s.asks
	if s.server > 0 && s.server >= facts.server {
		if addr, _, ok := e.FirstAddr(dns.ServerAddress); ok && !addr.IsUnspecified() {
			facts.addr, facts.server = addr.WithZone(""), s.server
		}
	}
	if better {
		before, facts.rank = raw, s.rank
		entry.Tag |= tagDoubtful // there is an answer, whatever becomes of the call
	}
	k.data = append(facts.append(append(k.data[:0], before...)), id[:]...)
	k.store.SetData(entry, k.data)
	entry.Count++
	entry.Last = max(entry.Last, at)
	return true
}

// spans reports whether an event at a time may be of the call, or of the result, of an entry.
func (k *Correlator) spans(entry *hold.Entry, at int64) bool {
	begun, ended := entry.First, at
	if entry.Tag&tagResponse != 0 {
		begun, ended = at, entry.First
	}
	took := hold.Since(begun, ended)
	return took >= -maxSkew && took <= int64(k.Window)
}

// findCall makes k.key the key of the call to which an event at a time may belong.
func (k *Correlator) findCall(e *dns.Event, s step, at int64) bool {
	if e.LayoutUnknown() {
		return false
	}
	asker := uint64(e.ProcessID)
	if !s.own {
		pid, ok := e.Num(dns.ClientPID)
		if !ok {
			return false
		}
		asker = pid
	}
	if asker == 0 {
		return false
	}
	call := &k.calls[thread(e)]
	if _, ok := e.Num(dns.QueryType); !ok {
		if k.asker, ok = appendAsker(k.asker[:0], e, asker); !ok {
			return false
		}
		if k.onlyCall(k.asker, at) {
			return true
		}
		// Of several calls it is that of the event before it on the thread, if process and name are the same.
		if call.process != e.ProcessID || call.thread != e.ThreadID || !bytes.Equal(call.key[call.asker:], k.asker) {
			return false
		}
		k.key = append(k.key[:0], call.key...)
		return true
	}
	k.key = appendNumber(append(k.key[:0], clientCall), e, dns.QueryType)
	from := len(k.key)
	var ok bool
	if k.key, ok = appendAsker(k.key, e, asker); !ok {
		return false
	}
	call.note(e, k.key, from)
	return true
}

// maxThreads is for how many threads the call is known for which each wrote an event last.
const maxThreads = 64

// thread is where the call of the event's thread is in Correlator.calls. Thread ids are multiples of four.
func thread(e *dns.Event) uint32 { return e.ThreadID / 4 % maxThreads }

// threadCall is the call for which a thread wrote an event last.
type threadCall struct {
	process, thread uint32
	key             []byte // of the call
	asker           int    // where process and name begin in it
}

func (c *threadCall) note(e *dns.Event, key []byte, asker int) {
	c.process, c.thread, c.key, c.asker = e.ProcessID, e.ThreadID, append(c.key[:0], key...), asker
}

// appendAsker appends the process that asks, and the name.
func appendAsker(dst []byte, e *dns.Event, process uint64) (key []byte, ok bool) {
	return appendTexts(binary.AppendUvarint(dst, process), e, dns.QueryName)
}

// anotherCall notes that a call begins while the one of an entry is open, with the same process, name and type. What follows belongs to either,
// so each event is a record of its own until all have their results.
func (k *Correlator) anotherCall(entry *hold.Entry) {
	calls := max(1, entry.Tag>>openCalls)
	entry.Tag = entry.Tag&(1<<openCalls-1) | min(calls+1, 1<<(16-openCalls)-1)<<openCalls | tagSeveral | tagDoubtful
}

// returned notes that one of the calls that are open at a time has its result.
func (k *Correlator) returned(entry *hold.Entry) {
	if entry.Tag -= 1 << openCalls; entry.Tag>>openCalls == 0 {
		entry.Tag |= tagOver
	}
}
