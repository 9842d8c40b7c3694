// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// next is the next component: it keeps the attributes of what it takes, and answers with err.
type next struct {
	mu    sync.Mutex
	taken []map[string]any
	body  []string
	tries int
	err   error
	block chan struct{} // when set, each call waits for it, whatever its context says
	panic any           // when set, the next call panics with it
}

func (n *next) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (n *next) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	n.mu.Lock()
	block := n.block
	n.mu.Unlock()
	if block != nil {
		<-block
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tries++
	if p := n.panic; p != nil {
		n.panic = nil
		panic(p)
	}
	if n.err != nil {
		return n.err
	}
	sl := logs.ResourceLogs().At(0).ScopeLogs().At(0)
	lr := sl.LogRecords().At(0)
	if sl.Scope().Name() != ScopeName || logs.LogRecordCount() != 1 {
		return consumererror.NewPermanent(errors.New("not one status record"))
	}
	n.taken, n.body = append(n.taken, lr.Attributes().AsRaw()), append(n.body, lr.Body().Str())
	return nil
}

func (n *next) answer(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.err = err
}

func (n *next) records() []map[string]any {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]map[string]any(nil), n.taken...)
}

// values returns an attribute of all records taken.
func (n *next) values(name string) (all []any) {
	for _, r := range n.records() {
		all = append(all, r[name])
	}
	return all
}

// account is what the receiver under test reports.
type account struct {
	mu sync.Mutex
	a  Account
}

func (c *account) set(a Account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.a = a
}

func (c *account) get() Account {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.a
}

func newReporter(t *testing.T, cfg Config, n *next) (*Reporter, *account) {
	t.Helper()
	set := receivertest.NewNopSettings(component.MustNewType("fake"))
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, ReceiverCreateSettings: set})
	require.NoError(t, err)
	a := &account{}
	return New(Settings{
		Config: cfg, Next: n, Retry: pipeline.DefaultRetryConfig(), Report: report, Format: "fake", Logger: zap.NewNop(),
		Device: func() Device {
			return Device{Dvc: "dc1", Component: "fake/1", Command: "otelcol-winnet", Version: "1.2.3"}
		},
		State: func() string { return Live }, Account: a.get, Timed: func(source string) bool { return source != "etl_events" },
	}), a
}

func shutDown(t *testing.T, r *Reporter) {
	t.Helper()
	require.NoError(t, r.Shutdown(context.Background(), time.Now().Add(time.Second)))
	require.Zero(t, r.Pending(), "received = emitted + dropped")
}

func TestHeartbeatsHaveTheAccountAndWhatHasComeSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &next{}
		r, a := newReporter(t, Config{Heartbeat: time.Minute}, n)
		begun := time.Now()
		r.Start()
		a.set(Account{Received: 10, Emitted: 7, Filtered: 1, Dropped: map[string]int64{"queue_full": 2}, Lost: map[string]int64{"etw_events": 4}, Last: begun})
		time.Sleep(90 * time.Second)
		a.set(Account{Received: 15, Emitted: 12, Filtered: 1, Dropped: map[string]int64{"queue_full": 2}, Lost: map[string]int64{"etw_events": 4}})
		shutDown(t, r)
		require.Equal(t, []any{"live", "live", "stopped"}, n.values("State"))
		require.Equal(t, []any{int64(0), int64(10), int64(5)}, n.values("EventCount"))
		stamp := func(after time.Duration) string {
			return begun.Add(after).UTC().Format("2006-01-02T15:04:05.0000000Z")
		}
		require.Equal(t, map[string]any{
			"Kind": "heartbeat", "EventType": "Heartbeat", "EventSeverity": "Informational", "Dvc": "dc1", "Component": "fake/1", "Version": "1.2.3", "State": "live",
			"Received": int64(10), "Emitted": int64(7), "Filtered": int64(1), "Aggregated": int64(0), "Undecodable": int64(0), "Dropped": int64(2), "KernelLost": int64(4), "Pending": int64(0),
			"EventCount": int64(10), "EventStartTime": stamp(0), "EventEndTime": stamp(time.Minute),
			"AdditionalFields": map[string]any{
				"Since": map[string]any{
					"Received": int64(10), "Emitted": int64(7), "Filtered": int64(1), "Aggregated": int64(0), "Undecodable": int64(0), "Dropped": int64(2), "KernelLost": int64(4),
				},
				"DroppedBy": map[string]any{"queue_full": int64(2)}, "LostBy": map[string]any{"etw_events": int64(4)},
				"UptimeSeconds": int64(60), "LastEventTime": stamp(0),
			},
		}, n.records()[1])
		require.Equal(t, "stopped: received 15 = emitted 12 + filtered 1 + aggregated 0 + undecodable 0 + dropped 2 + pending 0; lost before 4", n.body[2])
	})
}

