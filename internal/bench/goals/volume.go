// SPDX-License-Identifier: Apache-2.0

// docs/volume.md: what Sentinel bills for each volume. It is made from the lines of `make bench-bill`.

package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/traffic"
)

//go:embed volume.md.tmpl
var volumePage string

// billPackage is the package of the lines.
const billPackage = "exporter/azure/internal/bill"

// way is a way of the events into Sentinel's table.
type way struct{ Line, Name string }

// ways are those of the tables, in order.
var ways = []way{
	{"ama", "Windows DNS Events via AMA"},
	{"asim-dns-collector", "asim-dns-collector"},
	{"full", "`volume: full`"},
	{"correlate", "`volume: full`, `correlate: true`"},
	{"balanced", "`volume: balanced`"},
	{"lean", "`volume: lean`"},
}

// billRun is a traffic pattern of the tables.
type billRun struct{ Line, Name string }

var billRuns = []billRun{
	{"load=1k", "1,000 queries/s"},
	{"load=10k", "10,000 queries/s"},
	{"load=100k", "100,000 queries/s"},
	{"load=10k/repetition=half", "half the repetition"},
	{"load=10k/repetition=double", "double the repetition"},
	{"load=10k/names=new", "new names only"},
}

// Units of the lines.
const (
	rowsPerQuery      = "rows/query"
	billedPerQuery    = "billed-B/query"
	exchangesPerQuery = "exchanges/query"
)

// dnsBill returns a value of a way in a run, of lean with no more memory than a receiver may have.
func (r results) dnsBill(run, way, unit string) (float64, error) {
	line, _ := r.reach(run, way)
	return r.bill("dns/"+line, unit)
}

// more is written before a value that is larger than it says.
func (r results) more(run, way string) string {
	if _, more := r.reach(run, way); more {
		return "> "
	}
	return ""
}

// bill returns a value of a line: the mean, if other lines repeat it with other seeds.
func (r results) bill(line, unit string) (float64, error) {
	all := r.seedsOf(line, unit)
	if len(all) == 0 {
		return 0, fmt.Errorf("the line Bill/%s of %s has no value in %s", line, billPackage, unit)
	}
	return mean(all), nil
}

// billed returns a value of one line, and reports whether there is one.
func (r results) billed(line, unit string) (float64, bool) {
	return r.value(measure{pkg: billPackage, bench: "Bill/" + line, unit: unit})
}

// billGoal is a goal for the bytes of a way, as a part of those of another.
type billGoal struct {
	What, Required string
	way, other     string
	most           float64
}

// The indices of lean and balanced in billGoals.
const (
	leanGoal     = 0
	balancedGoal = 1
)

var billGoals = []billGoal{
	{"`lean`, with the memory that it may have, against AMA", "≤ 1/10", "lean", "ama", 1. / 10},
	{"`balanced` against `full`", "≤ 1/2", "balanced", "full", 1. / 2},
}

