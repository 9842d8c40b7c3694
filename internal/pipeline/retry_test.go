// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
)

func TestAttemptsEndWithAPermanentErrorOrTheTimeForThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := DefaultRetryConfig()
		config.RandomizationFactor, config.Multiplier, config.MaxInterval = 0, 2, 4*time.Second
		away := errors.New("away")
		_, again := config.Begin(nil).Next(t.Context(), consumererror.NewPermanent(away))
		require.False(t, again)

		attempts := config.Begin(nil)
		for _, want := range []time.Duration{1, 2, 4, 4} {
			pause, again := attempts.Next(t.Context(), away)
			require.True(t, again)
			require.Equal(t, want*time.Second, pause)
		}

		config.MaxElapsedTime = 3 * time.Second
		attempts = config.Begin(nil)
		for range 2 { // the pauses of 1 s and 2 s end just in time
			pause, again := attempts.Next(t.Context(), away)
			require.True(t, again)
			require.True(t, attempts.Wait(t.Context(), pause))
		}
		_, again = attempts.Next(t.Context(), away)
		require.False(t, again)

		config.Enabled = false
		_, again = config.Begin(nil).Next(t.Context(), away)
		require.False(t, again)
	})
}

func TestAShutdownEndsOnePauseAndTheEndOfItsTimeAllAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := DefaultRetryConfig()
		config.RandomizationFactor = 0
		stopping := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		attempts, begun := config.Begin(stopping), time.Now()
		for range 5 {
			attempts.Next(ctx, errors.New("away"))
		}
		close(stopping)
		require.True(t, attempts.Wait(ctx, time.Hour))
		require.Zero(t, time.Since(begun))
		pause, _ := attempts.Next(ctx, errors.New("away"))
		require.Equal(t, time.Second, pause, "the pauses are short again")
		require.True(t, attempts.Wait(ctx, pause))
		require.Equal(t, time.Second, time.Since(begun), "a shutdown ends one pause only")
		cancel()
		require.False(t, attempts.Wait(ctx, time.Hour))
		require.False(t, attempts.Wait(ctx, 0), "although the pause has ended, too")
		_, again := attempts.Next(ctx, errors.New("away"))
		require.False(t, again)
	})
}
