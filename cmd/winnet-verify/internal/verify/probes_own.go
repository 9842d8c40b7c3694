// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/provider"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
)

// ownProvider is the provider whose events the probes write. Nothing else on a host uses it, and it is not registered as a manifest.
var ownProvider = etw.MustGUID("{6E1B7C52-3F0D-4C8A-9D55-0B1F6A2E7C34}")

// The ids of its events.
const (
	markerID  = 1 // written until one arrives, which shows that the provider is enabled
	countedID = 2
)

// ownSession returns the settings of a session for our own provider. It also enables the DNS Client's provider, because a session needs one
// that the host knows, at a level and with a keyword that no event has.
func ownSession(name string) session.Config {
	cfg := clientSession(name)
	cfg.Providers[0].Level, cfg.Providers[0].Keywords = 1, 1<<47
	cfg.Providers = append(cfg.Providers, session.Provider{GUID: ownProvider, Name: "winnet-verify", Origin: "this program has it", Level: 5})
	return cfg
}

// Offsets in EVENT_HEADER (evntcons.h).
const (
	offTimeStamp = 16
	offProvider  = 24
	offID        = 40
)

// counted receives the events of our own provider.
type counted struct {
	now     func() int64
	markers atomic.Int64
	events  atomic.Int64
	maximum atomic.Int64 // ns from an event's time stamp to its delivery
	sum     atomic.Int64
	hold    atomic.Pointer[chan struct{}] // closed to let the consumer go on; nil does not hold it
}

func (c *counted) deliver(header, _ []byte) {
	if len(header) < etw.HeaderSize || etw.GUID(header[offProvider:offProvider+16]) != ownProvider {
		return
	}
	if binary.LittleEndian.Uint16(header[offID:]) != countedID {
		c.markers.Add(1)
		return
	}
	if hold := c.hold.Load(); hold != nil {
		<-*hold
	}
	c.events.Add(1)
	delay := c.now() - etw.UnixNano(int64(binary.LittleEndian.Uint64(header[offTimeStamp:])))
	c.sum.Add(delay)
	if delay > c.maximum.Load() { // one thread delivers
		c.maximum.Store(delay)
	}
}

// writer registers our own provider until the probe ends.
func (e *env) writer() (provider.Writer, error) {
	w, err := provider.Register(ownProvider)
	if err != nil {
		return nil, fmt.Errorf("EventRegister: %w", err)
	}
	e.later(func(context.Context) error { return w.Close() })
	return w, nil
}

// mark writes markers until more than before have arrived. It reports whether they have.
func (e *env) mark(ctx context.Context, w provider.Writer, c *counted) bool {
	before := c.markers.Load()
	return e.await(ctx, func() bool {
		_ = w.Write(provider.Event{ID: markerID, Level: 4}) // lost ones are written again
		return c.markers.Load() > before
	})
}

// quiet waits until no counted event has come for the time, and what is expected has not come before.
func (e *env) quiet(ctx context.Context, c *counted, d time.Duration, complete func() bool) {
	last, since := c.events.Load(), time.Now()
	e.await(ctx, func() bool {
		if n := c.events.Load(); n != last {
			last, since = n, time.Now()
		}
		return complete() || time.Since(since) > d
	})
}

func probeLosses(ctx context.Context, e *env) outcome {
	w, err := e.writer()
	if err != nil {
		return failed("%v", err)
	}
	c := &counted{now: e.System.Now}
	cfg := ownSession("losses")
	cfg.BufferSizeKB, cfg.MinimumBuffers, cfg.MaximumBuffers = session.MinBufferSizeKB, 2, 4
	s, err := e.open(cfg, c.deliver)
	if err != nil {
		return e.withoutSession(err)
	}
	if !e.mark(ctx, w, c) {
		return failed("no event of the program's own provider came")
	}
	before, err := s.Stats()
	if err != nil {
		return failed("%v", err)
	}
	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	defer release()
	e.later(func(context.Context) error { release(); return nil })
	c.hold.Store(&hold)

	refused, data, at := map[string]int{}, make([]byte, 512), time.Now()
	written := 0
	for ; written < e.Burst && ctx.Err() == nil; written++ {
		if err := w.Write(provider.Event{ID: countedID, Level: 4, Data: data}); err != nil {
			refused[err.Error()]++
		}
	}
	took := time.Since(at)
	release()
	lost := func() (session.Stats, int64) {
		now, _ := s.Stats()
		return now, int64(now.EventsLost - before.EventsLost)
	}
	e.quiet(ctx, c, 5*time.Second, func() bool { _, n := lost(); return c.events.Load()+n >= int64(written) })
	now, n := lost()
	evidence := map[string]any{
		"written": written, "refused": refused, "delivered": c.events.Load(), "events_lost": n, "burst_ms": milliseconds(took.Nanoseconds()),
		"real_time_buffers_lost": now.RealTimeBuffersLost - before.RealTimeBuffersLost, "lost_event_notices": now.LostEventNotices,
		"lost_buffer_notices": now.LostBufferNotices, "lost_file_notices": now.LostFileNotices, "buffers": now.NumberOfBuffers,
	}
	return outcome{
		verdict: verdict(written > 0 && c.events.Load()+n == int64(written)), evidence: evidence,
		found: fmt.Sprintf("written %d, delivered %d, EventsLost %d, RealTimeBuffersLost %d", written, c.events.Load(), n, now.RealTimeBuffersLost-before.RealTimeBuffersLost),
	}
}

