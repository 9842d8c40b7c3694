// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// watched is a receiver whose live session is the test.
func watched(t *testing.T, sink *consumertest.LogsSink, change func(*Config), open func(r *dnsReceiver) (end func())) *dnsReceiver {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	change(cfg)
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, sink)
	require.NoError(t, err)
	r.Parts.OpenLive = func(component.Host) (func(context.Context) error, error) {
		end := open(r)
		return func(context.Context) error { end(); return nil }, nil
	}
	r.Parts.Follow = func(stopped <-chan struct{}) { <-stopped }
	require.NoError(t, r.Start(context.Background(), componenttest.NewNopHost()))
	return r
}

func TestACanaryWhoseEventsDoNotComeIsReportedOnceAndItsEventsAreFilteredAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &consumertest.LogsSink{}
		x := newExchanges(t)
		var blind atomic.Bool
		r := watched(t, sink, func(c *Config) {
			c.Heartbeat, c.Canary = time.Minute, "canary.example.com"
			c.Noise.ExcludedDomains = []string{"*"} // the canary's events count before any filter
		}, func(r *dnsReceiver) func() {
			require.Len(t, r.handler.canaries, 1)
			r.handler.canaries[0].Ask = func(_ context.Context, name string) error {
				if !blind.Load() {
					r.Pipeline.Offer(time.Now().UnixNano(), x.event(256, time.Now(), name, 1), nil)
					r.Pipeline.Offer(time.Now().UnixNano(), x.event(257, time.Now(), name, 1), nil)
				}
				return errors.New("no server")
			}
			return r.runCanaries()
		})
		time.Sleep(2*time.Minute + time.Second)
		require.Empty(t, kit.Status(sink, "canary"))
		stats := &r.handler.canaries[0].Stats
		require.EqualValues(t, 4, stats.Events.Load())
		require.EqualValues(t, 4, r.Pipeline.Stats.Filtered.Load())

		blind.Store(true)
		time.Sleep(5*time.Minute + 30*time.Second)
		require.Equal(t, []string{"CanaryMissing raised"}, kit.Status(sink, "canary"), "once, however often it is missing")
		require.EqualValues(t, 5, stats.Missing.Load())
		blind.Store(false)
		time.Sleep(2 * time.Minute)
		require.Equal(t, []string{"CanaryMissing raised", "CanaryMissing cleared"}, kit.Status(sink, "canary"))

		r.Pipeline.Offer(time.Now().UnixNano(), x.event(256, time.Now(), "winnet-0123456789abcdef.canary.example.com.", 1), nil)
		require.NoError(t, r.Shutdown(context.Background()))
		require.Equal(t, r.Pipeline.Stats.Received.Load(), r.Pipeline.Stats.Filtered.Load())
		require.EqualValues(t, r.Pipeline.Stats.Received.Load()-1, stats.Events.Load(), "a name that was not asked for is no canary's")
		require.Empty(t, account(sink)["256 Success"])
	})
}

func TestWhatTheSupervisorNoticesIsASecurityRecordOnceAndItsEndToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &consumertest.LogsSink{}
		r := watched(t, sink, func(c *Config) { c.StatusRecords = true }, func(*dnsReceiver) func() { return func() {} })
		const name = "ASIMDNSServerTrace"
		found := func(s, disabled, changed string) {
			r.found(name, session.Findings{Session: s, Providers: []session.ProviderFindings{{Name: "p", Disabled: disabled, Changed: changed}}})
		}
		found("", "", "")
		r.raiseStopped(name, session.ErrStopped)
		r.raiseStopped(name, errors.New("cannot be started yet"))
		r.clearStopped(name)
		found("", "", "level 1")
		found("", "", "level 1")
		found("", "disabled", "")
		found("flush_interval", "", "")
		found("", "", "")
		require.NoError(t, r.Shutdown(context.Background()))
		require.Equal(t, []string{
			"SessionStopped raised", "SessionStopped cleared", "ProviderChanged raised", "ProviderDisabled raised", "ProviderChanged cleared",
			"SessionChanged raised", "ProviderDisabled cleared", "SessionChanged cleared",
		}, kit.Status(sink, "security"))
		require.Empty(t, kit.Status(sink, "heartbeat"))
	})
}

// The far end refuses everything for an hour: events wait as ever, and neither delays the other.
func TestStatusRecordsAndEventsDoNotHoldEachOtherUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &consumertest.LogsSink{}
		x := newExchanges(t)
		r := watched(t, sink, func(c *Config) { c.Heartbeat = time.Minute }, func(*dnsReceiver) func() { return func() {} })
		for i := range 10 {
			r.Pipeline.Offer(time.Now().UnixNano(), x.query(time.Now(), i), nil)
		}
		time.Sleep(150 * time.Second)
		require.NoError(t, r.Shutdown(context.Background()))
		require.Equal(t, []string{"Heartbeat waiting", "Heartbeat waiting", "Heartbeat waiting", "Heartbeat stopped"}, kit.Status(sink, "heartbeat"))
		require.EqualValues(t, 10, r.Pipeline.Stats.Emitted.Load(), "status records are no events")
		require.EqualValues(t, 4, r.Status.Stats.Emitted.Load())
		require.Equal(t, 14, sink.LogRecordCount())
	})
}

func TestTheLastHeartbeatOfAReplayIsItsAccount(t *testing.T) {
	sink, r, _ := replayAll(t, replayOf(serverFile, func(c *Config) { c.Heartbeat = time.Hour }))
	var last plog.LogRecord
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		if kit.Text(lr, "Kind") == "heartbeat" {
			last = lr
		}
	})
	attributes := last.Attributes().AsRaw()
	stats := &r.Pipeline.Stats
	require.Equal(t, "stopped", attributes["State"])
	require.Equal(t, stats.Received.Load(), attributes["Received"])
	require.Equal(t, stats.Emitted.Load(), attributes["Emitted"])
	require.Equal(t, stats.Filtered.Load(), attributes["Filtered"])
	require.Equal(t, int64(0), attributes["Pending"])
	require.Equal(t, "1.2.3", attributes["Version"])
	require.NotEmpty(t, attributes["Dvc"], "the host of the collector, not that of the file")
}

func TestACanaryThatCannotComeIsRefused(t *testing.T) {
	for yaml, want := range map[string]string{
		"canary: a.example.com": "canary: not allowed without heartbeat",
		"canary: a.example.com\nheartbeat: 5m\nreplay: {path: a.etl}":   "canary: not allowed with replay",
		"canary: a.example.com\nheartbeat: 5m\nenable_flags: responses": "canary: not allowed with the enable_flags",
		"canary: a..example.com\nheartbeat: 5m":                         "canary: ",
		"heartbeat: 1ms":                                                "heartbeat: 1ms is not allowed; want 0 (off), or 1s to 24h",
	} {
		_, err := load(t, yaml)
		require.ErrorContains(t, err, want, yaml)
	}
	_, err := load(t, "canary: a.example.com\nheartbeat: 5m")
	require.NoError(t, err)
	_, err = load(t, "canary: a.example.com\nheartbeat: 5m\nproviders: [{provider_guid: Microsoft-Windows-DNSServer}, {provider_guid: Microsoft-Windows-DNS-Client}]")
	require.NoError(t, err)
}
