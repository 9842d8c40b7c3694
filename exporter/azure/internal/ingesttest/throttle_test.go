// SPDX-License-Identifier: Apache-2.0

package ingesttest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestARuleTakesSoManyCallsAndBytesInAPeriod(t *testing.T) {
	throttle := Throttle{Calls: 3, Bytes: 1000, Period: time.Minute}
	begin := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	var s spending
	for range 3 {
		require.Zero(t, throttle.take(&s, begin, 100))
	}
	require.Equal(t, 20*time.Second, throttle.take(&s, begin.Add(40*time.Second), 1), "the fourth call waits for the next period")
	require.Zero(t, throttle.take(&s, begin.Add(time.Minute), 900))
	require.Equal(t, time.Minute, throttle.take(&s, begin.Add(time.Minute), 101), "too many bytes")
	require.Zero(t, throttle.take(&s, begin.Add(time.Minute), 100))
	require.Equal(t, 1, retryAfter(time.Millisecond))

	throttle.Spent, s = true, spending{}
	require.Equal(t, time.Minute, throttle.take(&s, begin, 1), "the first period is spent")
	require.Zero(t, throttle.take(&s, begin.Add(time.Minute), 1))
}

func TestTheServersRuleTakes2GBAMinute(t *testing.T) {
	throttle := New(t).Throttle
	begin := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	var s spending
	require.Zero(t, throttle.take(&s, begin, 2_000_000_000))
	require.Equal(t, time.Minute, throttle.take(&s, begin, 1))
}
