// SPDX-License-Identifier: Apache-2.0

package events_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/eventstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink keeps what a source delivers.
type sink struct {
	mu      sync.Mutex
	records []events.Record
	wrong   []string
	arrived chan struct{}
}

func newSink() *sink { return &sink{arrived: make(chan struct{}, 1)} }

func (s *sink) deliver(received int64, head, body []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := events.Parse(append(bytes.Clone(head), body...))
	switch {
	case err != nil:
		s.wrong = append(s.wrong, err.Error())
	case r.Time != received:
		s.wrong = append(s.wrong, "the time in the head is not the time of receipt")
	}
	s.records = append(s.records, r)
	select {
	case s.arrived <- struct{}{}:
	default:
	}
	return true
}

// wait returns what has arrived once there are n records.
func (s *sink) wait(t *testing.T, n int) []events.Record {
	t.Helper()
	for deadline := time.After(time.Minute); ; {
		s.mu.Lock()
		have := s.records
		wrong := s.wrong
		s.mu.Unlock()
		if len(wrong) > 0 {
			t.Fatal(wrong[0])
		}
		if len(have) >= n {
			return have
		}
		select {
		case <-s.arrived:
		case <-deadline:
			t.Fatalf("%d records arrived; want %d", len(have), n)
		}
	}
}

