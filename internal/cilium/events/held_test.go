// SPDX-License-Identifier: Apache-2.0

// What real maps cannot do on demand: have no number, and take time to be silent.

package events

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cilium/ebpf"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
)

// fakeMap is a ring buffer without a kernel. What is read is removed, and what is not read waits for the next reader.
type fakeMap struct {
	is      pinned.Identity
	records chan uint64

	mu      sync.Mutex
	readers int // at the same time; more than one would read an event twice
	worst   int
	read    int  // records
	blind   bool // it tells no position, as a perf event array
}

func newFakeMap(id uint32, name string) *fakeMap {
	return &fakeMap{is: pinned.Identity{ID: id, Type: ebpf.RingBuf, MaxEntries: 4096, Name: name}, records: make(chan uint64, 1000)}
}

func (m *fakeMap) identity() pinned.Identity { return m.is }

func (m *fakeMap) position() (position, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return position{consumer: uint64(8 * m.read), producer: uint64(8 * (m.read + len(m.records)))}, !m.blind
}
func (m *fakeMap) Close() error { return nil }

// reading returns the number of present readers of the map.
func (m *fakeMap) reading() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.readers
}

func (m *fakeMap) source(by *owner) (*Source, error) {
	release, err := readers.claimMap(m.is, by)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.readers++
	m.worst = max(m.worst, m.readers)
	r := &fakeReader{m: m, stop: make(chan struct{}), empty: make(chan struct{})}
	return &Source{info: MapInfo{Path: "/pin", ID: m.is.ID}, is: m.is, reader: r, release: release, done: make(chan struct{})}, nil
}

// fakeReader is an attachment of a fakeMap.
type fakeReader struct {
	m           *fakeMap
	stop, empty chan struct{} // closed by interrupt, and by drain
	once        sync.Once
}

var (
	_ attachment = (*fakeReader)(nil)
	_ drainer    = (*fakeReader)(nil)
	_ placed     = (*fakeReader)(nil)
)

func (r *fakeReader) position() (position, bool) { return r.m.position() }

func (r *fakeReader) run(emit func(Record)) error {
	give := func(n uint64) {
		r.m.mu.Lock()
		r.m.read++
		r.m.mu.Unlock()
		emit(Record{Data: binary.LittleEndian.AppendUint64(nil, n)})
	}
	for {
		select {
		case n := <-r.m.records:
			give(n)
			continue
		default:
		}
		select {
		case n := <-r.m.records:
			give(n)
		case <-r.empty:
			return nil
		case <-r.stop:
			return nil
		}
	}
}

func (r *fakeReader) interrupt() error          { r.once.Do(func() { close(r.stop) }); return nil }
func (r *fakeReader) drain() error              { close(r.empty); return nil }
func (r *fakeReader) fill() (waiting, size int) { return 8 * len(r.m.records), 4096 }

func (r *fakeReader) close() error {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	r.m.readers--
	return nil
}

// fakePin is a path, and what is reported to its follower.
type fakePin struct {
	*Follower

	mu      sync.Mutex
	m       *fakeMap
	err     error
	got     []uint64
	reports []error
	left    []string
	unsure  []MapInfo
}

func (p *fakePin) put(m *fakeMap, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.m, p.err = m, err
}

func (p *fakePin) open(string) (foundMap, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.m, p.err
}

// wrong is the last report.
func (p *fakePin) wrong() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.reports) == 0 {
		return nil
	}
	return p.reports[len(p.reports)-1]
}

const (
	fakeInterval = time.Second
	fakeQuiet    = 10 * time.Second
)

// followFake follows a path at which m is pinned, in a bubble of synctest.
func followFake(t *testing.T, m *fakeMap) *fakePin {
	t.Helper()
	p := &fakePin{m: m}
	var err error
	p.Follower, err = follow(FollowSettings{
		Path: "/pin", Interval: fakeInterval, Quiet: fakeQuiet,
		Deliver: func(_ int64, _, body []byte) bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.got = append(p.got, binary.LittleEndian.Uint64(body))
			return true
		},
		Ready:    func() error { return nil },
		Attached: func(MapInfo) error { return nil },
		Look:     func(MapInfo, int) error { return nil },
		Report: func(err error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.reports = append(p.reports, err)
		},
		Left:   func(MapInfo, int) { p.left = append(p.left, "left") },
		Unsure: func(info MapInfo) { p.unsure = append(p.unsure, info) },
	}, p.open)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// end closes the follower and checks that it delivered each of the numbers up to n once.
func (p *fakePin) end(t *testing.T, n uint64, maps ...*fakeMap) {
	t.Helper()
	if err := p.Close(context.Background()); err != nil {
		t.Error(err)
	}
	slices.Sort(p.got)
	for i := range n {
		if uint64(len(p.got)) != n || p.got[i] != i {
			t.Fatalf("delivered %d; want 0 to %d, each once", p.got, n-1)
		}
	}
	for _, m := range maps {
		if m.worst > 1 || m.readers != 0 {
			t.Errorf("the map %+v had %d readers at once and has %d; want one at most, and none in the end", m.is, m.worst, m.readers)
		}
	}
}

