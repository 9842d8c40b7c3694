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
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelexporter/internal/metadata"
)

// sentinel sends batches of records. push is safe for concurrent use.
type sentinel struct {
	cfg       *Config
	log       *delivery.Sayer
	telemetry *metadata.TelemetryBuilder
	settings  component.TelemetrySettings
	build     component.BuildInfo
	router    router
	rules     []*rule
	next      atomic.Uint32 // the rule of the next call
	rawLimit  atomic.Int64  // limit of a body; answers with status 413 lower it
	batches   sync.Pool     // of *batch
	pauses    pauses

	caller     *delivery.Caller
	letters    *delivery.DeadLetters // or nil
	auditToken func()                // checks the audience of the first token; may be nil
	health     delivery.Health

	ending *delivery.Ending
}

// pauses are the times to wait after answers that do not say how long.
type pauses struct {
	throttled time.Duration // 429 or 503 without Retry-After
	denied    time.Duration // 401 twice
	misfit    time.Duration // 403, 404, other statuses, or a rule that accepts no row
}

var defaultPauses = pauses{throttled: 5 * time.Second, denied: 30 * time.Second, misfit: time.Minute}

func newSentinel(set exporter.Settings, cfg *Config) (*sentinel, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	e := &sentinel{
		cfg: cfg, log: delivery.NewSayer(set.Logger), telemetry: telemetry, settings: set.TelemetrySettings, build: set.BuildInfo,
		pauses: defaultPauses,
		router: router{streams: cfg.Streams.list(), attribute: cfg.StreamAttribute}, ending: delivery.NewEnding(),
	}
	e.rawLimit.Store(int64(limits(cfg).Raw))
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
	e.health.To(host)
	e.caller = delivery.NewCaller(client, delivery.Options{
		Success:   http.StatusNoContent,
		UserAgent: fmt.Sprintf("%s/%s (sentinel exporter; %s/%s)", e.build.Command, e.build.Version, runtime.GOOS, runtime.GOARCH),
	})
	if path := e.cfg.DeadLetter.Path; path != "" {
		if e.letters, err = delivery.OpenDeadLetters(path, int64(e.cfg.DeadLetter.MaxSizeMiB)<<20); err != nil {
			return fmt.Errorf("dead_letter::path: %w", err)
		}
	}
	delivery.WarnOfLoss(e.cfg.QueueConfig, e.cfg.RetryConfig, e.log.Logger)
	e.sayStreams()
	e.auditToken = delivery.TokenCheck(e.cfg.Auth, host, e.rules[0].urls[0], delivery.WantedAudience(e.cfg.Endpoint), e.cfg.Timeout, e.ending, e.log)
	return nil
}

// sayStreams logs the streams that the rule must have: the exporter notices a missing stream only at the first record
// for it.
func (e *sentinel) sayStreams() {
	var fields []zap.Field
	for k, stream := range e.router.streams {
		if stream != "" {
			fields = append(fields, zap.String(kindNames[k], stream))
		}
	}
	e.log.Logger.Info(`the data collection rule must declare each of these streams (those of the archive only for records with winnet.tier: archive): `+
		`records for one that it does not declare wait, and hold up the queue in the end; streams: {NAME: ""} turns one off`, fields...)
}

// stop makes running pushes end early.
func (e *sentinel) stop() {
	e.health.Stop()
	e.ending.Begin(e.cfg.Timeout, e.cfg.QueueConfig)
}

func (e *sentinel) shutdown(context.Context) error {
	e.stop()
	e.ending.Finish()
	e.telemetry.Shutdown()
	return nil
}

// push sends all records of a batch that have a stream. It returns nil once the service has accepted or permanently
// refused each of them. Otherwise the error contains the remaining records and the shortest time to wait.
func (e *sentinel) push(ctx context.Context, logs plog.Logs) error {
	if e.auditToken != nil {
		e.auditToken()
	}
	ctx, cancel := e.ending.Context(ctx)
	defer cancel()

	b := e.batches.Get().(*batch)
	defer func() {
		b.release()
		e.batches.Put(b)
	}()
	if n := b.load(logs, &e.router); n > 0 {
		e.telemetry.ExporterSentinelRecordsUnrouted.Add(ctx, int64(n))
		e.log.Once("unrouted", func(l *zap.Logger) {
			l.Warn("records without a stream are dropped: they have no EventSchema with a stream, no scope of this project, and no " +
				"stream_attribute; otelcol_exporter_sentinel_records_unrouted counts them")
		})
	}
	var errs []error
	for k := range kindCount {
		if err := e.send(ctx, b, k); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.router.streams[k], err))
		}
	}
	return delivery.Left(errs, logs, b.done)
}
