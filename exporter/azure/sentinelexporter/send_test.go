// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/deliverytest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

func TestRecordsBecomeRowsOfTheirStreams(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, nil)
	logs := recordtest.DNS(1500)
	recordtest.Network(3).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	status := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	status.Scope().SetName("winnet.status")
	status.LogRecords().AppendEmpty().Body().SetStr("alive")
	audit := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	audit.Attributes().PutStr("EventSchema", "AuditEvent")
	audit.Attributes().PutStr("Operation", "Zone created")
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("of no stream")
	require.NoError(t, r.push(context.Background(), logs))

	requireOnce(t, s, 1500)
	require.Len(t, s.Rows(networkStream), 3)
	require.Equal(t, "alive", s.Rows("Custom-WinnetStatus")[0]["Message"])
	require.Equal(t, "Zone created", s.Rows("Custom-ASimAuditEventLogs")[0]["Operation"])
	require.Equal(t, map[string]any{"k8s.node.name": "node1", "cilium.event.type": "drop", "cilium.drop_reason_code": s.Rows(networkStream)[0]["AdditionalFields"].(map[string]any)["cilium.drop_reason_code"]},
		s.Rows(networkStream)[0]["AdditionalFields"])
	require.Equal(t, int64(1), r.Sum("records_unrouted", ""))
	require.True(t, r.Said("records without a stream are dropped"))
	require.Equal(t, 1, r.Logs.FilterField(delivery.LostField()).Len())

	ids := map[string]bool{}
	for _, c := range s.Calls() {
		require.True(t, strings.HasPrefix(c.UserAgent, "otelcol-winnet/1.2.3 (sentinel exporter; "), c.UserAgent)
		require.Len(t, c.RequestID, 36)
		ids[c.RequestID] = true
	}
	require.Len(t, ids, len(s.Calls()))
	require.Equal(t, int64(1505), r.Sum("rows_accepted", ""))
	require.Equal(t, int64(len(s.Calls())), r.Sum("calls", "accepted"))
	raw, sent := 0, 0
	for _, c := range s.Calls() {
		raw, sent = raw+c.Uncompressed, sent+c.Size
	}
	require.Equal(t, int64(raw), r.Sum("bytes_uncompressed", ""))
	require.Equal(t, int64(sent), r.Sum("bytes_compressed", ""))
}

func TestCallsAreAsLargeAsTheLimitAllowsAndNotLarger(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, nil)
	require.NoError(t, r.push(context.Background(), recordtest.DNS(3000)))
	requireOnce(t, s, 3000)
	calls := s.Calls()
	for i, c := range calls {
		require.LessOrEqual(t, c.Uncompressed, 1_000_000)
		if i < len(calls)-1 {
			require.Greater(t, c.Uncompressed, 1_000_000-2_000, "another row would fit")
		}
	}

	compressed := ingesttest.New(t)
	compressed.LimitUncompressed = 0
	r = newRig(t, compressed, func(c *Config) { c.Limits.Body = bodyCompressed })
	require.NoError(t, r.push(context.Background(), recordtest.DNS(3000)))
	requireOnce(t, compressed, 3000)
	require.Len(t, compressed.Calls(), 1)
}

// The last row of a call fills it to the last byte.
func TestABodyOfExactlyTheLimitIsOneCall(t *testing.T) {
	for _, more := range []int{0, 1} {
		s := ingesttest.New(t)
		r := newRig(t, s, nil)
		logs := recordtest.DNS(500)
		require.NoError(t, r.push(context.Background(), logs))
		require.Len(t, s.Calls(), 1)
		// Padding in the records' texts, at most 64,000 bytes in each, makes the call exactly as large as wanted.
		records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
		pad := 1_000_000 - s.Calls()[0].Uncompressed + more - len(`,"EventMessage":""`)*3
		for i := range 3 {
			n := min(pad, 60_000)
			if i == 2 {
				n = pad
			}
			records.At(i).Attributes().PutStr("EventMessage", strings.Repeat("x", n))
			pad -= n
		}
		require.NoError(t, r.push(context.Background(), logs))
		calls := s.Calls()[1:]
		require.Len(t, calls, 1+more)
		require.Equal(t, 500-more, calls[0].Rows)
		if more == 0 {
			require.Equal(t, 1_000_000, calls[0].Uncompressed)
		}
	}
}

