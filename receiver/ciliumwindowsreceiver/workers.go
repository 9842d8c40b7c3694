// SPDX-License-Identifier: Apache-2.0

// Several workers: a handler for each, and who gets which event.

package ciliumwindowsreceiver

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/opener"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/primary"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// What the note of an event says.
const (
	noteUnwanted    = 1 << iota // the configuration excludes it
	noteLater                   // it has a later layout than the decoder knows
	notePrimary                 // its record counts the packet's bytes
	notePrimaryDrop             // its record counts the packet's denial
	noteUntimed                 // it has no time of its own
	noteNoRecord                // it is no record of the map, and does not show the time
)

// shared divides the events among handlers. A connection's events go to one handler, which alone joins them. What belongs to no connection
// goes to the first.
type shared struct {
	*handler // the first
	*splitter
	handlers []*handler
}

var _ pipeline.SharedHandler = (*shared)(nil)

func newShared(handlers []*handler) *shared {
	first := handlers[0]
	s := newSplitter(first, len(handlers))
	for i, h := range handlers {
		h.splitter, h.later = s, first.later
		if i > 0 {
			h.marker = nil
		}
	}
	return &shared{first, s, handlers}
}

// Sharing returns the handlers.
func (s *shared) Sharing() (sharing []pipeline.SharingHandler) {
	for _, h := range s.handlers {
		sharing = append(sharing, h)
	}
	return sharing
}

// Pass notes events that other handlers get.
func (h *handler) Pass(passed []pipeline.Passed) int {
	for i := range passed {
		if h.Due() {
			return i
		}
		s := &passed[i]
		if s.Note&noteNoRecord != 0 {
			continue
		}
		h.aggregator.Clock.Event(s.At)
		if s.Note&noteUntimed != 0 {
			h.untimed++
		}
	}
	return len(passed)
}

// share returns the settings of one of a number of handlers, which share the memory of what is kept back.
func (s *settings) share(handlers int) settings {
	one := *s
	one.aggregation.MaxConnections /= handlers
	one.aggregation.MaxBytes /= handlers
	if s.connections != nil {
		connections := *s.connections
		connections.Max /= handlers
		one.connections = &connections
	}
	return one
}

// beginFile announces that the next events come from another file, recorded on device d.
func (r *ciliumReceiver) beginFile(d networklog.Device) {
	for _, h := range r.handlers {
		h.beginFile(d)
	}
	r.handler.splitter.forget()
}

// sum returns a sum over the handlers.
func (r *ciliumReceiver) sum(of func(*handler) int64) (sum int64) {
	for _, h := range r.handlers {
		sum += of(h)
	}
	return sum
}

// splitter decides which handler gets an event, whether the filters want it, and which marks its record has. The marks cannot be divided by
// connection: where an address or a port is translated, one packet is that of two connections.
type splitter struct {
	settings *settings
	decoder  monitor.Decoder
	marker   *marker
	openers  *opener.Memory // its own, since each handler is at an earlier event; nil if no filter may ask for what depends on it
	names    flow.Names     // nil if the ends of flows have no names, or no filter asks for them
	handlers uint64
	seed     uint64 // odd, so that nobody can choose ports that all belong to one handler

	notification monitor.Notification
	flow         flow.Flow

	glances   []glanced
	ahead     []glanced            // of the events that Split gets next
	next      int                  // the index of the first that Split has not got
	glancedAt monitor.Notification // by glances only
	glancedOf flow.Flow            // by glances only
}

// glanced is what a glance shows of an event.
type glanced struct {
	raw    *byte          // the first of its wire form
	split  pipeline.Split // without the marks
	report primary.Report // for the marks, if marked
	shown  bool           // otherwise a glance shows nothing
	marked bool           // the record has marks
}

func newSplitter(h *handler, handlers int) *splitter {
	s := &splitter{settings: &h.settings, decoder: h.decoder, marker: h.marker, handlers: uint64(handlers), seed: rand.Uint64() | 1}
	if h.settings.filter != nil {
		s.names = h.names
		if h.settings.Level == obsconfig.LevelNone {
			s.openers = opener.New()
		}
	}
	return s
}

// forget forgets what the events so far have shown. The next ones are those of another node. The marker forgets with its handler.
func (s *splitter) forget() {
	if s != nil && s.openers != nil {
		s.openers.Forget()
	}
}

