// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/clock"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/eventid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/runner"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/process"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/user"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// useHost makes the handler look up processes, users and event layouts on this host.
func (r *dnsReceiver) useHost() {
	if r.cfg.Replay.Enabled() {
		return
	}
	r.processes, r.users = process.NewNames(process.System()), user.NewNames(user.System())
	for _, p := range r.handler.pipelines {
		p.mapper.SetProcesses(r.processes)
		p.mapper.SetUsers(r.users)
		p.archive.setNames(r.processes, r.users)
		p.filter.Process = func(e *dns.Event) string { return r.processes.Name(p.decoder.Provider.ActingProcess(e), e.Time()) }
		p.decoder.UseHost(schema.FromHost, r.reportLayout)
	}
}

// leaveHost stops the lookups that useHost started. It waits for a running query to a domain controller until ctx is
// done or until deadline, at most for a second.
func (r *dnsReceiver) leaveHost(ctx context.Context, deadline time.Time) error {
	if r.processes == nil {
		return nil
	}
	r.processes.Close()
	ctx, cancel := context.WithTimeout(ctx, min(time.Second, time.Until(deadline)))
	defer cancel()
	r.users.Close(ctx)
	return nil
}

// openLive opens a real-time ETW session and keeps it running until the returned function is called.
func (r *dnsReceiver) openLive(h component.Host) (func(context.Context) error, error) {
	deliver := func(header, userData []byte) { r.Pipeline.Offer(clock.Now(), header, userData) }
	cfg := r.cfg.session(r.providers)
	watch := session.Watch{
		Stopped: func(err error) {
			r.raiseStopped(cfg.Name, err)
			componentstatus.ReportStatus(h, componentstatus.NewRecoverableErrorEvent(err))
		},
		Restarted: func() {
			r.log.Info("receiving again", eventid.SourceBack.Field())
			r.clearStopped(cfg.Name)
			componentstatus.ReportStatus(h, componentstatus.NewEvent(componentstatus.StatusOK))
		},
	}
	if r.cfg.StatusRecords {
		watch.Found = func(f session.Findings) { r.found(cfg.Name, f) }
	}
	supervisor, err := session.Supervise(cfg, deliver, r.log, watch)
	if err != nil {
		return nil, err
	}
	r.supervisor.Store(supervisor)
	endCanaries := r.runCanaries()
	return func(ctx context.Context) error {
		endCanaries()
		return supervisor.Close(ctx)
	}, nil
}

// missing reports whether an error of openLive says that no provider is registered on this host, or that there is no session to attach to.
func missing(err error) bool {
	return errors.Is(err, session.ErrNotRegistered) || errors.Is(err, session.ErrNoSession)
}

// totals returns the counts of the session, which are zero before there is one.
func (r *dnsReceiver) totals() session.Totals {
	if supervisor := r.supervisor.Load(); supervisor != nil {
		return supervisor.Totals()
	}
	return session.Totals{}
}

// reportLayout logs that this host describes an event otherwise than the embedded field lists, or not at all.
func (r *dnsReceiver) reportLayout(e *etw.Record, differs *schema.Template, err error) {
	log := r.log.With(zap.Uint16("event_id", e.ID), zap.Uint8("version", e.Version))
	if err != nil {
		log.Debug("this host does not describe the event's fields; the embedded list is used", zap.Error(err))
		return
	}
	names := make([]string, len(differs.Fields))
	for i, f := range differs.Fields {
		names[i] = f.Name
	}
	log.Debug("this host's list of the event's fields differs from the embedded one and is used", zap.Strings("fields", names))
}

// lostLive returns what the session lost, by cause.
func (r *dnsReceiver) lostLive() map[string]int64 {
	t := r.totals()
	return map[string]int64{
		"etw_events":    int64(t.EventsLost),
		"etw_buffers":   int64(t.RealTimeBuffersLost),
		"etw_files":     int64(t.LostFileNotices),
		"etw_oversized": int64(t.Oversized),
		"etw_discarded": int64(t.Discarded + t.Panics),
	}
}

// observeLive registers the telemetry that only a live source has.
func (r *dnsReceiver) observeLive(builder *metadata.TelemetryBuilder) error {
	if r.cfg.Replay.Enabled() {
		return nil
	}
	tell := func(value func(session.Totals) int64) metric.Int64Callback {
		return runner.Observe(func() int64 { return value(r.totals()) })
	}
	return errors.Join(
		builder.RegisterSessionRestartsCallback(tell(func(t session.Totals) int64 { return int64(t.Restarts) })),
		builder.RegisterSessionBuffersCallback(tell(func(t session.Totals) int64 { return int64(t.NumberOfBuffers) })),
		builder.RegisterSessionBuffersInUseCallback(tell(func(t session.Totals) int64 {
			return int64(t.NumberOfBuffers) - int64(t.FreeBuffers)
		})),
	)
}
