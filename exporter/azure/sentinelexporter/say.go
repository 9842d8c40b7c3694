// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"sync"
	"time"

	"go.uber.org/zap"
)

// sayer logs what would repeat with every call: once, or once in sayInterval.
type sayer struct {
	logger *zap.Logger
	mu     sync.Mutex
	said   map[string]time.Time
}

const sayInterval = 10 * time.Minute

func newSayer(logger *zap.Logger) *sayer { return &sayer{logger: logger, said: map[string]time.Time{}} }

func (s *sayer) once(what string, say func(*zap.Logger)) { s.say(what, 0, say) }

// again logs at most once in sayInterval for each what, of which there are few.
func (s *sayer) again(what string, say func(*zap.Logger)) { s.say(what, sayInterval, say) }

func (s *sayer) say(what string, interval time.Duration, say func(*zap.Logger)) {
	s.mu.Lock()
	last, before := s.said[what]
	now := time.Now()
	quiet := before && (interval == 0 || now.Sub(last) < interval)
	if !quiet {
		s.said[what] = now
	}
	s.mu.Unlock()
	if !quiet {
		say(s.logger)
	}
}
