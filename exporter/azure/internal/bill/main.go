// SPDX-License-Identifier: Apache-2.0

package main

import (
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
	clients := flag.Int("clients", 160, "the number of simulated clients of the DNS server at 1,000 queries/s; the other loads have half")
	only := flag.String("run", "", "run only the cases whose names match this regular expression, such as dns/load=1k$ or cilium")
	ways := flag.String("modes", "", "run only the modes whose names match this regular expression, such as lean$; the others' rows are always built")
	columns := flag.Bool("columns", false, "also print the billed bytes of each column")
	flag.Parse()
	if err := run(os.Stdout, *clients, *only, *ways, *columns, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bill:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, clients int, pattern, ways string, columns bool, recordings []string) error {
	only, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	wanted, err := regexp.Compile(ways)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "pkg: github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/bill")
	for _, l := range loads {
		if !only.MatchString("dns/" + l.name) {
			continue
		}
		if err := l.run(w, clients, wanted, columns); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	for _, path := range recordings {
		if !only.MatchString("cilium/" + filepath.Base(path)) {
			continue
		}
		if err := cilium(w, path, columns); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func (l load) run(w io.Writer, clients int, wanted *regexp.Regexp, columns bool) error {
	dir, err := os.MkdirTemp("", "bill")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if l.rate > 1_000 { // only the smallest load has a run with less memory, for which the sample must be large
		clients = max(1, clients/2)
	}
	r, err := l.record(dir, clients)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "BenchmarkBill/dns/%s/traffic\t%d\t%.0f thinning\t%.2f events/query\t%.2f repetition-5m\t%.2f repetition-1h\t%.3f first-of-day\n",
		l.name, r.allQueries, r.thinning, float64(r.partEvents)/float64(r.partQueries), r.repetition.In5m, r.repetition.InHour, r.repetition.First)
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
		if columns {
			b.print(w)
		}
	}
	show("ama", r.rivals.AMA, r.partQueries)
	show("asim-dns-collector", r.rivals.Peer, r.partQueries)
	for _, m := range modes {
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
