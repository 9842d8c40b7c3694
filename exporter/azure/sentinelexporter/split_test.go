// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/deliverytest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

func TestRefusedRowsAreFoundAndDroppedOneByOneWhileTheRestArrives(t *testing.T) {
	for name, numbers := range map[string][]int{
		"one": {300}, "first and last": {0, 599}, "neighbours": {7, 8, 9, 10}, "in two calls": {3, 590, 1100},
	} {
		t.Run(name, func(t *testing.T) {
			s := ingesttest.New(t)
			s.Refuse = bad(numbers...)
			change, path := withLetters(t)
			r := newRig(t, s, change)
			require.NoError(t, r.push(context.Background(), recordtest.DNS(1200)))
			requireOnce(t, s, 1200, numbers...)
			require.Equal(t, int64(len(numbers)), r.Sum("rows_dropped", "refused"))
			require.Equal(t, int64(len(numbers)), r.Sum("dead_letters", "written"))
			require.True(t, r.Said("types of transform output columns do not match"))
			lost := r.Logs.FilterFieldKey("event_log_id").All()
			require.Len(t, lost, 1, "said once in the Windows Event Log")
			require.Equal(t, map[string]any{"event_log_id": int64(205), "stream": dnsStream}, lost[0].ContextMap(), "without the service's words")
			got := deliverytest.Letters(t, path)
			require.Len(t, got, len(numbers))
			var want, refused []any // in any order: the search begins with rows by chance
			for _, n := range numbers {
				want = append(want, deliverytest.UID(n))
			}
			for _, l := range got {
				require.Contains(t, l.Message, "row 0: types of transform output columns do not match")
				require.Equal(t, "InvalidTransformOutput", l.Code)
				require.Equal(t, dnsStream, l.Stream)
				require.Equal(t, ingesttest.RuleID, l.Rule)
				row := map[string]any{}
				require.NoError(t, json.Unmarshal(l.Row, &row))
				refused = append(refused, row["EventOriginalUid"])
			}
			require.ElementsMatch(t, want, refused)
			// Twice the depth of the search for each bad row, and the samples.
			require.Less(t, len(s.Calls()), 2+len(numbers)*30+2*delivery.Samples)
		})
	}
}

func TestMostOfACallMayBeRefused(t *testing.T) {
	s := ingesttest.New(t)
	s.Refuse = func(_, _ string, r ingesttest.Row) bool { return r["EventOriginalUid"].(string) > deliverytest.UID(20) }
	r := newRig(t, s, nil)
	logs := recordtest.DNS(24)
	require.NoError(t, r.push(context.Background(), logs))
	requireOnce(t, s, 24, 21, 22, 23)
}

func TestARuleThatTakesNoRowKeepsAllOfThemWithFewCalls(t *testing.T) {
	s := ingesttest.New(t)
	s.Refuse = func(string, string, ingesttest.Row) bool { return true }
	change, path := withLetters(t)
	r := newRig(t, s, change)
	r.Pauses.Misfit = time.Hour
	logs := recordtest.DNS(1200)
	err := r.push(context.Background(), logs)
	require.Equal(t, 1200, deliverytest.Rest(t, err, logs).LogRecordCount())
	require.ErrorContains(t, err, "types of transform output columns do not match")
	require.ErrorContains(t, err, "Throttle (")
	require.Len(t, s.Calls(), 1+delivery.Samples)
	require.Zero(t, r.Sum("rows_dropped", ""))
	require.Empty(t, deliverytest.Letters(t, path))
	require.True(t, r.Said("accepted no row of a call"))

	// Once the rule is repaired, all rows arrive.
	s.Lock(func() { s.Refuse = nil })
	r.rules[0].target[kindDNS].Gate = delivery.Gate{}
	require.NoError(t, r.push(context.Background(), logs))
	requireOnce(t, s, 1200)
}

// The result of one worker's search spares the others their own.
func TestWorkersThatMeetARuleThatTakesNoRowSearchOnce(t *testing.T) {
	s := ingesttest.New(t)
	s.Refuse = func(string, string, ingesttest.Row) bool { return true }
	deliverytest.WorkersSearchOnce(t, subject(s, nil))
}

func TestRowsThatTheRuleRefusesAreDroppedOnceItHasTakenOthers(t *testing.T) {
	for _, n := range []int{1, 20, 100, -1, -20} { // negative: that many rows without a time, whose time changes with each try
		untimed := n < 0
		n = max(n, -n)
		s := ingesttest.New(t)
		s.Refuse = func(_, _ string, r ingesttest.Row) bool { return r["EventOriginalUid"].(string) < deliverytest.UID(n) }
		r := newRig(t, s, nil)
		refused := recordtest.DNS(n)
		for _, lr := range refused.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
			if untimed {
				lr.SetTimestamp(0)
				lr.SetObservedTimestamp(0)
			}
		}
		for range 3 {
			err := r.push(context.Background(), refused)
			require.Equal(t, n, deliverytest.Rest(t, err, refused).LogRecordCount(), "the rule may be at fault")
			r.rules[0].target[kindDNS].Gate = delivery.Gate{}
		}
		require.NoError(t, r.push(context.Background(), recordtest.DNSFrom(1000, 1, recordtest.Base)))
		require.NoError(t, r.push(context.Background(), refused))
		require.Equal(t, int64(n), r.Sum("rows_dropped", "refused"))
		require.Len(t, s.Rows(dnsStream), 1)

		// Another rule's acceptance does not count, nor what was accepted before.
		other := recordtest.DNSFrom(n-1, 1, recordtest.Base)
		other.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr("DnsQuery", "other")
		require.Error(t, r.push(context.Background(), other))
	}
}

