// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/bench/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// The memory run replays a recording that is larger than the receiver's queue again and again, so that the queue is
// full while the exporter is slow. The exporter has no queue of its own: all waiting data is in the receiver's.
const (
	recorded     = 240_000 // events, about 100 MB
	allowanceMiB = 150
	toSlow       = `otlp_grpc: {endpoint: %q, tls: {insecure: true}, compression: none, sending_queue: {enabled: false}, timeout: 60s}`
	fromBig      = `asimdns: {enable_flags: "0xFFFFFFFFFFFFFFFF", enable_level: 5, queue: {max_size_mib: %d}, replay: {path: %q, repeat: %d}}`
)

// peaks are the largest resident sets, in bytes, during each tenth of the records.
type peaks [10]int64

func (p *peaks) add(came, all, rss int64) {
	i := min(came*int64(len(p))/all, int64(len(p))-1)
	p[i] = max(p[i], rss)
}

// measureMemory prints the memory that the collector uses while a sink accepts the records of `events` events at rate
// per second. limit is its GOMEMLIMIT, or "" for none.
func measureMemory(binary, dir string, events int, rate float64, limit string) error {
	name := "default"
	if limit != "" {
		name = "limited"
		if err := os.Setenv("GOMEMLIMIT", limit); err != nil { // the collector inherits it
			return err
		}
	}
	big := filepath.Join(dir, "big.etl")
	size := min(recorded, events)
	if err := recording.DNS("testdata/dnsserver.etl", big, size); err != nil {
		return err
	}
	repeat := (events + size - 1) / size
	queueMiB := pipeline.DefaultQueueConfig().MaxSizeMiB
	all := int64(repeat) * int64(size)
	s, err := startSink(rate)
	if err != nil {
		return err
	}
	defer s.stop()
	p, err := start(binary, dir, fmt.Sprintf(fromBig, queueMiB, big, repeat), fmt.Sprintf(toSlow, s.endpoint()))
	if err != nil {
		return err
	}
	begun := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var seen peaks
	for running := true; running; {
		select {
		case <-p.ended:
			running = false
		case <-tick.C:
			rss, err := resident(p.cmd.Process.Pid)
			if err != nil {
				break // the process is ending; finish says whether it should
			}
			seen.add(s.records.Load(), all, rss)
		}
	}
	took := time.Since(begun)
	cpu, err := p.finish()
	if err != nil {
		return err
	}
	if came := s.records.Load(); came != all {
		return fmt.Errorf("%d records came out of the exporter; want %d", came, all)
	}
	var most int64
	for i, rss := range seen {
		if rss == 0 {
			return fmt.Errorf("no sample of the memory in tenth %d of the run: it is too short; take more events", i+1)
		}
		most = max(most, rss)
	}
	mib := func(bytes int64) float64 { return float64(bytes) / (1 << 20) }
	fmt.Println(header)
	fmt.Printf("BenchmarkMemory/%s\t%d\t%.1f max-rss-MiB\t%.1f first-tenth-MiB\t%.1f last-tenth-MiB\t%d limit-MiB\t%.0f events/s\t%.0f cpu-ns/event\t%d events\n",
		name, all, mib(most), mib(seen[0]), mib(seen[len(seen)-1]), queueMiB+allowanceMiB,
		float64(all)/took.Seconds(), float64(cpu)/float64(all), all)
	return nil
}

// resident reads VmRSS of a process, in bytes.
func resident(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0, fmt.Errorf("process %d has no VmRSS", pid)
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	return kib << 10, err
}
