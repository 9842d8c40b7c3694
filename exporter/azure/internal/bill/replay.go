// SPDX-License-Identifier: Apache-2.0

// A recording's way through a receiver and the exporter, each made by its public factory, as a collector makes them.

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelexporter"
)

// span is a span of time: from included, to excluded.
type span struct{ from, to time.Time }

func (s span) contains(at time.Time) bool { return !at.Before(s.from) && at.Before(s.to) }

// replay replays recordings through a receiver with a configuration and the exporter sentinel. It returns what the rows of a span cost.
func replay(f receiver.Factory, cfg component.Config, of span) (b bill, err error) {
	ctx := context.Background()
	far := startServer(of.from, of.to)
	defer far.Close()
	to, err := startExporter(ctx, far)
	if err != nil {
		return b, err
	}
	ended := make(chan struct{})
	var failed error
	log := zap.New(&watch{said: func(e zapcore.Entry) {
		switch {
		case e.Message == "the replay has ended":
			close(ended)
		case e.Level >= zapcore.ErrorLevel:
			failed = errors.Join(failed, errors.New(e.Message))
		}
	}})
	r, err := f.CreateLogs(ctx, receiver.Settings{ID: component.NewID(f.Type()), TelemetrySettings: telemetry(log)}, cfg, to)
	if err != nil {
		return b, err
	}
	if err := r.Start(ctx, componenttest.NewNopHost()); err != nil {
		return b, err
	}
	<-ended
	if err := errors.Join(r.Shutdown(ctx), to.Shutdown(ctx), failed); err != nil {
		return b, err
	}
	return far.result()
}

// startExporter starts the exporter, without a queue, so that each batch of the receiver becomes calls at once.
func startExporter(ctx context.Context, far *server) (exporter.Logs, error) {
	f := sentinelexporter.NewFactory()
	cfg := f.CreateDefaultConfig().(*sentinelexporter.Config)
	cfg.Endpoint, cfg.RuleID = far.URL, []string{"dcr-00000000000000000000000000000001"}
	cfg.TLS.CAPem = configopaque.String(far.certificate())
	cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	e, err := f.CreateLogs(ctx, exporter.Settings{ID: component.NewID(f.Type()), TelemetrySettings: telemetry(zap.NewNop())}, cfg)
	if err != nil {
		return nil, err
	}
	if err := e.Start(ctx, componenttest.NewNopHost()); err != nil {
		return nil, fmt.Errorf("the exporter: %w", err)
	}
	return e, nil
}

func telemetry(log *zap.Logger) component.TelemetrySettings {
	set := componenttest.NewNopTelemetrySettings()
	set.Logger = log
	return set
}

// watch is a logger's core that hands on each entry from level info on.
type watch struct{ said func(zapcore.Entry) }

func (w *watch) Enabled(l zapcore.Level) bool                   { return l >= zapcore.InfoLevel }
func (w *watch) With([]zapcore.Field) zapcore.Core              { return w }
func (w *watch) Write(e zapcore.Entry, _ []zapcore.Field) error { w.said(e); return nil }
func (w *watch) Sync() error                                    { return nil }
func (w *watch) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return c.AddCore(e, w)
}
