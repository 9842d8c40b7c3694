// SPDX-License-Identifier: Apache-2.0

package playback

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// batch is a batch of n records.
func batch(n int) plog.Logs {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range n {
		records.AppendEmpty()
	}
	return logs
}

func TestABatchThatWasTakenIsStoredBeforeTheEnd(t *testing.T) {
	var stored []int
	s := NewStorer(func(logs plog.Logs) error {
		stored = append(stored, logs.LogRecordCount())
		return nil
	})
	var want []int
	for n := range 100 {
		require.NoError(t, s.Consume(t.Context(), batch(n)))
		want = append(want, n)
	}
	require.NoError(t, s.Close())
	require.Equal(t, want, stored)
}

func TestAfterAFailureNothingIsStoredAndNothingIsTaken(t *testing.T) {
	full := errors.New("no space left on device")
	calls := 0
	s := NewStorer(func(plog.Logs) error {
		calls++
		return full
	})
	for s.Consume(t.Context(), batch(1)) == nil {
	}
	require.ErrorIs(t, s.Consume(t.Context(), batch(1)), full)
	require.ErrorIs(t, s.Close(), full)
	require.Equal(t, 1, calls)
}

func TestAFullQueueDoesNotHoldUpAStop(t *testing.T) {
	hangs := make(chan struct{})
	s := NewStorer(func(plog.Logs) error {
		<-hangs
		return nil
	})
	for range waiting + 1 { // one is being stored
		require.NoError(t, s.Consume(t.Context(), batch(1)))
	}
	stopped := errors.New("stopped")
	ctx, stop := context.WithCancelCause(t.Context())
	stop(stopped)
	require.ErrorIs(t, s.Consume(ctx, batch(1)), stopped)
	close(hangs)
	require.NoError(t, s.Close())
}
