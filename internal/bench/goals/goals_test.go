// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const output = `goos: linux
goarch: amd64
pkg: github.com/otelcol-winnet/otelcol-winnet/internal/bench
cpu: AMD EPYC
BenchmarkDNSRecord/floor-2         	  100	      2000 ns/op	    3722 B/op	      67 allocs/op
BenchmarkDNSRecord/ours-2          	  100	      9000 ns/op	    3722 B/op	      67 allocs/op
BenchmarkDNSRecord/ours-2          	  100	      2100 ns/op	    3722 B/op	      67 allocs/op
BenchmarkDNSRecord/ours-2          	  100	      2200 ns/op	    3722 B/op	      67 allocs/op
BenchmarkDNSDecode                 	  100	       200.5 ns/op	       8 B/op	       1 allocs/op
BenchmarkDNSFiltered
BenchmarkDNSFiltered-2             	some text that is no result
PASS
pkg: github.com/otelcol-winnet/otelcol-winnet/internal/test/wine
BenchmarkETW/empty-ours-2          	    1	       100 cpu-ns/event
BenchmarkETW/ours-2                	    1	       300 cpu-ns/event
BenchmarkETW/empty-golang-etw-2    	    1	       100 cpu-ns/event
BenchmarkETW/golang-etw-2          	    1	      4500 cpu-ns/event
`

// find returns the goal whose own benchmark has this name.
func find(t *testing.T, bench string) goal {
	for _, g := range goals {
		if g.ours.bench == bench {
			return g
		}
	}
	t.Fatalf("no goal for %s", bench)
	return goal{}
}

func parsed(t *testing.T, text string) results {
	r := results{}
	require.NoError(t, r.read(strings.NewReader(text)))
	return r
}

func TestARowHasTheMedianItsReferenceAndTheVerdict(t *testing.T) {
	r := parsed(t, output)
	row := judge(find(t, "DNSRecord/ours"), r)
	require.Equal(t, []string{"≤ 1.15 ×", "2200 ns", "2000 ns", "1.10", met}, row.cells()[1:])

	r[key{"internal/bench", "DNSRecord/floor", ns}] = []float64{1900}
	require.Equal(t, missed, judge(find(t, "DNSRecord/ours"), r).verdict)
}

func TestAllocationsAreAGoalOfTheirOwn(t *testing.T) {
	row := judge(find(t, "DNSDecode"), parsed(t, output))
	require.Equal(t, []string{"≤ 250 ns, 0 allocs", "200 ns, 1 allocs", "-", "0.80", missed}, row.cells()[1:])
	row = judge(find(t, "DNSDecode"), parsed(t, strings.ReplaceAll(output, "1 allocs/op", "0 allocs/op")))
	require.Equal(t, met, row.verdict)
	row = judge(find(t, "DNSDecode"), parsed(t, strings.ReplaceAll(output, "1 allocs/op", "")))
	require.Equal(t, missing, row.verdict, "without -benchmem the allocations are unknown")
}

func TestTheEmptyCallbackIsSubtractedFromBothSides(t *testing.T) {
	row := judge(find(t, "ETW/ours"), parsed(t, output))
	require.Equal(t, []string{"≤ 1/20.0 ×", "200 ns", "4400 ns", "1/22.0", met}, row.cells()[1:])
	row = judge(find(t, "ETW/ours"), parsed(t, strings.ReplaceAll(output, "empty-golang-etw", "gone")))
	require.Equal(t, missing, row.verdict)
	row = judge(find(t, "ETW/ours"), parsed(t, strings.ReplaceAll(output, " 300 cpu", " 100 cpu")))
	require.Equal(t, missing, row.verdict, "a difference of zero or less is not a measurement")
}

func TestABenchmarkThatHasNotRunIsARowToo(t *testing.T) {
	for _, g := range goals {
		row := judge(g, results{})
		require.Equal(t, missing, row.verdict, g.what)
		require.NotEmpty(t, row.goal)
	}
	row := judge(find(t, "DNSFiltered"), parsed(t, output))
	require.Equal(t, missing, row.verdict, "a name alone is not a result")
	row = judge(find(t, "DNSRecord/ours"), parsed(t, strings.ReplaceAll(output, "DNSRecord/floor", "gone")))
	require.Equal(t, []string{"2200 ns", "-", "-", missing}, row.cells()[2:])
}

func TestARowWithoutAGoalHasTheValue(t *testing.T) {
	g := find(t, "Live")
	r := results{}
	require.Equal(t, missing, judge(g, r).verdict)
	r[key{g.ours.pkg, g.ours.bench, ns}] = []float64{3000}
	require.Equal(t, []string{"-", "3000 ns", "-", "-", told}, judge(g, r).cells()[1:])
}

func TestNoTwoGoalsAreTheSame(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range goals {
		require.False(t, seen[g.what], g.what)
		seen[g.what] = true
		require.True(t, g.limit > 0 || g.informs() && g.reference.zero(), g.what)
	}
}

func TestTheDocumentHasTheTableTheCommandTheMachineAndTheDate(t *testing.T) {
	rows := []row{judge(find(t, "DNSRecord/ours"), parsed(t, output))}
	m := machine{CPU: "A CPU", Cores: 2, Memory: "23 GiB", OS: "Linux", Go: "go1.26"}
	text := stampOf("make bench", m, time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)) + "BenchmarkA 1 2 ns/op\n" + stamp + "later: B\n"
	page, err := document(rows, stamps([]byte(text)))
	require.NoError(t, err)
	for _, want := range []string{
		rows[0].what, "1 goals: 1 met, 0 missed, 0 missing",
		"\n- on 2026-03-04 with `make bench` on A CPU, 2 cores, 23 GiB, Linux, go1.26\n- later: B\n",
	} {
		require.Contains(t, string(page), want)
	}
	page, err = document(rows, nil)
	require.NoError(t, err)
	require.NotContains(t, string(page), "A CPU", "nothing was measured")
	require.Contains(t, string(page), "Nothing has been measured")
}

func TestTheBenchmarksPageIsOfTheGoalsAndTheBenchmarksThatAreShippedWithIt(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, run(dir, "", "", []string{"../../../docs/benchmarks.txt"}))
	for _, name := range []string{"benchmarks.md", "benchmarks.txt"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join("../../../docs", name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "go run ./internal/bench/goals -doc docs docs/benchmarks.txt")
	}
}

// A package that moves takes its results with it, or its goals are missing.
func TestTheShippedBenchmarksAreOfPackagesThatExist(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/benchmarks.txt")
	require.NoError(t, err)
	for line := range strings.Lines(string(raw)) {
		if pkg, ok := strings.CutPrefix(line, "pkg: "+module); ok {
			require.DirExists(t, filepath.Join("../../..", strings.TrimSpace(pkg)))
		}
	}
}

func TestTheCommandWritesTheDocumentAndTheLinesForBenchstat(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "events.txt")
	require.NoError(t, os.WriteFile(file, []byte(output), 0o600))
	require.NoError(t, run(dir, "", "make bench", []string{file}))
	page, err := os.ReadFile(filepath.Join(dir, "benchmarks.md"))
	require.NoError(t, err)
	require.Contains(t, string(page), "| 1.10 ")
	lines, err := os.ReadFile(filepath.Join(dir, "benchmarks.txt"))
	require.NoError(t, err)
	require.Contains(t, string(lines), "pkg: github.com/otelcol-winnet/otelcol-winnet/internal/bench\n")
	require.NotContains(t, string(lines), "PASS")
	require.Regexp(t, "^# measured on [0-9-]{10} with `make bench` on ", string(lines))
	require.ErrorContains(t, run("", "", "", []string{filepath.Join(dir, "none")}), "none")
}
