// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"sync"
	"time"

	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.uber.org/zap"
)

// RateLimitedLogger logs a message that would repeat with each call only once, or once in ten minutes. It is safe for concurrent use.
type RateLimitedLogger struct {
	Logger *zap.Logger
	mu     sync.Mutex
	logged map[string]time.Time // when, by key
}

const logInterval = 10 * time.Minute

// NewRateLimitedLogger returns a RateLimitedLogger.
func NewRateLimitedLogger(logger *zap.Logger) *RateLimitedLogger {
	return &RateLimitedLogger{Logger: logger, logged: map[string]time.Time{}}
}

// WarnOfLoss warns if retries are off or end after a time, unless the queue reports the failure to the sender, which then
// still has the data.
func WarnOfLoss(queue configoptional.Optional[exporterhelper.QueueBatchConfig], r configretry.BackOffConfig, log *zap.Logger) {
	switch q := queue.Get(); {
	case q != nil && q.WaitForResult:
	case !r.Enabled:
		log.Warn("retry_on_failure is not enabled: data that the service does not accept at once is lost")
	case r.MaxElapsedTime > 0:
		log.Warn("retry_on_failure::max_elapsed_time is not 0s: data that the service does not accept within that time is lost; a new role takes up to 30 minutes",
			zap.Duration("max_elapsed_time", r.MaxElapsedTime))
	}
}

// LostField returns the log's field with the id, in the Windows Event Log, of records that are lost at the exporter: docs/event-log.md. Users without
// rights read the Event Log, so a line with it has nothing of a record, and no answer of a service, which may quote one.
func LostField() zap.Field { return zap.Int("event_log_id", idLost) }

const idLost = 205

// Once logs a message once for each key.
func (l *RateLimitedLogger) Once(key string, write func(*zap.Logger)) { l.log(key, 0, write) }

// Again logs a message at most once in logInterval for each key. There must be few keys.
func (l *RateLimitedLogger) Again(key string, write func(*zap.Logger)) {
	l.log(key, logInterval, write)
}

func (l *RateLimitedLogger) log(key string, interval time.Duration, write func(*zap.Logger)) {
	l.mu.Lock()
	last, before := l.logged[key]
	now := time.Now()
	quiet := before && (interval == 0 || now.Sub(last) < interval)
	if !quiet {
		l.logged[key] = now
	}
	l.mu.Unlock()
	if !quiet {
		write(l.Logger)
	}
}