func TestAnotherRuleTakesTheRowsThatOneDoesNotFit(t *testing.T) {
	const other = "dcr-ffffffffffffffffffffffffffffffff"
	s := ingesttest.New(t)
	s.Refuse = func(rule, _ string, _ ingesttest.Row) bool { return rule == ingesttest.RuleID }
	r := newRig(t, s, func(c *Config) { c.RuleID = []string{ingesttest.RuleID, other} })
	r.Pauses.Misfit = time.Hour
	require.NoError(t, r.push(context.Background(), recordtest.DNS(100)))
	requireOnce(t, s, 100)
	require.Zero(t, r.Sum("rows_dropped", ""))
	for _, c := range s.Calls() {
		require.Equal(t, c.Rule == other, c.Status == 204, "%+v", c)
	}
}

func TestACallThatIsTooLargeIsHalvedAndLaterOnesAreSmaller(t *testing.T) {
	s := ingesttest.New(t)
	s.LimitUncompressed = 300_000
	deliverytest.ALargeCallIsHalved(t, subject(s, nil), 3000)
}

func TestARowThatTheServiceFindsTooLargeAloneIsDropped(t *testing.T) {
	s := ingesttest.New(t)
	s.LimitUncompressed = 100_000
	change, path := withLetters(t)
	r := newRig(t, s, change)
	logs := recordtest.DNS(3)
	a := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(1).Attributes()
	for _, name := range []string{"EventMessage", "DvcDescription", "SrcDescription"} {
		a.PutStr(name, strings.Repeat("x", 60_000))
	}
	require.NoError(t, r.push(context.Background(), logs))
	requireOnce(t, s, 3, 1)
	require.Equal(t, int64(1), r.Sum("rows_dropped", "too_large"))
	require.Equal(t, 413, deliverytest.Letters(t, path)[0].Status)
}

// A proxy refuses every call as too large. That is no reason to drop rows.
func TestSmallCallsThatAreTooLargeForSomethingOnTheWayAreKept(t *testing.T) {
	s := ingesttest.New(t)
	s.LimitUncompressed = 10
	deliverytest.SmallCallsAreKept(t, subject(s, nil))
}

// refusing makes a server refuse the rows with these numbers.
func refusing(numbers ...int) func(*testing.T) deliverytest.Subject {
	return func(t *testing.T) deliverytest.Subject {
		s := ingesttest.New(t)
		s.Refuse = bad(numbers...)
		return subject(s, nil)
	}
}

func TestAShutdownInTheMiddleOfASearchKeepsWhatIsLeft(t *testing.T) {
	deliverytest.AStoppedSearchKeepsTheRest(t, refusing(100, 200, 300), 500, 100, 200, 300)
}

func TestTroubleInTheMiddleOfASearchKeepsWhatIsLeft(t *testing.T) {
	deliverytest.ATroubledSearchKeepsTheRest(t, refusing(30, 31, 70), map[string]http.HandlerFunc{
		"500": func(w http.ResponseWriter, _ *http.Request) { ingesttest.Refuse(w, 500, "InternalError", "oops") },
		"429": func(w http.ResponseWriter, _ *http.Request) { ingesttest.Refuse(w, 429, "RateLimitExceeded", "slower") },
		"403": func(w http.ResponseWriter, _ *http.Request) {
			ingesttest.Refuse(w, 403, "OperationFailed", "no access")
		},
	}, 30, 31, 70)
}

func TestAFileOfDeadLettersHasASizeAndLosesNothingElse(t *testing.T) {
	s := ingesttest.New(t)
	s.Refuse = func(_, _ string, r ingesttest.Row) bool {
		return strings.HasSuffix(r["EventOriginalUid"].(string), "1")
	}
	change, path := withLetters(t)
	r := newRig(t, s, func(c *Config) { change(c); c.DeadLetter.MaxSizeMiB = 1 })
	logs := recordtest.DNS(700)
	for _, lr := range logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		lr.Attributes().PutStr("EventMessage", strings.Repeat("x", 20_000))
	}
	require.NoError(t, r.push(context.Background(), logs))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.LessOrEqual(t, info.Size(), int64(1<<20))
	require.Greater(t, info.Size(), int64(1<<20-30_000))
	require.Equal(t, int64(70), r.Sum("rows_dropped", "refused"))
	require.Equal(t, int64(70), r.Sum("dead_letters", "written")+r.Sum("dead_letters", "not_written"))
	require.Positive(t, r.Sum("dead_letters", "not_written"))
	require.Len(t, deliverytest.Letters(t, path), int(r.Sum("dead_letters", "written")))
	require.Len(t, uids(s, dnsStream), 630)
	require.True(t, r.Said("has reached its size"))
}
