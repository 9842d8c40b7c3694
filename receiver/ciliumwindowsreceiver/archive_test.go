// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

func TestTheArchiveHasTheRecordsOfLevelNoneAndTheOthersStayAsTheyAre(t *testing.T) {
	for name, also := range map[string]func(*Config){
		"all":     func(*Config) {},
		"filters": func(c *Config) { c.EnabledEvents = []string{"DROP", "TRACE"} },
		"json":    func(c *Config) { c.Body = "hubble_json" },
	} {
		full, _, _ := replayAll(t, replayOf(captureFile, func(c *Config) { everything(c); also(c) }))
		want, none := kit.ByTier(t, full)
		require.Empty(t, none)
		for level, set := range map[string]func(*Config){
			"medium":   func(c *Config) { c.MonitorAggregationLevel = "medium" },
			"maximum":  func(c *Config) { c.MonitorAggregationLevel = "maximum" },
			"balanced": func(c *Config) { c.Volume = volume.Balanced; c.useVolume(volume.Balanced) },
			"lean":     func(c *Config) { c.Volume = volume.Lean; c.useVolume(volume.Lean) },
		} {
			if name == "json" && level == "lean" {
				continue // it is refused
			}
			t.Run(name+level, func(t *testing.T) {
				leveled := func(c *Config) {
					everything(c)
					set(c)
					also(c)
				}
				merged, without, _ := replayAll(t, replayOf(captureFile, leveled))
				mainWithout, _ := kit.ByTier(t, merged)
				sink, r, _ := replayAll(t, replayOf(captureFile, func(c *Config) { leveled(c); c.Archive = true }))
				main, archive := kit.ByTier(t, sink)
				require.Equal(t, len(want), len(archive))
				for i := range want {
					require.JSONEq(t, want[i], archive[i])
				}
				require.Equal(t, mainWithout, main)
				stats := &r.Pipeline.Stats
				require.Equal(t, without.Pipeline.Stats.String(), stats.String(), "the main sum does not count the archive")
				require.Positive(t, stats.Aggregated.Load())
				require.Greater(t, stats.Archive.Received.Load(), stats.Received.Load()-stats.Filtered.Load()-stats.Undecodable.Total(),
					"what only the level leaves out is in the archive")
				require.Zero(t, stats.Archive.Pending())
				require.EqualValues(t, len(archive), stats.Archive.Emitted.Load())
			})
		}
	}
}

// The archive follows from the values of the keys alone, so a configuration that is written with all its keys and read again has the same.
func TestTheArchivesBodyIsTheSameOfAConfigurationThatIsWrittenAndReadAgain(t *testing.T) {
	for yaml, want := range map[string]networklog.Body{
		"{archive: true, volume: lean}":                                  networklog.BodySummary,
		"{archive: true, volume: balanced, body: none}":                  networklog.BodySummary,
		"{archive: true, volume: balanced, body: hubble_json}":           networklog.BodyHubbleJSON,
		"{archive: true, monitor_aggregation_level: none, body: none}":   networklog.BodySummary,
		"{archive: true, monitor_aggregation_level: medium, body: none}": networklog.BodySummary,
	} {
		cfg, err := load(t, yaml)
		require.NoError(t, err, yaml)
		conf, again := confmap.New(), createDefaultConfig().(*Config)
		require.NoError(t, conf.Marshal(cfg))
		require.NoError(t, conf.Unmarshal(again))
		require.NoError(t, confmap.Validate(again))
		for _, c := range []*Config{cfg, again} {
			s, err := c.read()
			require.NoError(t, err)
			require.Equal(t, want, archivedBody(s.body), yaml)
		}
	}
}

func TestAnArchiveOfRecordsThatAreFullAlreadyIsRefused(t *testing.T) {
	load := func(yaml string) error { return kit.LoadConfig(t, createDefaultConfig().(*Config), yaml) }
	for _, level := range []string{"none", "low"} {
		require.ErrorContains(t, load("{archive: true, monitor_aggregation_level: "+level+"}"), "archive: true is not allowed with monitor_aggregation_level "+level+" and attributes all")
	}
	require.ErrorContains(t, load("{archive: true, volume: lean, connections: {enabled: false}, monitor_aggregation_level: none, attributes: all, body: summary}"),
		"the other records are full already", "what counts is the keys that the volume sets")
	require.NoError(t, load("{archive: true, monitor_aggregation_level: none, attributes: slim}"))
	for _, yaml := range []string{"archive: true", "{archive: true, monitor_aggregation_level: medium}", "{archive: true, volume: lean}", "{archive: true, volume: balanced, monitor_aggregation_level: none}", "{monitor_aggregation_level: none}"} {
		require.NoError(t, load(yaml), yaml)
	}
}

func TestAReceiverWithoutALogsPipelineHasNoArchive(t *testing.T) {
	f, cfg := NewFactory(), replayOf(captureFile, func(c *Config) { everything(c); c.MonitorAggregationLevel, c.Archive = "medium", true })
	metrics, err := f.CreateMetrics(t.Context(), receivertest.NewNopSettings(metadata.Type), cfg, &consumertest.MetricsSink{})
	require.NoError(t, err)
	require.NoError(t, metrics.Start(t.Context(), componenttest.NewNopHost()))
	r := metrics.(*instance)
	<-r.Player.Done()
	require.NoError(t, r.Shutdown(t.Context()))
	require.Positive(t, r.Pipeline.Stats.Received.Load())
	require.Zero(t, r.Pipeline.Stats.Pending())
	require.Zero(t, r.Pipeline.Stats.Archive.Received.Load())
}
