// SPDX-License-Identifier: Apache-2.0

// What a stream of events has, from which on and until when.

package observer

import (
	"cmp"
	"context"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/convert"
)

// request is what the requests for flows, agent events and debug messages have in common.
type request interface {
	GetNumber() uint64
	GetFollow() bool
	GetSince() *timestamppb.Timestamp
	GetUntil() *timestamppb.Timestamp
	GetFirst() bool
}

// sender sends on a stream.
type sender struct {
	// event sends an event, and reports whether it is one that the client has asked for.
	event func(*convert.Event) (bool, error)
	// lost sends a loss of events of a node; nil for a stream without them.
	lost func(lost *flowpb.LostEvent, at *timestamppb.Timestamp, node string) error
}

// group is how many events a stream takes from the ring at once. While a client does not read, the stream holds them.
const group = 64

// of reports whether an event is of a node; "" is all nodes, also for an event that does not name its node.
func of(e *convert.Event, view string) bool { return view == "" || e.Node == view }

// stream sends the events that a request asks for, of the node that the client has connected to. match reports whether an event other than a loss
// is sent; nil sends every one.
func (s *Server) stream(ctx context.Context, req request, match func(*convert.Event) bool, to *sender) error {
	if err := checkRequest(req); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.stop, cancel)()
	view := s.nodes.View(ctx)
	wanted := func(e *convert.Event) bool { return of(e, view) && (match == nil || match(e)) }
	position := s.begin(ctx, req, wanted)
	missed := missed{send: to.lost, node: cmp.Or(view, s.node), telemetry: s.telemetry}
	var buffer [group]*convert.Event
	remaining := req.GetNumber()
	for {
		if ctx.Err() != nil {
			return s.ended(ctx)
		}
		n, gone := s.ring.Read(position, buffer[:])
		position += uint64(n) + gone
		if err := missed.add(gone, n == 0); err != nil {
			return err
		}
		if n == 0 {
			if !req.GetFollow() {
				return nil
			}
			if err := s.ring.Wait(ctx, position); err != nil {
				return s.ended(ctx)
			}
			continue
		}
		for _, e := range buffer[:n] {
			if !req.GetFollow() && req.GetNumber() > 0 && remaining == 0 {
				return missed.flush()
			}
			if over(req, e) {
				return missed.flush()
			}
			passes := within(req, e, view, wanted)
			if ctx.Err() != nil { // what a filter said when the stream ended may be wrong
				return s.ended(ctx)
			}
			if !passes {
				continue
			}
			counts, err := send(to, e)
			if err != nil {
				return err
			}
			if counts {
				s.telemetry.Sent(1)
				remaining--
			}
		}
	}
}

// ended is the error of a stream whose context has ended: that of the client, of a filter, or of the server's stop.
func (s *Server) ended(ctx context.Context) error {
	if s.stop.Err() != nil {
		return status.Error(codes.Unavailable, "the server stops")
	}
	if cause, ok := status.FromError(context.Cause(ctx)); ok {
		return cause.Err()
	}
	return status.FromContextError(ctx.Err()).Err()
}

// send sends an event, and reports whether it is one that the client has asked for.
func send(to *sender, e *convert.Event) (bool, error) {
	if lost, ok := e.Hubble.Event.(*flowpb.LostEvent); ok {
		if to.lost == nil {
			return false, nil
		}
		return false, to.lost(lost, e.Hubble.Timestamp, e.Node)
	}
	return to.event(e)
}

// over reports whether an event other than a loss is after a request's time.
func over(req request, e *convert.Event) bool {
	_, lost := e.Hubble.Event.(*flowpb.LostEvent)
	return !lost && req.GetUntil() != nil && after(e.Hubble.Timestamp, req.GetUntil())
}

// within reports whether an event is not before a request's time, and wanted. As in Hubble, a loss always is; here only one of the view's node.
func within(req request, e *convert.Event, view string, wanted func(*convert.Event) bool) bool {
	if _, lost := e.Hubble.Event.(*flowpb.LostEvent); lost {
		return of(e, view)
	}
	since := req.GetSince()
	return (since == nil || !after(since, e.Hubble.Timestamp)) && wanted(e)
}

// after reports whether a time is after another one.
func after(a, b *timestamppb.Timestamp) bool {
	if a.GetSeconds() != b.GetSeconds() {
		return a.GetSeconds() > b.GetSeconds()
	}
	return a.GetNanos() > b.GetNanos()
}

// begin returns the number of the event from which a stream reads, as Hubble chooses it. It ends early when the stream does.
func (s *Server) begin(ctx context.Context, req request, wanted func(*convert.Event) bool) uint64 {
	oldest, next := s.ring.Range()
	since := req.GetSince()
	switch {
	case req.GetFirst() && since == nil:
		return oldest
	case req.GetFollow() && req.GetNumber() == 0 && since == nil:
		return max(oldest, next-min(next, 1)) // Hubble's followers see the last event, too
	}
	// Back to the first event in the time, or by as many as are wanted.
	var buffer [group]*convert.Event
	found := uint64(0)
	for at := next; ; {
		n := s.ring.ReadBack(at, buffer[:])
		if n == 0 {
			return at
		}
		for _, e := range buffer[:n] {
			if ctx.Err() != nil {
				return at
			}
			at--
			if _, lost := e.Hubble.Event.(*flowpb.LostEvent); lost || !wanted(e) {
				continue
			}
			found++
			if since != nil {
				if after(since, e.Hubble.Timestamp) {
					return at + 1
				}
			} else if found == req.GetNumber() {
				return at
			}
		}
	}
}

// missed counts the events that a stream was too slow for, and says so: at once, but at most once in LostInterval, and as soon as the client
// has all that there is.
type missed struct {
	send        func(*flowpb.LostEvent, *timestamppb.Timestamp, string) error
	node        string // that the client reads of; the server's own when it reads all
	telemetry   Telemetry
	count       uint64
	first, last time.Time
	sent        time.Time
}

// add counts events. idle is whether the client has all that there is.
func (m *missed) add(events uint64, idle bool) error {
	if events > 0 {
		m.telemetry.Missed(events)
		m.last = time.Now()
		if m.count == 0 {
			m.first = m.last
		}
		m.count += events
	}
	if m.count > 0 && (idle || time.Since(m.sent) >= LostInterval) {
		return m.flush()
	}
	return nil
}

// flush says what has not been said.
func (m *missed) flush() error {
	if m.count == 0 || m.send == nil {
		return nil
	}
	m.sent = time.Now()
	lost := lostEvent(m.count, m.first, m.last)
	m.count = 0
	return m.send(lost, timestamppb.New(m.sent), m.node)
}
