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
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

// rest returns the records that an error says are still to be sent.
func rest(t *testing.T, err error, all plog.Logs) plog.Logs {
	t.Helper()
	require.Error(t, err)
	require.False(t, consumererror.IsPermanent(err))
	var left consumererror.Logs
	if !asLogs(err, &left) {
		return all
	}
	return left.Data()
}

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
	require.Equal(t, int64(1), r.sum("records_unrouted", ""))
	require.True(t, r.said("records without a stream are dropped"))

	ids := map[string]bool{}
	for _, c := range s.Calls() {
		require.True(t, strings.HasPrefix(c.UserAgent, "otelcol-winnet/1.2.3 (sentinel exporter; "), c.UserAgent)
		require.Len(t, c.RequestID, 36)
		ids[c.RequestID] = true
	}
	require.Len(t, ids, len(s.Calls()))
	require.Equal(t, int64(1505), r.sum("rows_accepted", ""))
	require.Equal(t, int64(len(s.Calls())), r.sum("calls", "accepted"))
	raw, sent := 0, 0
	for _, c := range s.Calls() {
		raw, sent = raw+c.Uncompressed, sent+c.Size
	}
	require.Equal(t, int64(raw), r.sum("bytes_uncompressed", ""))
	require.Equal(t, int64(sent), r.sum("bytes_compressed", ""))
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
	require.Zero(t, r.sum("calls", "refused"))
	require.Len(t, s.Calls(), 20)
}

// Identities keep a token while it is valid for them. By the service's clock it may have expired.
func TestATokenThatExpiresIsReplacedWithinThePush(t *testing.T) {
	s := ingesttest.New(t)
	s.SetTokenLife(time.Millisecond)
	cfg := configFor(s)
	set, _, _ := testSettings(t)
	e, err := newSentinel(set, cfg)
	require.NoError(t, err)
	authenticator := &ingesttest.Authenticator{Server: s, Stale: 1}
	require.NoError(t, e.start(context.Background(), ingesttest.Host{ingesttest.AuthID: authenticator}))
	stale := s.IssueToken()
	require.Eventually(t, func() bool { return s.Expired(stale) }, patience, time.Millisecond)
	authenticator.Keep(stale)
	s.SetTokenLife(0)
	require.NoError(t, e.push(context.Background(), recordtest.DNS(10)))
	requireOnce(t, s, 10)
	calls := s.Calls()
	require.Len(t, calls, 2)
	require.Equal(t, []int{401, 204}, []int{calls[0].Status, calls[1].Status})
	require.NoError(t, e.shutdown(context.Background()))
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
	require.Equal(t, int64(1), r.sum("fields_altered", "too_old"))
	require.Equal(t, int64(1), r.sum("fields_altered", "ahead"))
	require.True(t, r.said("EventStartTime has the true time"))
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
		s.Lock(func() {
			s.Fault = answers(-1, func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.Header().Set("Location", s.URL+"/elsewhere")
				ingesttest.Refuse(w, status, "Code", "the service's words")
			})
		})
		r.pauses = pauses{time.Hour, time.Hour, time.Hour}
		logs := recordtest.DNS(10)
		err := r.push(context.Background(), logs)
		require.Equal(t, 10, rest(t, err, logs).LogRecordCount())
		require.ErrorContains(t, err, "the service's words")
		require.ErrorContains(t, err, "Throttle (")
		require.True(t, r.said(want), "%d", status)
		before := asked.Load()
		require.Error(t, r.push(context.Background(), logs), "nothing is sent while the rule waits")
		require.Equal(t, before, asked.Load())

		s.Lock(func() { s.Fault = nil })
		r.rules = []*rule{newRule(s.URL, ingesttest.RuleID, r.router.streams)} // resets the gates, as when the pause has ended
		require.NoError(t, r.push(context.Background(), logs))
		requireOnce(t, s, 10)
	}
}

func TestASuccessThatIsNotFromTheServiceIsAFailure(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusPartialContent} {
		s := ingesttest.New(t)
		r := newRig(t, s, nil)
		s.Lock(func() {
			s.Fault = answers(1, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				_, _ = w.Write([]byte("<html>please sign in</html>"))
			})
		})
		logs := recordtest.DNS(10)
		err := r.push(context.Background(), logs)
		require.ErrorContains(t, err, "please sign in", "%d", status)
		require.Equal(t, 10, rest(t, err, logs).LogRecordCount())
		require.Zero(t, r.sum("rows_accepted", ""))
		require.Equal(t, int64(1), r.sum("calls", "unexpected"))
		require.True(t, r.said("any proxy before it"))
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
	require.Equal(t, int64(40), r.sum("fields_altered", "not_enumerated"))
	require.Equal(t, int64(20), r.sum("fields_altered", "EventResult"))
	require.Equal(t, 2, r.logs.FilterMessageSnippet("does not enumerate").Len(), "once for each column")
	require.Equal(t, "RESPONSE_SUCCESS", s.Rows(dnsStream)[0]["EventSubType"])
}

// reporter is a host that keeps the reported status.
type reporter struct {
	ingesttest.Host
	all []componentstatus.Status
}

func (r *reporter) Report(e *componentstatus.Event) { r.all = append(r.all, e.Status()) }