func TestTheCompressedLimitHoldsForDataThatCannotBeCompressed(t *testing.T) {
	s := ingesttest.New(t)
	s.LimitUncompressed = 0
	r := newRig(t, s, func(c *Config) { c.Limits.Body = bodyCompressed })
	logs := recordtest.DNS(400)
	for i, lr := range logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		lr.Attributes().PutStr("EventMessage", noise(uint64(i), 40_000))
	}
	require.NoError(t, r.push(context.Background(), logs))
	requireOnce(t, s, 400)
	for i, c := range s.Calls() {
		require.LessOrEqual(t, c.Size, 1_000_000)
		if i < len(s.Calls())-1 {
			require.Greater(t, c.Size, 700_000)
		}
	}
}

// noise returns text that does not compress below three quarters of its size.
func noise(seed uint64, n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"
	b := make([]byte, n)
	x := seed*2 + 0x9e3779b97f4a7c15
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = letters[x>>58]
	}
	return string(b)
}

func TestAnAuxiliaryTableGetsCallsOf30Minutes(t *testing.T) {
	s := ingesttest.New(t)
	s.Auxiliary = true
	r := newRig(t, s, func(c *Config) { c.TablePlan = planAuxiliary })
	logs := plog.NewLogs()
	for i := range 40 { // ten minutes apart, every other one a week back
		base := recordtest.Base.Add(time.Duration(i)*10*time.Minute - time.Duration(i%2)*7*24*time.Hour)
		recordtest.DNSFrom(i, 1, base).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	}
	require.NoError(t, r.push(context.Background(), logs))
	requireOnce(t, s, 40)
	require.Zero(t, r.Sum("calls", "refused"))
	require.Len(t, s.Calls(), 20)
}

// Identities keep a token while it is valid for them. By the service's clock it may have expired.
func TestATokenThatExpiresIsReplacedWithinThePush(t *testing.T) {
	s := ingesttest.New(t)
	s.SetTokenLife(time.Millisecond)
	authenticator := &ingesttest.Authenticator{Server: s, Stale: 1}
	e, _ := kindFor(s).Start(t, ingesttest.Host{ingesttest.AuthID: authenticator}, nil)
	stale := s.IssueToken()
	require.Eventually(t, func() bool { return s.Expired(stale) }, time.Minute, time.Millisecond)
	authenticator.Keep(stale)
	s.SetTokenLife(0)
	require.NoError(t, e.push(context.Background(), recordtest.DNS(10)))
	requireOnce(t, s, 10)
	calls := s.Calls()
	require.Len(t, calls, 2)
	require.Equal(t, []int{401, 204}, []int{calls[0].Status, calls[1].Status})
}

func TestTheServiceReplacesATimeThatIsTooOldAndEventStartTimeKeepsIt(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, nil)
	logs := recordtest.DNSFrom(0, 1, time.Now().Add(-50*time.Hour))
	recordtest.DNSFrom(1, 1, time.Now().Add(25*time.Hour)).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	recordtest.DNSFrom(2, 1, time.Now()).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().Remove("EventStartTime")
	require.NoError(t, r.push(context.Background(), logs))
	for i, row := range s.Rows(dnsStream) {
		stored, err := time.Parse(time.RFC3339Nano, row["TimeGenerated"].(string))
		require.NoError(t, err)
		began, err := time.Parse(time.RFC3339Nano, row["EventStartTime"].(string))
		require.NoError(t, err)
		require.Equal(t, i != 2, stored.Sub(began).Abs() > 20*time.Hour)
	}
	require.Equal(t, int64(1), r.Sum("fields_altered", "too_old"))
	require.Equal(t, int64(1), r.Sum("fields_altered", "ahead"))
	require.True(t, r.Said("EventStartTime has the true time"))
}

