// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// ciliumReceiver is one receiver: a source, live or a replay, in front of a pipeline.
type ciliumReceiver struct {
	cfg         *Config
	set         receiver.Settings
	log         *zap.Logger
	next        consumer.Logs    // nil without a logs pipeline
	nextMetrics consumer.Metrics // nil without a metrics pipeline
	report      *receiverhelper.ObsReport
	job         *replay.Job // nil without replay.exit_when_done

	// Set by Start.
	handler   *handler
	pipeline  *pipeline.Pipeline
	meter     *meter // nil without a metrics pipeline
	source    source
	telemetry *metadata.TelemetryBuilder
}

// source delivers raw events into the receiver's pipeline from its start until it is stopped.
type source interface {
	// stop ends the source; when it returns without an error, nothing more is delivered.
	stop(ctx context.Context) error
	// losses gives what was lost before the receiver could see it, by who lost it.
	losses() map[string]int64
	// fill gives how many bytes wait in the map, -1 where it does not tell, and its size; ok is false where there is no map.
	fill() (waiting, size int64, ok bool)
}

func newReceiver(set receiver.Settings, cfg *Config, next consumer.Logs) (*ciliumReceiver, error) {
	transport := "ebpf"
	if cfg.Replay.Enabled() {
		transport = "file"
	}
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, Transport: transport, ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, err
	}
	r := &ciliumReceiver{cfg: cfg, set: set, log: set.Logger, next: next, report: report}
	if cfg.Replay.ExitWhenDone {
		r.job = replay.Join(set.Resource)
	}
	return r, nil
}

// Start opens the source. After an error nothing is left running.
func (r *ciliumReceiver) Start(_ context.Context, h component.Host) error {
	settings, err := r.cfg.read()
	if err != nil {
		return err
	}
	files, err := r.cfg.Replay.Check(checkFile)
	if err != nil {
		return err
	}
	device := r.liveDevice()
	if r.cfg.Replay.Enabled() {
		device = r.fileDevice(files[0])
	}
	r.handler = newHandler(settings, device, r.set.BuildInfo.Version)
	recorder, err := r.openRecord(files)
	if err != nil {
		return err
	}
	r.pipeline = pipeline.New(pipeline.Settings{
		Batch: r.cfg.Batch, Queue: r.cfg.Queue, Retry: r.cfg.Retry,
		Handler: r.handler, Next: r.next, Report: r.report, Format: metadata.Type.String(), Logger: r.log,
		Record: recorder, Live: !r.cfg.Replay.Enabled(),
	})
	if r.nextMetrics != nil {
		r.meter = r.newMeter()
		go r.meter.run()
	}
	r.pipeline.Start()
	if r.cfg.Replay.Enabled() {
		r.source = startReplay(r, h, files)
	} else if r.source, err = startLive(r, settings, h, device); err != nil {
		return errors.Join(err, r.pipeline.Shutdown(context.Background(), func(context.Context) error { return nil }),
			r.meter.shutdown(context.Background(), time.Now()))
	}
	if err = r.observe(); err != nil {
		return errors.Join(err, r.Shutdown(context.Background()))
	}
	r.log.Info("receiving Cilium events", zap.Strings("enabled_events", r.cfg.EnabledEvents),
		zap.Stringer("monitor_aggregation_level", settings.Level), zap.Strings("replay", files))
	return nil
}

// Shutdown stops the source, hands over what is queued, and says what became of every event.
func (r *ciliumReceiver) Shutdown(ctx context.Context) error {
	r.job.Leave()
	if r.source == nil {
		return nil
	}
	begun := time.Now()
	err := r.pipeline.Shutdown(ctx, r.source.stop)
	err = errors.Join(err, r.meter.shutdown(ctx, begun))
	r.source = nil
	if r.telemetry != nil {
		r.telemetry.Shutdown()
	}
	if r.pipeline.Stats.Pending() == 0 { // else the worker may be at it yet
		r.handler.end()
	}
	r.pipeline.LogAccount(zap.Int64("packets_unmarked", r.handler.unmarked.Load()))
	return errors.Join(err, r.job.Lost(&r.pipeline.Stats))
}
