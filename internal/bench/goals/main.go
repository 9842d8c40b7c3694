// SPDX-License-Identifier: Apache-2.0

// Command goals prints the table of the performance goals: for each, the measured value, its target, and whether it is
// met. It reads the output of `go test -bench` from the given files. With -doc it also writes docs/benchmarks.md, the
// lines of the benchmarks to docs/benchmarks.txt, and docs/sizing.md. With -sizing it writes only the last. With -volume it
// writes docs/volume.md, its plot and docs/volume.txt from the lines of `make bench-bill`, and docs/sizing.md, which has
// some of them. `make bench` runs it. Of docs/benchmarks.txt and docs/volume.txt themselves it makes the same pages again,
// with the date and the machine that are in them.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	doc := flag.String("doc", "", "the folder to write benchmarks.md, benchmarks.txt and sizing.md to; empty: only print")
	sizes := flag.String("sizing", "", "the file to write the sizes to, and nothing else")
	bills := flag.String("volume", "", "the folder to write volume.md, volume.svg, volume.txt and sizing.md to, and nothing else")
	command := flag.String("command", "make bench", "the command that was run, for results that do not say it")
	flag.Parse()
	write := func() error { return run(*doc, *sizes, *command, flag.Args()) }
	if *bills != "" {
		write = func() error { return writeVolume(*bills, flag.Args()) }
	}
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "goals:", err)
		os.Exit(1)
	}
}

func run(doc, sizes, command string, files []string) error {
	r, text, err := readResults(files)
	if err != nil {
		return err
	}
	if sizes != "" {
		return writeSizing(sizes, r)
	}
	rows := judged(r)
	fmt.Printf("\n%s\n%s\n", markdown(rows), summary(rows))
	if doc == "" {
		return nil
	}
	if len(text) > 0 && len(stamps(text)) == 0 {
		text = append([]byte(stampOf(command, thisMachine(), time.Now().UTC())), text...)
	}
	page, err := document(rows, stamps(text))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(doc, "benchmarks.md"), page, 0o644); err != nil {
		return err
	}
	if len(files) == 0 {
		return nil
	}
	if err := os.WriteFile(filepath.Join(doc, "benchmarks.txt"), text, 0o644); err != nil {
		return err
	}
	if err := writeSizingOf(doc, r); err != nil {
		fmt.Printf("sizing.md is not written: %v\n", err)
	}
	return nil
}

// judged returns the rows of all goals.
func judged(r results) []row {
	rows := make([]row, len(goals))
	for i, g := range goals {
		rows[i] = judge(g, r)
	}
	return rows
}

// writeSizingOf writes sizing.md to a folder, from results and the bills in the folder.
func writeSizingOf(doc string, r results) error {
	bills, err := os.ReadFile(filepath.Join(doc, "volume.txt"))
	if err != nil {
		return err
	}
	if err := r.read(bytes.NewReader(bills)); err != nil {
		return err
	}
	return writeSizing(filepath.Join(doc, "sizing.md"), r)
}

func writeSizing(path string, r results) error {
	page, err := sizing(r)
	if err != nil {
		return err
	}
	return os.WriteFile(path, page, 0o644)
}
