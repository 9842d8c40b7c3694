// SPDX-License-Identifier: Apache-2.0

// Command datagen makes the project's test data: realistic recordings for the tests and for a first run.
//
//	go run ./internal/test/datagen -out testdata
//
// It uses no clock, and randomness with fixed seeds only: every run writes the same bytes. Field lists and header
// values come from the providers' manifests (internal/dns), so that the files are as Windows would have recorded them.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", "testdata", "the folder to write to; created if it does not exist")
	flag.Parse()
	if err := run(*out, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "datagen:", err)
		os.Exit(1)
	}
}

// run writes all files to the folder out, and prints their contents to report.
func run(out string, report io.Writer) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	all := map[string]counts{}
	for _, f := range []struct {
		name  string
		write func(path string) (counts, error)
	}{
		{"dnsserver.etl", writeServer},
		{"dnsserver_2016.etl", writeOlderServer},
		{"dnsclient.etl", writeClient},
		{"cilium_events.pcapng", writeCilium},
		{"cilium_ways.pcapng", writeWays},
	} {
		path := filepath.Join(out, f.name)
		c, err := f.write(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := c.report(report, path); err != nil {
			return err
		}
		all[f.name] = c
	}
	return writeCounts(filepath.Join(out, "counts.json"), all)
}
