// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
)

const testdata = "../../testdata/"

// result is what a run said and left.
type result struct {
	code           int
	stdout, stderr string
	page           string // its text; "" if there is none
	dir            string
}

// hunted runs the program with an output in a new folder.
func hunted(t *testing.T, reading, asking context.Context, args ...string) result {
	t.Helper()
	return huntedIn(t, t.TempDir(), reading, asking, args...)
}

func huntedIn(t *testing.T, dir string, reading, asking context.Context, args ...string) (r result) {
	t.Helper()
	temp := t.TempDir()
	var stdout, stderr strings.Builder
	r.dir = dir
	r.code = run(reading, asking, append([]string{"-out", filepath.Join(dir, "hunt.html"), "-temp", temp}, args...), &stdout, &stderr)
	r.stdout, r.stderr = stdout.String(), stderr.String()
	if text, err := os.ReadFile(filepath.Join(dir, "hunt.html")); err == nil {
		r.page = string(text)
	}
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left, "the database is removed")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		require.False(t, strings.HasPrefix(e.Name(), "."), "%s is left", e.Name())
	}
	return r
}

func TestTheAnswersToAScenarioHaveItsPlantedEvents(t *testing.T) {
	s, err := incident.WriteScenario(t.TempDir(), 7)
	require.NoError(t, err)
	for _, volume := range []string{"full", "balanced", "lean"} {
		t.Run(volume, func(t *testing.T) {
			r := hunted(t, t.Context(), t.Context(), append([]string{"-volume", volume, s.Server, s.Client, s.Pods}, others(s)...)...)
			require.Zero(t, r.code, r.stdout+r.stderr)
			require.Contains(t, r.stdout, "answers to 19 questions")
			require.Contains(t, r.page, "Everything was read.")
			require.Equal(t, 4, strings.Count(r.page, "New is what came from "), "the questions that compare with the time before")
			for _, q := range question.All() {
				require.Contains(t, r.page, ` id="`+q.ID+`"`)
				if q.ID == "silent-collector" {
					continue
				}
				table := readTable(t, filepath.Join(r.dir, "hunt-csv", q.ID+".csv"))
				require.Len(t, table[0], len(q.Columns))
				require.NotEmpty(t, s.Planted[q.ID], q.ID)
				for _, planted := range s.Planted[q.ID] {
					// The database's own test compares whole rows. A host is named by its file here.
					words := strings.Fields(planted)
					require.True(t, slices.ContainsFunc(table[1:], func(row []string) bool {
						return slices.ContainsFunc(row, func(cell string) bool { return slices.Contains(words, cell) })
					}), "%s: %s", q.ID, planted)
				}
			}
		})
	}
}

// others are the recordings of a scenario's further workstations.
func others(s incident.Scenario) (paths []string) {
	for _, o := range s.Others {
		paths = append(paths, o.Path)
	}
	return paths
}

func TestWhatCannotBeReadIsOnThePageAndInTheExitCode(t *testing.T) {
	dir := t.TempDir()
	empty, damaged := filepath.Join(dir, "empty.etl"), filepath.Join(dir, "damaged.pcapng")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	whole, err := os.ReadFile(testdata + "cilium_events.pcapng")
	require.NoError(t, err)
	for i := len(whole) / 2; i < len(whole)/2+5000; i++ {
		whole[i] ^= 0x5a
	}
	require.NoError(t, os.WriteFile(damaged, whole, 0o600))
	r := hunted(t, t.Context(), t.Context(), testdata+"dnsserver.etl", empty, damaged, filepath.Join(dir, "missing.etl"))
	require.Equal(t, exitIncomplete, r.code)
	for _, part := range []string{"This page is incomplete.", "empty.etl", "the file is empty", "missing.etl", "no such file", "damaged.pcapng", "could not be read"} {
		require.Contains(t, r.page, part)
	}
	require.Contains(t, r.stdout, "missing.etl: no such file")
	require.Contains(t, r.page, "2,393", "the others are read")
}

