// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/deliverytest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/tracktest"
)

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
				require.Equal(t, int64(len(numbers)), r.Sum("items_dropped", "refused"))
				require.Equal(t, int64(len(numbers)), r.Sum("dead_letters", "written"))
				require.True(t, r.Said("refused an item permanently"))
				lost := r.Logs.FilterFieldKey("event_log_id").All()
				require.Len(t, lost, 1, "said once in the Windows Event Log")
				require.Equal(t, map[string]any{"event_log_id": int64(205), "reason": "refused"}, lost[0].ContextMap(), "without the service's words")
				got := deliverytest.Letters(t, path)
				var want, refused []string // in any order: the search begins with items by chance
				for _, n := range numbers {
					want = append(want, deliverytest.UID(n))
				}
				for _, l := range got {
					require.Equal(t, 400, l.Status)
					if !plain {
						require.Equal(t, "the service's words", l.Message)
					}
					var item tracktest.Item
					require.NoError(t, json.Unmarshal(l.Row, &item))
					refused = append(refused, item.Property("EventOriginalUid"))
				}
				require.ElementsMatch(t, want, refused)
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
	require.Equal(t, int64(10), r.Sum("items_dropped", "sampled_out"))
	require.Len(t, deliverytest.Letters(t, path), 10)
	require.True(t, r.Said("sampled_out"))
}

// An unknown key is refused item by item, like an invalid item.
func TestAKeyThatTheServiceDoesNotKnowKeepsAllItemsWithFewCalls(t *testing.T) {
	for _, plain := range []bool{false, true} {
		s := tracktest.New(t)
		s.Plain = plain
		s.Verdict = func(tracktest.Item) (int, string) { return 400, "Invalid instrumentation key" }
		change, path := withLetters(t)
		r := newRig(t, s, change)
		r.Pauses.Misfit = time.Hour
		logs := now(0, 300)
		err := r.push(context.Background(), logs)
		require.Equal(t, 300, deliverytest.Rest(t, err, logs).LogRecordCount())
		require.ErrorContains(t, err, "Throttle (1h0m0s)")
		require.True(t, r.Said("check InstrumentationKey"))
		if plain {
			require.Len(t, s.Calls(), 1+delivery.Samples)
		} else {
			require.ErrorContains(t, err, "Invalid instrumentation key")
			require.Len(t, s.Calls(), 1)
		}
		require.Zero(t, r.Sum("items_dropped", ""))
		require.Empty(t, deliverytest.Letters(t, path))

		s.Lock(func() { s.Verdict = nil })
		open(r.insights)
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
				if i.Property("EventOriginalUid") < deliverytest.UID(n) {
					return 400, "wrong"
				}
				return 0, ""
			}
			r := newRig(t, s, nil)
			refused := recordtest.DNSFrom(0, n, time.Now().Add(-age))
			for range 3 {
				err := r.push(context.Background(), refused)
				require.Equal(t, n, deliverytest.Rest(t, err, refused).LogRecordCount(), "the key may be at fault")
				open(r.insights)
			}
			require.NoError(t, r.push(context.Background(), now(1000, 1)))
			require.NoError(t, r.push(context.Background(), refused))
			require.Equal(t, int64(n), r.Sum("items_dropped", "refused"))
			require.Len(t, s.Items(), 1)
		}
	}
}

// The result of one worker's search spares the others their own.
func TestWorkersThatMeetARefusalOfEverythingSearchOnce(t *testing.T) {
	s := tracktest.New(t)
	s.Plain = true
	s.Verdict = func(tracktest.Item) (int, string) { return 400, "" }
	deliverytest.WorkersSearchOnce(t, subject(s, nil))
}

func TestACallThatIsTooLargeIsHalvedAndLaterOnesAreSmaller(t *testing.T) {
	s := tracktest.New(t)
	s.Limit = 300_000
	deliverytest.ALargeCallIsHalved(t, subject(s, nil), 2000)
}

// A proxy refuses every call as too large. That is no reason to drop items.
func TestSmallCallsThatAreTooLargeForSomethingOnTheWayAreKept(t *testing.T) {
	s := tracktest.New(t)
	s.Limit = 10
	deliverytest.SmallCallsAreKept(t, subject(s, nil))
}

// refusing makes a server refuse the items with these numbers in calls whose refusal names no items.
func refusing(numbers ...int) func(*testing.T) deliverytest.Subject {
	return func(t *testing.T) deliverytest.Subject {
		s := tracktest.New(t)
		s.Plain = true
		s.Verdict = bad(400, numbers...)
		return subject(s, nil)
	}
}

func TestAShutdownInTheMiddleOfASearchKeepsWhatIsLeft(t *testing.T) {
	deliverytest.AStoppedSearchKeepsTheRest(t, refusing(100, 150, 200), 250, 100, 150, 200)
}

func TestTroubleInTheMiddleOfASearchKeepsWhatIsLeft(t *testing.T) {
	trouble := map[string]http.HandlerFunc{}
	for _, status := range []int{500, 429, 403, 413} {
		trouble[strconv.Itoa(status)] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	deliverytest.ATroubledSearchKeepsTheRest(t, refusing(30, 31, 70), trouble, 30, 31, 70)
}
