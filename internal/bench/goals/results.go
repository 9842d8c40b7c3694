// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/otelcol-winnet/otelcol-winnet/"

// key names a value of a benchmark.
type key struct{ pkg, bench, unit string }

// results are the values of all runs.
type results map[key][]float64

// processors matches the suffix of a benchmark's name with its number of processors.
var processors = regexp.MustCompile(`-\d+$`)

// read adds the results in the output of `go test -bench`. It skips other lines.
func (r results) read(from io.Reader) error {
	lines := bufio.NewScanner(from)
	pkg := ""
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "pkg: "); ok {
			pkg = strings.TrimPrefix(strings.TrimSpace(name), module)
			continue
		}
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		if _, err := strconv.Atoi(fields[1]); err != nil {
			continue
		}
		name := processors.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				break
			}
			k := key{pkg, name, fields[i+1]}
			r[k] = append(r[k], value)
		}
	}
	return lines.Err()
}

// median returns the median of the runs of a benchmark.
func (r results) median(k key) (float64, bool) {
	runs := slices.Sorted(slices.Values(r[k]))
	n := len(runs)
	if n == 0 {
		return 0, false
	}
	return (runs[(n-1)/2] + runs[n/2]) / 2, true
}

// value returns the value of a measure.
func (r results) value(m measure) (float64, bool) {
	v, ok := r.median(key{m.pkg, m.bench, m.unit})
	if !ok || m.less == "" {
		return v, ok
	}
	less, ok := r.median(key{m.pkg, m.less, m.unit})
	return v - less, ok
}
