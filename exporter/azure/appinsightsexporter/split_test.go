// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/tracktest"
)

func letters(t *testing.T, path string) (all []delivery.Letter) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var l delivery.Letter
		require.NoError(t, json.Unmarshal(lines.Bytes(), &l))
		all = append(all, l)
	}
	return all
}

func TestRefusedItemsAreDroppedOneByOneWithTheServicesWordsWhileTheRestArrives(t *testing.T) {
	for _, plain := range []bool{false, true} { // named by the answer's account, or found by search
		for name, numbers := range map[string][]int{
			"one": {150}, "first and last": {0, 599}, "neighbours": {7, 8, 9, 10}, "in two calls": {3, 590},
		} {
			t.Run(name, func(t *testing.T) {
				s := tracktest.New(t)
				s.Plain = plain
				s.Verdict = bad(400, numbers...)
				change, path := withLetters(t)
				r := newRig(t, s, change)
				require.NoError(t, r.push(context.Background(), now(0, 600)))
				requireOnce(t, s, 600, numbers...)
				require.Equal(t, int64(len(numbers)), r.sum("items_dropped", "refused"))
				require.Equal(t, int64(len(numbers)), r.sum("dead_letters", "written"))
				require.True(t, r.said("refused an item permanently"))
				got := letters(t, path)
				require.Len(t, got, len(numbers))
				for i, l := range got {
					require.Equal(t, 400, l.Status)
					if !plain {
						require.Equal(t, "the service's words", l.Message)
					}
					var item tracktest.Item
					require.NoError(t, json.Unmarshal(l.Row, &item))
					require.Equal(t, uid(numbers[i]), item.Property("EventOriginalUid"))
				}
				if !plain {
					require.LessOrEqual(t, len(s.Calls()), 3, "nothing is sent again")
				}
			})
		}
	}
}

func TestItemsThatTheServiceSamplesOutAreCountedForThemselves(t *testing.T) {
	s := tracktest.New(t)
	s.Verdict = func(tracktest.Item) (int, string) { return 206, "Telemetry sampled out." }
	change, path := withLetters(t)
	r := newRig(t, s, change)
	require.NoError(t, r.push(context.Background(), now(0, 10)))
	require.Equal(t, int64(10), r.sum("items_dropped", "sampled_out"))
	require.Len(t, letters(t, path), 10)
	require.True(t, r.said("sampled_out"))
}

// An unknown key is refused item by item, like an invalid item.
func TestAKeyThatTheServiceDoesNotKnowKeepsAllItemsWithFewCalls(t *testing.T) {
	for _, plain := range []bool{false, true} {
		s := tracktest.New(t)
		s.Plain = plain
		s.Verdict = func(tracktest.Item) (int, string) { return 400, "Invalid instrumentation key" }
		change, path := withLetters(t)
		r := newRig(t, s, change)
		r.pauses.misfit = time.Hour
		logs := now(0, 300)
		err := r.push(context.Background(), logs)
		require.Equal(t, 300, rest(t, err, logs).LogRecordCount())
		require.ErrorContains(t, err, "Throttle (1h0m0s)")
		require.True(t, r.said("check InstrumentationKey"))
		if plain {
			require.Len(t, s.Calls(), 1+delivery.Samples)
		} else {
			require.ErrorContains(t, err, "Invalid instrumentation key")
			require.Len(t, s.Calls(), 1)
		}
		require.Zero(t, r.sum("items_dropped", ""))
		require.Empty(t, letters(t, path))

		s.Lock(func() { s.Verdict = nil })
		r.open()
		require.NoError(t, r.push(context.Background(), logs))
		requireOnce(t, s, 300)
	}
}

func TestItemsThatTheServiceRefusesAreDroppedOnceItHasTakenOthers(t *testing.T) {
	for _, plain := range []bool{false, true} {
		for _, n := range []int{1, 20, 100, -1, -100} { // negative: that many items that are too old, whose time changes with each try
			age := time.Minute
			if n < 0 {
				n, age = -n, 50*time.Hour
			}
			s := tracktest.New(t)
			s.Plain = plain
			s.Verdict = func(i tracktest.Item) (int, string) {
				if i.Property("EventOriginalUid") < uid(n) {
					return 400, "wrong"
				}
				return 0, ""
			}
			r := newRig(t, s, nil)
			refused := recordtest.DNSFrom(0, n, time.Now().Add(-age))
			for range 3 {
				err := r.push(context.Background(), refused)
				require.Equal(t, n, rest(t, err, refused).LogRecordCount(), "the key may be at fault")
				r.open()
			}
			require.NoError(t, r.push(context.Background(), now(1000, 1)))
			require.NoError(t, r.push(context.Background(), refused))
			require.Equal(t, int64(n), r.sum("items_dropped", "refused"))
			require.Len(t, s.Items(), 1)
		}
	}
}