func TestTheCauseThatHoldsUpARuleIsLoggedAndTheRowsAreKept(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusUnauthorized: "does not accept the token", http.StatusForbidden: "Monitoring Metrics Publisher",
		http.StatusNotFound: "knows no such rule or stream", http.StatusMethodNotAllowed: "does not come from this service",
		http.StatusTemporaryRedirect: "does not come from this service",
	} {
		s := ingesttest.New(t)
		r := newRig(t, s, nil)
		var asked atomic.Int64
		setFault(s, deliverytest.Answers(-1, func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.Header().Set("Location", s.URL+"/elsewhere")
			ingesttest.Refuse(w, status, "Code", "the service's words")
		}))
		r.Pauses = delivery.Pauses{Throttled: time.Hour, Denied: time.Hour, Misfit: time.Hour}
		logs := recordtest.DNS(10)
		err := r.push(context.Background(), logs)
		require.Equal(t, 10, deliverytest.Rest(t, err, logs).LogRecordCount())
		require.ErrorContains(t, err, "the service's words")
		require.ErrorContains(t, err, "Throttle (")
		require.True(t, r.Said(want), "%d", status)
		before := asked.Load()
		require.Error(t, r.push(context.Background(), logs), "nothing is sent while the rule waits")
		require.Equal(t, before, asked.Load())

		setFault(s, nil)
		r.rules = []*rule{newRule(s.URL, ingesttest.RuleID, r.router.streams)} // resets the gates, as when the pause has ended
		require.NoError(t, r.push(context.Background(), logs))
		requireOnce(t, s, 10)
	}
}

func TestASuccessThatIsNotFromTheServiceIsAFailure(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusPartialContent} {
		s := ingesttest.New(t)
		r := newRig(t, s, nil)
		setFault(s, deliverytest.Answers(1, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<html>please sign in</html>"))
		}))
		logs := recordtest.DNS(10)
		err := r.push(context.Background(), logs)
		require.ErrorContains(t, err, "please sign in", "%d", status)
		require.Equal(t, 10, deliverytest.Rest(t, err, logs).LogRecordCount())
		require.Zero(t, r.Sum("rows_accepted", ""))
		require.Equal(t, int64(1), r.Sum("calls", "unexpected"))
		require.True(t, r.Said("any proxy before it"))
	}
}

func TestAColumnWithValuesThatTheSchemaDoesNotEnumerateIsLoggedOnce(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, nil)
	for range 2 {
		logs := recordtest.DNS(10)
		for _, lr := range logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
			lr.Attributes().PutStr("EventSubType", "RESPONSE_SUCCESS")
			lr.Attributes().PutStr("EventResult", "ok")
		}
		require.NoError(t, r.push(context.Background(), logs))
	}
	require.Equal(t, int64(40), r.Sum("fields_altered", "not_enumerated"))
	require.Equal(t, int64(20), r.Sum("fields_altered", "EventResult"))
	require.Equal(t, 2, r.Logs.FilterMessageSnippet("does not enumerate").Len(), "once for each column")
	require.Equal(t, "RESPONSE_SUCCESS", s.Rows(dnsStream)[0]["EventSubType"])
}

func TestTheComponentIsInErrorWhileTheServiceRefuses(t *testing.T) {
	for _, status := range []int{401, 403, 404, 429, 500, 503, 200, 400} {
		deliverytest.TheStatusFollows(t, subject(ingesttest.New(t), nil), status)
	}
}

