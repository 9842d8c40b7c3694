// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"encoding/binary"
	"math"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/key"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// Packing keeps the rows of one client together, as a group. The window of a group begins with its first row, and all of its rows leave
// together. Groups are entries of a second store. The data of a group is the number of its latest row, and its Entry.Count the number of its
// rows in the window of bursts. Entry.Sum of a row is the number of the row before it in the group, and Entry.Begun the number of its group.

// none stands for the number of a row or a group where there is none.
const none = math.MaxUint32

// tagFirst is the Entry.Tag of an exchange of the class First.
const tagFirst = 1

// mostOfBurst is the number of exchanges of the class Burst with which a group leaves before its window is over. They fill about one packed record, so
// a flood does not come late. The bursts of other clients may leave early because of it, which loses nothing.
const mostOfBurst = 100

// appendClient appends the key of a group. It has what the rows of a group have in common: the id, role and level of the event, the protocol, the
// client, its process and user, and the host's own address.
func appendClient(dst []byte, e *dns.Event) (_ []byte, ok bool) {
	dst = binary.LittleEndian.AppendUint16(dst, e.ID)
	dst = append(dst, byte(e.Role()), e.Level)
	dst = e.AppendNumbers(dst, dns.TCP)
	dst = binary.AppendUvarint(dst, key.Process(e))
	actor := e.Actor()
	dst = append(append(dst, byte(len(actor))), actor...)
	return key.AppendTexts(dst, e, e.Peer, dns.ServerAddress, e.Local, dns.LocalAddress)
}

// group returns the group of a client whose window has the time at, or makes one. The group is valid until the next call.
func (w *window) group(client []byte, received, at int64) *hold.Entry {
	if g := w.groups.Get(client); g != nil && w.spans(g, at) {
		g.First, g.Last = min(g.First, at), max(g.Last, at)
		return g
	}
	g := w.groups.Put(client, binary.LittleEndian.AppendUint32(nil, none), received, at)
	g.SetMoment(w.clock.Moment(at))
	g.Count = 0
	return g
}

// groupOf returns the group of a row.
func (w *window) groupOf(e *hold.Entry) *hold.Entry { return w.groups.Numbered(uint32(e.Begun)) }

// join adds a new row to a group.
func (w *window) join(e, g *hold.Entry) {
	latest := w.groups.Data(g)
	e.Begun, e.Sum = int64(w.groups.Number(g)), int64(binary.LittleEndian.Uint32(latest))
	binary.LittleEndian.PutUint32(latest, w.store.Number(e))
}

// latest returns the latest row of a group.
func (w *window) latest(g *hold.Entry) *hold.Entry {
	return w.store.Numbered(binary.LittleEndian.Uint32(w.groups.Data(g)))
}

// dueGroup returns a row of a group that must go, and whether it goes because memory is needed. Once a group has begun to leave, dueGroup returns its
// rows until none is left.
func (w *window) dueGroup() (e *hold.Entry, early bool) {
	if w.leaving != none {
		return w.oldest(), w.early
	}
	switch g := w.groups.Oldest(); {
	case g == nil:
		return nil, false
	case w.over(g):
		return w.latest(g), false
	case w.store.Full(mostOfRow) || w.groups.Full(maxKey):
		return w.latest(g), true
	}
	return nil, false
}

// note extends the times of a row, and of its group, by that of an exchange that is added to it.
func (w *window) note(e *hold.Entry, at int64) {
	e.First, e.Last = min(e.First, at), max(e.Last, at)
	if w.groups != nil {
		g := w.groupOf(e)
		g.First, g.Last = min(g.First, at), max(g.Last, at)
	}
}

// leave drops a row. It drops the group with its last row.
func (w *window) leave(e *hold.Entry) {
	g := w.groupOf(e)
	before := uint32(e.Sum)
	w.store.Drop(e)
	if before != none {
		w.leaving = w.groups.Number(g)
		binary.LittleEndian.PutUint32(w.groups.Data(g), before)
		return
	}
	w.leaving = none
	w.groups.Drop(g)
}

// addOne adds an exchange that is not summed to the group of its client.
func (a *Aggregator) addOne(w *window, raw []byte, received int64, e *dns.Event, x *correlate.Exchange, own int64) Verdict {
	a.singles++
	a.single = binary.LittleEndian.AppendUint64(append(a.single[:0], singleKey), a.singles)
	a.key, a.hash = a.single, hold.Hash(a.single)
	start, end := span(x, own)
	f := firstFacts(x)
	f.add(e, x, start, end)
	a.data = f.append(append(a.data[:0], raw...), nil, &x.Recursion)
	if !a.hold(w, e, received, start) {
		return Pass
	}
	row := w.store.Find(a.hash, a.key)
	if w != a.bursts {
		row.Tag = tagFirst
		return Held
	}
	g := w.groupOf(row)
	if g.Count++; g.Count == mostOfBurst && w.leaving == none {
		w.leaving, w.early = w.groups.Number(g), false
	}
	return Held
}

// singleKey begins the key of an exchange that is not summed. The keys of others have another length.
const singleKey = 0xFF