// look lets the follower look the given number of times.
func look(times int) {
	time.Sleep(time.Duration(times) * fakeInterval)
	synctest.Wait()
}

func TestEachOldMapIsLeftWhenItHasBeenSilentAndNoSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second, third := newFakeMap(1, ""), newFakeMap(2, ""), newFakeMap(3, "")
		p := followFake(t, first)
		p.put(second, nil)
		look(2)
		p.put(third, nil)
		look(2)
		n := uint64(0)
		for range 6 { // the first one is written every 5 s for half a minute, the second not at all
			first.records <- n
			n++
			look(5)
		}
		if second.reading() != 0 || first.reading() != 1 {
			t.Errorf("after half a minute the maps have %d and %d readers; want the first one read and the silent one left", first.reading(), second.reading())
		}
		look(4)
		if first.reading() != 1 {
			t.Error("a map was left that had been silent for 9 s")
		}
		look(2)
		if first.reading() != 0 || third.reading() != 1 {
			t.Errorf("the first and the present map have %d and %d readers; want the present one read alone", first.reading(), third.reading())
		}
		if stats := p.Stats(); stats.Left != 0 || stats.Attached != 3 || len(p.left) != 0 {
			t.Errorf("stats are %+v; want three maps and none left early", stats)
		}
		p.end(t, n, first, second, third)
	})
}

func TestAMapThatComesBackIsReadOnAndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second, third := newFakeMap(1, ""), newFakeMap(2, ""), newFakeMap(3, "")
		p := followFake(t, first)
		n := uint64(0)
		for _, m := range []*fakeMap{second, third, first, second, second, first} {
			p.put(m, nil)
			look(1)
			for _, m := range []*fakeMap{first, second, third} {
				m.records <- n
				n++
			}
		}
		look(1)
		if stats := p.Stats(); stats.Attached != 6 || stats.Records != n {
			t.Errorf("stats are %+v; want 6 changes and %d records", stats, n)
		}
		p.end(t, n, first, second, third)
	})
}

// Shutdown has 1.5 s for the source. Every old map and the present one are written without end.
func TestOnShutdownManyOldMapsTakeNoLongerThanOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var maps []*fakeMap
		stop := make(chan struct{})
		var writers sync.WaitGroup
		var p *fakePin
		for i := range MaxMaps {
			m := newFakeMap(uint32(i+1), "")
			maps = append(maps, m)
			if i == 0 {
				p = followFake(t, m)
			}
			p.put(m, nil)
			look(1)
			writers.Go(func() {
				for {
					select {
					case m.records <- 0:
						time.Sleep(time.Millisecond)
					case <-stop:
						return
					}
				}
			})
		}
		p.put(nil, errors.New("nothing is pinned there"))
		begun := time.Now()
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > drainTime+fakeInterval/10 {
			t.Errorf("Close took %v; want no more than %v", took, drainTime)
		}
		close(stop)
		writers.Wait()
		for _, m := range maps {
			if m.reading() != 0 {
				t.Error("a map is read after Close")
			}
		}
	})
}

func TestTwoMapsWithoutANumberAreNotTakenForOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newFakeMap(0, "cilium_events"), newFakeMap(0, "cilium_events")
		first.blind, second.blind = true, true
		p := followFake(t, first)
		n := uint64(0)
		write := func(m *fakeMap) { m.records <- n; n++ }
		for range 5 { // the same map, seen again and again
			write(first)
			look(3)
		}
		if attached := p.Stats().Attached; attached != 1 {
			t.Errorf("a map that events come out of was attached %d times; want once", attached)
		}
		p.put(second, nil)
		write(first) // a program of before
		write(second)
		look(5)
		write(first)
		look(12)
		if second.reading() != 1 || len(second.records) != 0 {
			t.Errorf("the map that took the place has %d readers and %d events wait; want it read", second.reading(), len(second.records))
		}
		write(second)
		look(30) // silence: it may be another one again, so it is attached anew
		write(second)
		if stats := p.Stats(); stats.Left != 0 {
			t.Errorf("stats are %+v; want no map left early", stats)
		}
		look(1)
		p.end(t, n, first, second)
	})
}

