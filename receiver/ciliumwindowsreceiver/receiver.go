// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/runner"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// ciliumReceiver is the part of the receiver that is specific to Cilium. Its Runner runs it. The Runner's Next is nil
// without a logs pipeline.
type ciliumReceiver struct {
	*runner.Runner
	cfg         *Config
	set         receiver.Settings
	log         *zap.Logger
	nextMetrics consumer.Metrics // nil without a metrics pipeline

	// Set by Start.
	names    flow.Names // nil if the ends of flows have no names
	settings settings
	device   networklog.Device // at the start
	handler  *handler          // the first of handlers
	handlers []*handler        // one for each worker
	meter    *meter            // nil without a metrics pipeline
	live     *liveSource       // nil in a replay
	files    fileSource
}

func newReceiver(set receiver.Settings, cfg *Config, next consumer.Logs) (_ *ciliumReceiver, err error) {
	set.Logger = printable.Logger(set.Logger)
	r := &ciliumReceiver{cfg: cfg, set: set, log: set.Logger}
	r.files.r = r
	r.Runner, err = runner.New(runner.Settings{
		Receiver: set, Next: next, Archive: cfg.Archive,
		Sections: runner.Sections{
			Batch: cfg.Batch, Queue: cfg.Queue, Retry: cfg.Retry, Memory: cfg.Memory, Replay: cfg.Replay, Record: cfg.Record, Storage: cfg.Storage,
			Status: status.Config{Heartbeat: cfg.Heartbeat, Records: cfg.StatusRecords},
		},
		Needs:     cfg.needs(),
		Transport: "ebpf",
		Parts: runner.Parts{
			CheckFile: checkFile, NewHandler: r.prepare, NewWriter: newWriter, OpenLive: r.openLive, Follow: r.followDevice, PlayFile: r.files.play, Survey: capture.Survey,
			Losses: r.losses, Telemetry: runner.TelemetryOf(metadata.NewTelemetryBuilder, r.observe), Begin: r.startMeter, End: r.stopMeter, Played: r.collectSoon,
			Started: r.started, Account: r.account, HostName: r.nodeName, Reading: r.reading,
			HideHost: func() status.HostHider { return cfg.pseudonyms().HostHider() },
		},
	})
	return r, err
}

// prepare makes the handler.
func (r *ciliumReceiver) prepare(files []string) (_ pipeline.Handler, err error) {
	if r.settings, err = r.cfg.read(); err != nil {
		return nil, err
	}
	r.device = r.liveDevice()
	if len(files) > 0 {
		r.device = r.fileDevice(files[0])
	}
	workers := r.cfg.Workers
	if r.Next == nil {
		workers = 1 // sums need no records
	}
	r.handlers = nil
	for range workers {
		r.handlers = append(r.handlers, r.newHandler(workers))
	}
	r.handler = r.handlers[0]
	if workers > 1 {
		return newShared(r.handlers), nil
	}
	return r.handler, nil
}

// newHandler makes one of a number of handlers that share the events and the memory.
func (r *ciliumReceiver) newHandler(workers int) *handler {
	s := r.settings.share(workers)
	s.pseudonyms = r.cfg.pseudonyms()
	s.aggregation.Memory = r.Memory.Store()
	if s.connections != nil {
		s.connections.Memory = r.Memory.Store()
	}
	h := newHandler(s, r.device, r.set.BuildInfo.Version)
	h.later.log = r.log
	h.names = r.names
	if r.cfg.Archive && r.Next != nil {
		h.archive = newArchiver(networklog.Options{
			Device: r.device, Body: archivedBody(s.body), Mask: s.mask, Version: r.set.BuildInfo.Version, Pseudonyms: s.pseudonyms,
		})
	}
	return h
}

// started logs what is received.
func (r *ciliumReceiver) started(files []string) {
	r.log.Info("receiving Cilium events", zap.Strings("enabled_events", r.cfg.EnabledEvents),
		zap.Stringer("monitor_aggregation_level", r.settings.Level), zap.Strings("replay", files))
}

// account returns what this receiver adds to the pipeline's account.
func (r *ciliumReceiver) account() []zap.Field {
	if r.Pipeline.Stats.Pending() == 0 { // otherwise the worker may still be counting
		r.handler.end() // the first has the marker
	}
	return []zap.Field{
		zap.Int64("packets_unmarked", r.handler.marker.unmarked.Load()), zap.Int64("events_version_unknown", r.handler.later.count.Load()),
	}
}

// losses returns what was lost before the receiver could see it, by cause.
func (r *ciliumReceiver) losses() map[string]int64 {
	if r.live != nil {
		return map[string]int64{"map": int64(r.live.follower.Stats().Lost)}
	}
	return map[string]int64{"capture": r.files.lost.Load()}
}

// startMeter starts to send metrics, if there is a metrics pipeline.
func (r *ciliumReceiver) startMeter() {
	if r.nextMetrics != nil {
		r.meter = r.newMeter()
		go r.meter.run()
	}
}

// collectSoon requests the metrics of a replay that has ended.
func (r *ciliumReceiver) collectSoon() { r.meter.soon() }

// stopMeter sends the last metrics.
func (r *ciliumReceiver) stopMeter(ctx context.Context, deadline time.Time) error {
	return r.meter.shutdown(ctx, deadline)
}
