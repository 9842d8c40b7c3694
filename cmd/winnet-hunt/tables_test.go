// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/page"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/summary"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
)

// readTable returns the rows of a CSV file, the first one of which has the names of the columns.
func readTable(t *testing.T, path string) [][]string {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	all, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	return all
}

// sum is the sum of a column.
func sum(t *testing.T, table [][]string, column string) (n int64) {
	t.Helper()
	at := slices.Index(table[0], column)
	require.GreaterOrEqual(t, at, 0, column)
	for _, row := range table[1:] {
		one, err := strconv.ParseInt(row[at], 10, 64)
		require.NoError(t, err)
		n += one
	}
	return n
}

func TestEachTableOfThePageHasItsWholeCSVFile(t *testing.T) {
	s, err := incident.WriteScenario(t.TempDir(), 7)
	require.NoError(t, err)
	missing := filepath.Join(t.TempDir(), "missing.etl")
	r := hunted(t, t.Context(), t.Context(), s.Server, s.Client, s.Pods, missing)
	require.Equal(t, exitIncomplete, r.code, r.stderr)
	folder := filepath.Join(r.dir, "hunt-csv")
	var linked, there []string
	for _, m := range regexp.MustCompile(`href="\./hunt-csv/([^"]*)"`).FindAllStringSubmatch(r.page, -1) {
		linked = append(linked, m[1])
	}
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, e := range entries {
		there = append(there, e.Name())
	}
	require.ElementsMatch(t, there, linked)
	var all []string
	for _, name := range tableNames() {
		if name != "silent-collector" { // not asked of a recording
			all = append(all, name+".csv")
		}
	}
	require.ElementsMatch(t, all, there)

	files := readTable(t, filepath.Join(folder, "files.csv"))
	require.Len(t, files, 5)
	require.Equal(t, []string{missing, "", "", "", "not read, or not in full: no such file or directory"}, files[4])
	accounts := readTable(t, filepath.Join(folder, "accounts.csv"))
	require.Len(t, accounts, 3)
	received := sum(t, accounts, "Received")
	require.Positive(t, received)
	require.Equal(t, received, sum(t, files[:4], "Events"))
	require.Equal(t, received, sum(t, accounts, "Emitted")+sum(t, accounts, "Filtered")+sum(t, accounts, "Aggregated")+sum(t, accounts, "Undecodable")+sum(t, accounts, "Dropped"))

	timeline := readTable(t, filepath.Join(folder, "timeline.csv"))
	require.Greater(t, len(timeline), 100)
	require.GreaterOrEqual(t, sum(t, timeline, "DNS")+sum(t, timeline, "Network")+sum(t, timeline, "Audit"), sum(t, accounts, "Emitted"))
	names := readTable(t, filepath.Join(folder, "top-names.csv"))
	require.Equal(t, []string{"Name", "Events", "Exact"}, names[0])
	require.Greater(t, len(names), 1000, "the whole list")
	for i, row := range names[1:] {
		require.Equal(t, "true", row[2])
		if i > 0 {
			require.LessOrEqual(t, sum(t, [][]string{names[0], row}, "Events"), sum(t, [][]string{names[0], names[i]}, "Events"))
		}
	}
	_, tops, _ := strings.Cut(r.page, `id="tops"`)
	tops, _, _ = strings.Cut(tops, "</section>")
	require.Contains(t, tops, "<bdi>"+names[mostTop][0]+"</bdi>")
	require.NotContains(t, tops, "<bdi>"+names[len(names)-1][0]+"</bdi>")
}

func TestTheNamesOfTablesDiffer(t *testing.T) {
	names := tableNames()
	slices.Sort(names)
	require.Equal(t, slices.Compact(slices.Clone(names)), names)
}

// tablesIn returns a hunt whose CSV files are in a new folder.
func tablesIn(t *testing.T) *hunt {
	t.Helper()
	h := &hunt{options: options{page: filepath.Join(t.TempDir(), "hunt.html")}}
	require.NoError(t, h.openFolder())
	return h
}

