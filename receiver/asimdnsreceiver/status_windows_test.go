// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package asimdnsreceiver

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

func TestWineAProviderThatIsDisabledAndASessionThatIsStoppedAreSecurityRecords(t *testing.T) {
	wine.Host(t)
	sink := &consumertest.LogsSink{}
	r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(func(c *Config) { c.StatusRecords = true }), sink)
	var want []string
	await := func(more ...string) {
		t.Helper()
		want = append(want, more...)
		require.Eventually(t, func() bool { return len(kit.Status(sink, "security")) >= len(want) }, time.Minute, 10*time.Millisecond, "%v", more)
		require.Equal(t, want, kit.Status(sink, "security"))
	}
	const name = "ASIMDNSServerTrace"
	require.NoError(t, wine.Enable(name, dns.Server().GUID, false, 0, 0))
	await("ProviderDisabled raised")
	require.NoError(t, wine.Stop(name))
	await("SessionStopped raised", "SessionStopped cleared", "ProviderDisabled cleared")
	require.NoError(t, wine.Enable(name, dns.Server().GUID, true, 5, 1))
	await("ProviderChanged raised")
	require.NoError(t, r.Shutdown(context.Background()))
	require.Equal(t, want, kit.Status(sink, "security"))
	require.Zero(t, r.Pipeline.Stats.Pending())
}

func TestWineTheBuffersThatTheKernelLosesAreALossRecord(t *testing.T) {
	wine.Play(t, liveFile)
	t.Setenv("WINDOWSTEST_REPEAT", "4")
	t.Setenv("WINDOWSTEST_LOSE_BUFFERS", "4")
	sink := &consumertest.LogsSink{}
	r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), liveConfig(func(c *Config) {
		c.Buffers.SizeKB, c.StatusRecords = 64, true
	}), sink)
	require.Eventually(t, func() bool { return r.losses()["etw_buffers"] > 5 }, time.Minute, 10*time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background())) // which looks for the last time
	require.Contains(t, kit.Status(sink, "loss"), "EventsLost ")
	counted := map[string]int64{}
	for _, logs := range sink.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					attributes := lr.Attributes().AsRaw()
					if attributes["Kind"] == "loss" {
						counted[attributes["Object"].(string)] += attributes["EventCount"].(int64)
						require.NotEmpty(t, attributes["EventStartTime"])
					}
				}
			}
		}
	}
	require.Equal(t, r.losses()["etw_buffers"], counted["etw_buffers"])
}
