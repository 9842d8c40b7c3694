// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package wine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ends waits for the collector to end by itself, and returns its exit code.
func (c *collector) ends() int {
	c.t.Helper()
	select {
	case <-c.ended:
	case <-time.After(time.Minute):
		c.t.Fatalf("the collector did not end:\n%s", c.out)
	}
	return c.cmd.ProcessState.ExitCode()
}

func TestAReplayThatIsAJobEndsTheCollectorOnWindows(t *testing.T) {
	h := newHost(t)
	c := h.start(`receivers::asimdns::replay: {path: '`+windowsPath(filepath.Join(h.root, serverFile))+`', exit_when_done: true}`,
		"service::telemetry::logs::level: info")
	require.Zero(t, c.ends(), "%s", c.out)
	require.Contains(t, c.out.String(), accountedAt)
	require.Contains(t, c.out.String(), "this is no failure: every replay with exit_when_done has ended")
	require.Len(t, readRecords(t, h.records()), len(rawEvents(t, filepath.Join(h.root, serverFile))))

	dir := t.TempDir()
	raw, err := os.ReadFile(filepath.Join(h.root, serverFile))
	require.NoError(t, err)
	for name, content := range map[string][]byte{"dns_1.etl": raw, "dns_2.etl": []byte("no trace"), "dns_10.etl": raw} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	c = h.start(`receivers::asimdns::replay: {path: ['` + windowsPath(dir) + `\dns_*.etl', '` + windowsPath(dir) + `\DNS_1.etl'], exit_when_done: true}`)
	require.Equal(t, 1, c.ends(), "%s", c.out)
	out := c.out.String()
	require.Equal(t, 2, strings.Count(out, "file read"), "one file is named twice, in another case")
	require.Less(t, strings.Index(out, `dns_1.etl", "read`), strings.Index(out, `dns_10.etl", "read`), "sorted by number")
	require.Contains(t, out, "replay.path: 1 of 3 files could not be read in full: ")
}