func TestInNoTableANameIsAFormula(t *testing.T) {
	const name = "=cmd|' /C calc'!A0\u202e"
	const safe = `'=cmd|' /C calc'!A0\u202e`
	h := tablesIn(t)
	h.report.Files = []page.File{{Path: name, Kind: name, Size: 5, Events: -1, Notes: []string{name, "b"}}}
	h.report.Unread = []page.Unread{{Path: name, Reason: "damaged"}, {Path: "-other", Reason: "a"}, {Path: "-other", Reason: "b"}}
	h.report.Accounts = []page.Account{{Kind: name, Received: 1, Dropped: 1, Reasons: []page.Count{{Name: name, Count: 1}, {Name: "b", Count: 2}}}}
	require.Equal(t, "hunt-csv/files.csv", h.writeFiles())
	require.Equal(t, [][]string{
		{"File", "Kind", "Bytes", "Events", "Notes"},
		{safe, safe, "5", "", safe + "; b; not read, or not in full: damaged"},
		{"'-other", "", "", "", "not read, or not in full: a; not read, or not in full: b"},
	}, readTable(t, h.path("files")))
	require.Equal(t, "hunt-csv/accounts.csv", h.writeAccounts())
	require.Equal(t, []string{safe, "1", "0", "0", "0", "0", "1", safe + ": 1; b: 2"}, readTable(t, h.path("accounts"))[1])

	list := summary.List{ID: "top-names", Of: "Name"}
	for i := range 100 {
		list.First = append(list.First, summary.Count{Name: fmt.Sprint(name, i), Count: int64(200 - i), AtLeast: i > 50})
	}
	top := h.writeTop(list)
	require.Equal(t, "hunt-csv/top-names.csv", top.CSV)
	require.Equal(t, list.First[:mostTop], top.First)
	rows := readTable(t, h.path("top-names"))
	require.Len(t, rows, 101)
	require.Equal(t, []string{safe + "50", "150", "true"}, rows[51])
	require.Equal(t, []string{safe + "51", "149", "false"}, rows[52])

	at := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	require.Equal(t, "hunt-csv/timeline.csv", h.writeTimeline(page.Timeline{Step: time.Minute, Buckets: []summary.Bucket{{At: at, DNS: 5, DNSFailed: 4, Network: 3, NetworkDenied: 2, Audit: 1}}}))
	require.Equal(t, []string{"2026-03-04T05:06:00Z", "60", "5", "4", "3", "2", "1"}, readTable(t, h.path("timeline"))[1])
	require.Empty(t, h.missing)
}

func TestATableThatCannotBeWrittenMakesThePageIncomplete(t *testing.T) {
	h := tablesIn(t)
	require.NoError(t, os.Remove(h.folder()))
	require.Empty(t, h.writeFiles())
	require.Empty(t, h.writeAccounts())
	require.Empty(t, h.writeTimeline(page.Timeline{}))
	require.Empty(t, h.writeTop(summary.List{ID: "top-names", Of: "Name"}).CSV)
	require.Len(t, h.missing, 4)
	require.Contains(t, h.missing[0], "the table of files: ")
}

func TestTheFilesOfAnEarlierRunAreRemovedAndOthersStay(t *testing.T) {
	h := tablesIn(t)
	other := filepath.Join(h.folder(), "mine.csv")
	for _, path := range []string{h.path("files"), h.path("top-denied"), h.path("scans"), other} {
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	require.NoError(t, h.openFolder())
	entries, err := os.ReadDir(h.folder())
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.FileExists(t, other)
}

func TestTheFolderForTheDatabaseIsClosedToOthers(t *testing.T) {
	h := &hunt{options: options{temp: t.TempDir()}}
	dir, err := h.openTemp()
	require.NoError(t, err)
	who, err := private.Readers(dir)
	require.NoError(t, err)
	require.Empty(t, who)
}