func TestARecordWithoutATimeIsNamed(t *testing.T) {
	capture, err := os.ReadFile(testdata + "cilium_events.pcapng")
	require.NoError(t, err)
	data := []byte{4, 0, 0, 0} // a trace that is cut
	block := binary.LittleEndian.AppendUint32(nil, 3)
	for _, n := range []uint32{20, uint32(len(data))} {
		block = binary.LittleEndian.AppendUint32(block, n)
	}
	block = binary.LittleEndian.AppendUint32(append(block, data...), 20)
	path := filepath.Join(t.TempDir(), "pods.pcapng")
	require.NoError(t, os.WriteFile(path, append(capture, block...), 0o600))
	r := hunted(t, t.Context(), t.Context(), path)
	require.Zero(t, r.code, r.stdout+r.stderr)
	require.Contains(t, r.page, "records of the file have no time of their own")
}

func TestARunOfNothingIsAPageThatSaysSo(t *testing.T) {
	r := hunted(t, t.Context(), t.Context(), filepath.Join(t.TempDir(), "none.etl"))
	require.Equal(t, exitIncomplete, r.code)
	require.Contains(t, r.page, "no file was read")
	require.NotContains(t, r.page, `class="none"`, "no question has an answer")
}

func TestOfAKindThatWasNotReadNoQuestionSaysThatThereIsNothing(t *testing.T) {
	r := hunted(t, t.Context(), t.Context(), testdata+"dnsserver.etl")
	require.Zero(t, r.code)
	_, article, _ := strings.Cut(r.page, `id="exfiltration"`)
	article, _, _ = strings.Cut(article, "</article>")
	require.Contains(t, article, "Not asked: no row of ASimNetworkSessionLogs was read.")
	require.NotContains(t, article, "none")
}

func TestAnExistingPageIsReplacedOnlyIfAsked(t *testing.T) {
	dir := t.TempDir()
	r := huntedIn(t, dir, t.Context(), t.Context(), testdata+"dnsclient.etl")
	require.Zero(t, r.code)
	other := filepath.Join(dir, "hunt-csv", "mine.txt")
	require.NoError(t, os.WriteFile(other, nil, 0o600))
	again := huntedIn(t, dir, t.Context(), t.Context(), testdata+"dnsserver.etl")
	require.Equal(t, exitFailed, again.code)
	require.Contains(t, again.stderr, "is there already: name another file with -out, or replace it with -replace")
	require.Equal(t, r.page, again.page)
	third := huntedIn(t, dir, t.Context(), t.Context(), "-replace", testdata+"dnsserver.etl")
	require.Zero(t, third.code)
	require.NotEqual(t, r.page, third.page)
	require.FileExists(t, other)
}

func TestARecordingIsNeverReplaced(t *testing.T) {
	dir := t.TempDir()
	recording := filepath.Join(dir, "dns.etl")
	raw, err := os.ReadFile(testdata + "dnsserver.etl")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(recording, raw, 0o600))
	r := hunted(t, t.Context(), t.Context(), "-replace", "-out", recording, recording)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "is not replaced: it is no page of winnet-hunt")
	after, err := os.ReadFile(recording)
	require.NoError(t, err)
	require.Equal(t, raw, after)
}

func TestAnOutputThatCannotBeWrittenIsSaidBeforeAnythingIsRead(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file-csv"), nil, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "dir.html"), 0o700))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-out", filepath.Join(dir, "none", "hunt.html")}, "the folder of the page, " + filepath.Join(dir, "none") + ": no such file or directory; create it, or name another file with -out\n"},
		{[]string{"-replace", "-out", filepath.Join(dir, "file.html")}, "the folder for the CSV files, " + filepath.Join(dir, "file-csv") + ": it is no folder; name another file with -out\n"},
		{[]string{"-temp", filepath.Join(dir, "none")}, "name another one with -temp\n"},
		{[]string{"-replace", "-out", filepath.Join(dir, "dir.html")}, "is not replaced"},
		{[]string{"-volume", "huge"}, "-volume: "},
		{[]string{"-unknown"}, "flag provided but not defined"},
	} {
		r := hunted(t, t.Context(), t.Context(), append(c.args, testdata+"dnsserver.etl")...)
		require.Equal(t, exitFailed, r.code, c.args)
		require.Empty(t, r.page)
		require.Contains(t, r.stderr, c.want, c.args)
		require.NotContains(t, r.stderr, "reading", c.args)
	}
	require.Equal(t, exitFailed, hunted(t, t.Context(), t.Context()).code, "no file")
}

