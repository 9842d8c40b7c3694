// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"sync"
	"time"

	"go.opentelemetry.io/collector/config/configretry"
	"go.uber.org/zap"
)

// Sayer logs what would repeat with every call: once, or once in ten minutes. It is safe for concurrent use.
type Sayer struct {
	Logger *zap.Logger
	mu     sync.Mutex
	said   map[string]time.Time
}

const sayInterval = 10 * time.Minute

// NewSayer makes a sayer.
func NewSayer(logger *zap.Logger) *Sayer { return &Sayer{Logger: logger, said: map[string]time.Time{}} }

// WarnOfLoss warns of retries that end.
func WarnOfLoss(r configretry.BackOffConfig, log *zap.Logger) {
	switch {
	case !r.Enabled:
		log.Warn("retry_on_failure is not enabled: what the service does not take at once is lost")
	case r.MaxElapsedTime > 0:
		log.Warn("retry_on_failure::max_elapsed_time is not 0s: what the service does not take for that long is lost; a new role takes up to 30 minutes",
			zap.Duration("max_elapsed_time", r.MaxElapsedTime))
	}
}

// Once logs once for each what.
func (s *Sayer) Once(what string, say func(*zap.Logger)) { s.say(what, 0, say) }

// Again logs at most once in sayInterval for each what, of which there are few.
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
