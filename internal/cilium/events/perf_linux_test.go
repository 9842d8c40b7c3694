// SPDX-License-Identifier: Apache-2.0

package events_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/eventstest"
)

// padding returns what the kernel adds to a sample of n bytes: with its length of 4 bytes it fills whole words of 8.
func padding(n int) int { return (n+4+7)/8*8 - 4 - n }

func TestEveryRecordOfARealPerfArrayArrivesWithItsProcessor(t *testing.T) {
	perf := eventstest.NewPerf(t, filepath.Join(eventstest.Dir(t), "cilium_events"))
	source := open(t, perf.Path)
	if info := source.Info(); info.Type != "PerfEventArray" || info.Size != 512<<10 {
		t.Errorf("info is %+v; want a PerfEventArray with rings of 524288 bytes", info)
	}
	sink := newSink()
	source.Start(sink.deliver)

	const each = 300
	want, got := map[int32][][]byte{}, map[int32][]events.Record{}
	for _, cpu := range eventstest.CPUs(t) {
		eventstest.OnCPU(t, cpu, func() {
			for i := range each {
				data := bytes.Repeat([]byte{byte(i)}, 1+(i*37)%2000) // lengths around the words of 8
				want[int32(cpu)] = append(want[int32(cpu)], data)
				if !perf.Write(t, data) { // all of them fit a ring
					t.Errorf("the array did not take record %d of processor %d", i, cpu)
				}
			}
		})
	}
	for _, r := range sink.wait(t, len(want)*each) {
		if r.Lost != 0 {
			t.Fatalf("processor %d lost %d records; want nothing lost", r.CPU, r.Lost)
		}
		got[r.CPU] = append(got[r.CPU], r)
	}
	for cpu, written := range want {
		if len(got[cpu]) != each {
			t.Fatalf("%d records of processor %d arrived; want %d", len(got[cpu]), cpu, each)
		}
		for i, r := range got[cpu] {
			data := written[i]
			if len(r.Data) != len(data)+padding(len(data)) || !bytes.HasPrefix(r.Data, data) {
				t.Fatalf("record %d of processor %d has %d bytes; want the %d that were written and %d of padding", i, cpu, len(r.Data), len(data), padding(len(data)))
			}
		}
	}
}

func TestWhatAPerfArrayLosesIsALossRecordOfItsProcessor(t *testing.T) {
	perf := eventstest.NewPerf(t, filepath.Join(eventstest.Dir(t), "cilium_events"))
	source := open(t, perf.Path)
	data := make([]byte, 1024)
	cpu := slices.Max(eventstest.CPUs(t))
	taken, refused := 0, 0
	write := func() {
		eventstest.OnCPU(t, cpu, func() {
			if perf.Write(t, data) {
				taken++
			} else {
				refused++
			}
		})
	}
	for refused < 100 { // nobody reads yet
		write()
	}
	sink := newSink()
	source.Start(sink.deliver)
	sink.wait(t, taken)
	write() // the kernel reports a loss with the record after it
	if refused != 100 {
		t.Fatalf("%d records were refused; want 100", refused)
	}
	var lost uint64
	records := 0
	for _, r := range sink.wait(t, taken+1) {
		if r.CPU != int32(cpu) {
			t.Errorf("processor %d; want %d", r.CPU, cpu)
		}
		if lost += r.Lost; r.Lost == 0 {
			records++
		}
	}
	if lost != 100 || records != taken {
		t.Errorf("%d records and %d lost; want %d and 100", records, lost, taken)
	}
	if stats := source.Stats(); stats.Lost != 100 || stats.Records != uint64(taken) {
		t.Errorf("stats are %+v; want %d records and 100 lost", stats, taken)
	}
}

func TestCloseReadsWhatAPerfArrayHolds(t *testing.T) {
	perf := eventstest.NewPerf(t, filepath.Join(eventstest.Dir(t), "cilium_events"))
	source, err := events.Open(perf.Path)
	if err != nil {
		t.Fatal(err)
	}
	in, out := make(chan struct{}), make(chan struct{})
	delivered := 0
	source.Start(func(int64, []byte, []byte) bool {
		if delivered++; delivered == 1 {
			close(in)
			<-out
		}
		return true
	})
	const n = 50
	for range n {
		if !perf.Write(t, make([]byte, 100)) {
			t.Fatal("the array does not take a record")
		}
	}
	<-in
	closed := make(chan error)
	go func() { closed <- source.Close(context.Background()) }()
	close(out)
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if delivered != n {
		t.Errorf("%d of %d records were delivered; the rings are gone with the source, and the rest with them", delivered, n)
	}
	if perf.Write(t, make([]byte, 100)) {
		t.Error("the array takes records though nobody reads them")
	}
}

func TestAPerfArrayForMoreProcessorsThanThereAreIsRefused(t *testing.T) {
	possible, err := ebpf.PossibleCPU()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	eventstest.NewOddPerf(t, path, uint32(possible)+1)
	if _, err := events.Open(path); !errors.Is(err, events.ErrMapSize) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v; want %v", err, events.ErrMapSize)
	}
}
