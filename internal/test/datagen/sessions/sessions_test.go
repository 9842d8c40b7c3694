// SPDX-License-Identifier: Apache-2.0

package sessions

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// read returns a file's header and its number of events.
func read(t *testing.T, path string) (etl.Header, int) {
	t.Helper()
	r, err := etl.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	n := 0
	for ; ; n++ {
		raw, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		var rec etw.Record
		require.NoError(t, rec.Parse(raw))
	}
	require.True(t, r.Stats().Complete(), "%s", r.Stats())
	return r.Header(), n
}

// sequence returns the buffers' sequence numbers in file order.
func sequence(t *testing.T, path string) (numbers []uint64) {
	t.Helper()
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, b := range buffers(file) {
		numbers = append(numbers, binary.LittleEndian.Uint64(b[24:]))
	}
	return numbers
}

func TestACircularFileHasItsNewestBuffersFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dns.etl")
	require.NoError(t, Session{}.Circular(path, 3, Exchanges(6, 1, time.Second, time.Millisecond)))
	require.Equal(t, []uint64{0, 4, 2, 3}, sequence(t, path))
	h, n := read(t, path)
	require.Equal(t, uint32(etl.ModeCircular), h.LogFileMode)
	require.Equal(t, uint32(5), h.BuffersWritten)
	require.Equal(t, 9, n, "the oldest three events are overwritten")
}

func TestAScatteredFileHasEveryEvent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dns.etl")
	require.NoError(t, Session{Processors: 4}.Scattered(path, 1, Exchanges(100, 4, time.Second, time.Millisecond)))
	require.False(t, slices.IsSorted(sequence(t, path)))
	_, n := read(t, path)
	require.Equal(t, 200, n)
}

func TestChainedFilesAreOfOneSession(t *testing.T) {
	dir := t.TempDir()
	paths, err := Session{}.Chained(dir, "dns", 4, Exchanges(22, 1, time.Second, 10*time.Second))
	require.NoError(t, err)
	require.Len(t, paths, 11)
	require.Equal(t, filepath.Join(dir, "dns_11.etl"), paths[10])
	first, _ := read(t, paths[0])
	for _, path := range paths {
		h, n := read(t, path)
		require.Equal(t, 4, n)
		require.Equal(t, uint32(etl.ModeNewFile), h.LogFileMode)
		require.Equal(t, `C:\Traces\`+filepath.Base(path), h.LogFileName)
		require.Equal(t, []any{first.LoggerName, first.StartTime, first.BootTime, first.PerfFreq}, []any{h.LoggerName, h.StartTime, h.BootTime, h.PerfFreq})
	}
}