func TestALossIsARecordWithItsNumberSourceAndTimeSpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &next{}
		r, a := newReporter(t, Config{Records: true}, n)
		r.Start()
		begun := time.Now()
		time.Sleep(lookInterval + time.Second)
		require.Empty(t, n.records(), "nothing is lost")
		a.set(Account{Lost: map[string]int64{"etw_events": 40, "etl_events": 3}, Dropped: map[string]int64{"queue_full": 2}})
		time.Sleep(lookInterval)
		a.set(Account{Lost: map[string]int64{"etw_events": 41, "etl_events": 3}, Dropped: map[string]int64{"queue_full": 2}})
		shutDown(t, r)
		require.Equal(t, []any{"etl_events", "etw_events", "queue_full", "etw_events"}, n.values("Object"))
		require.Equal(t, []any{int64(3), int64(40), int64(2), int64(1)}, n.values("EventCount"))
		require.Equal(t, []any{"Medium", "Medium", "Medium", "Medium"}, n.values("EventSeverity"))
		require.NotContains(t, n.records()[0], "EventStartTime", "a file does not say when its session lost them")
		span := n.records()[1]
		require.Equal(t, begun.Add(lookInterval).UTC().Format("2006-01-02T15:04:05.0000000Z"), span["EventStartTime"])
		require.Equal(t, begun.Add(2*lookInterval).UTC().Format("2006-01-02T15:04:05.0000000Z"), span["EventEndTime"])
	})
}

func TestAChangeIsRaisedOnceAndClearedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &next{}
		r, _ := newReporter(t, Config{Records: true}, n)
		r.Clear(Security, "SessionStopped", "s", "nothing was raised")
		r.Raise(Security, "SessionStopped", "s", "first")
		r.Start()
		r.Raise(Security, "SessionStopped", "s", "a further attempt failed")
		time.Sleep(time.Minute)
		r.Clear(Security, "SessionStopped", "s", "runs again")
		r.Clear(Security, "SessionStopped", "s", "runs again")
		r.Set("ProviderChanged", "p", "level 1")
		r.Set("ProviderChanged", "p", "level 1")
		r.Set("ProviderChanged", "p", "level 2")
		r.Set("ProviderChanged", "p", "")
		r.Set("ProviderChanged", "q", "")
		r.Note("MapReplaced", "m", "another")
		r.Note("MapReplaced", "m", "another")
		shutDown(t, r)
		require.Equal(t, []any{"raised", "cleared", "raised", "raised", "cleared", "raised", "raised"}, n.values("State"))
		require.Equal(t, []any{"High", "Informational", "High", "High", "Informational", "High", "High"}, n.values("EventSeverity"))
		over := n.records()[1]
		start, err := time.Parse(time.RFC3339Nano, over["EventStartTime"].(string))
		require.NoError(t, err)
		end, err := time.Parse(time.RFC3339Nano, over["EventEndTime"].(string))
		require.NoError(t, err)
		require.Equal(t, time.Minute, end.Sub(start), "how long it lasted")
	})
}

func TestOnlyTheCanarysRecordsAreWrittenWithoutStatusRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &next{}
		r, a := newReporter(t, Config{Canary: true}, n)
		r.Start()
		r.Raise(Security, "SessionStopped", "s", "stopped")
		r.Note("MapReplaced", "m", "another")
		r.Raise(Canary, "CanaryMissing", "p", "missing")
		a.set(Account{Lost: map[string]int64{"etw_events": 1}})
		time.Sleep(time.Minute)
		shutDown(t, r)
		require.Equal(t, []any{"canary"}, n.values("Kind"))
	})
}

