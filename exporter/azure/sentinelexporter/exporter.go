// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelexporter/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/series"
)

// sentinel sends batches of records. push is safe for concurrent use.
type sentinel struct {
	*delivery.Core
	cfg       *Config
	telemetry *metadata.TelemetryBuilder
	settings  component.TelemetrySettings
	build     component.BuildInfo
	router    router
	rules     []*rule
	next      atomic.Uint32 // the rule of the next call
	batches   sync.Pool     // of *batch
	caller    *delivery.Caller
}

func newSentinel(set exporter.Settings, cfg *Config) (*sentinel, error) {
	telemetry, err := metadata.NewTelemetryBuilder(series.Of(set.TelemetrySettings, series.Exporter, set.ID))
	if err != nil {
		return nil, err
	}
	e := &sentinel{
		Core: delivery.NewCore(set.Logger, delivery.Sections{Client: &cfg.ClientConfig, Queue: cfg.QueueConfig, Retry: cfg.RetryConfig, DeadLetter: cfg.DeadLetter}, limits(cfg).Raw),
		cfg:  cfg, telemetry: telemetry, settings: set.TelemetrySettings, build: set.BuildInfo,
		router: router{streams: cfg.Streams.list(), attribute: cfg.StreamAttribute},
	}
	e.batches.New = func() any { return newBatch(cfg) }
	for _, id := range cfg.RuleID {
		e.rules = append(e.rules, newRule(strings.TrimRight(cfg.Endpoint, "/"), id, e.router.streams))
	}
	return e, nil
}

func (e *sentinel) start(ctx context.Context, host component.Host) error {
	client, err := e.cfg.ToClient(ctx, host.GetExtensions(), e.settings)
	if err != nil {
		return err
	}
	e.caller = delivery.NewCaller(client, delivery.Options{
		Success:   http.StatusNoContent,
		UserAgent: fmt.Sprintf("%s/%s (sentinel exporter; %s/%s)", e.build.Command, e.build.Version, runtime.GOOS, runtime.GOARCH),
	})
	if err := e.Open(host); err != nil {
		return err
	}
	e.logStreams()
	e.CheckToken(host, e.rules[0].urls[0], delivery.WantedAudience(e.cfg.Endpoint))
	return nil
}

// logStreams logs the streams that the rule must have: the exporter notices a missing stream only at the first record
// for it.
func (e *sentinel) logStreams() {
	var fields []zap.Field
	for k, stream := range e.router.streams {
		if stream != "" {
			fields = append(fields, zap.String(kindNames[k], stream))
		}
	}
	e.Log.Logger.Info(`the data collection rule must declare each of these streams (those of the archive only for records with winnet.tier: archive): `+
		`records for one that it does not declare wait, and hold up the queue in the end; streams: {NAME: ""} turns one off`, fields...)
}

func (e *sentinel) shutdown(context.Context) error { return e.Shutdown(e.telemetry) }

// push sends all records of a batch that have a stream. It returns nil once the service has accepted or permanently
// refused each of them. Otherwise the error contains the remaining records and the shortest time to wait.
func (e *sentinel) push(ctx context.Context, logs plog.Logs) error {
	return delivery.Push(ctx, e.Core, &e.batches, func(ctx context.Context, b *batch) error {
		if n := b.load(logs, &e.router); n > 0 {
			e.telemetry.ExporterSentinelRecordsUnrouted.Add(ctx, int64(n))
			e.Log.Once("unrouted", func(l *zap.Logger) {
				l.Warn("records without a stream are dropped: they have no EventSchema with a stream, no scope of this project, and no "+
					"stream_attribute; otelcol_exporter_sentinel_records_unrouted counts them", delivery.LostField())
			})
		}
		var errs []error
		for k := range kindCount {
			if err := e.send(ctx, b, k); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", e.router.streams[k], err))
			}
		}
		return delivery.Left(errs, logs, b.done)
	})
}
