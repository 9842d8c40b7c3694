// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
)

const refusal = "another receiver records to "

// openAt opens a recorder of path, which the test closes itself.
func openAt(path string) (*Recorder, error) {
	return Open(Settings{
		Config: Config{Path: path, MaxSizeMiB: 1}, QueueMiB: 1, Logger: zap.NewNop(),
		Create: func(to Destination) (Writer, error) { return &lines{to: to}, nil },
	})
}

// requireRefused requires that a second recorder is refused and the files are unchanged.
func requireRefused(t *testing.T, path string) {
	t.Helper()
	_, err := openAt(path)
	require.ErrorContains(t, err, refusal, "%s", path)
	require.ErrorContains(t, err, "record.path: ")
}

func TestASecondRecorderOfAFileIsRefusedAtTheStart(t *testing.T) {
	first := start(t, func(s *Settings) { s.QueueMiB = 8 })
	requireRefused(t, first.path) // before the first event, there is no file
	first.offer("1", "2", "3")
	require.Eventually(t, func() bool { return first.Stats.Recorded.Load() > 0 }, time.Minute, time.Millisecond)
	requireRefused(t, first.path)
	full := strings.Repeat("x", queue.ChunkSize/2)
	for range 9 { // more than a MiB: the file becomes the earlier one
		require.NoError(t, first.Put(context.Background(), 1, []byte(full), nil))
	}
	require.Eventually(t, func() bool { _, err := os.Stat(first.Recorder.set.earlier()); return err == nil }, time.Minute, time.Millisecond)
	requireRefused(t, first.path)
	first.close()

	second, err := openAt(first.path)
	require.NoError(t, err, "the first has ended")
	second.Offer(1, []byte("4"), nil)
	require.NoError(t, second.Close(context.Background(), 0))
	require.Equal(t, "4\nend\n", read(t, first.path))
	locks, err := filepath.Glob(filepath.Join(filepath.Dir(first.path), "*"+claimSuffix))
	require.NoError(t, err)
	require.Empty(t, locks, "nothing is left")
}

func TestAFileIsTheSameInAnySpelling(t *testing.T) {
	first := start(t, nil)
	first.offer("1", "2", "3")
	require.Eventually(t, func() bool { return first.Stats.Recorded.Load() > 0 }, time.Minute, time.Millisecond)
	dir := filepath.Dir(first.path)
	t.Chdir(dir)
	spellings := append(otherSpellings(t, first.path),
		"dns.etl", filepath.Join(".", "x", "..", "dns.etl"), filepath.Join(dir, ".", "dns.etl"),
		filepath.Join(dir, "dns.1.etl"), // what a full file becomes
	)
	other := t.TempDir()
	for link, to := range map[string]string{filepath.Join(other, "folder"): dir, filepath.Join(other, "link.etl"): first.path} {
		path := link
		if to == dir {
			path = filepath.Join(link, "dns.etl")
		}
		_ = os.Symlink(to, link)
		if _, err := os.Stat(path); err == nil || runtime.GOOS != "windows" { // there, not every account may, and Wine cannot follow
			spellings = append(spellings, path)
		}
	}
	for _, path := range spellings {
		requireRefused(t, path)
	}
	first.close()
	require.Equal(t, "1\n2\n3\nend\n", read(t, first.path))
}

// otherProcess is the environment variable with the path that another process records to.
const otherProcess = "WINNET_TEST_RECORD"

// recordAlone records one event, says so, and continues until its input ends.
func recordAlone(path string) {
	r, err := openAt(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	r.Offer(1, []byte("other"), nil)
	fmt.Println("recording")
	_, _ = io.Copy(io.Discard, os.Stdin)
	fmt.Println(r.Close(context.Background(), 0))
}

// other is another process that records.
type other struct {
	*exec.Cmd
	in  io.Closer
	out *bufio.Reader
}

func startOther(t *testing.T, path string) other {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), otherProcess+"="+path)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return other{cmd, in, bufio.NewReader(out)}
}

func (o other) line(t *testing.T) string {
	t.Helper()
	line, err := o.out.ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line)
}

func TestARecorderOfAnotherProcessIsRefusedUntilTheFirstHasEnded(t *testing.T) {
	first := start(t, nil)
	require.Contains(t, startOther(t, first.path).line(t), refusal)
	first.close()

	second := startOther(t, first.path)
	require.Equal(t, "recording", second.line(t))
	requireRefused(t, first.path)
	require.NoError(t, second.in.Close())
	require.Equal(t, "<nil>", second.line(t))
	require.NoError(t, second.Wait())
	third, err := openAt(first.path)
	require.NoError(t, err)
	require.NoError(t, third.Close(context.Background(), 0))
}

func TestAKilledRecorderLeavesItsFileToTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dns.etl")
	killed := startOther(t, path)
	require.Equal(t, "recording", killed.line(t))
	require.NoError(t, killed.Process.Kill())
	_ = killed.Wait()
	next, err := openAt(path)
	require.NoError(t, err)
	next.Offer(1, []byte("next"), nil)
	require.NoError(t, next.Close(context.Background(), 0))
	require.Equal(t, "next\nend\n", read(t, path))
}

func TestAStartThatFailsLeavesTheFileToOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dns.etl")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := Open(Settings{Config: Config{Path: path, MaxSizeMiB: 1}, QueueMiB: 1, Logger: zap.NewNop(), Replayed: []string{path}})
	require.ErrorContains(t, err, "is replayed and would be overwritten")
	r, err := openAt(path)
	require.NoError(t, err)
	require.NoError(t, r.Close(context.Background(), 0))
}
