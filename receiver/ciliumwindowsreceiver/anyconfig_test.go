// SPDX-License-Identifier: Apache-2.0

// Connections in random configurations: whatever these are, every event is accounted for, and packets, bytes and refusals are those of single flows.

package ciliumwindowsreceiver

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

func oneOf[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// unsettle sets the clock of a recording at random, gives single events any time, and cuts some off.
func unsettle(r *rand.Rand, all []events.Record) {
	shift := time.Duration(0)
	for i := range all {
		e := &all[i]
		switch r.IntN(100) {
		case 0:
			shift += time.Duration(r.IntN(7200)-3600) * time.Second
		case 1:
			e.Time = oneOf(r, 0, 1, e.Time-int64(24*time.Hour), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano())
			continue
		case 2:
			e.Data = e.Data[:r.IntN(len(e.Data)+1)]
		}
		e.Time += int64(shift)
	}
}

// anyConfig is a configuration of keys that change how many records there are and what they have, but not what they count.
func anyConfig(r *rand.Rand) map[string]any {
	c, connections := map[string]any{"volume": oneOf(r, "full", "balanced", "lean", "lean")}, map[string]any{}
	sometimes := func(in map[string]any, key string, values ...any) {
		if r.IntN(3) == 0 {
			in[key] = oneOf(r, values...)
		}
	}
	sometimes(c, "monitor_aggregation_level", "low", "medium", "maximum")
	sometimes(c, "aggregation_interval", "100ms", "1s", "24h")
	sometimes(c, "aggregation_max_size_mib", 1)
	sometimes(c, "workers", 2, 3)
	sometimes(c, "attributes", "all", "slim", "minimal")
	sometimes(c, "body", "none", "summary")
	sometimes(c, "batch", map[string]any{"max_records": 1})
	sometimes(connections, "enabled", true, false)
	for _, key := range []string{"silence", "tcp_silence", "first_interim", "interim"} {
		sometimes(connections, key, "1s", "24h")
	}
	c["connections"] = connections
	return c
}

func TestConnectionsSumToTheSameTrafficInAnyConfiguration(t *testing.T) {
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 21))
		list := talk(random, 600)
		if seed%2 == 0 {
			unsettle(random, list)
		}
		files := replay.Paths{writeCaptureOf(t, list...), writeCaptureOf(t, talk(random, 100)...)}
		read := func(config map[string]any) (tr traffic, stats *pipeline.Stats, main []string) {
			config = maps.Clone(config)
			maps.Copy(config, map[string]any{"node_name": "node-1", "enabled_events": []string{"DROP", "TRACE", "POLICY_VERDICT", "DEBUG", "CAPTURE"}})
			yaml, err := json.Marshal(config)
			require.NoError(t, err)
			cfg, err := load(t, string(yaml))
			require.NoError(t, err, "%s", yaml)
			cfg.Replay.Path = files
			sink, r, _ := replayAll(t, cfg)
			stats = &r.Pipeline.Stats
			require.Equal(t, stats.Received.Load(), stats.Emitted.Load()+stats.Filtered.Load()+stats.Aggregated.Load()+stats.Undecodable.Total(), "%s: %s", yaml, stats)
			main, archive := kit.ByTier(t, sink)
			require.EqualValues(t, stats.Emitted.Load(), len(main))
			require.EqualValues(t, stats.Archive.Emitted.Load(), len(archive))
			require.Equal(t, stats.Archive.Received.Load(), stats.Archive.Emitted.Load())
			slices.Sort(main)
			for _, logs := range sink.AllLogs() {
				logs.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
					_, archived := rl.Resource().Attributes().Get(pipeline.TierAttribute)
					return archived
				})
			}
			return trafficOf(sink), stats, main
		}
		for range 6 {
			config := anyConfig(random)
			what := fmt.Sprint(seed, config)
			single := map[string]any{"monitor_aggregation_level": "low"}
			if interval, ok := config["aggregation_interval"]; ok { // it decides how many losses are one record
				single["aggregation_interval"] = interval
			}
			want, wantStats, _ := read(single)
			got, stats, main := read(config)
			require.Equal(t, want.sent, got.sent, what)
			require.Equal(t, want.refused, got.refused, what)
			require.Equal(t, want.events, got.events, what)
			require.Equal(t, wantStats.Filtered.Load(), stats.Filtered.Load(), what)
			config["archive"] = true
			delete(config, "workers") // not allowed with an archive; the records are the same
			_, stats, with := read(config)
			require.Equal(t, main, with, what)
			require.Positive(t, stats.Archive.Emitted.Load(), what)
		}
	}
}