// volume returns docs/volume.md. measured says when the lines were measured.
func volume(r results, measured []string) ([]byte, error) {
	var failed error
	get := func(line, unit string) float64 {
		v, err := r.bill(line, unit)
		if err != nil && failed == nil {
			failed = err
		}
		return v
	}
	dns := func(run, way, unit string) float64 {
		line, _ := r.reach(run, way)
		return get("dns/"+line, unit)
	}
	day := func(run, way string, queries float64) float64 { return perDay(queries, dns(run, way, billedPerQuery)) }
	one := func(way, unit string) float64 {
		v, ok := r.billed("dns/"+measuredRun+"/"+way, unit)
		if !ok && failed == nil {
			failed = fmt.Errorf("the line Bill/dns/%s/%s of %s has no value in %s", measuredRun, way, billPackage, unit)
		}
		return v
	}
	seeds, err := r.seedsOfLean("enough", "lean")
	if err != nil {
		return nil, err
	}
	small, err := r.seedsOfLean(fmt.Sprintf("%d (default)", leanMemory()), fmt.Sprintf("lean/memory=%dMiB", leanMemory()))
	if err != nil {
		return nil, err
	}
	lean := volumeConfig(map[string]any{"volume": "lean"}).Aggregation
	t, err := template.New("").Funcs(template.FuncMap{
		"n": number, "get": get, "dns": dns, "more": r.more,
		"rowSize": func(run, way string) float64 {
			return dns(run, way, billedPerQuery) / dns(run, way, rowsPerQuery)
		},
		"traffic": func(run, unit string) float64 { return dns(run, "traffic", unit) },
		"events":  func(line string) float64 { return get("cilium/"+line+"/lean", "events") },
		"one":     one,
		"part": func(way string) string {
			return ratio(one(way, billedPerQuery) / one("ama", billedPerQuery))
		},
		"ciliumPart": func(recording, unit string) string { return ratio(ciliumPart(get, recording, unit)) },
		"ciliumGoal": func(recording string) string {
			return billGoals[balancedGoal].verdict(ciliumPart(get, recording, "billed-B/event"))
		},
		"year":   func(l billLoad) float64 { return 365 * day(l.Line, "full", l.Queries) },
		"months": func(l billLoad) []monthRow { return r.dnsMonths(get, l) },
		"usd":    usd,
		"goal": func(run string) []string {
			cells := judgeBill(dns, r.more, run)
			if run == measuredRun {
				cells[leanGoal] = seeds.Judged()
			}
			return cells
		},
		"leanGoal": func(l leanRow, run string) string {
			if run == measuredRun {
				return small.Judged()
			}
			return l.In(run).Judged
		},
		"exchanges": func() string {
			var all []float64
			for k, v := range r {
				if k.unit == exchangesPerQuery && leanLine.MatchString(k.bench) {
					all = append(all, v...)
				}
			}
			return fmt.Sprintf("%.3f to %.3f", slices.Min(all), slices.Max(all))
		},
		"ratio": ratio,
		"known": func(how string) (n int) {
			for _, s := range traffic.Sources() {
				if string(s.How) == how {
					n++
				}
			}
			return n
		},
		"share": func(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) },
	}).Parse(volumePage)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Measured": measured, "Ways": ways, "Runs": billRuns, "Prices": prices(), "PerLakeGB": lakeIngestion.USD + lakeProcessing.USD, "Goals": billGoals, "Sources": traffic.Sources(), "References": traffic.References(), "Recordings": recordings,
		"CiliumWays": ciliumWays, "CiliumMonths": ciliumMonths(get), "Memories": memories, "Loads": billLoads, "Days": float64(daysPerMonth),
		"LeanMemory": lean.MaxSizeMiB, "LeanNames": lean.Whole.NewMaxSizeMiB, "LeanMemory10k": 10 * float64(lean.MaxSizeMiB), "LeanNames10k": 10 * float64(lean.Whole.NewMaxSizeMiB),
		"MostGiB": mostMemory >> 10, "MostAt100k": float64(mostMemory) / 100, "MostLoad": mostLoad(),
		"Seeds": []seeded{seeds, small}, "Enough": seeds, "Lean": leanRows(get), "Packs": packs,
	})
	if failed != nil {
		return nil, failed
	}
	return b.Bytes(), err
}

// leanLine matches a line of lean.
var leanLine = regexp.MustCompile(`^Bill/dns/.*/lean(/.+)?$`)

// billLoads are the loads of the tables of prices.
var billLoads = []billLoad{{billRuns[0], 1_000}, {billRuns[1], 10_000}, {billRuns[2], 100_000}}

// billLoad is a run, and the queries in a second that it stands for.
type billLoad struct {
	billRun
	Queries float64
}

// recordings are Cilium's recordings of the table.
var recordings = []billRun{
	{"cilium_events.pcapng", "events of all kinds"},
	{"cilium_ways.pcapng", "connections of pods"},
}

// ciliumWays are the modes of the table.
var ciliumWays = []way{
	{"every-event", "`monitor_aggregation_level: none`"}, {"full", "`volume: full`"}, {"balanced", "`volume: balanced`"}, {"lean", "`volume: lean`"},
}

// memories are the memories for sums of lean.
var memories = []way{
	{"lean/memory=128MiB", "128"}, {"lean/memory=256MiB", "256"}, {"lean/memory=512MiB", "512 (default)"}, {"lean", "enough"},
}

// ciliumPart returns the part of balanced in full, by a unit.
func ciliumPart(get func(line, unit string) float64, recording, unit string) float64 {
	return get("cilium/"+recording+"/balanced", unit) / get("cilium/"+recording+"/full", unit)
}

// between writes the least and the greatest of values.
func between(all []float64) string {
	least, most := number(slices.Min(all)), number(slices.Max(all))
	if least == most {
		return least
	}
	return least + " to " + most
}

// verdict reports whether a part is at most the goal's.
func (g billGoal) verdict(part float64) string {
	if part <= g.most {
		return met
	}
	return "**missed**"
}

// judgeBill returns a cell for each goal: the part, and whether the goal is met. Of a way that takes more than its line says it is not known to be met.
func judgeBill(dns func(run, way, unit string) float64, more func(run, way string) string, run string) (cells []string) {
	for _, g := range billGoals {
		part := dns(run, g.way, billedPerQuery) / dns(run, g.other, billedPerQuery)
		cells = append(cells, g.judged(part, more(run, g.way) != ""))
	}
	return cells
}

// judged is the cell of a part, or of one that is larger.
func (g billGoal) judged(part float64, more bool) string {
	switch {
	case !more:
		return ratio(part) + ", " + g.verdict(part)
	case part <= g.most:
		return "worse than " + ratio(part) + ", not known"
	default:
		return "worse than " + ratio(part) + ", " + g.verdict(part)
	}
}

