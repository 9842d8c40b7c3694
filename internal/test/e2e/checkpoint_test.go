// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// batchOf is batch.max_records of the replays below.
const batchOf = 20

// kept returns the configuration of a replay with a storage, which writes to a file.
func kept(replay, storage, out string) []string {
	return []string{"--config", "yaml:" + fmt.Sprintf(`
extensions:
  file_storage: {directory: %s, create_directory: true}
receivers:
  asimdns:
    enable_level: 5
    enable_flags: 0
    replay: {%s}
    storage: file_storage
    batch: {max_records: %d, flush_interval: 50ms}
    device: {hostname: host}
exporters:
  file: {path: %s, rotation: {max_megabytes: 100}} # without rotation it acknowledges what is in its buffer
service:
  extensions: [file_storage]
  telemetry: {metrics: {level: none}, logs: {disable_zap_resource: true, disable_stacktrace: true}}
  pipelines:
    logs: {receivers: [asimdns], exporters: [file]}
`, storage, replay, batchOf, out)}
}

var uidInFile = regexp.MustCompile(`"EventOriginalUid","value":\{"stringValue":"(\w+)"`)

// written counts the records in a file by their identifiers.
func written(t *testing.T, path string) (ids map[string]int, records int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, 0
	}
	require.NoError(t, err)
	ids = map[string]int{}
	for _, m := range uidInFile.FindAllSubmatch(raw, -1) {
		ids[string(m[1])]++
		records++
	}
	return ids, records
}

func TestAReplayThatIsKilledAgainAndAgainWritesEveryEventAndRepeatsAtMostABatchAKill(t *testing.T) {
	dir := t.TempDir()
	storage, out := filepath.Join(dir, "storage"), filepath.Join(dir, "out.jsonl")
	slowly := "path: [" + serverFile + "], rate: 800"
	random, kills := rand.New(rand.NewPCG(17, 17)), 0
	for ; kills < 5; kills++ {
		_, before := written(t, out)
		r := start(t, kept(slowly, storage, out)...)
		most := before + 1 + random.IntN(150)
		require.Eventually(t, func() bool { _, n := written(t, out); return n >= most }, time.Minute, time.Millisecond, "%s", r.out)
		require.NoError(t, r.cmd.Process.Kill())
		<-r.ended
		// A record may be in the file in part.
		raw, err := os.ReadFile(out)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(out, append(bytes.TrimRight(raw, "\n"), '\n'), 0o600))
	}
	log, code := runToItsEnd(t, kept("path: ["+serverFile+"], exit_when_done: true", storage, out)...)
	require.Zero(t, code, "%s", log)
	require.Contains(t, log, "the replay goes on where it was")
	ids, records := written(t, out)
	n := kit.Generated(t, "dnsserver.etl").Events
	whole := filepath.Join(dir, "whole.jsonl")
	_, code = runToItsEnd(t, kept("path: ["+serverFile+"], exit_when_done: true", filepath.Join(dir, "other"), whole)...)
	require.Zero(t, code)
	want, all := written(t, whole)
	require.Equal(t, n, all)
	for id := range want {
		require.Contains(t, ids, id, "an event was skipped")
	}
	require.GreaterOrEqual(t, records, n)
	require.LessOrEqual(t, records, n+kills*batchOf)
	t.Logf("%d events, %d kills, %d records: %d repeated of %d allowed", n, kills, records, records-n, kills*batchOf)

	log, code = runToItsEnd(t, kept("path: ["+serverFile+"], exit_when_done: true", storage, out)...)
	require.Zero(t, code, "%s", log)
	require.Contains(t, log, "the file was read before")
	_, again := written(t, out)
	require.Equal(t, records, again)
}

func TestTwoCollectorsCannotKeepTheirPlacesInOneStorage(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not run: there is no interrupt to send on Windows")
	}
	dir := t.TempDir()
	storage := filepath.Join(dir, "storage")
	first := start(t, kept("path: ["+serverFile+"], follow: true", storage, filepath.Join(dir, "out.jsonl"))...)
	first.await("following a file", 1)
	second := start(t, kept("path: ["+serverFile+"], follow: true", storage, filepath.Join(dir, "other.jsonl"))...)
	require.Equal(t, 1, second.end(time.Minute), "%s", second.out)
	require.Contains(t, second.out.String(), `storage: "file_storage": timeout`)
	time.Sleep(readyFor)
	require.NoError(t, first.cmd.Process.Signal(os.Interrupt))
	require.Zero(t, first.end(5*time.Second), "%s", first.out)
}