// The old programs write without pause, so no silence shows that there is another map.
func TestARingWithoutANumberHidesNoOtherWhileItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newFakeMap(0, "cilium_events"), newFakeMap(0, "cilium_events")
		p := followFake(t, first)
		n := uint64(0)
		write := func(m *fakeMap) { m.records <- n; n++ }
		for range 60 { // the same map, seen again and again, also when it is silent
			write(first)
			look(1)
		}
		look(30)
		if stats := p.Stats(); stats.Attached != 1 {
			t.Errorf("a map was attached %d times; want once", stats.Attached)
		}
		p.put(second, nil)
		for range 60 {
			write(first)
			write(second)
			look(1)
		}
		if first.reading() != 1 || second.reading() != 1 || len(first.records)+len(second.records) != 0 {
			t.Errorf("the maps have %d and %d readers; want both read", first.reading(), second.reading())
		}
		p.put(first, nil) // the first one is back, while the second one is written
		for range 60 {
			write(first)
			write(second)
			look(1)
		}
		look(20)
		if stats := p.Stats(); stats.Left != 0 || stats.Unsure != 0 || stats.Attached != 3 || second.reading() != 0 {
			t.Errorf("stats are %+v, and the second map has %d readers; want three changes, nothing left early and the silent one left", stats, second.reading())
		}
		p.end(t, n, first, second)
	})
}

func TestAMapThatTellsNeitherNumberNorPositionHidesAnotherForAMinuteAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newFakeMap(0, "cilium_events"), newFakeMap(0, "cilium_events")
		first.blind, second.blind = true, true
		p := followFake(t, first)
		n := uint64(0)
		write := func(m *fakeMap) { m.records <- n; n++ }
		p.put(second, nil)
		for range int(MaxUnsure/fakeInterval) - 1 {
			write(first)
			write(second)
			look(1)
		}
		if first.reading() != 1 || second.reading() != 0 {
			t.Errorf("the maps have %d and %d readers; want the first one read alone: it may be both", first.reading(), second.reading())
		}
		write(first)
		look(2)
		if first.reading() != 0 || second.reading() != 1 || len(second.records) != 0 {
			t.Errorf("after a minute the maps have %d and %d readers; want the pinned one read", first.reading(), second.reading())
		}
		if stats := p.Stats(); stats.Unsure != 1 || len(p.unsure) != 1 || stats.Left != 0 || len(p.left) != 0 {
			t.Errorf("stats are %+v; want it said once that nothing shows whether the map was replaced", stats)
		}
		p.end(t, n, first, second)
	})
}

func TestMapsWithoutANumberThatDoNotLookAlikeAreTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newFakeMap(0, "cilium_events"), newFakeMap(0, "cilium_events")
		first.blind, second.blind = true, true
		second.is.MaxEntries *= 2
		p := followFake(t, first)
		p.put(second, nil)
		look(1)
		first.records <- 0 // both are read
		second.records <- 1
		look(1)
		if first.reading() != 1 || second.reading() != 1 {
			t.Errorf("the maps have %d and %d readers; want one each", first.reading(), second.reading())
		}
		// The first one is back, or one that looks like it. Its reader is ended first, so that it never has two.
		p.put(first, nil)
		first.records <- 2
		look(1)
		second.records <- 3
		look(1)
		if stats := p.Stats(); stats.Left != 1 || len(p.left) != 1 {
			t.Errorf("stats are %+v; want one map left early, and said so", stats)
		}
		p.end(t, 4, first, second)
	})
}

func TestAMapThatTheKernelDoesNotDescribeIsReportedAndThePresentOneRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFakeMap(1, "")
		p := followFake(t, m)
		p.put(nil, errors.New("asking which map it is: no memory"))
		look(1)
		if err := p.wrong(); err == nil || m.reading() != 1 {
			t.Errorf("reported %v, %d readers; want the error, and the map read", err, m.reading())
		}
		p.put(m, nil)
		m.records <- 0
		look(1)
		if err := p.wrong(); err != nil || p.Stats().Attached != 1 {
			t.Errorf("reported %v, attached %d times; want that all is well, and once", err, p.Stats().Attached)
		}
		p.end(t, 1, m)
	})
}

func TestTwoPinsThatMayBeOneMapWithoutANumberAreNotReadTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newFakeMap(0, "cilium_events")
		p := followFake(t, m)
		other := func(m *fakeMap) (*Follower, error) {
			s := p.s
			s.Path = "/other"
			return follow(s, func(string) (foundMap, error) { return m, nil })
		}
		for name, second := range map[string]*fakeMap{
			"the same": m, "one that looks the same": newFakeMap(0, "cilium_events"), "one with a number": newFakeMap(7, "cilium_events"),
		} {
			_, err := other(second)
			if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "no number") || !strings.Contains(err.Error(), "pinned at /pin") || !strings.Contains(err.Error(), "; want ") {
				t.Errorf("%s at another path: %v; want ErrInUse, with what is wanted", name, err)
			}
			if second != m && second.reading() != 0 {
				t.Errorf("%s at another path is read", name)
			}
		}
		different := newFakeMap(0, "of_another_name")
		f, err := other(different)
		if err != nil {
			t.Fatalf("a map of another name at another path: %v", err)
		}
		if err := f.Close(context.Background()); err != nil {
			t.Error(err)
		}
		p.end(t, 0, m, different)
		f, err = other(m) // nobody reads it any more
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(context.Background()); err != nil || m.worst > 1 {
			t.Errorf("%v, %d readers at once", err, m.worst)
		}
	})
}
