// SPDX-License-Identifier: Apache-2.0

package events_test

import (
	"context"
	"encoding/binary"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/eventstest"
)

func TestCloseInterruptsAWaitingReaderAndDeliversNothingAfter(t *testing.T) {
	ring := eventstest.NewRing(t, filepath.Join(eventstest.Dir(t), "cilium_events"), 1<<16)
	source, err := events.Open(ring.Path)
	if err != nil {
		t.Fatal(err)
	}
	sink := newSink()
	source.Start(sink.deliver)
	ring.Write(t, []byte("one"))
	sink.wait(t, 1)
	if err := source.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-source.Done():
	default:
		t.Error("Done is open after Close")
	}
	if err := source.Err(); err != nil {
		t.Errorf("Err after Close is %v; want none", err)
	}
	if !ring.Write(t, []byte("two")) {
		t.Fatal("the ring is full")
	}
	if got := sink.wait(t, 1); len(got) != 1 {
		t.Errorf("%d records arrived; want 1", len(got))
	}
	if err := source.Close(context.Background()); err != nil {
		t.Errorf("the second Close: %v", err)
	}
	if got := source.Stats(); got.Records != 1 || got.Size != 1<<16 {
		t.Errorf("stats after Close are %+v", got)
	}

	// What was not read is there for the next reader.
	next := open(t, ring.Path)
	rest := newSink()
	next.Start(rest.deliver)
	if got := rest.wait(t, 1); string(got[0].Data) != "two" {
		t.Errorf("the next reader got %q; want \"two\"", got[0].Data)
	}
}

func TestCloseUnderLoadLosesNoRecordThatWasTaken(t *testing.T) {
	ring := eventstest.NewRing(t, filepath.Join(eventstest.Dir(t), "cilium_events"), 1<<16)
	const count = 20_000
	writing := make(chan struct{})
	go func() {
		defer close(writing)
		data := make([]byte, 8)
		for i := range uint64(count) {
			binary.LittleEndian.PutUint64(data, i)
			for !ring.Write(t, data) {
				time.Sleep(10 * time.Microsecond) // a full ring: let the reader run
			}
		}
	}()
	var next uint64
	for next < count {
		source, err := events.Open(ring.Path)
		if err != nil {
			t.Fatal(err)
		}
		read := make(chan struct{}, count)
		var wrong string
		source.Start(func(_ int64, _, body []byte) bool {
			if got := binary.LittleEndian.Uint64(body); got != next && wrong == "" {
				wrong = "a record is missing or out of order"
			}
			next++
			read <- struct{}{}
			return true
		})
		for i := 0; i < 1000; i++ {
			select {
			case <-read:
				continue
			case <-writing:
			}
			break
		}
		if err := source.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if wrong != "" {
			t.Fatalf("%s before record %d", wrong, next)
		}
	}
	<-writing
}

func TestDrainReadsWhatWaitsAndEndsThoughMoreComes(t *testing.T) {
	ring := eventstest.NewRing(t, filepath.Join(eventstest.Dir(t), "cilium_events"), 1<<20)
	source, err := events.Open(ring.Path)
	if err != nil {
		t.Fatal(err)
	}
	const n = 1000
	for range n {
		ring.Write(t, make([]byte, 8))
	}
	delivered, more, read := 0, true, make(chan struct{})
	source.Start(func(int64, []byte, []byte) bool {
		if delivered++; delivered == n {
			close(read)
		}
		if more { // a program that is as fast as the reader
			ring.Write(t, make([]byte, 8))
		}
		return true
	})
	<-read
	if err := source.Drain(context.Background(), 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}

	source = open(t, ring.Path)
	before := source.Stats().Waiting
	more, delivered = false, 0
	source.Start(func(int64, []byte, []byte) bool { delivered++; return true })
	if err := source.Drain(context.Background(), time.Minute); err != nil {
		t.Fatal(err)
	}
	if stats := source.Stats(); delivered*16 != before || stats.Waiting != 0 {
		t.Errorf("%d records were delivered of %d bytes, %d bytes wait; want all of them delivered", delivered, before, stats.Waiting)
	}
}

func TestStatsAndCloseMayRunAtTheSameTime(t *testing.T) {
	ring := eventstest.NewRing(t, filepath.Join(eventstest.Dir(t), "cilium_events"), 1<<16)
	source, err := events.Open(ring.Path)
	if err != nil {
		t.Fatal(err)
	}
	source.Start(func(int64, []byte, []byte) bool { return true })
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 1000 {
				source.Stats()
			}
		})
		wg.Go(func() {
			if err := source.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestCloseWithoutStart(t *testing.T) {
	ring := eventstest.NewRing(t, filepath.Join(eventstest.Dir(t), "cilium_events"), 1<<16)
	source, err := events.Open(ring.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Close(context.Background()); err != nil {
		t.Error(err)
	}
	open(t, ring.Path)
}

func TestCloseGivesUpOnADeliveryThatBlocks(t *testing.T) {
	ring := eventstest.NewRing(t, filepath.Join(eventstest.Dir(t), "cilium_events"), 1<<16)
	source, err := events.Open(ring.Path)
	if err != nil {
		t.Fatal(err)
	}
	in, out := make(chan struct{}), make(chan struct{})
	source.Start(func(int64, []byte, []byte) bool { close(in); <-out; return true })
	ring.Write(t, []byte("one"))
	<-in
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := source.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close while a delivery blocks: %v; want the context's error", err)
	}
	close(out)
	if err := source.Close(context.Background()); err != nil {
		t.Errorf("Close after the delivery returned: %v", err)
	}
}