func TestNothingIsWrittenByDefault(t *testing.T) {
	r, _ := newReporter(t, Config{}, &next{})
	require.Nil(t, r)
	r.Start()
	r.Raise(Security, "SessionStopped", "s", "stopped")
	r.Set("ProviderChanged", "p", "level 1")
	r.Note("MapReplaced", "m", "another")
	r.LogAccount()
	require.NoError(t, r.Shutdown(context.Background(), time.Now()))
}

// The latest heartbeat wins, losses are added up, and security records are kept.
func TestWhileTheNextComponentRefusesOnlyWhatAddsNothingIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &next{err: errors.New("memory limit")}
		r, a := newReporter(t, Config{Heartbeat: time.Second, Records: true}, n)
		r.Start()
		a.set(Account{Received: 5, Emitted: 5, Lost: map[string]int64{"etw_events": 1}})
		time.Sleep(lookInterval + time.Second)
		a.set(Account{Received: 9, Emitted: 9, Lost: map[string]int64{"etw_events": 4}})
		r.Raise(Security, "SessionStopped", "s", "stopped")
		r.Clear(Security, "SessionStopped", "s", "again")
		time.Sleep(10 * time.Minute)
		waits := r.Pending()
		require.LessOrEqual(t, waits, int64(5), "one heartbeat being sent and one that waits, a loss, two security records")
		n.answer(nil)
		time.Sleep(time.Minute)
		shutDown(t, r)
		var kinds []any
		lost, since := int64(0), int64(0)
		for _, record := range n.records() {
			switch record["Kind"] {
			case "heartbeat":
				since += record["EventCount"].(int64)
			case "loss":
				lost += record["EventCount"].(int64)
			default:
				kinds = append(kinds, record["State"])
			}
		}
		require.Equal(t, []any{"raised", "cleared"}, kinds)
		require.EqualValues(t, 4, lost, "however many records")
		require.EqualValues(t, 9, since, "what the heartbeats that arrived say came")
		require.Equal(t, r.Stats.Dropped.Snapshot(), map[string]int64{dropSuperseded: r.Stats.Dropped.Total()})
		require.Greater(t, r.Stats.Dropped.Total(), int64(500))
	})
}

func TestNoMoreRecordsWaitThanTheBoundAndTheRestIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &next{err: errors.New("away")}
		r, _ := newReporter(t, Config{Records: true}, n)
		r.Start()
		for i := range maxWaiting + 10 {
			r.Note("MapReplaced", "m", fmt.Sprint(i))
		}
		require.Equal(t, map[string]int64{dropQueueFull: 10}, r.Stats.Dropped.Snapshot())
		n.answer(nil)
		time.Sleep(time.Minute)
		require.Len(t, n.records(), maxWaiting)
		shutDown(t, r)
	})
}

func TestAPermanentErrorDropsAndCountsOneRecordOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &next{err: consumererror.NewPermanent(errors.New("no"))}
		r, _ := newReporter(t, Config{Records: true}, n)
		r.Start()
		r.Note("MapReplaced", "m", "first")
		synctest.Wait()
		n.answer(nil)
		r.Note("MapReplaced", "m", "second")
		shutDown(t, r)
		require.Equal(t, map[string]int64{dropRefused: 1}, r.Stats.Dropped.Snapshot())
		require.Len(t, n.records(), 1)
	})
}

func TestAPanicOfTheNextComponentCostsOneStatusRecordAndIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &next{panic: "a fault of this test"}
		r, _ := newReporter(t, Config{Records: true}, n)
		r.Start()
		r.Note("MapReplaced", "m", "first")
		synctest.Wait()
		r.Note("MapReplaced", "m", "second")
		shutDown(t, r)
		require.Equal(t, map[string]int64{dropPanic: 1}, r.Stats.Dropped.Snapshot())
		require.Equal(t, []string{"second"}, n.body)
	})
}

