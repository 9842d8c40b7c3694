// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/process"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/user"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// liveSource delivers the events of a real-time ETW session, which it keeps running.
type liveSource struct {
	keeper   *session.Supervisor
	stopped  chan struct{}
	watching sync.WaitGroup
}

// useHost has the handler look up processes, users and the layouts of events on this host. It comes before the pipeline's start.
func (r *dnsReceiver) useHost() {
	r.processes, r.users = process.NewNames(process.System()), user.NewNames(user.System())
	for _, p := range r.handler.parts {
		p.mapper.SetProcesses(r.processes)
		p.mapper.SetUsers(r.users)
		p.filter.Process = func(e *dns.Event) string { return r.processes.Name(p.decoder.Provider.ActingProcess(e), e.Time()) }
		p.decoder.UseHost(schema.FromHost, r.reportLayout)
	}
}

// leaveHost ends what useHost began. A question to a domain controller that is under way is waited for until ctx is done, at most a
// second.
func (r *dnsReceiver) leaveHost(ctx context.Context) {
	if r.processes == nil {
		return
	}
	r.processes.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	r.users.Close(ctx)
}

func startLive(r *dnsReceiver, h component.Host, device dnslog.Device) (source, error) {
	deliver := func(header, userData []byte) { r.pipeline.Offer(time.Now().UnixNano(), header, userData) }
	k, err := session.Keep(r.cfg.session(r.providers), deliver, r.log, session.Watch{
		Stopped: func(err error) { componentstatus.ReportStatus(h, componentstatus.NewRecoverableErrorEvent(err)) },
		Restarted: func() {
			r.log.Info("receiving again")
			componentstatus.ReportStatus(h, componentstatus.NewEvent(componentstatus.StatusOK))
		},
	})
	if err != nil {
		r.leaveHost(context.Background())
		return nil, err
	}
	l := &liveSource{keeper: k, stopped: make(chan struct{})}
	l.watching.Go(func() { r.followDevice(l.stopped, device) })
	return l, nil
}

// reportLayout says what this host makes of an event that the embedded field lists have otherwise.
func (r *dnsReceiver) reportLayout(e *etw.Record, differs *schema.Template, err error) {
	log := r.log.With(zap.Uint16("event_id", e.ID), zap.Uint8("version", e.Version))
	if err != nil {
		log.Debug("this host does not tell the event's fields; the embedded list serves", zap.Error(err))
		return
	}
	names := make([]string, len(differs.Fields))
	for i, f := range differs.Fields {
		names[i] = f.Name
	}
	log.Debug("this host's list of the event's fields differs from the embedded one, and wins", zap.Strings("fields", names))
}

func (l *liveSource) losses() map[string]int64 {
	t := l.keeper.Totals()
	return map[string]int64{
		"etw_events":    int64(t.EventsLost),
		"etw_buffers":   int64(t.RealTimeBuffersLost),
		"etw_files":     int64(t.LostFileNotices),
		"etw_oversized": int64(t.Oversized),
		"etw_discarded": int64(t.Discarded + t.Panics),
	}
}

// observe registers what only a live source has to tell.
func (l *liveSource) observe(builder *metadata.TelemetryBuilder) error {
	tell := func(value func(session.Totals) int64) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(value(l.keeper.Totals()))
			return nil
		}
	}
	return errors.Join(
		builder.RegisterReceiverAsimdnsSessionRestartsCallback(tell(func(t session.Totals) int64 { return int64(t.Restarts) })),
		builder.RegisterReceiverAsimdnsSessionBuffersCallback(tell(func(t session.Totals) int64 { return int64(t.NumberOfBuffers) })),
		builder.RegisterReceiverAsimdnsSessionBuffersInUseCallback(tell(func(t session.Totals) int64 {
			return int64(t.NumberOfBuffers) - int64(t.FreeBuffers)
		})),
	)
}

func (l *liveSource) stop(ctx context.Context) error {
	close(l.stopped)
	l.watching.Wait()
	return l.keeper.Close(ctx)
}
