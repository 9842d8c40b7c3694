// SPDX-License-Identifier: Apache-2.0

// Benchmarks of reading and writing, and tests that neither allocates.

package etl

import (
	"bytes"
	"io"
	"testing"
)

// benchFile is a file of full 64 KiB buffers. Its events are as long as a typical event of the DNS Server.
func benchFile(clock uint32, buffers int) (file []byte, events int) {
	one := pad(event(startStamp+1_000_000, 257, string(bytes.Repeat([]byte{'d'}, 120))))
	n := (DefaultBufferSize - 72) / len(one)
	b := buffer(DefaultBufferSize, bytes.Repeat(one, n))
	f := trace{bufferSize: DefaultBufferSize, clock: clock}
	for range buffers {
		f.buffers = append(f.buffers, b)
	}
	return f.build(), buffers * n
}

func BenchmarkNext(b *testing.B) {
	for name, clock := range map[string]uint32{"QPC": 1, "SystemTime": 2} {
		b.Run(name, func(b *testing.B) {
			file, events := benchFile(clock, 64)
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := NewReader(bytes.NewReader(file), int64(len(file)))
				for err == nil {
					_, err = r.Next()
				}
				if err != io.EOF {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	file, events := benchFile(1, 8)
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(events/2, func() { _, err = r.Next() }); n != 0 || err != nil {
		t.Errorf("%v allocations an event, %v", n, err)
	}
}

func BenchmarkWrite(b *testing.B) {
	raw := event(startFiletime, 257, string(bytes.Repeat([]byte{'d'}, 120)))
	w, err := Create(io.Discard, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(raw); err != nil {
			b.Fatal(err)
		}
	}
}
