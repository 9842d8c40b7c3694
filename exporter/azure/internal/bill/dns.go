// SPDX-License-Identifier: Apache-2.0

// The traffic of a DNS server, and what each mode makes of it.

package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/traffic"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

// mode is a configuration of the receiver.
type mode struct {
	name   string
	config map[string]any
	// long is set if a record may depend on what was a day ago.
	long bool
	// memory is what the server's receiver has for sums and names; the zero value is more than enough.
	memory memory
}

// memory is what a server's receiver has for sums and for names, in MiB.
type memory struct{ sums, names int }

// lean returns the mode lean with the memory that the receiver of the whole load has.
func lean(m memory) mode {
	return mode{name: fmt.Sprintf("lean/memory=%dMiB", m.sums), config: leanConfig(), long: true, memory: m}
}

func leanConfig() map[string]any { return map[string]any{"volume": "lean"} }

// leanPacked returns the mode lean with another value of aggregation.pack than its default.
func leanPacked(pack string) mode {
	config := leanConfig()
	config["aggregation"] = map[string]any{"pack": pack}
	return mode{name: "lean/pack=" + pack, config: config, long: true}
}

// shipped is the memory that lean has by default, and that this project advises for each 1,000 queries/s. most is the most that the receiver takes.
var (
	shipped = memory{512, 64}
	most    = memory{16 << 10, 16 << 10}
)

// advised returns the memory that this project advises for a load, in queries/s.
func advised(rate int) memory {
	n := rate / 1_000
	return memory{min(n*shipped.sums, most.sums), min(n*shipped.names, most.names)}
}

// modes returns those of a load, for the table.
func (l load) modes() []mode {
	enough := mode{name: "lean", config: leanConfig(), long: true}
	switch {
	case l.repeats:
		return []mode{enough, lean(shipped)}
	case l.rate > 1_000:
		return slices.Concat(whole, []mode{enough, lean(shipped), lean(advised(l.rate))})
	}
	all := slices.Concat(whole, []mode{enough, leanPacked("sums"), leanPacked("none")})
	for _, sums := range []int{128, 256, shipped.sums} {
		all = append(all, lean(memory{sums, shipped.names}))
	}
	return all
}

// whole are the modes that do not sum.
var whole = []mode{
	{name: "full", config: map[string]any{}},
	{name: "correlate", config: map[string]any{"correlate": true}},
	{name: "balanced", config: map[string]any{"volume": "balanced"}},
}

// The times of a run, after midnight. The traffic of a day precedes what is measured, so that names of the day before are not new. The last hour
// ends the sums that began before.
const (
	begins   = 10 * time.Hour
	measured = 34 * time.Hour
	short    = 30 * time.Minute // for modes that do not remember
	long     = 2 * time.Hour    // for those that do
	ends     = measured + long + 65*time.Minute
)

// load is the traffic of a run.
type load struct {
	name  string
	rate  int // queries in a second that the run stands for, over a day
	seed  uint64
	shape func(*traffic.Model)
	// repeats is set if the run repeats another with a seed of its own, for lean only.
	repeats bool
}

// loads returns those of the table, of which the first is measured with so many seeds.
func loads(seeds int) []load {
	asIs := func(*traffic.Model) {}
	all := []load{
		{name: "load=1k", rate: 1_000, seed: 1, shape: asIs},
		{name: "load=10k", rate: 10_000, seed: 2, shape: asIs},
		{name: "load=100k", rate: 100_000, seed: 3, shape: asIs},
		{name: "load=10k/repetition=half", rate: 10_000, seed: 2, shape: func(m *traffic.Model) { m.Repetition = 0.5 }},
		{name: "load=10k/repetition=double", rate: 10_000, seed: 2, shape: func(m *traffic.Model) { m.Repetition = 2 }},
		{name: "load=10k/names=new", rate: 10_000, seed: 2, shape: func(m *traffic.Model) { m.OnlyNew = true }},
	}
	const further = 11 // the first of the further seeds
	for i := range seeds - 1 {
		seed := uint64(further + i)
		all = append(all, load{name: fmt.Sprintf("load=1k/seed=%d", seed), rate: 1_000, seed: seed, shape: asIs, repeats: true})
	}
	return all
}