// Look takes a glance at events that Split gets next, in the same order, if no filter decides about them.
func (s *splitter) Look(looked []pipeline.Event) {
	s.ahead, s.next = nil, 0
	if s.settings.filter != nil {
		return
	}
	for len(s.glances) < len(looked) {
		s.glances = append(s.glances, glanced{})
	}
	for i := range looked {
		ev := &looked[i]
		if len(ev.Data) == 0 {
			break // take identifies a record by the address of its first byte
		}
		x := &s.glances[i]
		x.raw, x.shown, x.marked = &ev.Data[0], false, false
		s.ahead = s.glances[:i+1]
		s.glance(x, ev)
	}
}

// glance takes a glance at an event.
func (s *splitter) glance(x *glanced, ev *pipeline.Event) {
	time, cpu, data, ok := events.Glance(ev.Data)
	n, f := &s.glancedAt, &s.glancedOf
	if !ok || !n.Glance(data) {
		return
	}
	x.split = splitOf(time, ev.Received)
	if s.settings.unwanted(n, false) { // there is no archive beside several workers
		x.split.Note |= noteUnwanted
		x.shown = true
		return
	}
	if !f.Glance(n) {
		return
	}
	f.CPU = cpu
	x.split.Shard = s.shard(f)
	s.marker.read(&x.report, f, n.Packet)
	x.shown, x.marked = true, true
}

// take returns what a glance shows of an event, or nil. raw is its wire form.
func (s *splitter) take(raw []byte) *glanced {
	if s.next == len(s.ahead) || len(raw) == 0 || &raw[0] != s.ahead[s.next].raw {
		return nil
	}
	s.next++
	if x := &s.ahead[s.next-1]; x.shown {
		return x
	}
	return nil
}

// splitOf returns what the head of a record decides. time is its own, or 0.
func splitOf(time, received int64) pipeline.Split {
	if time == 0 {
		return pipeline.Split{At: received, Note: noteUntimed}
	}
	return pipeline.Split{At: time}
}

// Split decides about an event.
func (s *splitter) Split(ev pipeline.Event) pipeline.Split {
	if x := s.take(ev.Data); x != nil {
		to := x.split
		if x.marked {
			to.Note |= s.marker.markReport(&x.report, to.At)
		}
		return to
	}
	record, err := events.Parse(ev.Data)
	if err != nil {
		return pipeline.Split{Note: noteNoRecord}
	}
	to := splitOf(record.Time, ev.Received)
	if record.Lost == 0 {
		s.decode(&to, record)
	}
	return to
}

// decode decides about any event.
func (s *splitter) decode(to *pipeline.Split, record events.Record) {
	n, f := &s.notification, &s.flow
	if s.decoder.Decode(record.Data, n) != nil {
		return // Handle says why
	}
	if n.VersionUnknown {
		to.Note |= noteLater
	}
	if s.settings.unwanted(n, false) { // there is no archive beside several workers
		to.Note |= noteUnwanted
		return
	}
	f.Decode(n)
	f.CPU = record.CPU
	to.Shard = s.shard(f)
	if s.names != nil {
		f.Resolve(s.names, to.At)
	}
	if s.openers != nil {
		s.openers.Direct(f, to.At)
	}
	if !s.settings.filter.Wants(f) {
		to.Note |= noteUnwanted
		return
	}
	to.Note |= s.marker.mark(f, n.Packet, to.At)
}

// shard returns the index of the handler of a flow. It is the same for both directions of a connection.
func (s *splitter) shard(f *flow.Flow) uint8 {
	if f.IP.Version == 0 {
		return 0
	}
	hash := s.hash(f.IP.Source, f.L4.SourcePort) + s.hash(f.IP.Destination, f.L4.DestinationPort)
	shard, _ := bits.Mul64(s.mix(hash, s.seed), s.handlers)
	return uint8(shard)
}

func (s *splitter) hash(a netip.Addr, port uint16) uint64 {
	if a.Is4() {
		b := a.As4()
		return s.mix((uint64(binary.LittleEndian.Uint32(b[:]))<<16|uint64(port))^s.seed, s.seed+1)
	}
	b := a.As16()
	return s.mix(binary.LittleEndian.Uint64(b[:])^uint64(port)<<32^s.seed, binary.LittleEndian.Uint64(b[8:])+s.seed)
}

// mix is the multiplication of wyhash: the two halves of the product, combined.
func (s *splitter) mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}
