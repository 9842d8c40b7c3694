// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the columns of docs/verification.md that are made of probes and reports")

const (
	docs   = "../../../../docs/"
	header = "| | under Wine, on the stand-ins | only Windows can tell | probe | on real Windows |\n|---|---|---|---|---|\n"
	notYet = "not yet; run winnet-verify"
)

// reports reads the committed reports.
func reports(t *testing.T, folder string) (all []Report) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	require.NoError(t, err)
	for _, file := range files { // sorted
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var r Report
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(&r), file)
		require.Equal(t, SchemaVersion, r.Schema, file)
		require.False(t, r.WithData, "%s: a report with data is not committed", file)
		all = append(all, r)
	}
	return all
}

// onRealWindows is the cell for a row with these probes.
func onRealWindows(reports []Report, probes []string) string {
	var parts []string
	for _, r := range reports {
		byVerdict := map[Verdict][]string{}
		for _, p := range r.Probes {
			if slices.Contains(probes, p.Name) {
				byVerdict[p.Verdict] = append(byVerdict[p.Verdict], "`"+p.Name+"`")
			}
		}
		var verdicts []string
		for _, v := range []Verdict{Pass, Fail, Unknown, NotApplicable} {
			if names := byVerdict[v]; len(names) > 0 {
				verdicts = append(verdicts, string(v)+": "+strings.Join(names, ", "))
			}
		}
		if len(verdicts) > 0 {
			parts = append(parts, r.Host.String()+", "+r.Started.Format("2006-01-02")+": "+strings.Join(verdicts, "; "))
		}
	}
	if len(parts) == 0 {
		return notYet
	}
	return strings.Join(parts, ". ")
}

// table returns the document's table with the generated cells, and the names of its rows.
func table(t *testing.T, text string, reports []Report) (_ string, names []string) {
	t.Helper()
	before, rest, ok := strings.Cut(text, header)
	require.True(t, ok, "the table of what only Windows can tell is there")
	rows, after, _ := strings.Cut(rest, "\n\n")
	made := []string{}
	for row := range strings.SplitSeq(rows, "\n") {
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(row, "| "), " |"), " | ")
		require.Len(t, cells, 5, row)
		var probes, quoted []string
		for _, p := range Probes() {
			if p.Row == cells[0] {
				probes, quoted = append(probes, p.Name), append(quoted, "`"+p.Name+"`")
			}
		}
		switch assumption := cells[2]; {
		case len(probes) > 0:
			require.NotEmpty(t, assumption, "%s has a probe and no assumption", cells[0])
			cells[3], cells[4] = strings.Join(quoted, ", "), onRealWindows(reports, probes)
		case assumption != "":
			require.Regexp(t, "^none: .", cells[3], "%s: an assumption has a probe, or a reason why it has none", cells[0])
			cells[4] = ""
		}
		names = append(names, cells[0])
		made = append(made, "| "+strings.Join(cells, " | ")+" |")
	}
	return before + header + strings.Join(made, "\n") + "\n\n" + after, names
}

func TestTheTableOfWhatOnlyWindowsCanTellHasEachProbeAndEachReport(t *testing.T) {
	path := docs + "verification.md"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	want, rows := table(t, string(text), reports(t, docs+"verification"))
	for _, p := range Probes() {
		require.Contains(t, rows, p.Row, "the probe %s belongs to a row", p.Name)
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(text), "make it current: go test ./cmd/winnet-verify/internal/verify -update")
}

func TestAReportFillsItsRows(t *testing.T) {
	text, err := os.ReadFile(docs + "verification.md")
	require.NoError(t, err)
	report := Report{Host: Windows{Version: "10.0.26100", Server: true, Machine: "amd64"}, Probes: []Result{
		{Name: "losses", Verdict: Fail}, {Name: "ebpf", Verdict: NotApplicable}, {Name: "ebpf-missing-pin", Verdict: Pass},
	}}
	folder := t.TempDir()
	report.Schema = SchemaVersion
	encoded, err := json.Marshal(report)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a.json"), encoded, 0o600))
	got, _ := table(t, string(text), reports(t, folder))
	require.Contains(t, got, "| `losses` | Windows Server 10.0.26100 amd64, 0001-01-01: fail: `losses` |")
	require.Contains(t, got, "| Windows Server 10.0.26100 amd64, 0001-01-01: pass: `ebpf-missing-pin`; not applicable: `ebpf` |")
	require.Contains(t, got, "| `rights` | "+notYet+" |")
}

func TestTheDocumentHasEachFieldOfAReport(t *testing.T) {
	text, err := os.ReadFile(docs + "winnet-verify.md")
	require.NoError(t, err)
	for _, v := range []any{Report{}, Result{}, Windows{}, seen{}} {
		for i := range reflect.TypeOf(v).NumField() {
			name, _, _ := strings.Cut(reflect.TypeOf(v).Field(i).Tag.Get("json"), ",")
			require.Contains(t, string(text), "`"+name+"`")
		}
	}
	for _, v := range []Verdict{Pass, Fail, Unknown, NotApplicable} {
		require.Contains(t, string(text), "| "+string(v)+" | ")
	}
}
