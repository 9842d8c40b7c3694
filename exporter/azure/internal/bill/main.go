// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

func main() {
	var o options
	flag.IntVar(&o.clients, "clients", 160, "the number of simulated clients of the DNS server at 1,000 queries/s; the other loads have a quarter more")
	flag.IntVar(&o.seeds, "seeds", 8, "the number of seeds for lean at 1,000 queries/s; with 1 each load is measured once")
	flag.IntVar(&o.parallel, "parallel", 1, "the number of loads that are measured at once; each takes up to 3 GB in the folder for temporary files")
	only := flag.String("run", "", "run only the cases whose names match this regular expression, such as dns/load=1k$ or cilium")
	ways := flag.String("modes", "", "run only the modes whose names match this regular expression, such as lean$; the others' rows are always built")
	flag.BoolVar(&o.columns, "columns", false, "also print the billed bytes of each column")
	flag.Parse()
	if err := run(os.Stdout, o, *only, *ways, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bill:", err)
		os.Exit(1)
	}
}

// options are those of the command.
type options struct {
	clients, seeds, parallel int
	columns                  bool
}

func run(w io.Writer, o options, pattern, ways string, recordings []string) error {
	only, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	wanted, err := regexp.Compile(ways)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "pkg: github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/bill")
	matching := slices.DeleteFunc(loads(o.seeds), func(l load) bool { return !only.MatchString("dns/" + l.name) })
	if err := runAll(w, o, matching, wanted); err != nil {
		return err
	}
	for _, path := range recordings {
		if !only.MatchString("cilium/" + filepath.Base(path)) {
			continue
		}
		if err := cilium(w, path, o.columns); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// runAll measures loads, some at once, and writes their lines in the order of the loads.
func runAll(w io.Writer, o options, all []load, wanted *regexp.Regexp) error {
	type result struct {
		lines bytes.Buffer
		err   error
	}
	results := make([]chan *result, len(all))
	for i := range results {
		results[i] = make(chan *result, 1)
	}
	go func() {
		free := make(chan struct{}, max(1, o.parallel))
		for i, l := range all {
			free <- struct{}{}
			go func() {
				defer func() { <-free }()
				r := new(result)
				r.err = l.run(&r.lines, o, wanted)
				results[i] <- r
			}()
		}
	}()
	var failed error
	for i, l := range all {
		r := <-results[i]
		if r.err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", l.name, r.err))
		}
		if _, err := w.Write(r.lines.Bytes()); err != nil {
			return err
		}
	}
	return failed
}

func (l load) run(w io.Writer, o options, wanted *regexp.Regexp) error {
	dir, err := os.MkdirTemp("", "bill")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	clients := o.clients
	if l.rate > 1_000 { // of a larger load the sample has a smaller part of the memory
		clients += clients / 4
	}
	r, err := l.record(dir, clients)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "BenchmarkBill/dns/%s/traffic\t%d\t%.0f thinning\t%.2f events/query\t%.2f repetition-5m\t%.2f repetition-1h\t%.3f first-of-day\n",
		l.name, r.allQueries, r.thinning, float64(r.someEvents)/float64(r.someQueries), r.repetition.In5m, r.repetition.InHour, r.repetition.First)
	show := func(name string, b bill, queries int) {
		per := func(n int) float64 { return float64(n) / float64(queries) }
		fmt.Fprintf(w, "BenchmarkBill/dns/%s/%s\t%d\t%.4f rows/query\t%.1f billed-B/query", l.name, name, queries, per(b.Rows), per(b.Billed))
		if b.Wire > 0 {
			fmt.Fprintf(w, "\t%.1f wire-B/query", per(b.Wire))
		}
		if b.Counted > 0 {
			fmt.Fprintf(w, "\t%.4f exchanges/query", per(b.Counted))
		}
		fmt.Fprintln(w)
		if o.columns {
			b.print(w)
		}
	}
	show("ama", r.rivals.AMA, r.someQueries)
	show("asim-dns-collector", r.rivals.Peer, r.someQueries)
	for _, m := range l.modes() {
		if !r.fits(m) || !wanted.MatchString(m.name) {
			continue
		}
		b, queries, err := r.bill(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		show(m.name, b, queries)
	}
	return nil
}

// print prints the bytes by column in a row, and the rows by the events' type.
func (b *bill) print(w io.Writer) {
	names := slices.SortedFunc(maps.Keys(b.Columns), func(x, y string) int { return *b.Columns[y] - *b.Columns[x] })
	for _, name := range names {
		fmt.Fprintf(w, "# %-28s %8.2f B/row %5.1f %%\n", name, float64(*b.Columns[name])/float64(b.Rows), 100*float64(*b.Columns[name])/float64(b.Billed))
	}
	for _, id := range slices.Sorted(maps.Keys(b.Parts)) {
		p := b.Parts[id]
		fmt.Fprintf(w, "# type %-10s %8d rows %7.1f B/row\n", id, p.Rows, float64(p.Billed)/float64(p.Rows))
	}
}
