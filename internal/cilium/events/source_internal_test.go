// SPDX-License-Identifier: Apache-2.0

// What no real ring buffer does on demand: fail, lose records, belong to another platform.

package events

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
)

// script is an attachment that returns records and then ends with an error, or waits for the interrupt.
type script struct {
	records []Record
	err     error
	stop    chan struct{}
	closed  int
}

var _ attachment = (*script)(nil)

func (s *script) run(emit func(Record)) error {
	for _, r := range s.records {
		emit(r)
	}
	if s.err == nil {
		<-s.stop
	}
	return s.err
}

func (s *script) interrupt() error          { close(s.stop); return nil }
func (s *script) fill() (waiting, size int) { return 3, 64 }
func (s *script) close() error              { s.closed++; return nil }

func newScripted(s *script) *Source {
	s.stop = make(chan struct{})
	return &Source{info: MapInfo{Path: "/pin"}, reader: s, release: func() {}, done: make(chan struct{})}
}

func TestASourceWhoseMapFailsIsDoneAndSaysWhy(t *testing.T) {
	broken := errors.New("read record header: unexpected EOF")
	reader := &script{err: broken}
	s := newScripted(reader)
	if err := s.Err(); err != nil {
		t.Errorf("Err before Start is %v; want none", err)
	}
	s.Start(func(int64, []byte, []byte) bool { return true })
	s.Start(func(int64, []byte, []byte) bool { t.Error("started twice"); return true })
	<-s.Done()
	if err := s.Err(); !errors.Is(err, broken) || !strings.Contains(err.Error(), "/pin") {
		t.Errorf("Err is %v; want the reader's, with the path", err)
	}
	if err := s.Close(context.Background()); err != nil || reader.closed != 1 {
		t.Errorf("Close: %v, reader closed %d times; want once", err, reader.closed)
	}
}

// undrained is a script that cannot be drained.
type undrained struct{ script }

var (
	_        drainer = (*undrained)(nil)
	errFlush         = errors.New("cannot be flushed")
)

func (*undrained) drain() error { return errFlush }

func TestASourceThatCannotBeDrainedIsClosedAllTheSame(t *testing.T) {
	reader := &undrained{}
	s := newScripted(&reader.script)
	s.reader = reader
	s.Start(func(int64, []byte, []byte) bool { return true })
	if err := s.Drain(context.Background(), time.Hour); !errors.Is(err, errFlush) || !strings.Contains(err.Error(), "/pin") {
		t.Errorf("Drain: %v; want the reader's error, with the path", err)
	}
	select {
	case <-s.Done():
	default:
		t.Error("it is still read")
	}
	if reader.closed != 1 {
		t.Errorf("the reader was closed %d times; want once", reader.closed)
	}
}

func TestLossRecordsAreDeliveredAndCountedApart(t *testing.T) {
	s := newScripted(&script{records: []Record{
		{Time: 1, CPU: 2, Data: []byte("abc")},
		{Time: 4, CPU: 5, Lost: 60},
		{Time: 7, CPU: 2, Data: []byte("de")},
	}})
	type delivery struct {
		received   int64
		head, body string
	}
	var got []delivery
	delivered := make(chan struct{})
	s.Start(func(received int64, head, body []byte) bool {
		got = append(got, delivery{received, string(head), string(body)})
		if len(got) == 3 {
			close(delivered)
		}
		return true
	})
	<-delivered
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	want := []delivery{
		{1, "\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "abc"},
		{4, "\x04\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x3c\x00\x00\x00\x00\x00\x00\x00", ""},
		{7, "\x07\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "de"},
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("delivery %d is %+v; want %+v", i, got[i], want[i])
		}
	}
	if stats, want := s.Stats(), (Stats{Records: 2, Bytes: 5, Lost: 60, Waiting: 3, Size: 64}); stats != want {
		t.Errorf("stats are %+v; want %+v", stats, want)
	}
}

func TestOnlyAMapOfAPossibleTypeAndSizeIsAnEventsMap(t *testing.T) {
	const windows = 1 << 28 // cilium/ebpf's mark of a Windows map type
	for _, c := range []struct {
		name string
		typ  ebpf.MapType
		size uint32
		want error
		text string
	}{
		{"Linux ring buffer", 27, 4096, nil, ""},
		{"Windows ring buffer", windows | 13, 1 << 31, nil, ""},
		{"a ring buffer without room", 27, 0, ErrMapSize, "found 0 bytes; want a power of two"},
		{"a ring buffer of odd size", windows | 13, 3 << 12, ErrMapSize, "found 12288 bytes; want a power of two"},
		{"Linux perf event array", 4, 2, nil, ""},
		{"Windows perf event array", windows | 14, 65536, nil, ""},
		{"a perf event array without room", windows | 14, 0, ErrMapSize, "found no entries"},
		{"Windows array", windows | 2, 4, ErrMapType, "is of type 2 (WindowsArray)"},
		{"Linux hash", 1, 4, ErrMapType, "is of type 1 (Hash)"},
		{"Linux type 13, a map of maps", 13, 4096, ErrMapType, "is of type 13 (HashOfMaps)"},
	} {
		err := checkMap("/pin", c.typ, c.size)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", c.name, err, c.want)
		}
		if err != nil && (!strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), "/pin")) {
			t.Errorf("%s: %q does not say %q and the path", c.name, err, c.text)
		}
	}
}

// A node may wait long for Cilium, which may be restarted soon after. A map that then takes the new one's place must be noticed as
// fast as ever.
func TestAMapThatWasWaitedForIsLookedAtAsOftenAsAnyOther(t *testing.T) {
	f := newFollower(FollowSettings{Interval: time.Second, Report: func(error) {}}, nil, func() {})
	for _, want := range []time.Duration{1, 2, 4, 8, 8, 8} {
		f.fail(ErrMapType)
		if got := f.delay(); got != want*time.Second {
			t.Fatalf("the next look of one that waits is in %v; want %ds", got, want)
		}
	}
	f.begin(&held{Source: &Source{}})
	if got := f.delay(); got != time.Second {
		t.Errorf("the next look after a map was found is in %v; want 1s", got)
	}
	f.current = nil
	if got := f.delay(); got != 8*time.Second {
		t.Errorf("the next look of one whose map fails again and again is in %v; want 8s", got)
	}
}
