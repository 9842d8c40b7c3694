// SPDX-License-Identifier: Apache-2.0

// The order of events that are out of order in the file.

package etl

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

const second = 10_000_000 // in ticks of the test files' clocks

// seconds returns the events' stamps, in seconds after the start.
func seconds(events [][]byte) (list []int) {
	for _, e := range events {
		list = append(list, int(int64(binary.LittleEndian.Uint64(e[16:])-startFiletime)/second))
	}
	return list
}

// at returns the records of events at times in seconds after the start. The processor's number is their id.
func at(processor uint16, times ...int) []byte {
	var b []byte
	for _, s := range times {
		b = append(b, pad(event(uint64(startFiletime+s*second), processor, ""))...)
	}
	return b
}

func on(processor uint16, sequence uint64, times ...int) []byte {
	return from(processor, sequence, buffer(1024, at(processor, times...)))
}

func TestACircularFileIsReadFromItsOldestBufferOn(t *testing.T) {
	file := trace{mode: ModeCircular, buffers: [][]byte{on(0, 9, 900, 901), on(0, 5, 50, 51), on(0, 6, 60), on(0, 7, 70, 72), on(0, 8, 80)}}.build()
	events, stats := mustRead(t, file)
	if got, want := seconds(events), []int{50, 51, 60, 70, 72, 80, 900, 901}; !slices.Equal(got, want) || !stats.Complete() {
		t.Errorf("%v, want %v; %v", got, want, stats)
	}
}