func probeThroughput(ctx context.Context, e *env) outcome {
	const rate, tick = 20000, 5 * time.Millisecond
	w, err := e.writer()
	if err != nil {
		return failed("%v", err)
	}
	c := &counted{now: e.System.Now}
	s, err := e.open(ownSession("throughput"), c.deliver)
	if err != nil {
		return e.withoutSession(err)
	}
	if !e.mark(ctx, w, c) {
		return failed("no event of the program's own provider came")
	}
	before, err := s.Stats()
	if err != nil {
		return failed("%v", err)
	}
	data, begun, written := make([]byte, 200), time.Now(), int64(0)
	pace := time.NewTicker(tick)
	defer pace.Stop()
	for elapsed := time.Duration(0); elapsed < e.Throughput && ctx.Err() == nil; elapsed = time.Since(begun) {
		for due := int64(elapsed.Seconds() * rate); written < due; written++ {
			_ = w.Write(provider.Event{ID: countedID, Level: 4, Data: data}) // one that finds no room counts as lost
		}
		<-pace.C
	}
	took := time.Since(begun)
	e.quiet(ctx, c, 5*time.Second, func() bool { return c.events.Load() >= written })
	now, err := s.Stats()
	if err != nil {
		return failed("%v", err)
	}
	delivered, lost, buffers := c.events.Load(), now.EventsLost-before.EventsLost, now.RealTimeBuffersLost-before.RealTimeBuffersLost
	evidence := map[string]any{
		"written": written, "delivered": delivered, "events_lost": lost, "real_time_buffers_lost": buffers, "seconds": seconds(took),
		"delay_max_ms": milliseconds(c.maximum.Load()), "delay_mean_ms": milliseconds(c.sum.Load() / max(delivered, 1)), "buffers": now.NumberOfBuffers,
	}
	return outcome{
		verdict: verdict(written > 0 && delivered == written && lost == 0 && buffers == 0), evidence: evidence,
		found: fmt.Sprintf("%.0f events a second for %.1f s, delivered %d of %d, lost %d events and %d buffers", float64(written)/took.Seconds(), took.Seconds(), delivered, written, lost, buffers),
	}
}

func probeRestart(ctx context.Context, e *env) outcome {
	w, err := e.writer()
	if err != nil {
		return failed("%v", err)
	}
	c := &counted{now: e.System.Now}
	stopped, restarted := make(chan error, 16), make(chan struct{}, 1)
	cfg := ownSession("restart")
	s, err := session.Supervise(cfg, c.deliver, nil, session.Watch{
		Stopped: func(err error) {
			select {
			case stopped <- err:
			default:
			}
		},
		Restarted: func() {
			select {
			case restarted <- struct{}{}:
			default:
			}
		},
	})
	if err != nil {
		return e.withoutSession(err)
	}
	e.later(s.Close)
	if !e.mark(ctx, w, c) {
		return failed("no event of the program's own provider came")
	}
	at := time.Now()
	if out, err := e.System.Logman(ctx, "stop", cfg.Name, "-ets"); err != nil {
		return failed("logman stop: %v: %s", err, out)
	}
	limit := time.NewTimer(e.Patience)
	defer limit.Stop()
	evidence := map[string]any{}
	select {
	case err := <-stopped:
		evidence["noticed_s"], evidence["reported"] = seconds(time.Since(at)), err.Error()
	case <-limit.C:
		return failed("the stop was not noticed within %v", e.Patience)
	case <-ctx.Done():
		return failed("cut off")
	}
	select {
	case <-restarted:
		evidence["restarted_s"] = seconds(time.Since(at))
	case <-limit.C:
		out := failed("the session did not start again within %v", e.Patience)
		for len(stopped) > 0 {
			evidence["reported"] = (<-stopped).Error()
		}
		out.evidence = evidence
		return out
	case <-ctx.Done():
		return failed("cut off")
	}
	came := e.mark(ctx, w, c)
	return outcome{verdict: verdict(came), found: fmt.Sprintf("noticed after %v s, started again after %v s, events come again: %t", evidence["noticed_s"], evidence["restarted_s"], came), evidence: evidence}
}
