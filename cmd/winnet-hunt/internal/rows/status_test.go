// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
)

// agent is a collector whose status records arrive while it is heard.
type agent struct {
	*status.Reporter
	unheard atomic.Bool
	state   atomic.Value // string
	lost    atomic.Int64
	// Without events since then; 0 is with events, and -1 without any.
	noEvents atomic.Int64
}

// account is what the agent's heartbeats say.
func (a *agent) account() status.Account {
	account := status.Account{Lost: map[string]int64{"session": a.lost.Load()}, Last: time.Now()}
	switch since := a.noEvents.Load(); {
	case since < 0:
		account.Last = time.Time{}
	case since > 0:
		account.Last = time.Unix(since, 0)
	}
	return account
}

// newAgent starts the reporter that both receivers have.
func newAgent(t *testing.T, host string, to func(plog.Logs)) *agent {
	set := receivertest.NewNopSettings(component.MustNewType("asimdns"))
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, ReceiverCreateSettings: set})
	require.NoError(t, err)
	a := &agent{}
	a.state.Store(status.Live)
	next, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		if !a.unheard.Load() {
			to(logs)
		}
		return nil
	})
	require.NoError(t, err)
	a.Reporter = status.New(status.Settings{
		Config: status.Config{Heartbeat: 5 * time.Minute, Records: true}, Next: next, Retry: pipeline.DefaultRetryConfig(), Report: report, Format: "x", Logger: zap.NewNop(),
		Device: func() status.Device {
			return status.Device{Dvc: host, Component: "asimdns", Command: "otelcol-winnet", Version: "0"}
		},
		State: func() string { return a.state.Load().(string) }, Account: a.account, Timed: func(string) bool { return true },
	})
	a.Start()
	return a
}

func TestTheQueryAndItsTwinLookBackFifteenDaysForASilentCollector(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	for host, last := range map[string]struct{ at, state string }{
		"now": {"2026-03-20T05:00:00Z", "live"}, "days": {"2026-03-17T05:00:00Z", "live"}, "weeks": {"2026-03-05T04:59:59Z", "live"}, "file": {"2026-03-20T04:00:00Z", "replayed"},
		"stopped": {"2026-03-10T05:00:00Z", "stopped"},
	} {
		require.NoError(t, s.Add(sentinelrow.Status, fmt.Appendf(nil, `{"TimeGenerated":%q,"Kind":"heartbeat","Dvc":%q,"Component":"asimdns","State":%q}`, last.at, host, last.state)))
	}
	require.NoError(t, s.Finish())
	q := find(t, "silent-collector")
	require.Contains(t, q.KQL, "let begun = until - 15d;")
	a, err := s.Ask(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, []string{"days asimdns silent", "stopped asimdns stopped"}, findings(t, a, q.ID))
}

// collectors are what collectors said of themselves in three hours, and what must be found.
type collectors struct {
	store         *Store
	logs          []plog.Logs
	planted, near []string
	rules         map[string]*alarms // by name; the hosts
}

// alarms are what must give an alert, and what must not.
type alarms struct{ planted, near []string }

