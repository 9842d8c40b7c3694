// SPDX-License-Identifier: Apache-2.0

// Events that no manifest describes: ids of future versions, layouts with more fields, and one of an older Windows.

package main

import (
	"encoding/binary"
	"time"

	"github.com/miekg/dns"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// addOddities adds three events of unknown ids, two that are longer than their layout and one that is shorter.
func (s *server) addOddities() {
	const analytic, auditing = 16, 17 // channels
	at := func(seconds int) from {
		return from{time.Duration(seconds) * time.Second, serverProcess, 3668, localSystem()}
	}
	s.addUnknown(at(101), etw.Record{
		ID: 299, Channel: analytic, Level: 4, Task: 1, Keyword: 1<<63 | 1, UserData: []byte("\x01www.contoso.com.\x00\x1c\x00\x00\x00\xde\xad\xbe\xef"),
	})
	s.addUnknown(at(202), etw.Record{ID: 300, Version: 1, Channel: analytic, Level: 3, Task: 17, Keyword: 1<<63 | 1<<52})
	s.addUnknown(at(303), etw.Record{
		ID: 640, Channel: auditing, Level: 4, Task: 18, Keyword: 1<<62 | 1<<48, UserData: []byte("c\x00o\x00n\x00t\x00o\x00s\x00o\x00\x00\x00\xff"),
	})

	t := s.begin(350 * time.Second)
	t.older = false                                                                          // otherwise another text would make it the newer layout
	t.oddly(func(data []byte) []byte { return binary.LittleEndian.AppendUint32(data, 853) }, // one more number
		func() { t.ask(question{"web.contoso.com.", dns.TypeA}); t.received() })
	t.wait(100*time.Microsecond, 200*time.Microsecond)
	t.oddly(func(data []byte) []byte { return append(data, "D\x00o\x00H\x00\x00\x00"...) }, // one more text
		func() {
			t.answered(answerTo(t.query, t.local.lookup(t.query.Question[0]), true), ownZone, defaultScope)
		})

	t = s.begin(420 * time.Second)
	m := t.ask(question{"litware.com.", dns.TypeA})
	t.received()
	up := t.relay(forwarder)
	t.sent(up)
	t.wait(10*time.Millisecond, 20*time.Millisecond)
	r := t.beyond.lookup(m.Question[0])
	t.oddly(func(data []byte) []byte { return data[:len(data)-4] }, // the layout before QueriesAttached
		func() { t.came(up, answerTo(up.Msg, r, false), 1) })
	t.pace()
	t.answered(answerTo(m, r, false), cacheZone, defaultScope)
}

// oddly changes the user data of the event that emit adds.
func (t *talk) oddly(change func([]byte) []byte, emit func()) {
	emit()
	last := &t.events[len(t.events)-1].record
	last.UserData = change(last.UserData)
	t.counts.Inexact++
}
