// SPDX-License-Identifier: Apache-2.0

// Lean in docs/volume.md: with several seeds, with the memory that a receiver has, and with each value of aggregation.pack.

package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

// The run of the lines about lean's memory, its seeds and aggregation.pack, and its load in queries a second.
const (
	measuredRun  = "load=1k"
	measuredLoad = 1_000
)

// repeated matches a line of measuredRun that has a seed of its own.
var repeated = regexp.MustCompile(`^Bill/dns/` + measuredRun + `/(seed=\d+)/(.*)$`)

// seedsOf returns the values of a line: its own and those of the lines that repeat it with other seeds, in the order of their names.
func (r results) seedsOf(line, unit string) (all []float64) {
	if v, ok := r.billed(line, unit); ok {
		all = append(all, v)
	}
	var others []string
	for k := range r {
		if m := repeated.FindStringSubmatch(k.bench); m != nil && k.unit == unit && "dns/"+measuredRun+"/"+m[2] == line {
			others = append(others, strings.TrimPrefix(k.bench, "Bill/"))
		}
	}
	slices.Sort(others)
	for _, other := range others {
		v, _ := r.billed(other, unit)
		all = append(all, v)
	}
	return all
}

// mean returns the mean of values, of which there is one at least.
func mean(all []float64) (sum float64) {
	for _, v := range all {
		sum += v
	}
	return sum / float64(len(all))
}

// seeded is a row of the table of seeds.
type seeded struct {
	Name         string
	Bytes        []float64 // for a query, by seed
	Mean         float64
	Part         float64 // the mean in that of AMA's
	Seeds, Meets int     // how many seeds there are, and how many of them meet the goal
}

// Range is the least and the greatest of the bytes.
func (s seeded) Range() string { return between(s.Bytes) }

// Judged is the cell of the goal.
func (s seeded) Judged() string {
	return fmt.Sprintf("%s, %s by the mean; %d of %d seeds meet it", ratio(s.Part), s.Verdict(), s.Meets, s.Seeds)
}

// Verdict reports whether the mean meets the goal.
func (s seeded) Verdict() string { return billGoals[leanGoal].verdict(s.Part) }

// seedsOfLean returns a row of the table of seeds.
func (r results) seedsOfLean(name, way string) (s seeded, err error) {
	s.Name, s.Bytes = name, r.seedsOf("dns/"+measuredRun+"/"+way, billedPerQuery)
	ama := r.seedsOf("dns/"+measuredRun+"/ama", billedPerQuery)
	if s.Seeds = len(s.Bytes); s.Seeds == 0 || s.Seeds != len(ama) {
		return s, fmt.Errorf("the lines Bill/dns/%s/%s of %s have %d seeds; those of ama have %d", measuredRun, way, billPackage, s.Seeds, len(ama))
	}
	s.Mean = mean(s.Bytes)
	s.Part = s.Mean / mean(ama)
	for i, v := range s.Bytes {
		if v/ama[i] <= billGoals[leanGoal].most {
			s.Meets++
		}
	}
	return s, nil
}

// leanBill is lean in a run with a memory that a receiver can have.
type leanBill struct {
	Bytes  float64 // for a query
	Part   float64 // of AMA's
	More   bool    // it is more than these
	Judged string  // the cell of the goal
}

// Prefix is written before an amount.
func (l leanBill) Prefix() string {
	if l.More {
		return "> "
	}
	return ""
}

// leanDefault returns it for a run with the default memory. At 100,000 queries/s the sample's part of that is too small to be measured: it is
// worse than at 10,000.
func leanDefault(get func(line, unit string) float64, run string) leanBill {
	from := run
	if run == "load=100k" {
		from = "load=10k"
	}
	l := judgeLean(get, from, leanMemory())
	if from != run {
		l.More, l.Judged = true, billGoals[leanGoal].judged(l.Part, true)
	}
	return l
}

// leanAdvised returns it for a run with the memory that grows with the load, up to the most that a receiver has.
func leanAdvised(get func(line, unit string) float64, run string) leanBill {
	load := 10_000.
	for _, l := range billLoads {
		if l.Line == run {
			load = l.Queries
		}
	}
	return judgeLean(get, run, min(mostMemory, int(load/measuredLoad)*leanMemory()))
}

func judgeLean(get func(line, unit string) float64, run string, mib int) leanBill {
	bytes := get(fmt.Sprintf("dns/%s/lean/memory=%dMiB", run, mib), billedPerQuery)
	part := bytes / get("dns/"+run+"/ama", billedPerQuery)
	return leanBill{Bytes: bytes, Part: part, Judged: billGoals[leanGoal].judged(part, false)}
}

// leanWays are the memories of lean in the tables, beside enough.
var leanWays = []struct {
	Name string
	bill func(get func(line, unit string) float64, run string) leanBill
}{
	{fmt.Sprintf("`volume: lean` with %d MiB for each 1,000 queries/s, at most %d GiB", leanMemory(), mostMemory>>10), leanAdvised},
	{"`volume: lean` with the default memory", leanDefault},
}

// leanRow is a row of lean in the tables.
type leanRow struct {
	Name string
	bill func(run string) leanBill
}

// In returns what it takes in a run.
func (l leanRow) In(run string) leanBill { return l.bill(run) }

func leanRows(get func(line, unit string) float64) (rows []leanRow) {
	for _, w := range leanWays {
		rows = append(rows, leanRow{w.Name, func(run string) leanBill { return w.bill(get, run) }})
	}
	return rows
}

// packs are the values of aggregation.pack, each with what it gives.
var packs = []struct {
	way
	Gives string
}{
	{way{"lean", "`new` (default)"}, "a packed row also has the names that a client asks for the first time in a day, and what it has beyond ten in a minute, up to 5 minutes late. Names are read by `WinnetDns`"},
	{way{"lean/pack=sums", "`sums`"}, "each of these is a row of its own, at once. Sums are packed, and read by `WinnetDns`"},
	{way{"lean/pack=none", "`none`"}, "each sum is a row of its own, too, with all of its columns: ASIM's own parsers can read it"},
}

// mostMemory is the largest aggregation.max_size_mib.
const mostMemory = 16 << 10

// mostLoad is the largest load of which a receiver can have the memory that the default is at measuredLoad, in queries a second.
func mostLoad() float64 { return float64(mostMemory) / float64(leanMemory()) * measuredLoad }

// volumeConfig returns the receiver's configuration with some keys set.
func volumeConfig(keys map[string]any) *asimdnsreceiver.Config {
	c := asimdnsreceiver.NewFactory().CreateDefaultConfig().(*asimdnsreceiver.Config)
	if err := confmap.NewFromStringMap(keys).Unmarshal(c); err != nil {
		panic("the keys are constants: " + err.Error())
	}
	return c
}

// leanMemory is the default of aggregation.max_size_mib with lean.
func leanMemory() int { return volumeConfig(map[string]any{"volume": "lean"}).Aggregation.MaxSizeMiB }
