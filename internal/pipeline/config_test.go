// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

func TestARetryWithoutLimitsIsRefused(t *testing.T) {
	valid := DefaultRetryConfig()
	require.NoError(t, valid.Validate())
	for want, change := range map[string]func(*RetryConfig){
		"initial_interval: 0s is not allowed; want 100ms to 24h0m0s":                             func(c *RetryConfig) { c.InitialInterval = 0 },
		"initial_interval: 99ms is not allowed":                                                  func(c *RetryConfig) { c.InitialInterval = 99 * time.Millisecond },
		"initial_interval: -1s is not allowed":                                                   func(c *RetryConfig) { c.InitialInterval = -time.Second },
		"max_interval: 0s is not allowed; want 100ms to 24h0m0s":                                 func(c *RetryConfig) { c.MaxInterval = 0 },
		"max_interval: 24h0m0.000000001s is not allowed":                                         func(c *RetryConfig) { c.MaxInterval = maxRetryInterval + 1 },
		"max_interval: 30s is not allowed; want at least initial_interval, which is 1m0s":        func(c *RetryConfig) { c.InitialInterval = time.Minute },
		"multiplier: 0 is not allowed; want 1 (the interval stays) to 100":                       func(c *RetryConfig) { c.Multiplier = 0 },
		"multiplier: 0.5 is not allowed":                                                         func(c *RetryConfig) { c.Multiplier = 0.5 },
		"multiplier: NaN is not allowed":                                                         func(c *RetryConfig) { c.Multiplier = math.NaN() },
		"multiplier: +Inf is not allowed":                                                        func(c *RetryConfig) { c.Multiplier = math.Inf(1) },
		"randomization_factor: 1.1 is not allowed; want 0 (none) to 1":                           func(c *RetryConfig) { c.RandomizationFactor = 1.1 },
		"randomization_factor: NaN is not allowed":                                               func(c *RetryConfig) { c.RandomizationFactor = math.NaN() },
		"max_elapsed_time: -1s is not allowed; want 0 (without end) to 8760h0m0s":                func(c *RetryConfig) { c.MaxElapsedTime = -time.Second },
		"max_elapsed_time: 2562047h47m16.854775807s is not allowed":                              func(c *RetryConfig) { c.MaxElapsedTime = math.MaxInt64 },
		"max_elapsed_time: 29s is not allowed; want at least max_interval, which is 30s, or 0 (": func(c *RetryConfig) { c.MaxElapsedTime = 29 * time.Second },
	} {
		for _, enabled := range []bool{true, false} {
			c := DefaultRetryConfig()
			change(&c)
			c.Enabled = enabled
			require.ErrorContains(t, c.Validate(), want)
		}
	}
	c := DefaultRetryConfig()
	c.MaxElapsedTime = 0
	require.NoError(t, c.Validate())
}

// With initial_interval: 0s the next component was called 852 times in 8 s.
func TestTheShortestRetryThatIsAllowedAsksTenTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first time.Time
		var tries atomic.Int64
		next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
			if first.IsZero() {
				first = time.Now()
			}
			if time.Since(first) < 8*time.Second {
				tries.Add(1)
			}
			return errors.New("busy")
		})
		require.NoError(t, err)
		p := newPipeline(t, next, func(s *Settings) {
			s.Retry = RetryConfig{Enabled: true, InitialInterval: minRetryInterval, MaxInterval: minRetryInterval, Multiplier: 1}
			require.NoError(t, s.Retry.Validate())
			s.Batch = DefaultBatchConfig()
		})
		require.True(t, p.Offer(1, []byte("x"), nil))
		time.Sleep(10 * time.Second)
		require.Equal(t, int64(80), tries.Load())
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.NoError(t, p.Shutdown(ctx, noSource))
	})
}

// The collector's own default gives up after five minutes.
func TestARefusalOfADayCostsNothingWhileTheQueueHasRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, sink := time.Now(), &consumertest.LogsSink{}
		next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
			if time.Since(begun) < 24*time.Hour {
				return errors.New("busy")
			}
			return sink.ConsumeLogs(ctx, logs)
		})
		require.NoError(t, err)
		p := newPipeline(t, next, func(s *Settings) { s.Retry, s.Batch.FlushInterval = DefaultRetryConfig(), time.Second })
		taken, all := 0, 0
		for ; all == taken; all++ { // a source that goes on until the queue is full
			if p.Offer(1, []byte("x"), nil) {
				taken++
			}
		}
		require.Greater(t, taken, 1000)
		time.Sleep(25 * time.Hour)
		synctest.Wait()
		require.Equal(t, taken, sink.LogRecordCount())
		require.NoError(t, p.Shutdown(t.Context(), noSource))
		requireBalanced(t, p, int64(all))
		require.Equal(t, map[string]int64{DropQueueFull: 1}, p.Stats.Dropped.Snapshot())
	})
}

// The retry section must not delay the end of a shutdown, even with a context that never ends.
func TestAShutdownIsBoundedThoughRecordsAreTriedWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next, err := consumer.NewLogs(func(context.Context, plog.Logs) error { return errors.New("busy") })
		require.NoError(t, err)
		p := newPipeline(t, next, func(s *Settings) { s.Retry, s.Batch.FlushInterval = DefaultRetryConfig(), time.Second })
		for range 100 {
			require.True(t, p.Offer(1, []byte("x"), nil))
		}
		time.Sleep(time.Hour)
		begun := time.Now()
		require.NoError(t, p.Shutdown(context.Background(), noSource))
		require.LessOrEqual(t, time.Since(begun), DrainTimeout+graceTimeout)
		requireBalanced(t, p, 100)
		require.Equal(t, int64(100), p.Stats.Dropped.Total())
	})
}
