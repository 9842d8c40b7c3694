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

// Sayer logs messages that would repeat with each call once, or once in ten minutes. It is safe for concurrent use.
type Sayer struct {
	Logger *zap.Logger
	mu     sync.Mutex
	said   map[string]time.Time
}

const sayInterval = 10 * time.Minute

// NewSayer returns a Sayer.
func NewSayer(logger *zap.Logger) *Sayer { return &Sayer{Logger: logger, said: map[string]time.Time{}} }

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

// Once logs a message once for each key what.
func (s *Sayer) Once(what string, say func(*zap.Logger)) { s.say(what, 0, say) }

// Again logs a message at most once in sayInterval for each key what. There must be few keys.
func (s *Sayer) Again(what string, say func(*zap.Logger)) { s.say(what, sayInterval, say) }

func (s *Sayer) say(what string, interval time.Duration, say func(*zap.Logger)) {
	s.mu.Lock()
	last, before := s.said[what]
	now := time.Now()
	quiet := before && (interval == 0 || now.Sub(last) < interval)
	if !quiet {
		s.said[what] = now
	}
	s.mu.Unlock()
	if !quiet {
		say(s.Logger)
	}
}