// recording is the traffic of a run in two files: all of it, and a part for the modes that do not remember.
type recording struct {
	all, some               string // paths
	allOf, someOf           span
	allQueries, someQueries int
	someEvents              int
	thinning                float64 // how many times as many clients the load has
	repetition              repetition
	rivals                  *rivals
}

// record generates the traffic.
func (l load) record(dir string, clients int) (r recording, err error) {
	m := traffic.Studies(clients)
	l.shape(&m)
	midnight := time.Now().UTC().Truncate(time.Hour).Add(-ends) // no row is older than the service accepts
	r = recording{
		all: filepath.Join(dir, "all.etl"), some: filepath.Join(dir, "some.etl"), rivals: newRivals(),
		allOf:  span{midnight.Add(measured), midnight.Add(measured + long)},
		someOf: span{midnight.Add(measured), midnight.Add(measured + short)},
	}
	g := traffic.New(m, l.seed, midnight, begins)
	all, err := newFile(r.all)
	if err != nil {
		return r, err
	}
	some, err := newFile(r.some)
	if err != nil {
		return r, err
	}
	count, day := newCounter(), 0
	for end := midnight.Add(ends); ; {
		raw, at := g.Next()
		if !at.Before(end) {
			break
		}
		asked := raw[40] == 0 && raw[41] == 1 // event 256, in EVENT_HEADER
		if asked && at.Before(midnight.Add(begins+24*time.Hour)) {
			day++
		}
		if err := all.Write(raw); err != nil {
			return r, err
		}
		if r.allOf.contains(at) {
			if asked {
				r.allQueries++
			}
		}
		count.add(raw, at, r.allOf.contains(at))
		if r.someOf.contains(at) {
			if asked {
				r.someQueries++
			}
			r.someEvents++
			if err := some.Write(raw); err != nil {
				return r, err
			}
			if err := r.rivals.add(raw); err != nil {
				return r, err
			}
		}
	}
	r.thinning = float64(l.rate) * 24 * 3600 / float64(day)
	r.repetition = count.repetition()
	r.rivals.end()
	if err := all.close(); err != nil {
		return r, err
	}
	return r, some.close()
}

// file is a recording that is being written.
type file struct {
	*etl.Writer
	file *os.File
}

func newFile(path string) (*file, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	const buffer = 128 << 10
	w, err := etl.Create(f, etl.Options{LoggerName: "ASIMDNSServerTrace", BufferSize: buffer, OS: etl.OSVersion{Major: 10, Build: 26100}})
	if err != nil {
		return nil, err
	}
	return &file{w, f}, nil
}

func (f *file) close() error {
	if err := f.Writer.Close(); err != nil {
		return err
	}
	return f.file.Close()
}

// fits reports whether the sample can have the mode's memory. The receiver takes it in pieces of 64 KiB, of which a server's has thousands, and a
// sample must have some.
func (r *recording) fits(m mode) bool {
	return m.memory.sums == 0 || float64(m.memory.sums)/r.thinning >= 1
}

// bill returns what a mode costs, and the number of queries that it is for.
func (r *recording) bill(m mode) (bill, int, error) {
	path, of, queries := r.some, r.someOf, r.someQueries
	if m.long {
		path, of, queries = r.all, r.allOf, r.allQueries
	}
	f := asimdnsreceiver.NewFactory()
	cfg := f.CreateDefaultConfig().(*asimdnsreceiver.Config)
	config := maps.Clone(m.config)
	config["replay"] = map[string]any{"path": path}
	config["device"] = map[string]any{"hostname": hostName, "ip": hostIP}
	if err := confmap.NewFromStringMap(config).Unmarshal(cfg); err != nil {
		return bill{}, 0, err
	}
	if m.memory != (memory{}) {
		cfg.Aggregation.MaxSizeMiB, cfg.Aggregation.Whole.NewMaxSizeMiB = m.memory.sums, m.memory.names
		cfg.Thin(r.thinning)
	}
	b, err := replay(f, cfg, of)
	return b, queries, err
}