func TestTheComponentIsInErrorWhileTheServiceRefuses(t *testing.T) {
	for _, status := range []int{401, 403, 404, 429, 500, 503, 200, 400} {
		s := ingesttest.New(t)
		host := &reporter{Host: ingesttest.NewHost(s)}
		set, _, _ := testSettings(t)
		e, err := newSentinel(set, configFor(s))
		require.NoError(t, err)
		e.pauses = shortPauses
		require.NoError(t, e.start(context.Background(), host))
		require.NoError(t, e.push(context.Background(), recordtest.DNS(10)))
		require.Empty(t, host.all)
		s.Lock(func() {
			s.Fault = answers(-1, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
			})
		})
		for range 2 {
			require.Error(t, e.push(context.Background(), recordtest.DNS(10)))
		}
		require.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError}, host.all, "%d", status)
		s.Lock(func() { s.Fault = nil })
		e.rules = []*rule{newRule(s.URL, ingesttest.RuleID, e.router.streams)} // resets the gates, as when the pause has ended
		require.NoError(t, e.push(context.Background(), recordtest.DNS(10)))
		require.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError, componentstatus.StatusOK}, host.all, "%d", status)
		require.NoError(t, e.shutdown(context.Background()))
	}
}

func TestTheStartSaysWhichStreamsTheRuleMustDeclare(t *testing.T) {
	r := newRig(t, ingesttest.New(t), func(c *Config) { c.Streams.Audit = "" })
	said := r.logs.FilterMessageSnippet("must declare each of these streams").All()
	require.Len(t, said, 1)
	require.Equal(t, map[string]any{"dns": dnsStream, "network": networkStream, "status": "Custom-WinnetStatus"}, said[0].ContextMap())
}

func TestRetriesThatEndCauseAWarning(t *testing.T) {
	require.False(t, newRig(t, ingesttest.New(t), nil).said("is lost"))
	require.True(t, newRig(t, ingesttest.New(t), func(c *Config) { c.RetryConfig.Enabled = false }).said("retry_on_failure is not enabled"))
	require.True(t, newRig(t, ingesttest.New(t), func(c *Config) { c.RetryConfig.MaxElapsedTime = 5 * time.Minute }).said("max_elapsed_time is not 0s"))
}

func TestAStreamThatWaitsDoesNotHoldUpTheOthers(t *testing.T) {
	s := ingesttest.New(t)
	delete(s.Streams, networkStream)
	r := newRig(t, s, nil)
	r.pauses.misfit = time.Hour
	logs := recordtest.Network(3)
	recordtest.DNS(5).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	err := r.push(context.Background(), logs)
	left := rest(t, err, logs)
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
			require.Equal(t, 1, rest(t, err, logs).LogRecordCount())
			require.ErrorContains(t, err, "Throttle (59m")
		})
	}
}

func TestARowHasTheColumnsOfItsOwnResource(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, nil)
	logs := plog.NewLogs()
	for i := range 4 {
		one := recordtest.DNSFrom(i, 1, recordtest.Base)
		one.ResourceLogs().At(0).Resource().Attributes().PutStr("DvcScope", uid(i))
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
	for name, fault := range map[string]http.HandlerFunc{
		"500":     func(w http.ResponseWriter, _ *http.Request) { ingesttest.Refuse(w, 500, "InternalError", "oops") },
		"reset":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"timeout": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestTimeout) },
	} {
		t.Run(name, func(t *testing.T) {
			s := ingesttest.New(t)
			r := newRig(t, s, nil)
			calls := 0
			s.Lock(func() {
				s.Fault = func(w http.ResponseWriter, req *http.Request, accepted []ingesttest.Row) bool {
					if accepted == nil {
						calls++
						if calls == 3 {
							fault(w, req)
							return true
						}
					}
					return false
				}
			})
			logs := recordtest.DNS(3000)
			err := r.push(context.Background(), logs)
			left := rest(t, err, logs)
			require.Less(t, left.LogRecordCount(), 3000)
			require.Equal(t, 3000, left.LogRecordCount()+len(s.Rows(dnsStream)))
			require.Equal(t, 3000, logs.LogRecordCount(), "push does not change the records")
			require.NoError(t, r.push(context.Background(), left))
			requireOnce(t, s, 3000)
		})
	}
}

// The service may have accepted the rows of a call whose answer was lost. They are sent again; none is lost.
func TestAnAnswerThatIsLostMakesDuplicatesAndNoLoss(t *testing.T) {
	s := ingesttest.New(t)
	r := newRig(t, s, nil)
	lost := false
	s.Lock(func() {
		s.Fault = func(_ http.ResponseWriter, _ *http.Request, accepted []ingesttest.Row) bool {
			if accepted != nil && !lost {
				lost = true
				panic(http.ErrAbortHandler)
			}
			return false
		}
	})
	logs := recordtest.DNS(10)
	require.NoError(t, r.push(context.Background(), rest(t, r.push(context.Background(), logs), logs)))
	for i := range 10 {
		require.Equal(t, 2, uids(s, dnsStream)[uid(i)])
	}
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
	require.Equal(t, int64(1), r.sum("records_unrouted", ""))
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
		b.release()
		require.Equal(t, 500, n)
	})
	require.Less(t, allocs, 10.0, "of 500 rows")
}
