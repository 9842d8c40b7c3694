// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

func TestTheSmallestCapThatIsTakenHasRoomForEveryPart(t *testing.T) {
	for _, yaml := range []string{
		"queue: {max_size_mib: 1}", "queue: {max_size_mib: 1000}\ncorrelate: true", "volume: lean\narchive: true",
	} {
		for _, record := range []string{"", "\nrecord: {path: " + filepath.Join(t.TempDir(), "record.etl") + "}"} {
			yaml := yaml + record + "\nreplay: {path: ../../testdata/dnsclient.etl}\nmemory: {max_mib: %d}"
			cfg, err := load(t, fmt.Sprintf(yaml, kit.LeastMemory(t, load, yaml)))
			require.NoError(t, err)
			_, r, _ := replayAll(t, cfg)
			require.Zero(t, r.Pipeline.Stats.Dropped.Total(), "a replay waits: %s", &r.Pipeline.Stats)
			kit.RequireCapKept(t, r.Memory.Used)
		}
	}
}

// A flood without answers fills what the cap leaves, though correlation.max_size_mib leaves more. What goes early is counted and loses
// nothing.
func TestWhatIsKeptBackGoesEarlyBeforeTheCapIsPassed(t *testing.T) {
	x := newExchanges(t)
	var events [][]byte
	const flood = 60_000
	for n := range flood {
		events = append(events, x.event(256, traceBegun.Add(time.Hour+time.Duration(n)*100*time.Microsecond), "flood.example.", n))
	}
	path := filepath.Join(t.TempDir(), "flood.etl")
	writeFile(t, path, events, traceBegun, false)
	const least = 137
	for _, capped := range []bool{false, true} {
		cfg := replayOf(path, func(c *Config) {
			c.Correlate, c.Correlation.MaxSizeMiB, c.Queue.MaxSizeMiB = true, 512, 1
			if capped {
				c.Memory = pipeline.MemoryConfig{MaxMiB: least + 4}
			}
		})
		require.NoError(t, cfg.Validate())
		sink := &consumertest.LogsSink{}
		r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), cfg, sink)
		<-r.Player.Done()
		early := r.handler.correlator.Early()
		require.NoError(t, r.Shutdown(context.Background()))
		require.Equal(t, flood, sink.LogRecordCount())
		if !capped {
			require.Zero(t, early)
			continue
		}
		require.Positive(t, early)
		_, most, limit := r.Memory.Used()
		require.LessOrEqual(t, most, limit)
	}
}

func TestOnlyWhatIsOnTakesMemory(t *testing.T) {
	parts := func(yaml string) (names []string) {
		cfg, err := load(t, yaml)
		require.NoError(t, err)
		for _, p := range cfg.needs().Fixed {
			names = append(names, p.Name)
		}
		return names
	}
	always := parts("volume: full")
	require.NotContains(t, always, "enable_deduplication")
	require.NotContains(t, always, "pseudonymize")
	require.Equal(t, append(always, "enable_deduplication"), parts("{volume: full, enable_deduplication: true}"))
	require.Equal(t, append(parts("volume: lean"), "names (aggregation.noise.file)"), parts("{volume: lean, aggregation: {noise: {file: ../../internal/dns/shape/noise.txt}}}"))
	require.Equal(t, append(always, "pseudonymize"), parts("{volume: full, pseudonymize: {fields: [Src], key: "+secret+"}}"))
}