// watched runs collectors. Margins: a silent collector is silent for 15 minutes and more, at the edge for 16; a near miss for 14 at most. Tampering is not over, a near miss is.
func watched(t *testing.T, seed uint64) (c collectors) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 21))
	c.rules = map[string]*alarms{"SilentCollector": {}, "BlindCollector": {}, "EventsLost": {}, "Tampering": {}}
	var err error
	c.store, err = Open(filepath.Join(t.TempDir(), "rows.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.store.Close()) })
	synctest.Test(t, func(t *testing.T) {
		const span = 3 * time.Hour
		records := make(chan plog.Logs, 10_000)
		to := func(logs plog.Logs) { records <- logs }
		begun := time.Now()
		var all []*agent
		// start starts an agent. found is what the question finds of it, and by are the rules that alert.
		start := func(kind string, found string, by ...string) *agent {
			host := fmt.Sprintf("%s%d", kind, r.IntN(1000))
			for name, rule := range c.rules {
				if slices.Contains(by, name) {
					rule.planted = append(rule.planted, host)
				} else {
					rule.near = append(rule.near, host)
				}
			}
			if found != "" {
				c.planted = append(c.planted, host+" asimdns "+found)
			} else {
				c.near = append(c.near, host)
			}
			a := newAgent(t, host, to)
			all = append(all, a)
			return a
		}
		after := func(d time.Duration, do func()) { time.AfterFunc(d-time.Since(begun), do) }
		// Heartbeats are at whole minutes. What happens at the same time has no order.
		minutes := func(low, high int) time.Duration {
			return time.Duration(low+r.IntN(high-low+1))*time.Minute - time.Second
		}

		silent := start("silent", "silent", "SilentCollector")
		after(minutes(60, 140), func() { silent.unheard.Store(true) })
		stopped := start("stopped", "stopped", "SilentCollector")
		after(minutes(60, 140), func() { require.NoError(t, stopped.Shutdown(context.Background(), time.Now().Add(time.Second))) })
		tampered := start("tampered", "ProviderDisabled", "Tampering")
		after(minutes(10, 150), func() { tampered.Set("ProviderDisabled", "Microsoft-Windows-DNSServer", "another process disabled it") })

		start("quiet", "")
		late := start("late", "") // its last heartbeat or two have not arrived yet
		after(span-minutes(1, 6), func() { late.unheard.Store(true) })
		gap := start("gap", "", "SilentCollector")
		after(minutes(60, 70), func() { gap.unheard.Store(true) })
		after(minutes(100, 110), func() { gap.unheard.Store(false) })
		over := start("over", "", "Tampering")
		after(minutes(10, 60), func() { over.Set("SessionStopped", "ASIMDNSServerTrace", "another process stopped it") })
		after(minutes(70, 150), func() { over.Set("SessionStopped", "ASIMDNSServerTrace", "") })

		waiting := start("waiting", "", "BlindCollector")
		after(minutes(20, 120), func() { waiting.state.Store(status.Waiting) })
		stuck := start("stuck", "", "BlindCollector")
		after(minutes(20, 60), func() { stuck.noEvents.Store(time.Now().Unix()) })
		slow := start("slow", "") // without an event for 50 minutes
		after(minutes(130, 140), func() { slow.noEvents.Store(time.Now().Unix()) })
		bird := start("bird", "", "BlindCollector")
		after(minutes(20, 120), func() { bird.Raise(status.Canary, "CanaryMissing", "Microsoft-Windows-DNSServer", "it did not come") })
		lossy := start("lossy", "", "EventsLost")
		after(minutes(20, 60), func() { lossy.lost.Store(700) })
		full := start("full", "")
		after(minutes(20, 60), func() { full.Raise(status.Loss, "MapNearlyFull", "session", "it is nearly full") })

		time.Sleep(time.Minute)
		atLast := start("at14", "") // its last heartbeat is 14 minutes old
		after(span-13*time.Minute, func() { atLast.unheard.Store(true) })
		time.Sleep(3 * time.Minute)
		enough := start("at16", "silent")
		after(span-15*time.Minute, func() { enough.unheard.Store(true) })
		time.Sleep(126*time.Minute + 30*time.Second)
		start("new", "").noEvents.Store(-1) // has had no event in its 50 minutes

		time.Sleep(span - time.Since(begun))
		synctest.Wait()
		close(records)
		for logs := range records {
			c.logs = append(c.logs, logs)
		}
		all = slices.DeleteFunc(all, func(a *agent) bool { return a == stopped })
		for _, a := range all { // nobody receives the records from now on
			a.unheard.Store(true)
			require.NoError(t, a.Shutdown(context.Background(), time.Now().Add(time.Second)))
		}
	})
	for _, logs := range c.logs {
		require.NoError(t, c.store.AddLogs(logs))
	}
	require.NoError(t, c.store.Finish())
	slices.Sort(c.planted)
	return c
}

func TestACollectorThatIsSilentOrTamperedWithIsFound(t *testing.T) {
	for _, seed := range seeds(t) {
		t.Logf("the seed is %d: WINNET_SEED=%d runs it again", seed, seed)
		keep(t, seed)
		c := watched(t, seed)
		q := find(t, "silent-collector")
		a, err := c.store.Ask(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, c.planted, findings(t, a, q.ID))
		require.GreaterOrEqual(t, len(c.near), len(c.planted))
	}
}
