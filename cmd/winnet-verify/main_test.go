// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-verify/internal/verify"
)

func TestADryRunSaysWhatEachProbeWouldDoAndDoesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"--dry-run"}, &out, &errs), "%s", &errs)
	for _, p := range verify.Probes() {
		require.Contains(t, out.String(), p.Name+" ")
		require.Contains(t, out.String(), p.Expected)
		require.Contains(t, out.String(), p.Changes)
	}
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Empty(t, files)
}

func TestARunWritesOneReportAndSaysWhatFailed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"--probes", "clock, event-users", "--out", path}, &out, &errs)
	require.Zero(t, code, "%s%s", &out, &errs)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var report verify.Report
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&report))
	require.Equal(t, verify.SchemaVersion, report.Schema)
	require.Len(t, report.Probes, 2)
	require.Equal(t, verify.Unknown, report.Probes[1].Verdict)
	for _, r := range report.Probes {
		require.Contains(t, out.String(), r.Line())
	}
	require.Contains(t, out.String(), report.Totals())

	out.Reset()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("interrupted"))
	require.Equal(t, exitCut, run(ctx, []string{"--probes", "clock", "--out", path}, &out, &errs), "cut off")
	require.Contains(t, out.String(), "not run: interrupted")
}

func TestWrongArgumentsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"--probes", "os,none"}, {"--duration", "0"}, {"--duration", "2h"}, {"more"}, {"--no-such-flag"}, {"--probes", "event-users", "--out", filepath.Join(t.TempDir(), "no", "folder")}} {
		var out, errs bytes.Buffer
		require.Equal(t, exitUsage, run(t.Context(), args, &out, &errs), "%v", args)
		require.NotEmpty(t, errs.String())
	}
}

func TestAReportThatCannotBeWrittenIsSaidBeforeTheRun(t *testing.T) {
	var out, errs bytes.Buffer
	path := filepath.Join(t.TempDir(), "no", "folder", "report.json")
	require.Equal(t, exitUsage, run(t.Context(), []string{"--probes", "event-users", "--out", path}, &out, &errs))
	require.Empty(t, out.String(), "no probe has run")
	require.Contains(t, errs.String(), "report.json")
}

func TestTheReportMayGoToADevice(t *testing.T) {
	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"--probes", "event-users", "--out", os.DevNull}, &out, &errs), "%s", &errs)
	require.Contains(t, out.String(), "There is no report: "+os.DevNull+" keeps nothing.")
}

// TestOnlyAnEarlierReportIsOverwritten: --out may name any file.
func TestOnlyAnEarlierReportIsOverwritten(t *testing.T) {
	var out, errs bytes.Buffer
	path := filepath.Join(t.TempDir(), "report.json")
	for range 2 {
		require.Zero(t, run(t.Context(), []string{"--probes", "event-users", "--out", path}, &out, &errs), "%s", &errs)
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, json.Valid(text), "the new report has no rest of the earlier one")
	for _, other := range []string{"mine", "{}", `{"schema":1}`} {
		require.NoError(t, os.WriteFile(path, []byte(other), 0o600))
		require.Equal(t, exitUsage, run(t.Context(), []string{"--probes", "event-users", "--out", path}, &out, &errs))
		require.Contains(t, errs.String(), "is no report of winnet-verify")
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, other, string(text))
	}
}

func TestARunEndsWithTheConsoleTheSessionAndTheHost(t *testing.T) {
	require.Subset(t, endings, []os.Signal{os.Interrupt, syscall.SIGTERM})
}

func TestTheVersionHasTheCommitOfTheBuild(t *testing.T) {
	t.Cleanup(func() { commit = "" })
	commit = "0123456789ab"
	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"--version"}, &out, &errs))
	require.Regexp(t, `^winnet-verify .+\+0123456789ab\n$`, out.String())
}