func TestWhatWasRaisedBeforeAStartThatFailedIsCountedAsDropped(t *testing.T) {
	n := &next{}
	r, _ := newReporter(t, Config{Records: true}, n)
	r.Raise(Security, "SessionStopped", "s", "stopped")
	r.Note("MapReplaced", "m", "another")
	shutDown(t, r)
	r.Note("MapReplaced", "m", "after the end")
	require.Zero(t, r.Pending())
	require.Equal(t, map[string]int64{dropShutdown: 3}, r.Stats.Dropped.Snapshot())
	require.Empty(t, n.records())
}

func TestShutdownWhileTheNextComponentRefusesCountsWhatWaitsAndEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &next{err: errors.New("away")}
		r, _ := newReporter(t, Config{Heartbeat: time.Minute, Records: true}, n)
		r.Start()
		r.Raise(Security, "SessionStopped", "s", "stopped")
		time.Sleep(time.Hour)
		begun := time.Now()
		shutDown(t, r)
		require.LessOrEqual(t, time.Since(begun), time.Second)
		require.NotZero(t, r.Stats.Dropped.Snapshot()[dropShutdown])
		require.Zero(t, r.Stats.Emitted.Load())
		r.Raise(Canary, "CanaryMissing", "p", "after the end")
		require.Zero(t, r.Pending(), "it is counted too")
	})
}

func TestANextComponentThatNeverReturnsHoldsUpNeitherTheClockNorTheShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &next{block: make(chan struct{})}
		r, _ := newReporter(t, Config{Heartbeat: time.Second, Records: true}, n)
		r.Start()
		time.Sleep(time.Minute)
		require.EqualValues(t, 2, r.Pending(), "the one that is being sent, and the latest")
		begun := time.Now()
		require.ErrorContains(t, r.Shutdown(context.Background(), time.Now()), "did not return")
		require.Equal(t, leastTime+graceTime, time.Since(begun))
		close(n.block)
		<-r.done
		require.Zero(t, r.Pending())
	})
}

func TestHeartbeatsAreBetweenASecondAndADay(t *testing.T) {
	for d, ok := range map[time.Duration]bool{0: true, time.Second: true, 24 * time.Hour: true, time.Millisecond: false, time.Second - 1: false, 24*time.Hour + 1: false, -1: false} {
		require.Equal(t, ok, CheckHeartbeat(d) == nil, "%v", d)
	}
}

func TestNoNameOfTheHostRemainsInAStatusRecordWithPseudonyms(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	for host, kinds := range map[string]pseudonym.Kind{"dc1.corp.example.com": pseudonym.Names, "dc1": pseudonym.Names, "192.0.2.53": pseudonym.Addresses} {
		p := pseudonym.New(kinds, []byte(key))
		d := Device{Dvc: host, Component: "asimdns/on-" + host, Command: "otelcol", Version: "1", HideHost: p.HostHider()}
		label := "DC1"
		if kinds == pseudonym.Addresses {
			label = host
		}
		for _, kind := range []Kind{Heartbeat, Loss, Security, Canary} {
			r := &record{
				kind: kind, typ: "T", state: Raised, object: "session of " + host, message: "it ended on \\\\" + label + "\\pipe: no host " + host + ".", at: time.Unix(1, 0),
				account: &Account{},
			}
			logs := r.logs(d, nil)
			out, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
			require.NoError(t, err)
			require.NotContains(t, string(out), host)
			require.NotContains(t, strings.ToLower(string(out)), "dc1")
			resource := logs.ResourceLogs().At(0).Resource().Attributes()
			lr := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
			name, _ := resource.Get("host.name")
			dvc, _ := lr.Attributes().Get("Dvc")
			require.Equal(t, string(p.Host(nil, []byte(host))), dvc.Str(), "the same as in other records")
			require.Equal(t, dvc.Str(), name.Str())
			require.Contains(t, lr.Body().Str(), "it ended on ")
			marked, _ := resource.Get(pseudonym.Mark)
			require.True(t, marked.Bool())
		}
	}
	_, marked := (&record{}).logs(Device{Dvc: "dc1"}, nil).ResourceLogs().At(0).Resource().Attributes().Get(pseudonym.Mark)
	require.False(t, marked)
}
