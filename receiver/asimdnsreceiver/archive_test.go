// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadatatest"
)

// byTier returns all records as text, those of the archive apart, sorted: where batches end differs, and with it the order of the scopes.
func byTier(t *testing.T, sink *consumertest.LogsSink) (main, archive []string) {
	t.Helper()
	main, archive = kit.ByTier(t, sink)
	slices.Sort(main)
	slices.Sort(archive)
	return main, archive
}

func TestTheArchiveHasTheRecordsOfAReceiverThatMergesNothingAndTheOthersStayAsTheyAre(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
			all := func(c *Config) {
				c.EnableFlags, c.EnableLevel, c.Profile = &everything, 5, profile
				c.Noise.ExcludeAAAARecords = true
			}
			full, fullReceiver, _ := replayAll(t, replayOf(file, all))
			want, none := byTier(t, full)
			require.Empty(t, none)
			require.Positive(t, fullReceiver.Pipeline.Stats.Filtered.Load())
			for name, merge := range map[string]func(*Config){
				"correlate":   func(c *Config) { c.Correlate = true },
				"aggregation": func(c *Config) { c.Aggregation.Window = 5 * time.Minute },
				"balanced":    func(c *Config) { c.Volume = volume.Balanced; c.useVolume(volume.Balanced) },
				"lean":        func(c *Config) { c.Volume = volume.Lean; c.useVolume(volume.Lean) },
			} {
				t.Run(fmt.Sprint(file, profile, name), func(t *testing.T) {
					merged, without, _ := replayAll(t, replayOf(file, func(c *Config) { all(c); merge(c) }))
					mainWithout, _ := byTier(t, merged)
					sink, r, _ := replayAll(t, replayOf(file, func(c *Config) { all(c); merge(c); c.Archive = true }))
					main, archive := byTier(t, sink)
					require.Equal(t, want, archive)
					require.Equal(t, mainWithout, main)
					stats := &r.Pipeline.Stats
					require.Equal(t, without.Pipeline.Stats.String(), stats.String(), "the main sum does not count the archive")
					require.Positive(t, stats.Aggregated.Load())
					require.Equal(t, stats.Received.Load()-stats.Filtered.Load()-stats.Undecodable.Total(), stats.Archive.Received.Load())
					require.Equal(t, stats.Archive.Received.Load(), stats.Archive.Emitted.Load())
					require.EqualValues(t, len(archive), stats.Archive.Emitted.Load())
				})
			}
		}
	}
}

// A sum has the identifier of its first event, by which the event is found in the archive.
func TestASumsFirstEventIsFoundInTheArchive(t *testing.T) {
	for name, merge := range map[string]func(*Config){
		"correlate":   func(c *Config) { c.Correlate = true },
		"aggregation": func(c *Config) { c.Aggregation.Window = 5 * time.Minute },
	} {
		sink, _, _ := replayAll(t, replayOf(serverFile, func(c *Config) { merge(c); c.Archive = true }))
		archived := map[string]string{}
		kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
			if _, archive := rl.Resource().Attributes().Get("winnet.tier"); archive {
				require.NotContains(t, archived, kit.Text(lr, "EventOriginalUid"))
				archived[kit.Text(lr, "EventOriginalUid")] = kit.Text(lr, "EventStartTime")
			}
		})
		n := 0
		kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
			if _, archive := rl.Resource().Attributes().Get("winnet.tier"); !archive {
				require.Contains(t, archived, kit.Text(lr, "EventOriginalUid"), name)
				n++
			}
		})
		require.Greater(t, n, 100)
	}
}

func TestAnArchiveOfRecordsThatAreFullAlreadyIsRefused(t *testing.T) {
	const full = "correlate: false, attributes: all, device: {in: record}, packet: {keep: always}"
	for _, yaml := range []string{
		"archive: true", "{archive: true, volume: full}", "{archive: true, device: {in: resource}}", "{archive: true, volume: balanced, " + full + "}",
		"{archive: true, volume: lean, " + full + ", aggregation: {window: 0, noise: {window: 0}}}",
	} {
		_, err := load(t, yaml)
		require.ErrorContains(t, err, "archive: true is not allowed without correlate, aggregation.window, aggregation.noise.window or attributes slim")
	}
	for _, yaml := range []string{
		"{archive: true, volume: full, attributes: slim}", "{archive: true, aggregation: {noise: {window: 1h}}}",
		"{archive: true, correlate: true}", "{archive: true, aggregation: {window: 1m}}", "{archive: true, volume: balanced}", "{archive: true, volume: lean}", "archive: false",
	} {
		_, err := load(t, yaml)
		require.NoError(t, err, yaml)
	}
}

// The archive follows from the values of the keys alone, so a configuration that is written with all its keys and read again has the same.
func TestTheArchiveKeepsPacketsUnlessTheOtherRecordsNeverDo(t *testing.T) {
	for yaml, want := range map[string]dnslog.PacketKeep{
		"{archive: true, volume: lean}":                             dnslog.KeepPacketAlways,
		"{archive: true, volume: balanced, packet: {parse: false}}": dnslog.KeepPacketAlways,
		"{archive: true, volume: balanced, packet: {keep: never}}":  dnslog.KeepPacketNever,
		"{archive: true, volume: lean, packet: {keep: on_error}}":   dnslog.KeepPacketAlways,
		"{archive: true, volume: full, correlate: true}":            dnslog.KeepPacketAlways,
		"{archive: true, correlate: true, packet: {keep: never}}":   dnslog.KeepPacketNever,
	} {
		cfg, err := load(t, yaml)
		require.NoError(t, err, yaml)
		require.Equal(t, want, cfg.archivedPackets(), yaml)

		conf, again := confmap.New(), createDefaultConfig().(*Config)
		require.NoError(t, conf.Marshal(cfg))
		require.NoError(t, conf.Unmarshal(again))
		require.NoError(t, confmap.Validate(again))
		require.Equal(t, want, again.archivedPackets(), yaml)
		require.Equal(t, cfg.keptPackets(), again.keptPackets(), yaml)
	}
}

func TestTheArchiveHasMetricsOfItsOwn(t *testing.T) {
	tel := componenttest.NewTelemetry()
	set := metadatatest.NewSettings(tel)
	r, logs := startReceiver(t, set, replayOf(clientFile, func(c *Config) {
		c.EnableFlags, c.EnableLevel, c.Correlate, c.Archive = &everything, 5, true, true
	}), consumertest.NewNop())
	<-r.Player.Done()
	events, _ := generated(t, clientFile)
	same := metricdatatest.IgnoreTimestamp()
	metadatatest.AssertEqualEventsReceived(t, tel, kit.Point(r.Receiver.ID, events), same)
	metadatatest.AssertEqualArchiveReceived(t, tel, kit.Point(r.Receiver.ID, events), same)
	metadatatest.AssertEqualArchiveEmitted(t, tel, kit.Point(r.Receiver.ID, events), same)
	require.NoError(t, r.Shutdown(context.Background()))
	require.NoError(t, tel.Shutdown(context.Background()))
	require.Len(t, logs.FilterMessage("every record of the archive has left the receiver").All(), 1)
}
