// SPDX-License-Identifier: Apache-2.0

package deliverytest

import (
	"context"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
)

// ARetrySendsTheRest requires that a call in trouble leaves just the records that have not arrived.
func ARetrySendsTheRest(t *testing.T, subject func(*testing.T) Subject, trouble map[string]http.HandlerFunc) {
	for name, do := range trouble {
		t.Run(name, func(t *testing.T) {
			const all = 3000
			s := subject(t)
			e := s.start(t, options{})
			s.SetFault(nth(3, do))
			logs := s.Records(0, all)
			left := Rest(t, e.Push(context.Background(), logs), logs)
			require.Less(t, left.LogRecordCount(), all)
			require.Equal(t, all, left.LogRecordCount()+len(s.Arrived()))
			require.Equal(t, all, logs.LogRecordCount(), "push does not change the records")
			e.Open()
			require.NoError(t, e.Push(context.Background(), left))
			RequireOnce(t, s.Arrived(), all)
		})
	}
}

// ALostAnswerMakesDuplicates requires that records whose answer was lost are sent again: the service may not have accepted them.
func ALostAnswerMakesDuplicates(t *testing.T, s Subject) {
	t.Helper()
	e := s.start(t, options{})
	lost := false
	s.SetFault(func(_ http.ResponseWriter, _ *http.Request, accepted bool) bool {
		if accepted && !lost {
			lost = true
			panic(http.ErrAbortHandler)
		}
		return false
	})
	logs := s.Records(0, 10)
	require.NoError(t, e.Push(context.Background(), Rest(t, e.Push(context.Background(), logs), logs)))
	for i := range 10 {
		require.Equal(t, 2, s.Arrived()[UID(i)])
	}
}

// TheStatusFollows requires that the component's status is an error while the service answers with a status, and only then.
func TheStatusFollows(t *testing.T, s Subject, status int) {
	t.Helper()
	host := &reporter{Host: s.Host()}
	e := s.start(t, options{host: host})
	require.NoError(t, e.Push(context.Background(), s.Records(0, 10)))
	require.Empty(t, host.all)
	s.SetFault(Answers(-1, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	for range 2 {
		require.Error(t, e.Push(context.Background(), s.Records(0, 10)))
	}
	require.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError}, host.all, "%d", status)
	s.SetFault(nil)
	e.Open()
	require.NoError(t, e.Push(context.Background(), s.Records(0, 10)))
	require.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError, componentstatus.StatusOK}, host.all, "%d", status)
}

// ALargeCallIsHalved requires that a call above the server's limit is split, and that its halves are split again. n is a number of records
// in one call of the exporter's largest size, of which only a quarter is below the server's limit.
func ALargeCallIsHalved(t *testing.T, s Subject, n int) {
	t.Helper()
	e := s.start(t, options{})
	require.NoError(t, e.Push(context.Background(), s.Records(0, n)))
	RequireOnce(t, s.Arrived(), n)
	require.Equal(t, int64(3), e.Sum("calls_split", "too_large"), "the first one, and its halves")
	require.True(t, e.Said("too large for the service"))
}

// SmallCallsAreKept requires that records are kept when the server's limit is below that of any service: a proxy refuses the calls.
func SmallCallsAreKept(t *testing.T, s Subject) {
	t.Helper()
	e := s.start(t, options{})
	logs := s.Records(0, 600)
	require.Equal(t, 600, Rest(t, e.Push(context.Background(), logs), logs).LogRecordCount())
	require.Zero(t, e.Sum(s.Dropped, ""))
}

// WorkersSearchOnce requires that the result of one worker's search spares the others their own when the server refuses everything.
func WorkersSearchOnce(t *testing.T, s Subject) {
	t.Helper()
	const workers = 8
	e := s.start(t, options{misfit: time.Hour})
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			if err := e.Push(context.Background(), s.Records(100*i, 100)); err == nil {
				t.Error("records were dropped that the service did not accept")
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, s.Calls(), workers+delivery.Samples)
	require.Zero(t, e.Sum(s.Dropped, ""))
}

// AStoppedSearchKeepsTheRest requires that a shutdown in the middle of a search for refused records loses none of n records.
func AStoppedSearchKeepsTheRest(t *testing.T, subject func(*testing.T) Subject, n int, refused ...int) {
	t.Helper()
	for _, after := range []int64{1, 3, 10, 20} {
		s := subject(t)
		storage, letters := ingesttest.AuthID, filepath.Join(t.TempDir(), "dead.jsonl")
		e := s.start(t, options{storage: &storage, letters: letters})
		var calls atomic.Int64
		s.SetFault(func(_ http.ResponseWriter, _ *http.Request, accepted bool) bool {
			if !accepted && calls.Add(1) == after {
				e.Stop()
			}
			return false
		})
		logs := s.Records(0, n)
		err := e.Push(context.Background(), logs)
		left := Rest(t, err, logs)
		require.ErrorIs(t, err, delivery.ErrStopped)
		require.Equal(t, n, left.LogRecordCount()+len(s.Arrived())+len(Letters(t, letters)), "after %d calls", after)
		s.SetFault(nil)
		require.NoError(t, s.start(t, options{}).Push(context.Background(), left))
		RequireOnce(t, s.Arrived(), n, refused...)
	}
}

// ATroubledSearchKeepsTheRest requires that trouble in the middle of a search for refused records loses none of 100 records.
func ATroubledSearchKeepsTheRest(t *testing.T, subject func(*testing.T) Subject, trouble map[string]http.HandlerFunc, refused ...int) {
	for name, do := range trouble {
		t.Run(name, func(t *testing.T) {
			for _, call := range []int{1, 2, 3, 5, 9} {
				s := subject(t)
				e := s.start(t, options{})
				s.SetFault(nth(call, do))
				left := s.Records(0, 100)
				for tries := 0; ; tries++ {
					require.Less(t, tries, 50)
					err := e.Push(context.Background(), left)
					if err == nil {
						break
					}
					left = Rest(t, err, left)
					e.Open()
				}
				RequireOnce(t, s.Arrived(), 100, refused...)
			}
		})
	}
}
