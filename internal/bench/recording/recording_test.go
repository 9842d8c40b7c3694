// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"context"
	"encoding/binary"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// dnsEvents returns the events of a file without their times, and their times.
func dnsEvents(t *testing.T, path string) (all []string, times []uint64) {
	r, err := etl.Open(path)
	require.NoError(t, err)
	for {
		raw, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		times = append(times, binary.LittleEndian.Uint64(raw[16:]))
		all = append(all, string(raw[:16])+string(raw[24:]))
	}
	require.True(t, r.Stats().Complete(), "%s", r.Stats())
	require.NoError(t, r.Close())
	return all, times
}

func TestTheEventsOfAnETLFileComeAgainLater(t *testing.T) {
	const from = "../../../testdata/dnsserver.etl"
	want, _ := dnsEvents(t, from)
	for _, n := range []int{1, 1000, 2*len(want) + 7} {
		to := filepath.Join(t.TempDir(), "n.etl")
		require.NoError(t, DNS(from, to, n))
		got, times := dnsEvents(t, to)
		require.Len(t, got, n)
		for i := range got {
			require.Equal(t, want[i%len(want)], got[i], "event %d", i)
		}
		for i := len(want); i < n; i += len(want) {
			require.Greater(t, times[i], slices.Max(times[:i]))
		}
	}
}

func TestTheEventsOfACaptureComeAgainLater(t *testing.T) {
	const from = "../../../testdata/cilium_events.pcapng"
	read := func(path string) (all []string, times []int64) {
		stats, err := capture.Replay(context.Background(), path, func(_ context.Context, head, body []byte) error {
			times = append(times, int64(binary.LittleEndian.Uint64(head)))
			all = append(all, string(head[8:])+string(body))
			return nil
		})
		require.NoError(t, err)
		require.Zero(t, stats.Cut+stats.Oversized)
		return all, times
	}
	want, _ := read(from)
	for _, n := range []int{1, 1000, 2*len(want) + 7} {
		to := filepath.Join(t.TempDir(), "n.pcapng")
		require.NoError(t, Cilium(from, to, n))
		got, times := read(to)
		require.Len(t, got, n)
		for i := range got {
			require.Equal(t, want[i%len(want)], got[i], "event %d", i)
		}
		for i := len(want); i < n; i += len(want) {
			require.Greater(t, times[i], slices.Max(times[:i]))
		}
	}
}