func TestTheStartSaysWhichStreamsTheRuleMustDeclare(t *testing.T) {
	r := newRig(t, ingesttest.New(t), func(c *Config) { c.Streams.Audit = "" })
	said := r.Logs.FilterMessageSnippet("must declare each of these streams").All()
	require.Len(t, said, 1)
	require.Equal(t, map[string]any{
		"dns": dnsStream, "network": networkStream, "status": "Custom-WinnetStatus", "archive_dns": dnsArchive, "archive_network": networkArchive,
	}, said[0].ContextMap())
}

func TestRetriesThatEndCauseAWarning(t *testing.T) {
	require.False(t, newRig(t, ingesttest.New(t), nil).Said("is lost"))
	require.True(t, newRig(t, ingesttest.New(t), func(c *Config) { c.RetryConfig.Enabled = false }).Said("retry_on_failure is not enabled"))
	require.True(t, newRig(t, ingesttest.New(t), func(c *Config) { c.RetryConfig.MaxElapsedTime = 5 * time.Minute }).Said("max_elapsed_time is not 0s"))
}

// A gateway: the sender gets the error and still has the data.
func TestRetriesThatEndCauseNoWarningIfTheSenderWaitsForTheResult(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"ended": func(c *Config) { c.RetryConfig.MaxElapsedTime = 15 * time.Second },
		"off":   func(c *Config) { c.RetryConfig.Enabled = false },
	} {
		require.False(t, newRig(t, ingesttest.New(t), func(c *Config) { change(c); c.QueueConfig.Get().WaitForResult = true }).Said("is lost"), name)
	}
}

func TestAStreamThatWaitsDoesNotHoldUpTheOthers(t *testing.T) {
	s := ingesttest.New(t)
	delete(s.Streams, networkStream)
	r := newRig(t, s, nil)
	r.Pauses.Misfit = time.Hour
	logs := recordtest.Network(3)
	recordtest.DNS(5).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	err := r.push(context.Background(), logs)
	left := deliverytest.Rest(t, err, logs)
	require.Equal(t, 3, left.LogRecordCount())
	v, _ := left.ResourceLogs().At(0).Resource().Attributes().Get("service.name")
	require.Equal(t, "windows_cilium", v.Str())
	require.Equal(t, "asim.network.events", left.ResourceLogs().At(0).ScopeLogs().At(0).Scope().Name())
	requireOnce(t, s, 5)
}

