// SPDX-License-Identifier: Apache-2.0

package events_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/eventstest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
)

// followed is a Follower and what it reported.
type followed struct {
	*events.Follower
	sink *sink

	mu       sync.Mutex
	reports  []error
	attached []events.MapInfo
	left     []uint32
	looked   events.MapInfo
	peak     int // the highest
	ready    error
	quiet    time.Duration // a minute where it is 0
	keep     error
	changed  chan struct{}
}

func (f *followed) note(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// settings of a Follower that looks often and is closed with the test.
func follow(t *testing.T, path string, change func(*followed)) *followed {
	t.Helper()
	f := &followed{sink: newSink(), changed: make(chan struct{}, 1)}
	if change != nil {
		change(f)
	}
	follower, err := events.Follow(f.settings(path))
	if err != nil {
		t.Fatal(err)
	}
	f.Follower = follower
	t.Cleanup(func() {
		if err := follower.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return f
}

// followHeldUp returns a Follower that is blocked by its first record, from the closing of in to the closing of out.
func followHeldUp(t *testing.T, path string) (f *followed, in, out chan struct{}) {
	t.Helper()
	f, in, out = &followed{sink: newSink(), changed: make(chan struct{}, 1)}, make(chan struct{}), make(chan struct{})
	s := f.settings(path)
	var once sync.Once
	s.Deliver = func(at int64, head, body []byte) bool {
		once.Do(func() { close(in); <-out })
		return f.sink.deliver(at, head, body)
	}
	var err error
	if f.Follower, err = events.Follow(s); err != nil {
		t.Fatal(err)
	}
	return f, in, out
}

func (f *followed) settings(path string) events.FollowSettings {
	if f.quiet == 0 {
		f.quiet = time.Minute
	}
	return events.FollowSettings{
		Path: path, Deliver: f.sink.deliver, Interval: 5 * time.Millisecond, Quiet: f.quiet,
		Ready: func() error {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.ready
		},
		Attached: func(info events.MapInfo) error {
			f.note(func() { f.attached = append(f.attached, info) })
			return f.wrong()
		},
		Look: func(info events.MapInfo, peak int) error {
			f.note(func() { f.looked, f.peak = info, max(f.peak, peak) })
			return f.wrong()
		},
		Report: func(err error) { f.note(func() { f.reports = append(f.reports, err) }) },
		Left:   func(info events.MapInfo, _ int) { f.note(func() { f.left = append(f.left, info.ID) }) },
	}
}

func (f *followed) wrong() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.keep
}

// await waits until ok returns true. ok is called with the lock held, whenever something was reported.
func (f *followed) await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.After(time.Minute); ; {
		f.mu.Lock()
		good := ok()
		f.mu.Unlock()
		if good {
			return
		}
		select {
		case <-f.changed:
		case <-deadline:
			f.mu.Lock()
			defer f.mu.Unlock()
			t.Fatalf("%s: waited in vain; it reported %v", what, f.reports)
		}
	}
}

// reads waits until the map with that kernel number is read.
func (f *followed) reads(t *testing.T, id uint32) {
	t.Helper()
	f.await(t, "reading the map", func() bool { return f.looked.ID == id })
}

// says waits until the last report has that text; "" means that all is well.
func (f *followed) says(t *testing.T, text string) {
	t.Helper()
	f.await(t, "reporting "+text, func() bool {
		if len(f.reports) == 0 {
			return text == ""
		}
		last := f.reports[len(f.reports)-1]
		return last == nil && text == "" || last != nil && text != "" && strings.Contains(last.Error(), text)
	})
}

// numbered writes n as a record of 8 bytes.
func numbered(t *testing.T, w interface {
	Write(testing.TB, []byte) bool
}, n uint64) {
	t.Helper()
	if !w.Write(t, binary.LittleEndian.AppendUint64(nil, n)) {
		t.Fatalf("record %d was not taken", n)
	}
}

// arrived waits for the records 0 to n-1, each once.
func (f *followed) arrived(t *testing.T, n int) {
	t.Helper()
	seen := map[uint64]int{}
	for _, r := range f.sink.wait(t, n) {
		seen[binary.LittleEndian.Uint64(r.Data)]++
	}
	for i := range uint64(n) {
		if seen[i] != 1 {
			t.Errorf("record %d arrived %d times; want once", i, seen[i])
		}
	}
	if len(seen) != n {
		t.Errorf("%d different records arrived; want %d", len(seen), n)
	}
}

func unpin(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// pin pins a map that already has a pin.
func pin(t *testing.T, m *ebpf.Map, path string) {
	t.Helper()
	m, err := m.Clone()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Pin(path); err != nil {
		t.Fatal(err)
	}
}

func TestAMapThatIsNotThereYetIsWaitedFor(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	f := follow(t, path, nil)
	f.says(t, "no map is pinned at "+path)
	if stats := f.Stats(); stats != (events.FollowStats{}) {
		t.Errorf("stats while waiting are %+v; want none", stats)
	}
	ring := eventstest.NewRing(t, path, 1<<16)
	numbered(t, ring, 0)
	f.arrived(t, 1)
	f.says(t, "")
	if len(f.reports) != 2 {
		t.Errorf("reported %v; want once that the map is missing, and once that all is well", f.reports)
	}
}

func TestAMapOfEitherTypeThatTakesAnothersPlaceIsReadAndTheOldOneToo(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	first := eventstest.NewRing(t, path, 1<<16)
	f := follow(t, path, nil)
	numbered(t, first, 0)
	f.arrived(t, 1)

	unpin(t, path)
	f.says(t, "the map that was pinned there is still read")
	numbered(t, first, 1) // the old programs are still loaded
	f.arrived(t, 2)

	second := eventstest.NewPerf(t, path)
	f.reads(t, second.ID(t))
	f.says(t, "")
	numbered(t, second, 2)
	numbered(t, first, 3)
	f.arrived(t, 4)
	if stats := f.Stats(); stats.Attached != 2 || stats.Records != 4 || stats.Bytes != 4*8+4 || stats.Size != 512<<10 {
		t.Errorf("stats are %+v; want 2 maps, 4 records of 8 bytes, one with 4 of padding, and the size of the present map's rings", stats)
	}

	unpin(t, path)
	third := eventstest.NewRing(t, path, 1<<17)
	f.reads(t, third.ID(t))
	numbered(t, third, 4)
	f.arrived(t, 5)
	if err := f.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if stats := f.Stats(); stats.Attached != 3 || stats.Records != 5 || stats.Size != 1<<17 {
		t.Errorf("stats are %+v; want 3 maps and 5 records, also after Close", stats)
	}
	var ids []uint32
	for _, info := range f.attached {
		ids = append(ids, info.ID)
	}
	if want := []uint32{first.ID(t), second.ID(t), third.ID(t)}; !slices.Equal(ids, want) {
		t.Errorf("attached to the maps %d; want %d, each told once", ids, want)
	}
}

func TestAnOldMapThatIsSilentIsLeft(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	first := eventstest.NewPerf(t, path)
	f := follow(t, path, func(f *followed) { f.quiet = 50 * time.Millisecond })
	unpin(t, path)
	second := eventstest.NewRing(t, path, 1<<16)
	f.reads(t, second.ID(t))
	silence := 100 * time.Millisecond
	for first.Write(t, make([]byte, 8)) { // without a reader's rings once it is left
		if silence > time.Minute {
			t.Fatal("the old map is read without end")
		}
		time.Sleep(silence) // the map must be silent, and the follower must have the time to see that
		silence *= 2
	}
}

func TestAPinThatComesBackWithItsMapChangesNothing(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	ring := eventstest.NewRing(t, path, 1<<16)
	other := eventstest.NewRing(t, path+"_other", 1<<16)
	pin := func(r *eventstest.Ring) { pin(t, r.Map, path) }
	f := follow(t, path, nil)
	unpin(t, path)
	f.says(t, "is still read")
	pin(ring)
	f.says(t, "")
	numbered(t, ring, 0)
	f.arrived(t, 1)
	if n := f.Stats().Attached; n != 1 {
		t.Errorf("%d maps were attached; want 1", n)
	}

	// Another map is pinned, and the first one again before it is left.
	unpin(t, path)
	pin(other)
	f.reads(t, other.ID(t))
	unpin(t, path)
	pin(ring)
	f.reads(t, ring.ID(t))
	numbered(t, ring, 1)
	numbered(t, other, 2)
	f.arrived(t, 3)
	f.says(t, "")
}

func TestAPlaceTakenByWhatIsNoEventsMapIsReportedAndTheOldMapRead(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	ring := eventstest.NewRing(t, path, 1<<16)
	f := follow(t, path, nil)
	unpin(t, path)
	eventstest.NewArray(t, path, 4, 1)
	f.says(t, "of type 2 (Array)")
	numbered(t, ring, 0)
	f.arrived(t, 1)
	unpin(t, path)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	f.says(t, "is a directory")
	numbered(t, ring, 1)
	f.arrived(t, 2)
}

// Cilium is installed twice while the programs of the first installation still run.
func TestAMapReplacedTwiceIsReadAsLongAsItIsWritten(t *testing.T) {
	const each, replaced = 12_000, 1_500
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	var f *followed
	var rings []*eventstest.Ring
	written := make([]int, 3)
	n := 0
	write := func(ring, until int) {
		for ; written[ring] < until; written[ring]++ {
			for !rings[ring].Write(t, binary.LittleEndian.AppendUint64(nil, uint64(n))) {
				f.sink.wait(t, n/2) // it is full: let its reader run
			}
			n++
		}
	}
	for i := range written {
		if i > 0 {
			unpin(t, path)
		}
		rings = append(rings, eventstest.NewRing(t, path, 1<<20))
		if i == 0 {
			f = follow(t, path, nil)
		}
		f.reads(t, rings[i].ID(t))
		for ring := range rings {
			write(ring, written[ring]+replaced)
		}
	}
	for written[2] < each {
		for ring := range rings {
			write(ring, min(written[ring]+100, each))
		}
	}
	f.arrived(t, 3*each)
	if err := f.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if stats := f.Stats(); stats.Records != 3*each || stats.Attached != 3 || stats.Left != 0 {
		t.Errorf("stats are %+v; want %d records of 3 maps, none left early", stats, 3*each)
	}
}

func TestMoreMapsThanAreReadAtOnceAreLeftDrainedAndSaid(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	var f *followed
	var rings []*eventstest.Ring
	n := 0
	const more = 3
	for i := range events.MaxMaps + more {
		if i > 0 {
			unpin(t, path)
		}
		rings = append(rings, eventstest.NewRing(t, path, 1<<16))
		if i == 0 {
			f = follow(t, path, nil)
		}
		f.reads(t, rings[i].ID(t))
		numbered(t, rings[i], uint64(n))
		n++
		f.sink.wait(t, n) // it is silent from here on
	}
	for _, ring := range rings[more:] { // all but the first ones, which were silent for the longest time
		numbered(t, ring, uint64(n))
		n++
	}
	f.arrived(t, n)
	var want []uint32
	for _, ring := range rings[:more] {
		want = append(want, ring.ID(t))
	}
	f.await(t, "leaving maps", func() bool { return slices.Equal(f.left, want) })
	if stats := f.Stats(); stats.Left != more || stats.Records != uint64(n) {
		t.Errorf("stats are %+v; want %d maps left early and %d records", stats, more, n)
	}
}

func TestEveryOldMapIsDrainedOnShutdown(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	ring := eventstest.NewRing(t, path, 1<<20)
	f := &followed{sink: newSink(), changed: make(chan struct{}, 1)}
	s := f.settings(path)
	held, out := make(chan struct{}, events.MaxMaps), make(chan struct{})
	s.Deliver = func(at int64, head, body []byte) bool { // every map is held up by its first record
		if binary.LittleEndian.Uint64(body)%100 == 0 {
			held <- struct{}{}
			<-out
		}
		return f.sink.deliver(at, head, body)
	}
	var err error
	if f.Follower, err = events.Follow(s); err != nil {
		t.Fatal(err)
	}
	const maps = 5
	for i := range maps {
		if i > 0 {
			unpin(t, path)
			ring = eventstest.NewRing(t, path, 1<<20)
		}
		f.reads(t, ring.ID(t))
		for j := range 100 {
			numbered(t, ring, uint64(i*100+j))
		}
		<-held
	}
	unpin(t, path) // so the present one is drained as well
	closed := make(chan error)
	go func() { closed <- f.Close(context.Background()) }()
	close(out)
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	f.arrived(t, maps*100)
}

func TestAMapReplacedAllTheTimeIsReadWithoutLossOrDouble(t *testing.T) {
	dir := eventstest.Dir(t)
	path := filepath.Join(dir, "cilium_events")
	var f *followed
	const maps, each = 40, 25
	for i := range maps {
		if i > 0 {
			unpin(t, path)
		}
		ring := eventstest.NewRing(t, path, 1<<16)
		if i == 0 {
			f = follow(t, path, nil)
		}
		f.reads(t, ring.ID(t))
		for j := range each {
			numbered(t, ring, uint64(i*each+j))
		}
	}
	f.arrived(t, maps*each)
	f.await(t, "leaving maps", func() bool { return len(f.left) == maps-events.MaxMaps })
	if stats := f.Stats(); stats.Attached != maps || stats.Records != maps*each || stats.Left != maps-events.MaxMaps {
		t.Errorf("stats are %+v; want %d maps and %d records", stats, maps, maps*each)
	}
}

func TestFollowingLeavesNoFileOpen(t *testing.T) {
	dir := eventstest.Dir(t)
	path := filepath.Join(dir, "cilium_events")
	ring, perf := eventstest.NewRing(t, filepath.Join(dir, "ring"), 1<<16), eventstest.NewPerf(t, filepath.Join(dir, "perf"))
	files := func() int {
		t.Helper()
		open, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(open)
	}
	before := 0
	for i := range 20 {
		f := &followed{sink: newSink(), changed: make(chan struct{}, 1)}
		var err error
		if f.Follower, err = events.Follow(f.settings(path)); err != nil {
			t.Fatal(err)
		}
		f.says(t, "no map is pinned")
		for _, m := range []*ebpf.Map{ring.Map, perf.Map, ring.Map, perf.Map} {
			pin(t, m, path)
			is, err := pinned.Identify(m)
			if err != nil {
				t.Fatal(err)
			}
			f.reads(t, is.ID)
			unpin(t, path)
			f.says(t, "is still read")
		}
		if err := f.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if i == 0 { // what the runtime opens once is open
			before = files()
		}
	}
	if after := files(); after > before {
		t.Errorf("%d files are open after 20 runs, %d after one", after, before)
	}
}

func TestTheOldMapIsDrainedWhenItIsLeft(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	ring := eventstest.NewRing(t, path, 1<<20)
	f, in, out := followHeldUp(t, path)
	const n = 1000
	for i := range n {
		numbered(t, ring, uint64(i))
	}
	<-in
	unpin(t, path)
	closed := make(chan error)
	go func() { closed <- f.Close(context.Background()) }()
	close(out)
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	f.arrived(t, n)
}

func TestCloseEndsWaitingAndGivesThePathBack(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	f := follow(t, path, nil)
	other := &followed{sink: newSink(), changed: make(chan struct{}, 1)}
	_, err := events.Follow(other.settings(filepath.Dir(path) + "/./cilium_events"))
	if !errors.Is(err, events.ErrInUse) {
		t.Errorf("following the same path, of which nothing is there, in another spelling: %v; want ErrInUse", err)
	}
	if err := f.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(context.Background()); err != nil {
		t.Errorf("the second Close: %v", err)
	}
	follow(t, path, nil)
}

func TestThePathIsGivenBackThoughCloseDidNotWait(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	ring := eventstest.NewRing(t, path, 1<<16)
	f := &followed{sink: newSink(), changed: make(chan struct{}, 1)}
	s := f.settings(path)
	in, out := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.Look = func(events.MapInfo, int) error { // held up, as in writing the settings
		once.Do(func() { close(in); <-out })
		return nil
	}
	follower, err := events.Follow(s)
	if err != nil {
		t.Fatal(err)
	}
	<-in
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := follower.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close while a look is held up: %v; want the context's error", err)
	}
	close(out)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		next, err := events.Follow(f.settings(path))
		if err == nil {
			numbered(t, ring, 0)
			f.arrived(t, 1)
			if err := next.Close(context.Background()); err != nil {
				t.Error(err)
			}
			break
		}
		if !errors.Is(err, events.ErrInUse) || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if err := follower.Close(context.Background()); err != nil {
		t.Errorf("the second Close: %v", err)
	}
}

func TestWhatWaitingCannotMendFailsTheStart(t *testing.T) {
	dir := eventstest.Dir(t)
	array, directory := filepath.Join(dir, "array"), filepath.Join(dir, "directory")
	eventstest.NewArray(t, array, 4, 1)
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{array, directory, ""} {
		f := &followed{sink: newSink(), changed: make(chan struct{}, 1)}
		if _, err := events.Follow(f.settings(path)); err == nil || len(f.reports) > 0 {
			t.Errorf("following %q: %v, reported %v; want an error", path, err, f.reports)
		}
	}
	ring := eventstest.NewRing(t, filepath.Join(dir, "cilium_events"), 1<<16)
	refused := errors.New("the settings cannot be kept")
	f := &followed{sink: newSink(), changed: make(chan struct{}, 1), keep: refused}
	if _, err := events.Follow(f.settings(ring.Path)); !errors.Is(err, refused) {
		t.Errorf("%v; want %v", err, refused)
	}
	follow(t, ring.Path, nil) // the failed start holds nothing
}

func TestNothingIsReadBeforeItIsReady(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	ring := eventstest.NewRing(t, path, 1<<16)
	numbered(t, ring, 0)
	f := follow(t, path, func(f *followed) { f.ready = errors.New("Cilium is off") })
	f.says(t, "Cilium is off")
	if len(f.attached) > 0 {
		t.Error("a map was opened")
	}
	f.note(func() { f.ready = nil })
	f.arrived(t, 1)
	f.note(func() { f.ready = errors.New("Cilium is off") })
	numbered(t, ring, 1)
	f.arrived(t, 2)
}

func TestWhatCannotBeKeptLaterIsReportedAndTheMapRead(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_events")
	ring := eventstest.NewRing(t, path, 1<<16)
	f := follow(t, path, nil)
	f.note(func() { f.keep = errors.New("the settings are gone") })
	f.says(t, "the settings are gone")
	numbered(t, ring, 0)
	f.arrived(t, 1)
	f.note(func() { f.keep = nil })
	f.says(t, "")
}

func TestHowFullAMapWasIsToldThoughItIsEmptyAgain(t *testing.T) {
	dir := eventstest.Dir(t)
	ring, perf := eventstest.NewRing(t, filepath.Join(dir, "ring"), 1<<16), eventstest.NewPerf(t, filepath.Join(dir, "perf"))
	for path, write := range map[string]func(testing.TB, []byte, uint32) bool{ring.Path: ring.WriteTimes, perf.Path: perf.WriteTimes} {
		f, in, out := followHeldUp(t, path)
		const n = 300 // records of 112 bytes, headers included
		cpu := eventstest.CPUs(t)[0]
		eventstest.OnCPU(t, cpu, func() { write(t, make([]byte, 100), 1) })
		<-in
		eventstest.OnCPU(t, cpu, func() {
			if !write(t, make([]byte, 100), n) {
				t.Fatal("the map is full")
			}
		})
		close(out)
		f.sink.wait(t, n+1)
		f.await(t, "the peak", func() bool { return f.peak >= (n-1)*112 })
		if err := f.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}