// dnsMonths returns the rows of a load's month.
func (r results) dnsMonths(get func(line, unit string) float64, l billLoad) (rows []monthRow) {
	day := func(way string) float64 {
		line, _ := r.reach(l.Line, way)
		return perDay(l.Queries, get("dns/"+line, billedPerQuery))
	}
	archivedOf := func(way string) float64 {
		if archives(way) {
			return day("full")
		}
		return 0
	}
	for _, w := range ways {
		rows = append(rows, monthOf(w.Name, day(w.Line), archivedOf(w.Line), r.more(l.Line, w.Line) != ""))
	}
	for _, row := range leanRows(get) {
		lean := row.In(l.Line)
		rows = append(rows, monthOf(row.Name, perDay(l.Queries, lean.Bytes), archivedOf("lean"), lean.More))
	}
	return rows
}

// usd writes an amount of money.
func usd(v float64) string {
	if v < 100 {
		return fmt.Sprintf("$%.0f", v)
	}
	return "$" + number(v)
}

// writeVolume writes the page, its plot and the lines that they are made from to a folder.
func writeVolume(dir string, files []string) error {
	r, lines, err := readResults(files)
	if err != nil {
		return err
	}
	if len(lines) > 0 && len(stamps(lines)) == 0 {
		lines = append([]byte(fmt.Sprintf("%son %s with `make bench-bill`\n", stamp, time.Now().UTC().Format(time.DateOnly))), lines...)
	}
	page, err := volume(r, stamps(lines))
	if err != nil {
		return err
	}
	var picture bytes.Buffer
	if err := plot(&picture, r); err != nil {
		return err
	}
	for name, text := range map[string][]byte{"volume.txt": lines, "volume.md": page, "volume.svg": picture.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	benchmarks, _, err := readResults([]string{filepath.Join(dir, "benchmarks.txt")})
	if err != nil {
		return err
	}
	return writeSizingOf(dir, benchmarks)
}

// readResults reads files of lines.
func readResults(files []string) (r results, lines []byte, err error) {
	r = results{}
	var all bytes.Buffer
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, err
		}
		if err := r.read(bytes.NewReader(raw)); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		all.Write(resultLines(raw))
	}
	return r, all.Bytes(), nil
}

// series are the ways of the plot, with their colours.
var series = []struct {
	way
	colour string
}{
	{ways[0], "#8c8c8c"}, {ways[2], "#d95f02"}, {ways[3], "#e6ab02"}, {ways[4], "#1b9e77"}, {ways[5], "#386cb0"},
}

// plot draws the billed bytes of a query, by run and way.
func plot(w *bytes.Buffer, r results) error {
	const (
		width, height       = 960, 420
		left, top, base     = 70, 60, 340
		group, bar, between = 145, 22, 4
		step                = 500.
	)
	most := step
	values := map[string]float64{}
	for _, run := range billRuns {
		for _, s := range series {
			v, err := r.dnsBill(run.Line, s.Line, billedPerQuery)
			if err != nil {
				return err
			}
			values[run.Line+s.Line] = v
			for v > most {
				most += step
			}
		}
	}
	y := func(v float64) float64 { return base - v/most*(base-top) }
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", width, height, width, height)
	fmt.Fprintf(w, `<rect width="100%%" height="100%%" fill="#ffffff"/>`+"\n"+`<text x="%d" y="24" font-size="15">Bytes that Sentinel bills for a DNS query</text>`+"\n", left)
	x := left
	for _, s := range series {
		name := strings.ReplaceAll(s.Name, "`", "")
		fmt.Fprintf(w, `<rect x="%d" y="36" width="12" height="12" fill="%s"/><text x="%d" y="46">%s</text>`+"\n", x, s.colour, x+16, name)
		x += 40 + len(name)*7
	}
	for v := 0.; v <= most; v += step {
		fmt.Fprintf(w, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#dddddd"/><text x="%d" y="%.1f" text-anchor="end">%.0f</text>`+"\n",
			left-4, y(v), width-10, y(v), left-8, y(v)+4, v)
	}
	for i, run := range billRuns {
		x := float64(left + 8 + i*group)
		for _, s := range series {
			v := values[run.Line+s.Line]
			text := strings.ReplaceAll(r.more(run.Line, s.Line), ">", "&gt;") + number(v)
			fmt.Fprintf(w, `<rect x="%.0f" y="%.1f" width="%d" height="%.1f" fill="%s"><title>%s, %s: %s bytes</title></rect><text x="%.1f" y="%.1f" font-size="9" text-anchor="middle">%s</text>`+"\n",
				x, y(v), bar, base-y(v), s.colour, run.Name, strings.ReplaceAll(s.Name, "`", ""), text, x+bar/2, y(v)-3, text)
			x += bar + between
		}
		fmt.Fprintf(w, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", left+8+i*group+len(series)*(bar+between)/2, base+20, run.Name)
	}
	fmt.Fprintf(w, `<text x="%d" y="%d" fill="#555555">The last three are of 10,000 queries/s.</text>`+"\n</svg>\n", left, base+50)
	return nil
}

// billedModes are the ways of docs/sizing.md.
func billedModes() []way {
	return slices.DeleteFunc(slices.Clone(ways), func(w way) bool { return w.Line == "asim-dns-collector" })
}
