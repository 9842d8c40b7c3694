// SPDX-License-Identifier: Apache-2.0

// Command hunt measures winnet-hunt: its time and its memory for a number of events. Four fifths of them are of a DNS Server, from the traffic that
// docs/volume.md describes, with planted events; the others repeat a recording of Cilium.
//
//	hunt [-events 1000000] [-clients 2000] [-dir DIR] PROGRAM CAPTURE
//
// It prints a line in the form of Go's benchmarks.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/bench/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/traffic"
)

func main() {
	events := flag.Int("events", 1_000_000, "the number of events")
	clients := flag.Int("clients", 2_000, "the number of simulated clients of the DNS Server")
	dir := flag.String("dir", "", "the folder for the recordings and the database, about 0.6 KB for each event; empty is a temporary one")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "hunt: want winnet-hunt's executable and a capture of Cilium's events")
		os.Exit(2)
	}
	if err := run(os.Stdout, *events, *clients, *dir, flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "hunt:", err)
		os.Exit(1)
	}
}

func run(to io.Writer, events, clients int, parent, program, capture string) (err error) {
	dir, err := os.MkdirTemp(parent, "bench-hunt-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	dns, pods, page := filepath.Join(dir, "dns.etl"), filepath.Join(dir, "pods.pcapng"), filepath.Join(dir, "hunt.html")
	network := events / 5
	if err := errors.Join(writeDNS(dns, events-network, clients), recording.Cilium(capture, pods, network)); err != nil {
		return err
	}
	cmd := exec.Command(program, "-out", page, "-temp", dir, dns, pods)
	cmd.Stderr = os.Stderr
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		return err
	}
	took := time.Since(begun)
	info, err := os.Stat(page)
	if err != nil {
		return err
	}
	fmt.Fprintf(to, "pkg: github.com/otelcol-winnet/otelcol-winnet/internal/bench/hunt\nBenchmarkHunt/events=%d\t1\t%d ns/op\t%.0f events/s\t%.1f s\t%.1f cpu-s\t%.0f peak-MB\t%.0f page-KB\n",
		events, took.Nanoseconds(), float64(events)/took.Seconds(), took.Seconds(), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), float64(peak(cmd.ProcessState))/1e6, float64(info.Size())/1e3)
	return nil
}

// writeDNS writes the traffic of a DNS Server from the morning on.
func writeDNS(path string, events, clients int) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := etl.Create(f, etl.Options{LoggerName: "ASIMDNSServerTrace", BufferSize: 128 << 10, OS: etl.OSVersion{Major: 10, Build: 26100}})
	if err != nil {
		return err
	}
	g := traffic.New(traffic.Studies(clients), 1, traffic.Midnight(), 8*time.Hour)
	g.Plant()
	for range events {
		raw, _ := g.Next()
		if err := w.Write(raw); err != nil {
			return err
		}
	}
	return w.Close()
}
