// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/bench/prebuilt"
)

// source is a recording and the receiver that replays it, with every event enabled so that each becomes a record.
type source struct {
	name     string
	receiver string // format string for the path of the recording and the number of rounds
	file     string
	repeat   int // rounds in a long run
}

var sources = []source{
	{"dns", `asimdns: {enable_flags: "0xFFFFFFFFFFFFFFFF", enable_level: 5, replay: {path: %q, repeat: %d}}`, "testdata/dnsserver.etl", 110},
	{"cilium", `ciliumwindows: {enabled_events: [DROP, TRACE, POLICY_VERDICT, DEBUG, CAPTURE], monitor_aggregation_level: none, replay: {path: %q, repeat: %d}}`,
		"testdata/cilium_events.pcapng", 210},
}

// few is the number of rounds in a short run.
const few = 10

// ready is the receiver of ready-made records.
const ready = `prebuilt: {path: %q, repeat: %d}`

// The exporters that receive the records. They do not compress, which would hide the cost to measure. The queue is
// small and blocks the producer when it is full, so that nothing is lost and every run uses the same memory.
const (
	toFile = `file: {path: %q}`
	toOTLP = `otlp_grpc: {endpoint: %q, tls: {insecure: true}, compression: none, sending_queue: {queue_size: 16, block_on_overflow: true}}`
)

// meter runs collectors.
type meter struct {
	binary, dir string
}

// measureCost prints the cost of an event for each source and exporter, count times.
func measureCost(binary, dir string, count int) error {
	m := meter{binary, dir}
	fmt.Println(header)
	for _, s := range sources {
		batches := filepath.Join(dir, s.name)
		records, err := m.record(s, batches)
		if err != nil {
			return err
		}
		for range count {
			for _, exporter := range []string{"file", "otlp"} {
				for _, of := range []struct{ name, receiver, path string }{{"ours", s.receiver, s.file}, {"prebuilt", ready, batches}} {
					if err := m.compare(s, exporter, of.name, of.receiver, of.path, records); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// compare prints the cost of an event of a source: the processor time of a long run minus that of a short one, divided by
// the events between. The recording has the given number of records.
func (m meter) compare(s source, exporter, name, receiver, path string, records int) error {
	short, err := m.run(exporter, fmt.Sprintf(receiver, path, few), records*few)
	if err != nil {
		return err
	}
	long, err := m.run(exporter, fmt.Sprintf(receiver, path, s.repeat), records*s.repeat)
	if err != nil {
		return err
	}
	events := records * (s.repeat - few)
	perEvent := float64(long-short) / float64(events)
	fmt.Printf("BenchmarkCollector/%s/%s/%s\t%d\t%.0f cpu-ns/event\t%.0f events/s/core\n",
		s.name, exporter, name, events, perEvent, float64(time.Second)/perEvent)
	return nil
}

// record makes the collector write the records of a source to a file, in its own batches. It returns the number of
// records.
func (m meter) record(s source, path string) (records int, err error) {
	exporter := fmt.Sprintf(`file: {path: %q, format: proto}`, path)
	if _, err := again(func() (time.Duration, error) { return m.finish(fmt.Sprintf(s.receiver, s.file, 1), exporter) }); err != nil {
		return 0, err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	batches, err := prebuilt.Batches(raw)
	for _, b := range batches {
		records += b.LogRecordCount()
	}
	return records, err
}

// run is once, repeated if the interrupt came too early.
func (m meter) run(exporter, receiver string, records int) (time.Duration, error) {
	return again(func() (time.Duration, error) { return m.once(exporter, receiver, records) })
}

// once runs a collector to its end, checks the number of records that came out, and returns its processor time.
func (m meter) once(exporter, receiver string, records int) (cpu time.Duration, err error) {
	var came int
	switch exporter {
	case "file":
		path := filepath.Join(m.dir, "records.jsonl")
		if cpu, err = m.finish(receiver, fmt.Sprintf(toFile, path)); err != nil {
			return 0, err
		}
		if came, err = countRecords(path); err != nil {
			return 0, err
		}
		if err = os.Remove(path); err != nil {
			return 0, err
		}
	case "sentinel", "otlp_http", "gateway":
		s, err := startAzure(m.dir)
		if err != nil {
			return 0, err
		}
		if exporter == "gateway" {
			cpu, err = m.gateway(receiver, s)
		} else {
			cpu, err = m.finish(receiver, s.exporter(exporter))
		}
		s.stop()
		if err != nil {
			return 0, err
		}
		came = int(s.records.Load())
	case "otlp":
		s, err := startSink(0)
		if err != nil {
			return 0, err
		}
		cpu, err = m.finish(receiver, fmt.Sprintf(toOTLP, s.endpoint()))
		s.stop()
		if err != nil {
			return 0, err
		}
		came = int(s.records.Load())
	}
	if came != records {
		return 0, fmt.Errorf("%d records came out of the exporter %s; want %d of %s", came, exporter, records, receiver)
	}
	return cpu, nil
}

// finish runs a collector to its end.
func (m meter) finish(receiver, exporter string) (time.Duration, error) {
	p, err := start(m.binary, m.dir, receiver, exporter)
	if err != nil {
		return 0, err
	}
	return p.finish()
}

// again repeats a run whose replay ended before the collector handled interrupts.
func again(run func() (time.Duration, error)) (cpu time.Duration, err error) {
	const tries = 5
	for range tries {
		if cpu, err = run(); !errors.Is(err, errTooEarly) {
			break
		}
	}
	return cpu, err
}

// countRecords counts the records in a file that the file exporter wrote as JSON: each has one observed time.
func countRecords(path string) (n int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	const size = 1 << 20
	mark := []byte(`"observedTimeUnixNano":`)
	buf := make([]byte, 0, size+len(mark))
	for {
		read, err := f.Read(buf[len(buf) : len(buf)+size])
		buf = buf[:len(buf)+read]
		n += bytes.Count(buf, mark)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
		// Keeps the bytes that may be the beginning of a mark. They are shorter than a mark, so none is counted twice.
		keep := min(len(buf), len(mark)-1)
		buf = append(buf[:0], buf[len(buf)-keep:]...)
	}
}