func TestAStopWhileReadingLeavesAnIncompletePage(t *testing.T) {
	stopped, stop := context.WithCancelCause(t.Context())
	stop(errors.New("stopped by a signal: interrupt"))
	r := hunted(t, stopped, t.Context(), testdata+"dnsserver.etl", testdata+"cilium_events.pcapng")
	require.Equal(t, exitIncomplete, r.code)
	require.Contains(t, r.page, "reading was stopped by a signal: interrupt")
	require.Contains(t, r.page, "dnsserver.etl")
	require.Contains(t, r.page, "cilium_events.pcapng")
}

func TestAStopWhileAskingLeavesThePageOfWhatWasRead(t *testing.T) {
	stopped, stop := context.WithCancelCause(t.Context())
	stop(errors.New("stopped by a signal: interrupt"))
	r := hunted(t, t.Context(), stopped, testdata+"dnsserver.etl")
	require.Equal(t, exitIncomplete, r.code)
	require.Contains(t, r.page, "No answer: stopped by a signal: interrupt")
	require.Contains(t, r.page, "2,393")
}

func TestTheFilesAreOfTheUserOnly(t *testing.T) {
	r := hunted(t, t.Context(), t.Context(), testdata+"dnsserver.etl")
	require.NoError(t, filepath.WalkDir(r.dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil || path == r.dir {
			return err
		}
		who, err := private.Readers(path)
		require.Empty(t, who, path)
		return err
	}))
}

func TestTheVersionIsPrinted(t *testing.T) {
	var out strings.Builder
	require.Zero(t, run(t.Context(), t.Context(), []string{"-version"}, &out, &out))
	require.Contains(t, out.String(), "winnet-hunt ")
	require.Zero(t, run(t.Context(), t.Context(), []string{"-h"}, &out, &out))
}

// A rule finds less than the question where it has thresholds of its own. The page and the documents then name each of them.
func TestTheRulesThatAreNamedAreThereAndWhatTheyWatchForIsSaid(t *testing.T) {
	var ids []string
	for _, q := range question.All() {
		ids = append(ids, q.ID)
	}
	document, err := os.ReadFile("../../docs/hunting.md")
	require.NoError(t, err)
	threshold := regexp.MustCompile(`let Min\w+ = (\d+);`)
	for id, w := range watches {
		require.Contains(t, ids, id)
		row := regexp.MustCompile("(?m)^\\| `" + id + "` .*").FindString(string(document))
		require.Contains(t, row, w.part, id)
		for _, name := range w.rules {
			raw, err := os.ReadFile("../../deploy/sentinel/rules/" + name + ".yaml")
			require.NoError(t, err)
			require.Contains(t, row, "rules/"+name+".yaml", id)
			found := threshold.FindAllStringSubmatch(string(raw), -1)
			for _, m := range found {
				require.Contains(t, w.part, m[1], "%s: a threshold of %s", id, name)
			}
			if len(found) > 0 {
				require.Contains(t, string(raw), "queryPeriod: 3h")
				require.Contains(t, w.part, "three hours", id)
			}
		}
	}
}

func TestAnAddressAndAPageAreNamedAsSuch(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-ip", "notanip"}, `-ip: "notanip" is no address`},
		{[]string{"-out", ".html"}, `-out: ".html" is no name of a page`},
		{[]string{"-out", "page"}, `-out: "page" is no name of a page`},
		{[]string{"-out", ""}, `-out: "" is no name of a page`},
	} {
		t.Chdir(t.TempDir())
		var stdout, stderr strings.Builder
		require.Equal(t, exitFailed, run(t.Context(), t.Context(), append(c.args, "dns.etl"), &stdout, &stderr))
		require.Contains(t, stderr.String(), c.want)
		left, err := os.ReadDir(".")
		require.NoError(t, err)
		require.Empty(t, left)
	}
}
