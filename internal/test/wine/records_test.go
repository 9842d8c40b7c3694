// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package wine

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// record is a log record with its resource, without the parts that depend only on the host and the time of the run.
type record struct {
	Resource, Attributes map[string]any
	Body, Severity       string
	Time                 time.Time
}

// readRecords reads the output of the file exporter up to its last whole line.
func readRecords(t *testing.T, path string) []record {
	t.Helper()
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	defer file.Close()
	var all []record
	lines := bufio.NewReaderSize(file, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return all
		}
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(line)
		require.NoError(t, err)
		for i := range logs.ResourceLogs().Len() {
			rl := logs.ResourceLogs().At(i)
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					for _, name := range []string{"DvcOsVersion", "SrcUsername", "SrcUsernameType"} {
						lr.Attributes().Remove(name)
					}
					all = append(all, record{
						Resource: rl.Resource().Attributes().AsRaw(), Attributes: lr.Attributes().AsRaw(), Body: lr.Body().AsString(),
						Severity: lr.SeverityText(), Time: lr.Timestamp().AsTime(),
					})
				}
			}
		}
	}
}

// rawEvents reads the events of an .etl file, byte for byte.
func rawEvents(t *testing.T, path string) []string {
	t.Helper()
	reader, err := etl.Open(path)
	require.NoError(t, err)
	defer reader.Close()
	var all []string
	for {
		raw, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, string(raw))
	}
}

func TestTheLiveSessionGivesTheRecordsThatTheReplayGives(t *testing.T) {
	for file, provider := range map[string]string{serverFile: "Microsoft-Windows-DNSServer", clientFile: "Microsoft-Windows-DNS-Client"} {
		t.Run(provider, func(t *testing.T) {
			h := newHost(t, file)
			set := "receivers::asimdns::provider_guid: " + provider

			replayed := filepath.Join(h.dir, "replay.jsonl")
			cmd := exec.Command(filepath.Join(h.root, "dist/otelcol-winnet"), "--config", "yaml:"+config, "--config", "yaml:"+set,
				"--config", "yaml:receivers::asimdns::replay::path: "+filepath.Join(h.root, file), "--config", "yaml:exporters::file::path: "+replayed)
			r := run(t, cmd)
			r.await("the replay has ended", 1)
			r.interrupt()
			want := readRecords(t, replayed)
			require.NotEmpty(t, want, "%s", r.out)

			recorded := filepath.Join(h.dir, "recorded.etl")
			c := h.start(set, "receivers::asimdns::record::path: '"+windowsPath(recorded)+"'")
			require.Eventually(t, func() bool { return len(readRecords(t, h.records())) >= len(want) }, time.Minute, 100*time.Millisecond, "%s", c.out)
			c.interrupt()
			got := readRecords(t, h.records())
			require.Len(t, got, len(want))
			for i := range want {
				require.Equal(t, want[i], got[i], "record %d", i)
			}
			c.await(fmt.Sprintf("received %d = emitted %d + ", len(want), len(want)), 1)
			require.Equal(t, rawEvents(t, filepath.Join(h.root, file)), rawEvents(t, recorded), "the recorded file has the session's events")
		})
	}
}

func TestEveryScenarioThatTheDocumentsNameIsATest(t *testing.T) {
	text, err := os.ReadFile("../../../docs/verification.md")
	require.NoError(t, err)
	var source []byte
	for _, folder := range []string{".", "../../etw/session", "../../../receiver/asimdnsreceiver"} {
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			source = append(source, text...)
		}
	}
	names := regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(string(text), -1)
	require.Greater(t, len(names), 20)
	for _, name := range names {
		require.Contains(t, string(source), "\nfunc "+name+"(t *testing.T)")
	}
}
