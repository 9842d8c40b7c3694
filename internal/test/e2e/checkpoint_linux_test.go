// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// keptResiliently is kept with the extension of the shipped configurations, and with metrics at a port.
func keptResiliently(replay, storage, out string, port int) []string {
	args := kept(replay, storage, out)
	args[1] = strings.ReplaceAll(args[1], "file_storage", "resilient_file_storage")
	args[1] = strings.Replace(args[1], "metrics: {level: none}", fmt.Sprintf("metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %d}}}}]}", port), 1)
	return args
}

// The shipped extension works in memory when its file cannot be used. What it has there is gone with the process, so it is no progress.
func TestAStorageWhoseFileCannotBeUsedIsSaidOnceCountedAndNoProgress(t *testing.T) {
	const file = "receiver_asimdns__replay"
	n := kit.Generated(t, "dnsserver.etl").Events
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"a folder in its place": func(t *testing.T, dir string) { require.NoError(t, os.Mkdir(filepath.Join(dir, file), 0o700)) },
		"a pipe in its place":   func(t *testing.T, dir string) { require.NoError(t, syscall.Mkfifo(filepath.Join(dir, file), 0o600)) },
		"a link that leads nowhere": func(t *testing.T, dir string) {
			require.NoError(t, os.Remove(dir))
			require.NoError(t, os.Symlink(dir+".nowhere", dir))
		},
		"a full disk": func(t *testing.T, dir string) {
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16k"); err != nil {
				t.Skip("not run: it needs root, to mount a small disk: ", err)
			}
			t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, port := t.TempDir(), loopback.Port(t)
			storage, out := filepath.Join(dir, "storage"), filepath.Join(dir, "out.jsonl")
			require.NoError(t, os.Mkdir(storage, 0o700))
			spoil(t, storage)
			const said, not = "cannot store how far the replay has come", "how far the replay has come is not stored"
			r := start(t, keptResiliently("path: ["+serverFile+"]", storage, out, port)...)
			r.await("the replay has ended", 1)
			require.Eventually(t, func() bool {
				answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
				if err != nil {
					return false
				}
				defer answer.Body.Close()
				page, _ := io.ReadAll(answer.Body)
				return strings.Contains(string(page), "otelcol_receiver_asimdns_replay_checkpoint_problems") && strings.Contains(string(page), `reason="write_failed"`)
			}, time.Minute, 100*time.Millisecond, "%s", r.out)
			require.NoError(t, r.cmd.Process.Signal(os.Interrupt))
			require.Equal(t, 1, r.end(time.Minute), "%s", r.out)
			require.Equal(t, 1, strings.Count(r.out.String(), said), "%s", r.out)
			require.Contains(t, r.out.String(), not)
			require.NotContains(t, r.out.String(), "queued data", "there is no queue")

			log, code := runToItsEnd(t, keptResiliently("path: ["+serverFile+"], exit_when_done: true", storage, out, port)...)
			require.Equal(t, 1, code, "%s", log)
			require.Contains(t, log, not)
			_, records := written(t, out)
			require.Equal(t, 2*n, records, "no progress was claimed")
		})
	}
}
