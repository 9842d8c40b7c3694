// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"sync"
	"time"
)

// Gate holds back what goes to one far end, for all who send there. The zero value is open. It is safe for concurrent use.
type Gate struct {
	mu    sync.Mutex
	until time.Time
	why   error
}

// Close closes the gate for a time from now. A gate that is closed for longer already stays so.
func (g *Gate) Close(d time.Duration, why error) {
	until := time.Now().Add(d)
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.until) {
		g.until, g.why = until, why
	}
}

// Wait is how long the gate is still closed and why, or 0.
func (g *Gate) Wait() (time.Duration, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if d := time.Until(g.until); d > 0 {
		return d, g.why
	}
	return 0, nil
}
