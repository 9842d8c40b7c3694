// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/process"
)

// liveSource delivers the events of a real-time ETW session.
type liveSource struct {
	session  *session.Session
	stopped  chan struct{}
	watching sync.WaitGroup
}

func startLive(r *dnsReceiver, h component.Host) (source, error) {
	r.processes = process.NewNames(process.System())
	r.handler.mapper.SetProcesses(r.processes)
	r.handler.filter.Process = func(e *dns.Event) string { return r.processes.Name(uint32(e.AskerProcess()), e.Time()) }
	deliver := func(header, userData []byte) { r.pipeline.Offer(time.Now().UnixNano(), header, userData) }
	s, err := session.Open(r.cfg.session(r.provider), deliver, r.log)
	if err != nil {
		return nil, err
	}
	l := &liveSource{session: s, stopped: make(chan struct{})}
	l.watching.Go(func() { l.watch(r, h) })
	l.watching.Go(func() { r.followDevice(l.stopped) })
	return l, nil
}

// watch reports a session that ends though nobody here stopped it.
func (l *liveSource) watch(r *dnsReceiver, h component.Host) {
	select {
	case <-l.stopped:
	case <-l.session.Done():
		if err := l.session.Err(); err != nil {
			r.ended(h, err)
		}
	}
}

func (l *liveSource) losses() map[string]int64 {
	stats, _ := l.session.Stats() // on an error these are the newest figures that are known
	return map[string]int64{
		"etw_events":    int64(stats.EventsLost),
		"etw_buffers":   int64(stats.RealTimeBuffersLost),
		"etw_oversized": int64(stats.Oversized),
		"etw_discarded": int64(stats.Discarded + stats.Panics),
	}
}

func (l *liveSource) stop(ctx context.Context) error {
	close(l.stopped)
	l.watching.Wait()
	return l.session.Close(ctx)
}
