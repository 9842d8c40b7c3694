// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// The two files have different nodes, so that what is remembered is forgotten in between, and its memory is given back.
func TestTheSmallestCapThatIsTakenHasRoomForEveryPart(t *testing.T) {
	for _, yaml := range []string{
		"queue: {max_size_mib: 1}", "queue: {max_size_mib: 1000}\naggregation_max_size_mib: 1000", "volume: lean\narchive: true",
	} {
		for _, record := range []string{"", "\nrecord: {path: " + filepath.Join(t.TempDir(), "record.pcapng") + "}"} {
			yaml := yaml + record + "\nreplay: {path: [../../testdata/cilium_events.pcapng, ../../testdata/cilium_ways.pcapng], repeat: 2}\nmemory: {max_mib: %d}"
			cfg, err := load(t, fmt.Sprintf(yaml, kit.LeastMemory(t, load, yaml)))
			require.NoError(t, err)
			_, r, _ := replayAll(t, cfg)
			require.Zero(t, r.Pipeline.Stats.Dropped.Total(), "a replay waits: %s", &r.Pipeline.Stats)
			kit.RequireCapKept(t, r.Memory.Used)
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
