// SPDX-License-Identifier: Apache-2.0

// Command collector measures the whole collector: what an event costs it from the recording to the exporter's other end, beside the
// same collector that is handed the same records ready made; what the exporter to Sentinel costs beside that of OTLP over HTTP; and with -memory, what memory it takes while the exporter is slow. It
// prints lines in the format of Go's benchmarks; `make bench` and `make bench-long` run it. It needs Linux.
//
// The cost is processor time, user and system, of the collector's process over a long run, less that of a short one, which takes
// away what starting and ending costs. The long runs of ours and of the ready-made records alternate.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	binary := flag.String("collector", "dist/otelcol-bench", "the collector, with the receiver prebuilt in it")
	count := flag.Int("count", 5, "how often each measurement is made")
	memory := flag.Int("memory", 0, "measure memory with so many events instead")
	limit := flag.String("gomemlimit", "", "GOMEMLIMIT of the collector, with -memory; none: the Go runtime's default")
	rate := flag.Float64("rate", 100_000, "records a second that the slow sink takes, with -memory")
	flag.Parse()
	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // Ctrl-C ends the collector, and with it the measurement
	dir, err := os.MkdirTemp("", "bench")
	if err == nil {
		if *memory > 0 {
			err = measureMemory(*binary, dir, *memory, *rate, *limit)
		} else {
			err = errors.Join(measureCost(*binary, dir, *count), measureAzure(*binary, dir, *count))
		}
		_ = os.RemoveAll(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "collector:", err)
		os.Exit(1)
	}
}

// header begins the output, as go test -bench does.
const header = "pkg: github.com/otelcol-winnet/otelcol-winnet/internal/bench/collector"
