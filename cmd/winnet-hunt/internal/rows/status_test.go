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
}

// newAgent starts the reporter that both receivers have.
func newAgent(t *testing.T, host string, to func(plog.Logs)) *agent {
	set := receivertest.NewNopSettings(component.MustNewType("asimdns"))
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, ReceiverCreateSettings: set})
	require.NoError(t, err)
	a := &agent{}
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
		State: func() string { return status.Live }, Account: func() status.Account { return status.Account{} }, Timed: func(string) bool { return true },
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

// Margins: a silent collector is silent for 25 minutes or more, a near miss for 11 at most; tampering is not over, a near miss is.
func TestACollectorThatIsSilentOrTamperedWithIsFound(t *testing.T) {
	for _, seed := range seeds(t) {
		t.Logf("the seed is %d: WINNET_SEED=%d runs it again", seed, seed)
		keep(t, seed)
		r := rand.New(rand.NewPCG(seed, 21))
		s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
		require.NoError(t, err)
		var planted, near []string
		synctest.Test(t, func(t *testing.T) {
			const span = 3 * time.Hour
			records := make(chan plog.Logs, 10_000)
			to := func(logs plog.Logs) { records <- logs }
			begun := time.Now()
			var all []*agent
			start := func(kind string, found string) *agent {
				host := fmt.Sprintf("%s%d", kind, r.IntN(1000))
				if found != "" {
					planted = append(planted, host+" asimdns "+found)
				} else {
					near = append(near, host)
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

			silent := start("silent", "silent")
			after(minutes(60, 150), func() { silent.unheard.Store(true) })
			stopped := start("stopped", "stopped")
			after(minutes(60, 150), func() { require.NoError(t, stopped.Shutdown(context.Background(), time.Now().Add(time.Second))) })
			tampered := start("tampered", "ProviderDisabled")
			after(minutes(10, 150), func() { tampered.Set("ProviderDisabled", "Microsoft-Windows-DNSServer", "another process disabled it") })

			start("quiet", "")
			late := start("late", "") // its last heartbeat or two have not arrived yet
			after(span-minutes(1, 6), func() { late.unheard.Store(true) })
			gap := start("gap", "")
			after(minutes(60, 70), func() { gap.unheard.Store(true) })
			after(minutes(100, 110), func() { gap.unheard.Store(false) })
			over := start("over", "")
			after(minutes(10, 60), func() { over.Set("SessionStopped", "ASIMDNSServerTrace", "another process stopped it") })
			after(minutes(70, 150), func() { over.Set("SessionStopped", "ASIMDNSServerTrace", "") })

			time.Sleep(span)
			synctest.Wait()
			close(records)
			for logs := range records {
				require.NoError(t, s.AddLogs(logs))
			}
			all = slices.DeleteFunc(all, func(a *agent) bool { return a == stopped })
			for _, a := range all { // what is said from now on has nobody to hear it
				a.unheard.Store(true)
				require.NoError(t, a.Shutdown(context.Background(), time.Now().Add(time.Second)))
			}
		})
		require.NoError(t, s.Finish())
		q := find(t, "silent-collector")
		a, err := s.Ask(t.Context(), q)
		require.NoError(t, err)
		slices.Sort(planted)
		require.Equal(t, planted, findings(t, a, q.ID))
		require.GreaterOrEqual(t, len(near), len(planted))
		require.NoError(t, s.Close())
	}
}
