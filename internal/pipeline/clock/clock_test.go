// SPDX-License-Identifier: Apache-2.0

package clock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTheTimeIsTheSystems(t *testing.T) {
	const step = 16 * time.Millisecond // of time.Now on Windows
	before, now, after := time.Now(), Now(), time.Now()
	assert.GreaterOrEqual(t, now, before.UnixNano())
	assert.LessOrEqual(t, now, after.Add(step).UnixNano())
}

// Within one step of a coarse clock, many events would have one time.
func TestTheClockMovesInStepsThatAreFinerThanAMillisecond(t *testing.T) {
	finest := time.Hour
	for range 100 {
		begun := Now()
		now := Now()
		for now == begun {
			now = Now()
		}
		if now > begun {
			finest = min(finest, time.Duration(now-begun))
		}
	}
	assert.Less(t, finest, time.Millisecond)
}