// The result of one worker's search spares the others their own.
func TestWorkersThatMeetARefusalOfEverythingSearchOnce(t *testing.T) {
	const workers = 8
	s := tracktest.New(t)
	s.Plain = true
	s.Verdict = func(tracktest.Item) (int, string) { return 400, "" }
	r := newRig(t, s, nil)
	r.pauses.misfit = time.Hour
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			if err := r.push(context.Background(), now(100*i, 100)); err == nil {
				t.Error("items were dropped that the service did not accept")
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, len(s.Calls()), workers+delivery.Samples)
	require.Zero(t, r.sum("items_dropped", ""))
}

func TestACallThatIsTooLargeIsHalvedAndLaterOnesAreSmaller(t *testing.T) {
	s := tracktest.New(t)
	s.Limit = 300_000
	r := newRig(t, s, nil)
	require.NoError(t, r.push(context.Background(), now(0, 2000)))
	requireOnce(t, s, 2000)
	require.Equal(t, int64(3), r.sum("calls_split", "too_large"), "the first one, and its halves")
	require.True(t, r.said("too large for the service"))
}

// A proxy refuses every call as too large. That is no reason to drop items.
func TestSmallCallsThatAreTooLargeForSomethingOnTheWayAreKept(t *testing.T) {
	s := tracktest.New(t)
	s.Limit = 10
	r := newRig(t, s, nil)
	logs := now(0, 600)
	err := r.push(context.Background(), logs)
	require.Equal(t, 600, rest(t, err, logs).LogRecordCount())
	require.Zero(t, r.sum("items_dropped", ""))
}

func TestAShutdownInTheMiddleOfASearchKeepsWhatIsLeft(t *testing.T) {
	for _, after := range []int64{1, 3, 10, 20} {
		s := tracktest.New(t)
		s.Plain = true
		s.Verdict = bad(400, 100, 150, 200)
		change, path := withLetters(t)
		r := newRig(t, s, func(c *Config) {
			change(c)
			storage := ingesttest.AuthID
			c.QueueConfig.Get().StorageID = &storage
		})
		var n atomic.Int64
		s.Lock(func() {
			s.Fault = func(_ http.ResponseWriter, _ *http.Request, accepted []tracktest.Item) bool {
				if accepted == nil && n.Add(1) == after {
					r.stop()
				}
				return false
			}
		})
		logs := now(0, 250)
		err := r.push(context.Background(), logs)
		left := rest(t, err, logs)
		require.ErrorIs(t, err, delivery.ErrStopped)
		require.Equal(t, 250, left.LogRecordCount()+len(s.Items())+len(letters(t, path)), "after %d calls", after)

		s.Lock(func() { s.Fault = nil })
		next := newRig(t, s, nil)
		require.NoError(t, next.push(context.Background(), left))
		requireOnce(t, s, 250, 100, 150, 200)
	}
}

func TestTroubleInTheMiddleOfASearchKeepsWhatIsLeft(t *testing.T) {
	for name, status := range map[string]int{"500": 500, "429": 429, "403": 403, "413": 413} {
		t.Run(name, func(t *testing.T) {
			for _, after := range []int{0, 1, 2, 4, 8} {
				s := tracktest.New(t)
				s.Plain = true
				s.Verdict = bad(400, 30, 31, 70)
				r := newRig(t, s, nil)
				n := 0
				s.Lock(func() {
					s.Fault = func(w http.ResponseWriter, _ *http.Request, accepted []tracktest.Item) bool {
						if accepted == nil {
							if n++; n == after+1 {
								w.WriteHeader(status)
								return true
							}
						}
						return false
					}
				})
				left := now(0, 100)
				for tries := 0; ; tries++ {
					require.Less(t, tries, 50)
					err := r.push(context.Background(), left)
					if err == nil {
						break
					}
					left = rest(t, err, left)
					r.open()
				}
				requireOnce(t, s, 100, 30, 31, 70)
			}
		})
	}
}
