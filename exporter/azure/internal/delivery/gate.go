// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"sync"
	"time"
)

// Gate holds back all calls to one far end. The zero value is open. It is safe for concurrent use.
type Gate struct {
	mu    sync.Mutex
	until time.Time
	why   error
}

// Close closes the gate for a duration from now. If it is already closed for longer, it stays so.
func (g *Gate) Close(d time.Duration, why error) {
	until := time.Now().Add(d)
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.until) {
		g.until, g.why = until, why
	}
}

// Wait returns how long the gate is still closed, and why. It returns 0 if the gate is open.
func (g *Gate) Wait() (time.Duration, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if d := time.Until(g.until); d > 0 {
		return d, g.why
	}
	return 0, nil
}