func TestRetryAfterHoldsForAllWorkersOfTheRuleAndNotForOthers(t *testing.T) {
	const other = "dcr-ffffffffffffffffffffffffffffffff"
	for name, header := range map[string]string{"seconds": "3600", "date": time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)} {
		t.Run(name, func(t *testing.T) {
			s := ingesttest.New(t)
			r := newRig(t, s, func(c *Config) { c.RuleID = []string{ingesttest.RuleID, other} })
			var throttled atomic.Int64
			s.Lock(func() {
				s.Fault = func(w http.ResponseWriter, req *http.Request, accepted []ingesttest.Row) bool {
					if accepted != nil || !strings.Contains(req.URL.Path, ingesttest.RuleID) {
						return false
					}
					throttled.Add(1)
					w.Header().Set("Retry-After", header)
					ingesttest.Refuse(w, http.StatusTooManyRequests, "RateLimitExceeded", "too many requests")
					return true
				}
			})
			require.NoError(t, r.push(context.Background(), recordtest.DNSFrom(0, 10, recordtest.Base)))
			var wg sync.WaitGroup
			for i := 1; i < 8; i++ {
				wg.Go(func() {
					if err := r.push(context.Background(), recordtest.DNSFrom(10*i, 10, recordtest.Base)); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			requireOnce(t, s, 80)
			require.Equal(t, int64(1), throttled.Load())

			// When the other rule waits too, the error says how long.
			r.rules[1].gate.Close(2*time.Hour, context.Canceled)
			logs := recordtest.DNS(1)
			err := r.push(context.Background(), logs)
			require.Equal(t, 1, deliverytest.Rest(t, err, logs).LogRecordCount())
			// A clock that moves in steps, as that of Windows does, may stand still meanwhile.
			require.Regexp(t, `Throttle \((1h0m0s|59m)`, err.Error())

			// The service counts the calls of all streams of a rule together, so those of status records wait, too.
			status := recordtest.DNS(1)
			status.ResourceLogs().At(0).ScopeLogs().At(0).Scope().SetName("winnet.status")
			err = r.push(context.Background(), status)
			require.Equal(t, 1, deliverytest.Rest(t, err, status).LogRecordCount())
			require.Equal(t, int64(1), throttled.Load())
		})
	}
}

func TestARowHasTheColumnsOfItsOwnResource(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, nil)
	logs := plog.NewLogs()
	for i := range 4 {
		one := recordtest.DNSFrom(i, 1, recordtest.Base)
		one.ResourceLogs().At(0).Resource().Attributes().PutStr("DvcScope", deliverytest.UID(i))
		one.ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	}
	for range 2 { // a batch can be reused
		require.NoError(t, r.push(context.Background(), logs))
	}
	for _, row := range s.Rows(dnsStream) {
		require.Equal(t, row["EventOriginalUid"], row["DvcScope"])
	}
}

func TestCallsAreSpreadOverTheRules(t *testing.T) {
	s := ingesttest.New(t)
	rules := []string{ingesttest.RuleID, "dcr-ffffffffffffffffffffffffffffffff", "dcr-eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"}
	r := newRig(t, s, func(c *Config) { c.RuleID = rules })
	for i := range 9 {
		require.NoError(t, r.push(context.Background(), recordtest.DNSFrom(i, 1, recordtest.Base)))
	}
	n := map[string]int{}
	for _, c := range s.Calls() {
		n[c.Rule]++
	}
	require.Equal(t, map[string]int{rules[0]: 3, rules[1]: 3, rules[2]: 3}, n)
}

func TestARetrySendsOnlyTheRowsThatHaveNotArrived(t *testing.T) {
	deliverytest.ARetrySendsTheRest(t, func(t *testing.T) deliverytest.Subject { return subject(ingesttest.New(t), nil) }, map[string]http.HandlerFunc{
		"500":     func(w http.ResponseWriter, _ *http.Request) { ingesttest.Refuse(w, 500, "InternalError", "oops") },
		"reset":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"timeout": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestTimeout) },
	})
}

// The service may have accepted the rows of a call whose answer was lost. They are sent again; none is lost.
func TestAnAnswerThatIsLostMakesDuplicatesAndNoLoss(t *testing.T) {
	deliverytest.ALostAnswerMakesDuplicates(t, subject(ingesttest.New(t), nil))
}

func TestTheConfiguredAttributeDecidesTheStream(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, func(c *Config) { c.StreamAttribute = "to" })
	logs := recordtest.DNS(4)
	records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	records.At(0).Attributes().PutStr("to", "network")
	records.At(1).Attributes().PutStr("to", networkStream)
	records.At(2).Attributes().PutStr("to", "Custom-Other")
	require.NoError(t, r.push(context.Background(), logs))
	require.Len(t, s.Rows(networkStream), 2)
	require.Len(t, s.Rows(dnsStream), 1)
	require.Equal(t, int64(1), r.Sum("records_unrouted", ""))
	require.NotContains(t, s.Rows(networkStream)[0]["AdditionalFields"], "to")
}

func TestThePartOfARowInACallCostsNoAllocation(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	logs := recordtest.DNS(500)
	router := &router{streams: cfg.Streams.list()}
	b := newBatch(cfg)
	allocs := testing.AllocsPerRun(5, func() {
		b.load(logs, router)
		n, _ := b.fill(kindDNS, b.rows[kindDNS], maxCall)
		b.body.Close()
		b.Release()
		require.Equal(t, 500, n)
	})
	require.Less(t, allocs, 10.0, "of 500 rows")
}
