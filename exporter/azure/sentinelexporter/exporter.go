// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelexporter/internal/metadata"
)

// sentinel sends batches of records. push is safe for concurrent use.
type sentinel struct {
	cfg       *Config
	log       *sayer
	telemetry *metadata.TelemetryBuilder
	settings  component.TelemetrySettings
	build     component.BuildInfo
	router    router
	rules     []*rule
	next      atomic.Uint32 // the rule of the next call
	rawLimit  atomic.Int64  // of a body, as far as 413 has taught
	batches   sync.Pool     // of *batch
	pauses    pauses

	caller     *delivery.Caller
	letters    *delivery.DeadLetters // or nil
	auditToken func()                // looks at the first token, or nil
	audited    sync.Once

	stopping chan struct{}
	stopOnce sync.Once
	calls    context.Context // of all calls
	cancel   context.CancelFunc
	grace    *time.Timer // until the calls under way are cancelled; nil before the stop
}

// pauses are how long the exporter waits after answers that say nothing about it.
type pauses struct {
	throttled time.Duration // 429 or 503 without Retry-After
	denied    time.Duration // 401 twice
	misfit    time.Duration // 403, 404, other statuses, a rule that takes no row
}

var defaultPauses = pauses{throttled: 5 * time.Second, denied: 30 * time.Second, misfit: time.Minute}

func newSentinel(set exporter.Settings, cfg *Config) (*sentinel, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	e := &sentinel{
		cfg: cfg, log: newSayer(set.Logger), telemetry: telemetry, settings: set.TelemetrySettings, build: set.BuildInfo,
		pauses: defaultPauses,
		router: router{streams: cfg.Streams.list(), attribute: cfg.StreamAttribute}, stopping: make(chan struct{}),
	}
	e.calls, e.cancel = context.WithCancel(context.Background())
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
	e.caller = delivery.NewCaller(client, fmt.Sprintf("%s/%s (sentinel exporter; %s/%s)", e.build.Command, e.build.Version, runtime.GOOS, runtime.GOARCH))
	if path := e.cfg.DeadLetter.Path; path != "" {
		if e.letters, err = delivery.OpenDeadLetters(path, int64(e.cfg.DeadLetter.MaxSizeMiB)<<20); err != nil {
			return fmt.Errorf("dead_letter::path: %w", err)
		}
	}
	if !e.cfg.RetryConfig.Enabled {
		e.log.logger.Warn("retry_on_failure is not enabled: what the service does not take at once is lost")
	}
	e.checkAudience(host)
	return nil
}

// checkAudience makes the first push ask the authenticator for a token and look at what it is for.
func (e *sentinel) checkAudience(host component.Host) {
	want := delivery.WantedAudience(e.cfg.Endpoint)
	if want == "" || !e.cfg.Auth.HasValue() {
		return
	}
	authenticator, err := e.cfg.Auth.Get().GetHTTPClientAuthenticator(context.Background(), host.GetExtensions())
	if err != nil {
		return // ToClient has found it
	}
	e.auditToken = func() {
		ctx, cancel := context.WithTimeout(e.calls, e.cfg.Timeout)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.rules[0].urls[0], nil)
		if err != nil {
			return
		}
		header, err := delivery.Authorization(authenticator.RoundTripper, req)
		if err != nil {
			return // the call will say so
		}
		if err := delivery.CheckAudience(header, want); err != nil {
			e.log.logger.Error("the service will not accept the token", zap.Error(err))
		}
	}
}

// stop makes pushes end early: between two calls with a queue on disk, which keeps what is left; with a queue in memory after one try
// of each. Calls that are under way are cancelled after a while.
func (e *sentinel) stop() {
	e.stopOnce.Do(func() {
		grace := e.cfg.Timeout
		if e.keepsQueue() {
			grace = min(grace, 2*time.Second)
			close(e.stopping)
		}
		e.grace = time.AfterFunc(grace, e.cancel)
	})
}

func (e *sentinel) keepsQueue() bool {
	return e.cfg.QueueConfig.HasValue() && e.cfg.QueueConfig.Get().StorageID != nil
}

func (e *sentinel) shutdown(context.Context) error {
	e.stop()
	e.grace.Stop()
	e.cancel()
	e.telemetry.Shutdown()
	return nil
}

// push sends all records of a batch that have a stream. It returns nil when the service has accepted all of them, or refused them for
// good. Otherwise the error has the records that are left, and how long to wait at least.
func (e *sentinel) push(ctx context.Context, logs plog.Logs) error {
	if e.auditToken != nil {
		e.audited.Do(e.auditToken)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.calls, cancel)()

	b := e.batches.Get().(*batch)
	defer func() {
		b.release()
		e.batches.Put(b)
	}()
	if n := b.load(logs, &e.router); n > 0 {
		e.telemetry.ExporterSentinelRecordsUnrouted.Add(ctx, int64(n))
		e.log.once("unrouted", func(l *zap.Logger) {
			l.Warn("records that belong to no stream are dropped; they have no EventSchema with a stream, no scope of this project's, and no " +
				"stream_attribute; otelcol_exporter_sentinel_records_unrouted counts them")
		})
	}
	var errs []error
	for k := range kindCount {
		if err := e.send(ctx, b, k); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.router.streams[k], err))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	err := errors.Join(errs...)
	if wait := shortestWait(errs); wait > 0 {
		err = exporterhelper.NewThrottleRetry(err, wait)
	}
	if b.anyDone() {
		return consumererror.NewLogs(err, delivery.Rest(logs, b.done))
	}
	return err
}

// waitError is an error after which to wait.
type waitError struct {
	error
	wait time.Duration
}

func (w waitError) Unwrap() error { return w.error }

// shortestWait is the shortest time after which one of the streams can go on, or 0.
func shortestWait(errs []error) (wait time.Duration) {
	for i, err := range errs {
		var w waitError
		if !errors.As(err, &w) {
			return 0
		}
		if i == 0 || w.wait < wait {
			wait = w.wait
		}
	}
	return wait
}
