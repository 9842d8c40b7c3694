// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func TestTheSinkCountsEveryRecord(t *testing.T) {
	s, err := startSink(0)
	require.NoError(t, err)
	defer s.stop()
	conn, err := grpc.NewClient(s.endpoint(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	client := plogotlp.NewGRPCClient(conn)
	for n := range 10 {
		logs := plog.NewLogs()
		records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		for range n {
			records.AppendEmpty()
		}
		_, err := client.Export(t.Context(), plogotlp.NewExportRequestFromLogs(logs))
		require.NoError(t, err)
	}
	require.EqualValues(t, 45, s.records.Load())
}

func TestASlowSinkTakesNoMoreThanItsRate(t *testing.T) {
	s := &sink{perSecond: 1000}
	first := s.take(500)
	for range 9 {
		s.take(500)
	}
	require.Equal(t, 5*time.Second, s.take(500).Sub(first))
}

func TestRecordsAreCountedWhereverTheReadsCutTheFile(t *testing.T) {
	for _, before := range []int{0, 1, 1<<20 - 30, 1<<20 - 10, 1<<20 - 1, 1 << 20} {
		path := filepath.Join(t.TempDir(), "records.jsonl")
		text := strings.Repeat("x", before) + strings.Repeat(`{"observedTimeUnixNano":"1"}`, 3)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		n, err := countRecords(path)
		require.NoError(t, err)
		require.Equal(t, 3, n, "%d bytes before", before)
	}
}

func TestPeaksAreKeptByTheTenthOfTheRun(t *testing.T) {
	var p peaks
	for came := int64(0); came <= 1000; came++ {
		p.add(came, 1000, came)
	}
	require.EqualValues(t, 99, p[0])
	require.EqualValues(t, 1000, p[9], "the end belongs to the last tenth")
}

func TestACollectorThatFailsIsReportedWithItsOutput(t *testing.T) {
	script := filepath.Join(t.TempDir(), "collector")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\necho no such exporter >&2\nexit 1\n"), 0o700))
	_, err := meter{script, t.TempDir()}.run("file", "asimdns: {}", 1)
	require.ErrorContains(t, err, "no such exporter")
}

func TestACollectorThatLosesRecordsIsReported(t *testing.T) {
	script := filepath.Join(t.TempDir(), "collector")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\ntrap 'exit 0' INT\necho the replay has ended >&2\nwhile :; do sleep 0.01; done\n"), 0o700))
	_, err := meter{script, t.TempDir()}.run("otlp", "asimdns: {}", 1)
	require.ErrorContains(t, err, "0 records came out of the exporter otlp; want 1")
}

func TestACollectorThatTheInterruptKilledRunsAgain(t *testing.T) {
	dir := t.TempDir()
	script, first := filepath.Join(dir, "collector"), filepath.Join(dir, "first")
	text := "#!/bin/sh\nif [ -e " + first + " ]; then trap 'exit 0' INT; fi\ntouch " + first + "\necho the replay has ended >&2\nwhile :; do sleep 0.01; done\n"
	require.NoError(t, os.WriteFile(script, []byte(text), 0o700))
	_, err := meter{script, dir}.run("otlp", "asimdns: {}", 0)
	require.NoError(t, err)
}

func TestTheResidentSetOfAProcess(t *testing.T) {
	rss, err := resident(os.Getpid())
	require.NoError(t, err)
	require.Greater(t, rss, int64(1<<20))
	_, err = resident(-1)
	require.Error(t, err)
}