func open(t testing.TB, path string) *events.Source {
	t.Helper()
	s, err := events.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestEveryRecordOfARealRingBufferArrivesInOrderAndUnchanged(t *testing.T) {
	ring := eventstest.NewRing(t, filepath.Join(eventstest.Dir(t), "cilium_events"), 1<<20)
	source := open(t, ring.Path)
	sink := newSink()
	source.Start(sink.deliver)

	begun := time.Now().UnixNano()
	const count = 1000
	var want [][]byte
	size := 0
	for i := range count {
		// Lengths around the ring's 8-byte alignment and up to the longest.
		data := bytes.Repeat([]byte{byte(i)}, 1+(i*37)%eventstest.MaxRecord)
		want = append(want, data)
		size += len(data)
		for !ring.Write(t, data) {
			sink.wait(t, i) // the ring is full: let the source catch up
		}
	}
	got := sink.wait(t, count)
	if len(got) != count {
		t.Fatalf("%d records arrived; want %d", len(got), count)
	}
	for i, r := range got {
		if !bytes.Equal(r.Data, want[i]) {
			t.Fatalf("record %d has %d bytes beginning % x; want %d bytes beginning % x", i, len(r.Data), r.Data[:1], len(want[i]), want[i][:1])
		}
		if r.CPU != -1 || r.Lost != 0 {
			t.Fatalf("record %d has processor %d and loss %d; want -1 and 0, since a ring buffer tells neither", i, r.CPU, r.Lost)
		}
		if r.Time < begun || r.Time > time.Now().UnixNano() {
			t.Fatalf("record %d has time %d, which is not the time of reading", i, r.Time)
		}
	}
	stats := source.Stats()
	if stats.Records != count || stats.Bytes != uint64(size) || stats.Waiting != 0 || stats.Size != 1<<20 {
		t.Errorf("stats are %+v; want %d records of %d bytes, nothing waiting of %d", stats, count, size, 1<<20)
	}
}

func TestAFullRingRefusesTheProgramAndWhatItTookIsRead(t *testing.T) {
	ring := eventstest.NewRing(t, filepath.Join(eventstest.Dir(t), "cilium_events"), 1<<16)
	source := open(t, ring.Path)
	taken := 0
	for ring.Write(t, make([]byte, eventstest.MaxRecord)) {
		taken++
	}
	if got := source.Stats(); taken == 0 || got.Waiting <= got.Size-2*eventstest.MaxRecord {
		t.Errorf("%d records were taken, %d of %d bytes wait; want the ring full", taken, got.Waiting, got.Size)
	}
	sink := newSink()
	source.Start(sink.deliver)
	sink.wait(t, taken)
	if !ring.Write(t, []byte("the next")) {
		t.Fatal("the ring is still full")
	}
	if got := sink.wait(t, taken+1); len(got) != taken+1 || string(got[taken].Data) != "the next" {
		t.Errorf("%d records arrived; want %d and the next", len(got), taken)
	}
	if lost := source.Stats().Lost; lost != 0 {
		t.Errorf("%d are lost; a ring buffer does not tell", lost)
	}
}

func TestStatsTellHowFullTheRingIs(t *testing.T) {
	ring := eventstest.NewRing(t, filepath.Join(eventstest.Dir(t), "cilium_events"), 1<<16)
	source := open(t, ring.Path)
	for range 10 {
		ring.Write(t, make([]byte, 100))
	}
	// A record of 100 bytes has a header of 8 and is padded to 8.
	if got := source.Stats(); got.Waiting != 10*(8+104) || got.Size != 1<<16 {
		t.Errorf("waiting %d of %d; want 1120 of 65536", got.Waiting, got.Size)
	}
	sink := newSink()
	source.Start(sink.deliver)
	sink.wait(t, 10)
	for deadline := time.Now().Add(time.Minute); source.Stats().Waiting != 0; {
		if time.Now().After(deadline) {
			t.Fatalf("waiting %d after everything was read; want 0", source.Stats().Waiting)
		}
	}
}

func TestInfoNamesTheMap(t *testing.T) {
	ring := eventstest.NewRing(t, filepath.Join(eventstest.Dir(t), "cilium_events"), 1<<16)
	info, err := ring.Map.Info()
	if err != nil {
		t.Fatal(err)
	}
	id, _ := info.ID()
	want := events.MapInfo{Path: ring.Path, Type: "RingBuf", ID: uint32(id), Size: 65536}
	if got := open(t, ring.Path).Info(); got != want {
		t.Errorf("info is %+v; want %+v", got, want)
	}
}

func TestASecondSourceOnTheSameMapIsRefused(t *testing.T) {
	dir := eventstest.Dir(t)
	ring := eventstest.NewRing(t, filepath.Join(dir, "cilium_events"), 1<<16)
	alias, err := ring.Map.Clone()
	if err != nil {
		t.Fatal(err)
	}
	defer alias.Close()
	if err := alias.Pin(filepath.Join(dir, "other_pin")); err != nil {
		t.Fatal(err)
	}
	first := open(t, ring.Path)
	for _, path := range []string{ring.Path, dir + "/./cilium_events", filepath.Join(dir, "other_pin")} {
		if _, err := events.Open(path); !errors.Is(err, events.ErrInUse) || !strings.Contains(err.Error(), path) {
			t.Errorf("opening %s a second time: %v; want ErrInUse and the path", path, err)
		}
	}
	if err := first.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	open(t, filepath.Join(dir, "other_pin"))
}

func TestAFailedOpenLeavesTheMapToOthers(t *testing.T) {
	dir := eventstest.Dir(t)
	path := filepath.Join(dir, "cilium_events")
	if _, err := events.Open(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("opening a missing pin: %v", err)
	}
	eventstest.NewRing(t, path, 1<<16)
	open(t, path)
}

func TestAMapThatCannotCarryEventsIsRefusedWithWhatItIs(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "array")
	eventstest.NewArray(t, path, 4, 8)
	_, err := events.Open(path)
	if !errors.Is(err, events.ErrMapType) {
		t.Fatalf("opening an array: %v; want %v", err, events.ErrMapType)
	}
	for _, part := range []string{path, "of type 2 (Array)", "want a ring buffer or a perf event array"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

// BenchmarkMap measures records of 128 bytes from the kernel's map to delivery. One operation fills the map and empties it. The
// result is how fast it is emptied, in records/s.
func BenchmarkMap(b *testing.B) {
	dir := eventstest.Dir(b)
	ring, perf := eventstest.NewRing(b, filepath.Join(dir, "ring"), 1<<24), eventstest.NewPerf(b, filepath.Join(dir, "perf"))
	b.Run("ring", func(b *testing.B) { benchmarkMap(b, ring.Path, 100_000, ring.WriteTimes) })
	b.Run("perf", func(b *testing.B) { benchmarkMap(b, perf.Path, 3_000, perf.WriteTimes) })
}

// benchmarkMap reads a map that has room for so many records.
func benchmarkMap(b *testing.B, path string, room int, write func(testing.TB, []byte, uint32) bool) {
	source := open(b, path)
	begin, read := make(chan struct{}), make(chan struct{})
	left := 0
	source.Start(func(int64, []byte, []byte) bool {
		if left == 0 { // the first record blocks the rest until the map is full
			<-begin
			left = room
		}
		if left--; left == 0 {
			read <- struct{}{}
		}
		return true
	})
	b.ReportAllocs()
	var reading time.Duration
	for range b.N {
		if !write(b, make([]byte, 128), uint32(room)) {
			b.Fatal("the map is full")
		}
		start := time.Now()
		begin <- struct{}{}
		<-read
		reading += time.Since(start)
	}
	b.ReportMetric(float64(b.N*room)/reading.Seconds(), "records/s")
}
