// SPDX-License-Identifier: Apache-2.0

package session

import (
	"math/rand/v2"
	"time"
)

// backoff is how long to wait before an attempt: least, then twice as long each time, up to most; each by chance a quarter
// more or less, so that the collectors of many hosts do not move in step, but never beyond the bounds.
type backoff struct {
	least, most time.Duration
}

func (b backoff) delay(attempt int) time.Duration {
	d := b.least
	for ; attempt > 0 && d < b.most; attempt-- {
		d *= 2
	}
	d = min(d, b.most)
	d += time.Duration((rand.Float64() - 0.5) / 2 * float64(d))
	return min(max(d, b.least), b.most)
}
