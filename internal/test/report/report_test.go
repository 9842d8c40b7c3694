// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// collectorLog is the log of a collector that was stopped before the end of one of its replays.
const collectorLog = "2026-03-04T05:06:07.000Z\tinfo\tservice/service.go:233\tStarting otelcol-winnet...\t{\"Version\": \"0.1.0\"}\n" +
	`t	info	r.go:1	receiving DNS events	{"otelcol.component.id": "asimdns/server", "replay": ["a.etl", "b.etl"]}` + "\n" +
	`t	info	r.go:1	receiving DNS events	{"otelcol.component.id": "asimdns/live", "replay": []}` + "\n" +
	`t	info	r.go:1	receiving Cilium events	{"otelcol.component.id": "ciliumwindows", "replay": ["c.pcapng"]}` + "\n" +
	`t	info	r.go:1	receiving DNS events	{"otelcol.component.id": "asimdns/drained", "replay": ["d.etl"]}` + "\n" +
	`t	info	r.go:1	receiving DNS events	{"otelcol.component.id": "asimdns/stopped", "replay": ["e.etl"]}` + "\n" +
	`t	warn	p.go:1	the replay was stopped before its end	{"otelcol.component.id": "asimdns/stopped", "files": 1, "events_read": 7}` + "\n" +
	`t	info	p.go:1	what became of them	{"otelcol.component.id": "asimdns/drained", "events": "received 6 = emitted 6 + filtered 0 + aggregated 0 + undecodable 0 + dropped 0 + pending 0"}` + "\n" +
	`t	info	p.go:1	what became of them	{"otelcol.component.id": "asimdns/stopped", "events": "received 7 = emitted 7 + filtered 0 + aggregated 0 + undecodable 0 + dropped 0 + pending 0"}` + "\n" +
	`t	error	p.go:1	not every file could be read in full	{"otelcol.component.id": "asimdns/server", "unread": ["b.etl: gone"]}` + "\n" +
	"runtime.main\n\truntime/proc.go:290\n" +
	`t	info	p.go:1	the replay has ended	{"otelcol.component.id": "asimdns/server", "events": "received 9 = emitted 1 + filtered 0 + aggregated 0 + undecodable 0 + dropped 0 + pending 8"}` + "\n" +
	`t	info	p.go:1	what became of them	{"otelcol.component.id": "asimdns/server", "events": "received 9 = emitted 4 + filtered 1 + aggregated 1 + undecodable 2 (event 1, truncated 1) + dropped 1 (shutdown 1) + pending 0"}` + "\n"

func TestTheRunsTableHasTheLastAccountOfEachReplay(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("out", 0o700))
	require.NoError(t, os.WriteFile(recordsFile, []byte(
		`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{}]}]}]}`+"\n"+`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}`+"\n"), 0o600))
	require.NoError(t, os.WriteFile("run.log", []byte(collectorLog), 0o600))
	var out strings.Builder
	require.NoError(t, report([]string{"run", "run.log"}, &out))
	require.Regexp(t, `(?m)^  asimdns/server +a\.etl, b\.etl +9 +4 +1 +1 +2 +1 *$`, out.String())
	require.Regexp(t, `(?m)^  ciliumwindows +c\.pcapng +\? +\? +\? +\? +\? +\? +stopped before its end *$`, out.String())
	require.Regexp(t, `(?m)^  asimdns/drained +d\.etl +6 +6 +0 +0 +0 +0 *$`, out.String(), "it was read to its end, although the collector was stopped meanwhile")
	require.Regexp(t, `(?m)^  asimdns/stopped +e\.etl +7 +7 +0 +0 +0 +0 +stopped before its end *$`, out.String())
	require.Contains(t, out.String(), "not read in full by asimdns/server: b.etl: gone")
	require.NotContains(t, out.String(), "asimdns/live", "it replays nothing")
	require.Regexp(t, `out/winnet\.jsonl +3 records, 0\.0 MB`, out.String())
	require.Regexp(t, `out/winnet-metrics\.jsonl +is not there`, out.String())
}

func TestTheTestsTableCountsByReasonAndNamesTheTarget(t *testing.T) {
	const log = `=== RUN   TestA
    a_test.go:19: not run: the stand-ins for Windows under Wine are not installed; make test-windows installs them
--- SKIP: TestA (0.00s)
=== RUN   TestB
    b_test.go:7: not run: the stand-ins for Windows under Wine are not installed; make test-windows installs them
--- SKIP: TestB (0.00s)
=== RUN   TestC
=== RUN   TestC/one
    b_test.go:7: this is Windows
=== RUN   TestC/two
    b_test.go:7: this is Windows
=== NAME  TestC
    b_test.go:9: something else
--- PASS: TestC (0.00s)
    --- SKIP: TestC/one (0.00s)
    --- SKIP: TestC/two (0.00s)
PASS
ok  	github.com/otelcol-winnet/otelcol-winnet/internal/test/wine	0.100s
=== RUN   TestD
    d_test.go:19: not run: no right to make a map
--- SKIP: TestD (0.00s)
ok  	github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events	(cached)
=== RUN   TestE
    e_test.go:1: written
--- SKIP: TestE (0.00s)
ok  	github.com/otelcol-winnet/otelcol-winnet/internal/bench	0.1s
`
	path := filepath.Join(t.TempDir(), "test.log")
	require.NoError(t, os.WriteFile(path, []byte(log), 0o600))
	var out strings.Builder
	require.NoError(t, report([]string{"tests", path}, &out))
	require.Equal(t, `
Not run here:
  2 tests need make test-windows: the stand-ins for Windows under Wine are not installed
  2 tests need make test-windows: this is Windows
  1 test needs make test-kernel: no right to make a map
  1 test needs another machine: written
`, out.String())

	require.NoError(t, os.WriteFile(path, []byte("--- PASS: TestA (0.00s)\nok  \ta\t0.1s\n"), 0o600))
	out.Reset()
	require.NoError(t, report([]string{"tests", path}, &out))
	require.Empty(t, out.String(), "every test was run")
}

func TestAnUnknownReportIsRefused(t *testing.T) {
	require.ErrorContains(t, report(nil, nil), "want run or tests and a log")
	require.ErrorContains(t, report([]string{"more", "report_test.go"}, nil), `there is no report "more"`)
	require.Error(t, report([]string{"run", "none.log"}, nil))
}
