// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// The two files have different nodes, so that what is remembered is forgotten in between, and its memory is given back.
func TestTheSmallestCapThatIsTakenHasRoomForEveryPart(t *testing.T) {
	for _, yaml := range []string{
		"queue: {max_size_mib: 1}", "queue: {max_size_mib: 1000}\naggregation_max_size_mib: 1000", "volume: lean\narchive: true",
		"volume: lean\nworkers: 3",
	} {
		for _, record := range []string{"", "\nrecord: {path: " + filepath.Join(t.TempDir(), "record.pcapng") + "}"} {
			yaml := yaml + record + "\nreplay: {path: [../../testdata/cilium_events.pcapng, ../../testdata/cilium_ways.pcapng], repeat: 2}\nmemory: {max_mib: %d}"
			_, err := load(t, fmt.Sprintf(yaml, 1))
			require.ErrorContains(t, err, "memory: max_mib: 1 is not allowed: the parts that this configuration fixes take ")
			m := regexp.MustCompile(`want at least (\d+), or smaller parts`).FindStringSubmatch(err.Error())
			require.NotNil(t, m, "%v", err)
			least, _ := strconv.Atoi(m[1])
			cfg, err := load(t, fmt.Sprintf(yaml, least))
			require.NoError(t, err)

			sink := &consumertest.LogsSink{}
			r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), cfg, sink)
			<-r.Player.Done()
			require.NoError(t, r.Shutdown(context.Background()))
			require.Zero(t, r.Pipeline.Stats.Pending())
			require.Zero(t, r.Pipeline.Stats.Dropped.Total(), "a replay waits: %s", &r.Pipeline.Stats)
			_, most, limit := r.Memory.Used()
			require.Positive(t, most)
			require.LessOrEqual(t, most, limit)
		}
	}
}

func TestPseudonymsTakeMemory(t *testing.T) {
	cfg, err := load(t, "{}")
	require.NoError(t, err)
	without := cfg.needs().Fixed
	cfg, err = load(t, "pseudonymize: {fields: [Src], key: "+secret+"}")
	require.NoError(t, err)
	require.Equal(t, append(without, pipeline.MemoryPart{Name: "pseudonymize", Bytes: pseudonym.MaxMemory}), cfg.needs().Fixed)
}
