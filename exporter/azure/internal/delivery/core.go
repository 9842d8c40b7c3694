// SPDX-License-Identifier: Apache-2.0

// What the exporters do alike from their start to their shutdown.

package delivery

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/settings"
)

// Pauses are the times to wait after answers that do not say how long.
type Pauses struct {
	Throttled time.Duration // 429 or 503 without Retry-After
	Denied    time.Duration // 401 twice
	Misfit    time.Duration // other answers that concern more than one call, or a far end that accepts none of the rows
}

// Sections are the sections of a configuration that all exporters have.
type Sections struct {
	Client     *confighttp.ClientConfig
	Queue      configoptional.Optional[exporterhelper.QueueBatchConfig]
	Retry      configretry.BackOffConfig
	DeadLetter settings.DeadLetter
}

// Core is what the exporters have in common. It is safe for concurrent use after Open.
type Core struct {
	Log    *RateLimitedLogger
	Ending *Ending
	Health Health
	Pauses Pauses

	sections   Sections
	limit      atomic.Int64 // of a body, in bytes before compression
	letters    *DeadLetters // or nil
	auditToken func()       // checks the audience of the first token; may be nil
}

// NewCore returns a Core. limit is the size of a body in bytes before compression, which answers with status 413 lower.
func NewCore(logger *zap.Logger, s Sections, limit int) *Core {
	c := &Core{
		Log: NewRateLimitedLogger(logger), Ending: NewEnding(), sections: s,
		Pauses: Pauses{Throttled: 5 * time.Second, Denied: 30 * time.Second, Misfit: time.Minute},
	}
	c.limit.Store(int64(limit))
	return c
}

// NewLogs puts queue and retries before an exporter's functions.
func (c *Core) NewLogs(ctx context.Context, set exporter.Settings, config component.Config, start component.StartFunc,
	push func(context.Context, plog.Logs) error, shutdown component.ShutdownFunc) (exporter.Logs, error) {
	logs, err := exporterhelper.NewLogs(ctx, set, config, push,
		exporterhelper.WithStart(start),
		exporterhelper.WithShutdown(shutdown),
		// One push makes many calls. Each call has the client's timeout.
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: 0}),
		exporterhelper.WithRetry(c.sections.Retry),
		exporterhelper.WithQueue(c.sections.Queue),
	)
	if err != nil {
		return nil, err
	}
	return &Stoppable{Logs: logs, Stop: c.Stop}, nil
}

// Open reports to the host, opens the file of dead letters, and warns of settings that lose data. The error names the key.
func (c *Core) Open(host component.Host) (err error) {
	c.Health.To(host)
	if path := c.sections.DeadLetter.Path; path != "" {
		if c.letters, err = OpenDeadLetters(path, int64(c.sections.DeadLetter.MaxSizeMiB)<<20); err != nil {
			return fmt.Errorf("dead_letter::path: %w", err)
		}
	}
	WarnOfLoss(c.sections.Queue, c.sections.Retry, c.Log.Logger)
	return nil
}

// CheckToken makes the first push check that the token for address is for the audience want.
func (c *Core) CheckToken(host component.Host, address, want string) {
	c.auditToken = TokenCheck(c.sections.Client.Auth, host, address, want, c.sections.Client.Timeout, c.Ending, c.Log)
}

// AuditToken checks the audience of the first token, once, if CheckToken has asked for it.
func (c *Core) AuditToken() {
	if c.auditToken != nil {
		c.auditToken()
	}
}

// Stop makes running pushes end early.
func (c *Core) Stop() {
	c.Health.Stop()
	c.Ending.Begin(c.sections.Client.Timeout, c.sections.Queue)
}

// Shutdown ends running pushes, and then the telemetry.
func (c *Core) Shutdown(telemetry interface{ Shutdown() }) error {
	c.Stop()
	c.Ending.Finish()
	telemetry.Shutdown()
	return nil
}

// Push calls send with a batch of a pool, and a context that ends with the exporter. The batch is released after it.
func Push[B interface{ Release() }](ctx context.Context, c *Core, batches *sync.Pool, send func(context.Context, B) error) error {
	c.AuditToken()
	ctx, cancel := c.Ending.Context(ctx)
	defer cancel()
	b := batches.Get().(B)
	defer func() {
		b.Release()
		batches.Put(b)
	}()
	return send(ctx, b)
}

// SmallBody is a size that every far end accepts, in bytes before compression. If a call of this size is refused as too
// large, something on the way refuses it.
const SmallBody = 64 << 10

// Limit returns the limit of a body, in bytes before compression.
func (c *Core) Limit() int { return int(c.limit.Load()) }

// Halve lowers the limit to half of a body that was too large, and logs it with the fields.
func (c *Core) Halve(body *Body, a Answer, fields ...zap.Field) {
	size := body.Raw()
	for limit := c.limit.Load(); int64(size/2) < limit; limit = c.limit.Load() {
		if c.limit.CompareAndSwap(limit, max(SmallBody, int64(size/2))) {
			c.Log.Again("too large", func(l *zap.Logger) {
				l.Warn("a call was too large for the service; later calls will be smaller", append([]zap.Field{
					zap.Int("bytes", size), zap.Int("compressed", body.Compressed()), zap.Int("new_limit", size/2), zap.Error(a),
				}, fields...)...)
			})
			return
		}
	}
}

// KeepLetter writes a refused row and its answer to the file of dead letters. It returns the outcome for a metric, or ""
// if there is no such file; row is not called then.
func (c *Core) KeepLetter(stream, rule string, a Answer, row func() []byte) (outcome string) {
	if c.letters == nil {
		return ""
	}
	return c.letters.Keep(Letter{
		Time: time.Now().UTC().Format(time.RFC3339Nano), Stream: stream, Rule: rule, Status: a.Status, Code: a.Code, Message: a.Message,
		RequestID: a.RequestID, Row: row(),
	}, c.Log)
}
