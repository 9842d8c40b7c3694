// SPDX-License-Identifier: Apache-2.0

// The traffic of a DNS server, and what each mode makes of it.

package main

import (
	"math"
	"os"
	"path/filepath"
	"time"

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
	// memory is the memory in MiB that the server's receiver has for sums, or 0 for more than enough.
	memory float64
}

// modes are those of the table.
var modes = []mode{
	{name: "full", config: map[string]any{}},
	{name: "correlate", config: map[string]any{"correlate": true}},
	{name: "balanced", config: map[string]any{"volume": "balanced"}},
	{name: "lean", config: map[string]any{"volume": "lean"}, long: true},
	{name: "lean/memory=64MiB", config: map[string]any{"volume": "lean"}, long: true, memory: 64},
	{name: "lean/memory=174MiB", config: map[string]any{"volume": "lean"}, long: true, memory: 174},
	{name: "lean/memory=290MiB", config: map[string]any{"volume": "lean"}, long: true, memory: 290},
	{name: "lean/memory=512MiB", config: map[string]any{"volume": "lean"}, long: true, memory: 512},
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
	rate  float64 // queries in a second that the run stands for, over a day
	seed  uint64
	shape func(*traffic.Model)
}

var loads = []load{
	{"load=1k", 1_000, 1, func(*traffic.Model) {}},
	{"load=10k", 10_000, 2, func(*traffic.Model) {}},
	{"load=100k", 100_000, 3, func(*traffic.Model) {}},
	{"load=10k/repetition=half", 10_000, 2, func(m *traffic.Model) { m.Repetition = 0.5 }},
	{"load=10k/repetition=double", 10_000, 2, func(m *traffic.Model) { m.Repetition = 2 }},
	{"load=10k/names=new", 10_000, 2, func(m *traffic.Model) { m.OnlyNew = true }},
}

// recording is the traffic of a run in two files: all of it, and a part for the modes that do not remember.
type recording struct {
	all, part               string // paths
	allOf, partOf           span
	allQueries, partQueries int
	partEvents              int
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
		all: filepath.Join(dir, "all.etl"), part: filepath.Join(dir, "part.etl"), rivals: newRivals(),
		allOf:  span{midnight.Add(measured), midnight.Add(measured + long)},
		partOf: span{midnight.Add(measured), midnight.Add(measured + short)},
	}
	g := traffic.New(m, l.seed, midnight, begins)
	all, err := newFile(r.all)
	if err != nil {
		return r, err
	}
	part, err := newFile(r.part)
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
		if r.partOf.contains(at) {
			if asked {
				r.partQueries++
			}
			r.partEvents++
			if err := part.Write(raw); err != nil {
				return r, err
			}
			if err := r.rivals.add(raw); err != nil {
				return r, err
			}
		}
	}
	r.thinning = l.rate * 24 * 3600 / float64(day)
	r.repetition = count.repetition()
	r.rivals.end()
	if err := all.close(); err != nil {
		return r, err
	}
	return r, part.close()
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

// fits reports whether the sample can have the mode's memory: the receiver's smallest is 1 MiB.
func (r *recording) fits(m mode) bool { return m.memory == 0 || m.memory/r.thinning > 0.99 }

// bill returns what a mode costs, and the number of queries that it is for.
func (r *recording) bill(m mode) (bill, int, error) {
	path, of, queries := r.part, r.partOf, r.partQueries
	if m.long {
		path, of, queries = r.all, r.allOf, r.allQueries
	}
	config := map[string]any{
		"replay": map[string]any{"path": path}, "device": map[string]any{"hostname": hostName, "ip": hostIP},
	}
	for key, value := range m.config {
		config[key] = value
	}
	if m.memory > 0 {
		const whole = 1 // MiB, the smallest
		config["aggregation"] = map[string]any{
			"max_size_mib": int(math.Round(m.memory / r.thinning)), "whole": map[string]any{"new_max_size_mib": whole},
		}
	}
	b, err := replay(asimdnsreceiver.NewFactory(), config, of)
	return b, queries, err
}
