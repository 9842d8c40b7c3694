// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
)

// recorder writes events to dns.etl in a folder, and to its next files, as record does.
type recorder struct {
	t      *testing.T
	path   string
	events [][]byte
	given  int
	of     recording.File
	file   *os.File
	w      *etl.Writer
}

func newRecorder(t *testing.T, dir string) *recorder {
	r, err := etl.Open(filepath.Join(root(t), serverFile))
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	of, err := recording.New()
	require.NoError(t, err)
	rec := &recorder{t: t, path: filepath.Join(dir, "dns.etl"), of: of}
	for {
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		rec.events = append(rec.events, bytes.Clone(ev))
	}
	rec.begin()
	return rec
}

func (r *recorder) begin() {
	var err error
	r.of = r.of.Next()
	r.file, err = os.Create(r.path)
	require.NoError(r.t, err)
	r.w, err = etl.Create(r.file, etl.Options{Recording: r.of})
	require.NoError(r.t, err)
}

// write writes up to n events, and reports whether there are more.
func (r *recorder) write(n int) bool {
	for ; n > 0 && r.given < len(r.events); n-- {
		require.NoError(r.t, r.w.Write(r.events[r.given]))
		r.given++
	}
	require.NoError(r.t, r.w.Sync())
	return r.given < len(r.events)
}

func (r *recorder) rotate() {
	require.NoError(r.t, r.w.Close())
	require.NoError(r.t, r.file.Close())
	require.NoError(r.t, os.Rename(r.path, strings.TrimSuffix(r.path, ".etl")+".1.etl"))
	r.begin()
}

// awaitAll waits until all that was written is in the collector's output. Record keeps two files, so more are not begun before.
func (r *recorder) awaitAll(out string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { ids, _ := written(r.t, out); return len(ids) >= r.given }, time.Minute, 50*time.Millisecond)
}

// endLine ends the line that a killed collector may have left in part.
func endLine(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = f.WriteString("\n")
	require.NoError(t, errors.Join(err, f.Close()))
}

func TestAFollowerThatIsKilledAgainAndAgainWritesEveryEventAlsoWithAFullStorage(t *testing.T) {
	for name, full := range map[string]bool{"with space": false, "with a full storage": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			storage, out := filepath.Join(dir, "storage"), filepath.Join(dir, "out.jsonl")
			require.NoError(t, os.Mkdir(storage, 0o700))
			filler := filepath.Join(storage, "filler")
			if full {
				if err := syscall.Mount("tmpfs", storage, "tmpfs", 0, "size=256k"); err != nil {
					t.Skip("not run: it needs root, to mount a small disk: ", err)
				}
				t.Cleanup(func() { require.NoError(t, syscall.Unmount(storage, syscall.MNT_DETACH)) })
			}
			rec := newRecorder(t, dir)
			args := kept("path: ["+rec.path+"], follow: true", storage, out)
			random := rand.New(rand.NewPCG(17, 9))
			const kills = 5
			failed := false
			for kill := range kills {
				r := start(t, args...)
				r.await("following a file", 1)
				for range 8 {
					rec.write(1 + random.IntN(30))
					time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
					if full && kill%2 == 0 {
						if f, err := os.OpenFile(filler, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
							_, err = f.Write(make([]byte, 256<<10))
							require.ErrorIs(t, err, syscall.ENOSPC)
							require.NoError(t, f.Close())
						}
					}
					if random.IntN(4) == 0 {
						rec.rotate()
						rec.write(1)
						rec.awaitAll(out)
					}
				}
				rec.write(80)
				time.Sleep(time.Duration(200+random.IntN(500)) * time.Millisecond)
				require.NoError(t, r.cmd.Process.Kill())
				<-r.ended
				failed = failed || strings.Contains(r.out.String(), "cannot store how far the replay has come")
				endLine(t, out)
				_ = os.Remove(filler)
				rec.write(20)
				if kill%2 == 1 {
					rec.rotate() // once: record keeps two files
					rec.write(20)
				}
			}
			r := start(t, args...)
			for rec.write(100) {
				time.Sleep(20 * time.Millisecond)
			}
			rec.awaitAll(out)
			require.NoError(t, r.cmd.Process.Signal(os.Interrupt))
			require.Zero(t, r.end(5*time.Second), "%s", r.out)
			ids, records := written(t, out)
			require.Len(t, ids, len(rec.events))
			if !full { // otherwise the place is that of a file that is gone by now
				require.NotContains(t, r.out.String(), "missing")
			}
			require.Equal(t, full, failed, "the storage was full")
			t.Logf("%d events, %d kills, %d records", len(ids), kills, records)
		})
	}
}
