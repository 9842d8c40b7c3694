// SPDX-License-Identifier: Apache-2.0

// Command collector measures the whole collector: the cost of an event from the recording to the far end of the
// exporter, compared with a collector that receives the same records ready-made; the cost of the exporter sentinel,
// compared with OTLP over HTTP; and the cost of a gateway. With -memory it measures the memory that the collector uses
// while the exporter is slow. It prints lines in the format of Go's benchmarks. `make bench` and `make bench-long` run
// it. It needs Linux.
//
// The cost is the processor time, user and system, of the collector's process in a long run, minus that of a short run,
// which removes the cost of starting and ending. Long runs of the product and of the ready-made records alternate.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	binary := flag.String("collector", "dist/otelcol-bench", "the collector to measure, with the receiver prebuilt")
	count := flag.Int("count", 5, "number of runs of each measurement")
	memory := flag.Int("memory", 0, "measure the memory with this number of events instead of the cost")
	limit := flag.String("gomemlimit", "", "GOMEMLIMIT of the collector, with -memory; empty: the Go runtime's default")
	rate := flag.Float64("rate", 100_000, "records per second that the slow sink accepts, with -memory")
	flag.Parse()
	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // Ctrl-C ends the collector, and thus the measurement
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

// header is the first line of the output, as in that of go test -bench.
const header = "pkg: github.com/otelcol-winnet/otelcol-winnet/internal/bench/collector"
