// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/key"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// A look-up of the DNS Client is a program's call (3006), its result (3008), and the work of the DNS Client service between them. The program
// writes 3006 and 3008. These events have no common id. From version 1 on the service's events name the program's process. If exactly one open call has
// the event's process, name and type, the event is part of that call. If two do, it is part of none. An event without a type gets
// the type of the open call with its process and name, if there is only one (openTypes). Otherwise it gets the type of the event before it on
// its thread.

// Lookup is the information of a look-up's events besides the one that its record is made of. The zero value is no look-up.
type Lookup struct {
	Events int64      // the number of merged events
	Server netip.Addr // the server that answered, or else the last one that got the query; invalid if no event names one
	Asked  bool       // a server was asked
	Cached bool       // the cache had the answer
}

// lookupFacts is the kept information of a look-up's events. It follows the event that the record will be made of.
type lookupFacts struct {
	rank          dns.Rank
	server        uint8
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
	return append(append(dst, byte(f.rank), f.server, flags, 0), addr[:]...)
}

// cutFacts splits the kept bytes of a look-up into the event and the facts.
func cutFacts(data []byte) (raw []byte, f lookupFacts) {
	raw, b := data[:len(data)-factsSize], data[len(data)-factsSize:]
	f = lookupFacts{rank: dns.Rank(b[0]), server: b[1], asked: b[2]&1 != 0, cached: b[2]&2 != 0}
	if b[2]&4 != 0 {
		f.addr = netip.AddrFrom16([16]byte(b[4:])).Unmap()
	}
	return raw, f
}

func (f *lookupFacts) lookup(events int64) Lookup {
	return Lookup{Events: events, Server: f.addr, Asked: f.asked, Cached: f.cached}
}

// kept returns the event that is kept in an entry. It sets x to what is known of the event's exchange: the identifier of its first event, and its
// look-up or its recursion.
func (c *Correlator) kept(entry *hold.Entry, x *Exchange) (raw []byte) {
	*x = Exchange{}
	raw, x.ID = hold.CutID(c.store.Data(entry))
	switch {
	case c.store.Key(entry)[0] == byte(dns.ClientCall):
		var f lookupFacts
		raw, f = cutFacts(raw)
		x.Lookup = f.lookup(entry.Count)
	case entry.Tag&tagRecursed != 0:
		raw, x.Recursion = dns.CutRecursion(raw)
	}
	return raw
}

// absorb merges an event into the open look-up that it is part of. It reports whether there is one.
func (c *Correlator) absorb(e *dns.Event, raw []byte, at int64) bool {
	s := e.Meaning.Lookup
	if !s.Part || !c.findCall(e, at) {
		return false
	}
	entry := c.store.Get(c.key)
	if entry == nil || entry.Tag&tagSeveral != 0 {
		return false
	}
	if !c.spans(entry, at) {
		return false
	}
	kept, id := hold.CutID(c.store.Data(entry))
	before, facts := cutFacts(kept)
	better := s.Rank > facts.rank
	if s.Caches {
		status, ok := e.Num(dns.Status)
		facts.cached = facts.cached || ok && status == 0
		better = better && facts.cached
	}
	facts.asked = facts.asked || s.Asks
	if s.Server > 0 && s.Server >= facts.server {
		if addr, _, ok := e.FirstAddr(dns.ServerAddress); ok && !addr.IsUnspecified() {
			facts.addr, facts.server = addr.WithZone(""), s.Server
		}
	}
	if better {
		before, facts.rank = raw, s.Rank
		entry.Tag |= tagDoubtful // there is an answer, even if the call has none
	}
	c.data = append(facts.append(append(c.data[:0], before...)), id[:]...)
	c.store.SetData(entry, c.data)
	entry.Count++
	entry.Last = max(entry.Last, at)
	return true
}

// spans reports whether an event at a time may be part of the look-up of an entry.
func (c *Correlator) spans(entry *hold.Entry, at int64) bool {
	begun, ended := entry.First, at
	if entry.Tag&tagResponse != 0 {
		begun, ended = at, entry.First
	}
	took := hold.Since(begun, ended)
	return took >= -maxSkew && took <= int64(c.Window)
}

// findCall sets c.key to the key of the call that an event at a time may be part of. It reports whether there is one.
func (c *Correlator) findCall(e *dns.Event, at int64) bool {
	if e.LayoutUnknown() {
		return false
	}
	asker := uint64(e.ProcessID)
	if !e.OwnProcess {
		pid, ok := e.Num(dns.ClientPID)
		if !ok {
			return false
		}
		asker = pid
	}
	if asker == 0 {
		return false
	}
	call := &c.calls[thread(e)]
	if _, ok := e.Num(dns.QueryType); !ok {
		if c.asker, ok = appendAsker(c.asker[:0], e, asker); !ok {
			return false
		}
		if c.onlyCall(c.asker, at) {
			return true
		}
		// With several calls it is the call of the thread's last event, if process and name are the same.
		if call.process != e.ProcessID || call.thread != e.ThreadID || !bytes.Equal(call.key[call.asker:], c.asker) {
			return false
		}
		c.key = append(c.key[:0], call.key...)
		return true
	}
	c.key = e.AppendNumbers(append(c.key[:0], byte(dns.ClientCall)), dns.QueryType)
	from := len(c.key)
	var ok bool
	if c.key, ok = appendAsker(c.key, e, asker); !ok {
		return false
	}
	call.note(e, c.key, from)
	return true
}

// maxThreads is the number of threads whose last call is remembered.
const maxThreads = 64

// thread is the index of the event's thread in Correlator.calls. Thread ids are multiples of four.
func thread(e *dns.Event) uint32 { return e.ThreadID / 4 % maxThreads }

// threadCall is the call of a thread's last event.
type threadCall struct {
	process, thread uint32
	key             []byte // of the call
	asker           int    // the index of process and name in the key
}

func (c *threadCall) note(e *dns.Event, key []byte, asker int) {
	c.process, c.thread, c.key, c.asker = e.ProcessID, e.ThreadID, append(c.key[:0], key...), asker
}

// appendAsker appends the process with the query, and the name.
func appendAsker(dst []byte, e *dns.Event, process uint64) (_ []byte, ok bool) {
	return key.AppendTexts(binary.AppendUvarint(dst, process), e, dns.QueryName)
}

// anotherCall notes that a call begins while the call of an entry with the same process, name and type is open. The next events may belong to
// either, so each is a record of its own until all calls have their results.
func (c *Correlator) anotherCall(entry *hold.Entry) {
	calls := max(1, entry.Tag>>openCalls)
	entry.Tag = entry.Tag&(1<<openCalls-1) | min(calls+1, 1<<(16-openCalls)-1)<<openCalls | tagSeveral | tagDoubtful
}

// returned notes that one of several open calls has its result.
func (c *Correlator) returned(entry *hold.Entry) {
	if entry.Tag -= 1 << openCalls; entry.Tag>>openCalls == 0 {
		entry.Tag |= tagOver
	}
}