func TestSequenceNumbersMayWrapAround(t *testing.T) {
	last := ^uint64(0)
	file := trace{mode: ModeCircular, buffers: [][]byte{on(0, 1, 80), on(0, 2, 90), on(0, last-1, 50, 51), on(0, last, 60), on(0, 0, 70)}}.build()
	events, _ := mustRead(t, file)
	if got, want := seconds(events), []int{50, 51, 60, 70, 80, 90}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestFewOfTheBuffersThatFollowAreLookedAtForAStamp(t *testing.T) {
	s := &stream{places: make([]place, 1000)} // no buffer begins with an event, so without a limit every buffer would be searched each time
	s.places[lookAhead-1].first, s.places[lookAhead].first = 7, 8
	var found []uint64
	s.stamps(0, func(_ int, stamp uint64) bool {
		found = append(found, stamp)
		return true
	})
	if !slices.Equal(found, []uint64{7}) {
		t.Errorf("%v, want the stamp of the %dth buffer and no later one", found, lookAhead)
	}
}

func TestTheEventsOfSeveralProcessorsComeInTheOrderOfTime(t *testing.T) {
	file := trace{buffers: [][]byte{on(3, 4, 8, 9, 30), on(0, 1, 1, 20, 21), on(1, 2, 2, 3, 4), on(3, 6, 31, 32), on(1, 5, 5, 29, 50)},
		first: at(7, 0)}.build()
	events, _ := mustRead(t, file)
	if got, want := seconds(events), []int{0, 1, 2, 3, 4, 5, 8, 9, 20, 21, 29, 30, 31, 32, 50}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// well returns a file as Windows writes it, with its buffers in random order. Each processor writes at random times, to a buffer of its
// own.
func well(rng *rand.Rand, compress bool) (file []byte, events int) {
	const size = 1024
	type open struct {
		sequence uint64
		records  []byte
	}
	f := trace{mode: ModeCircular, clock: uint32(1 + rng.IntN(2)), first: pad(event(startStamp, 77, ""))}
	stamp := uint64(startStamp)
	if f.clock == 2 {
		stamp = startFiletime
		f.first = pad(event(startFiletime, 77, ""))
	}
	processors := make([]open, 1+rng.IntN(9))
	sequence := uint64(0)
	flush := func(i int) {
		b := from(uint16(i), processors[i].sequence, buffer(size, processors[i].records))
		binary.LittleEndian.PutUint64(b[16:], stamp)
		if compress && rng.IntN(2) == 0 {
			b = packed(b)
		}
		f.buffers = append(f.buffers, b)
		processors[i] = open{}
	}
	events = 1
	for range 300 {
		i := rng.IntN(len(processors))
		p := &processors[i]
		stamp += uint64(rng.IntN(1<<rng.IntN(34) + 1))
		record := pad(event(stamp, uint16(i), string(make([]byte, rng.IntN(300)))))
		if rng.IntN(5) == 0 {
			record = append(other(24, 4, 0x04, 0xC0), record...)
		}
		if len(p.records)+len(record) > size-72 {
			flush(i)
		}
		if p.records == nil {
			sequence++
			p.sequence = sequence
		}
		p.records = append(p.records, record...)
		events++
	}
	for i := range processors {
		if processors[i].records != nil {
			flush(i)
		}
	}
	if compress {
		f.mode |= ModeCompressed
	}
	rng.Shuffle(len(f.buffers), func(i, j int) { f.buffers[i], f.buffers[j] = f.buffers[j], f.buffers[i] })
	return f.build(), events
}

func stampOf(e []byte) uint64 { return binary.LittleEndian.Uint64(e[16:]) }

func TestWellFormedFilesAreReadInTheOrderOfTimeWhateverTheOrderOfTheirBuffers(t *testing.T) {
	rng := rand.New(rand.NewPCG(20260304, 5))
	for i := range 300 {
		file, want := well(rng, i%2 == 0)
		events, stats := mustRead(t, file)
		if len(events) != want || !stats.Complete() || stats.UnmergedBuffers != 0 {
			t.Fatalf("file %d: %d events, want %d; %v", i, len(events), want, stats)
		}
		if !slices.IsSortedFunc(events, func(a, b []byte) int { return int(int64(stampOf(a) - stampOf(b))) }) {
			t.Fatalf("file %d is not in the order of time", i)
		}
		survive(t, file)
	}
}

func TestAProcessorsOwnOrderIsKeptWhereItsClockWasSetBack(t *testing.T) {
	file := trace{buffers: [][]byte{
		on(0, 1, 7200, 7201, 7202), on(1, 2, 7200, 7201, 7203), on(0, 3, 3600, 3601, 3602), on(1, 4, 7204, 3600, 3601), on(0, 5, 3603),
	}}.build()
	events, _ := mustRead(t, file)
	own := map[uint16][]int{}
	for i, id := range ids(events) {
		own[id] = append(own[id], seconds(events)[i])
	}
	if want := []int{7200, 7201, 7202, 3600, 3601, 3602, 3603}; !slices.Equal(own[0], want) {
		t.Errorf("processor 0: %v, want %v", own[0], want)
	}
	if want := []int{7200, 7201, 7203, 7204, 3600, 3601}; !slices.Equal(own[1], want) {
		t.Errorf("processor 1: %v, want %v", own[1], want)
	}
	if want := []int{7200, 7200, 7201, 7201, 7202, 7203, 7204, 3600, 3600, 3601, 3601, 3602, 3603}; !slices.Equal(seconds(events), want) {
		t.Errorf("%v, want %v", seconds(events), want)
	}
}

// A hostile clock is set back with each event. Were the stream that waits among the others, each step would cost a look at all of them.
func TestAStreamThatWaitsIsApartFromTheOthers(t *testing.T) {
	const others = 50
	file := trace{buffers: [][]byte{on(0, 1, 1000, 1000, 1000, 1000, 1000, 1000, 500, 500, 500, 500)}}
	for cpu := range others {
		file.buffers = append(file.buffers, on(uint16(1+cpu), 1, 1001+cpu))
	}
	raw := file.build()
	r, err := NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	waited, n := 0, 0
	for ; ; n++ {
		if _, err = r.Next(); err != nil {
			break
		}
		if len(r.waits) > 0 {
			waited++
			if len(r.waits) != 1 || len(r.streams) != others-waited+1 || slices.Contains(r.streams, r.waits[0]) {
				t.Fatalf("%d wait, %d do not, after event %d", len(r.waits), len(r.streams), n)
			}
		}
	}
	if err != io.EOF || n != 10+others || waited != others {
		t.Errorf("%d events, a stream waited for %d of them, %v", n, waited, err)
	}
}

func TestAStrayStampHoldsNoProcessorUp(t *testing.T) {
	const century = 100 * 365 * 86400
	for name, file := range map[string][][]byte{
		"first in a buffer":             {on(0, 1, 1, 3, 5), on(1, 2, 2, 4, 6), on(0, 3, century, 7, 9, 11), on(1, 4, 8, 10, 12)},
		"in the middle of a buffer":     {on(0, 1, 1, 3, century, 5), on(1, 2, 2, 4, 6), on(0, 3, 7, 9, 11), on(1, 4, 8, 10, 12)},
		"last in a buffer":              {on(0, 1, 1, 3, 5, century), on(1, 2, 2, 4, 6), on(0, 3, 7, 9, 11), on(1, 4, 8, 10, 12)},
		"an hour ahead, several":        {on(0, 1, 1, 3600, 3, 3601, 3602, 5), on(1, 2, 2, 4, 6), on(0, 3, 7, 9, 11), on(1, 4, 8, 10, 12)},
		"of the past, first":            {on(0, 1, 1, 3, 5), on(1, 2, 2, 4, 6), on(0, 3, -century, 7, 9, 11), on(1, 4, 8, 10, 12)},
		"of the past, middle":           {on(0, 1, 1, 3, -century, 5), on(1, 2, 2, 4, 6), on(0, 3, 7, 9, 11), on(1, 4, 8, 10, 12)},
		"before a compressed buffer":    {on(0, 1, 1, 3, 5, century), on(1, 2, 2, 4, 6), packed(on(0, 3, 7, 9, 11)), on(1, 4, 8, 10, 12)},
		"of the past, last in a buffer": {on(0, 1, 1, 3, 5, -century), on(1, 2, 2, 4, 6), on(0, 3, 7, 9, 11), on(1, 4, 8, 10, 12)},
	} {
		events, _ := mustRead(t, trace{buffers: file}.build())
		strays := 0
		rest := slices.DeleteFunc(seconds(events), func(s int) bool {
			stray := s < 0 || s > 100
			if stray {
				strays++
			}
			return stray
		})
		if want := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}; !slices.Equal(rest, want) || strays == 0 {
			t.Errorf("%s: %v, want %v", name, rest, want)
		}
	}
}

func TestUpToThirtyTwoStraysInARowHoldNoProcessorUp(t *testing.T) {
	const size, events, strays = 1 << 15, 300, 32
	for _, ahead := range []int{3600, -3600, 1e9} {
		for _, where := range []int{0, 1, 100, events - 2*strays - 2, events - strays} {
			var own [2][]int
			for i := range 2 * events {
				own[i%2] = append(own[i%2], 1+i)
			}
			for i := range strays {
				own[0][where+i] += ahead
			}
			var buffers [][]byte
			for cpu, list := range own {
				for part := range slices.Chunk(list, events/3) {
					buffers = append(buffers, from(uint16(cpu), uint64(len(buffers)), buffer(size, at(uint16(cpu), part...))))
				}
			}
			got, _ := mustRead(t, trace{bufferSize: size, buffers: buffers}.build())
			rest := slices.DeleteFunc(seconds(got), func(s int) bool { return s < 1 || s > 2*events })
			if len(got) != 2*events || len(rest) != 2*events-strays || !slices.IsSorted(rest) {
				t.Errorf("%d strays of %d s at %d: %d events, %d others: %v", strays, ahead, where, len(got), len(rest), rest)
			}
		}
	}
}

func TestLessThanHalfOfAProcessorsEventsOfAWrongTimeHoldItNotUp(t *testing.T) {
	const size, events = 1 << 15, 300
	for _, ahead := range []int{3600, -3600, 1e9} {
		for _, wrong := range []func(i int) bool{func(i int) bool { return i%3 == 1 }, func(i int) bool { return i%5 == 1 || i%5 == 3 }} {
			var own [2][]int
			strays := 0
			for i := range 2 * events {
				at := 1 + i
				if i%2 == 0 && wrong(i/2) {
					at += ahead
					strays++
				}
				own[i%2] = append(own[i%2], at)
			}
			var buffers [][]byte
			for cpu, list := range own {
				buffers = append(buffers, from(uint16(cpu), uint64(cpu), buffer(size, at(uint16(cpu), list...))))
			}
			got, _ := mustRead(t, trace{bufferSize: size, buffers: buffers}.build())
			rest := slices.DeleteFunc(seconds(got), func(s int) bool { return s < 1 || s > 2*events })
			if len(rest) != 2*events-strays || !slices.IsSorted(rest) {
				t.Errorf("%d strays of %d s: %d others, in order: %v", strays, ahead, len(rest), slices.IsSorted(rest))
			}
		}
	}
}

func TestASessionAppendedToAFileComesAfterTheFirst(t *testing.T) {
	again := func(b []byte) []byte { // completed long after the first session's
		binary.LittleEndian.PutUint64(b[16:], startFiletime+1<<20+binary.LittleEndian.Uint64(b[24:]))
		return b
	}
	file := trace{buffers: [][]byte{on(0, 1, 1), on(0, 2, 2), on(0, 3, 3), again(on(0, 1, 11)), again(on(0, 2, 12)), again(on(0, 3, 13))}}.build()
	events, _ := mustRead(t, file)
	if got, want := seconds(events), []int{1, 2, 3, 11, 12, 13}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestBuffersWithoutSequenceNumbersGoByTheirStamps(t *testing.T) {
	unnumbered := func(stamp uint64, b []byte) []byte {
		clear(b[24:32])
		binary.LittleEndian.PutUint64(b[16:], stamp)
		return b
	}
	file := trace{mode: ModeCircular, buffers: [][]byte{unnumbered(3, on(0, 0, 30)), unnumbered(1, on(0, 0, 10)), unnumbered(2, on(0, 0, 20))}}.build()
	events, _ := mustRead(t, file)
	if got, want := seconds(events), []int{10, 20, 30}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// bounded reads a file with smaller bounds than the reader's own.
func bounded(t *testing.T, file []byte, b bounds) ([]int, Stats) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	r.bounds = b
	var events [][]byte
	for {
		raw, err := r.Next()
		if err == io.EOF {
			return seconds(events), r.Stats()
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, bytes.Clone(raw))
	}
}

func TestBuffersBeyondTheMemoryComeWholeInTheOrderOfTheirFirstEventsAndAreCounted(t *testing.T) {
	file := trace{buffers: [][]byte{on(0, 1, 1, 10), on(1, 2, 2, 11), on(2, 3, 3, 12), on(2, 4, 13, 14), on(0, 5, 20)}}.build()
	got, stats := bounded(t, file, bounds{2 * 232, 10}) // two buffers
	if want := []int{1, 2, 3, 12, 10, 11, 13, 14, 20}; !slices.Equal(got, want) || stats.UnmergedBuffers != 1 {
		t.Errorf("%v, want %v; %v", got, want, stats)
	}
	rng := rand.New(rand.NewPCG(6, 7))
	for range 100 {
		file, want := well(rng, true)
		for _, merged := range []int{1, 2000, 5000} {
			if got, stats := bounded(t, file, bounds{merged, 7}); len(got) != want || !stats.Complete() {
				t.Fatalf("%d events, want %d; %v", len(got), want, stats)
			}
		}
	}
}

func TestAFileIsPutInOrderInParts(t *testing.T) {
	file := trace{buffers: [][]byte{on(0, 2, 2), on(0, 1, 1), on(0, 4, 4), on(0, 3, 3), on(0, 5, 5)}}.build()
	got, stats := bounded(t, file, bounds{MaxMerged, 2})
	if want := []int{1, 2, 3, 4, 5}; !slices.Equal(got, want) || stats.Buffers != 6 {
		t.Errorf("%v, want %v; %v", got, want, stats)
	}
}

func TestAsManyProcessorsAsThereAreNumbersTakeBoundedMemory(t *testing.T) {
	var all []byte
	for i := range 1 << 16 {
		b := buffer(160, pad(event(uint64(startFiletime+i), 1, "")))
		all = append(all, from(uint16(i), uint64(i), b)...)
	}
	file := trace{mode: ModeCompressed, bufferSize: MaxBufferSize, firstSize: 1024, buffers: [][]byte{all}}.build()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	n := 0
	for ; err == nil; n++ {
		_, err = r.Next()
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 || n != 1<<16+1 || err != io.EOF {
		t.Errorf("%d bytes allocated, %d events, %v", got, n, err)
	}
}

func TestWhatStandsBeforeAPlaceThatCannotBeReadIsHandedOn(t *testing.T) {
	const size = 1 << 16
	big := func(sequence uint64, s int) []byte { return from(0, sequence, buffer(size, at(0, s))) }
	file := trace{mode: ModeCircular, bufferSize: size, buffers: [][]byte{big(3, 3), big(4, 4), big(1, 1), big(2, 2)}}.build()
	for from, want := range map[int64][]int{2 * size: {3}, 3*size + 120: {3, 4}, 4*size + 80: {1, 3, 4}, 4*size + 120: {1, 3, 4}} {
		r, err := NewReader(failingAt{bytes.NewReader(file), from}, int64(len(file)))
		var events [][]byte
		for err == nil {
			var raw []byte
			if raw, err = r.Next(); err == nil {
				events = append(events, bytes.Clone(raw))
			}
		}
		if got := seconds(events); !slices.Equal(got, want) {
			t.Errorf("failing from %d: %v, want %v (%v)", from, got, want, err)
		}
	}
}
