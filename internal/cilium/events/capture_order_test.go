// SPDX-License-Identifier: Apache-2.0

package events_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
)

// ahead is how many records a capture is read ahead, as its documentation says.
const ahead = 8 << 10

// times gives the records' times.
func times(records []events.Record) (list []int64) {
	for _, r := range records {
		list = append(list, r.Time)
	}
	return list
}

func TestTheBlocksOfSeveralProcessorsComeInTheOrderOfTime(t *testing.T) {
	const processors, each = 4, 2000
	var records []events.Record
	for cpu := range processors {
		for i := range each {
			records = append(records, events.Record{Time: int64(1 + i*processors + cpu), CPU: int32(cpu), Data: fmt.Appendf(nil, "%d %d", cpu, i)})
		}
	}
	file := write(t, records...)
	slices.SortFunc(records, func(a, b events.Record) int { return int(a.Time - b.Time) })
	if stats, want := expect(t, file, records...), (events.CaptureStats{Records: processors * each}); stats != want {
		t.Errorf("stats %+v, want %+v", stats, want)
	}
}

func TestInterfacesAreMergedByTheirTimes(t *testing.T) {
	micros := little.iface(147, 0)
	second := func(us uint64, data string) []byte { return little.packet(1, us, len(data), data) }
	expect(t, join(little.section(), little.nanos(), micros, little.record(1000, "a"), little.record(3000, "c"), second(2, "b"), second(4, "d")),
		event(1000, "a"), event(2000, "b"), event(3000, "c"), event(4000, "d"))
}

func TestRecordsOfEqualTimesAndWithoutATimeKeepTheirPlace(t *testing.T) {
	simple := func(data string) []byte { return little.block(3, little.u32(uint32(len(data))), []byte(data)) }
	stats := expect(t, join(little.section(), little.nanos(), simple("first"), little.record(5, "b"), simple("after b"), little.record(5, "c"),
		little.record(2, "a"), simple("after a"), little.record(9, "d")),
		event(0, "first"), event(2, "a"), event(0, "after a"), event(5, "b"), event(0, "after b"), event(5, "c"), event(9, "d"))
	if want := (events.CaptureStats{Records: 7, Untimed: 3}); stats != want {
		t.Errorf("stats %+v, want %+v", stats, want)
	}
}

func TestALossComesRightBeforeThePacketThatTellsOfIt(t *testing.T) {
	expect(t, join(little.section(), little.nanos(), little.record(7, "c"), little.record(5, "b", little.option(4, little.u64(3))), little.record(1, "a")),
		event(1, "a"), events.Record{Time: 5, CPU: -1, Lost: 3}, event(5, "b"), event(7, "c"))
}

func TestSectionsAreNotMixed(t *testing.T) {
	expect(t, join(little.section(), little.nanos(), little.record(8, "b"), little.record(7, "a"), big.section(), big.nanos(), big.section(), big.nanos(),
		big.record(2, "d"), big.record(1, "c")),
		event(7, "a"), event(8, "b"), event(1, "c"), event(2, "d"))
}

func TestATimeFarInTheFutureHoldsUpNoOtherRecord(t *testing.T) {
	const century = 100 * 365 * 86400 * 1_000_000_000
	for _, at := range []int{0, 1, 20_000, 39_999} {
		var records []events.Record
		for i := range 40_000 {
			records = append(records, event(int64(4+i^3), "")) // in blocks of four, in another order
		}
		records[at].Time += century
		got, stats, err := readAll(write(t, records...))
		if err != io.EOF || stats.Records != 40_000 {
			t.Fatalf("%+v, %v", stats, err)
		}
		rest := slices.DeleteFunc(times(got), func(n int64) bool { return n >= century })
		if len(rest) != 39_999 || !slices.IsSorted(rest) {
			t.Errorf("stray at %d: %d records, in order: %v", at, len(rest), slices.IsSorted(rest))
		}
	}
}

func TestEveryRecordComesOnceHoweverFarItIsFromItsPlace(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	for _, n := range []int{10, 1000, 40_000} {
		var want []int64
		var records []events.Record
		for i := range n {
			want = append(want, int64(1+i))
		}
		for _, time := range random.Perm(n) {
			records = append(records, event(int64(1+time), "x"))
		}
		got, _, err := readAll(write(t, records...))
		list := times(got)
		if n <= ahead && !slices.IsSorted(list) {
			t.Errorf("%d records are not in order", n)
		}
		if slices.Sort(list); err != io.EOF || !slices.Equal(list, want) {
			t.Errorf("%d of %d records, %v", len(got), n, err)
		}
	}
}

func TestRecordsNearTheirPlaceComeInOrderWithTheirOwnData(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	for _, disorder := range []int{1, 50, 2000} {
		var records []events.Record
		keys := map[int64]int{}
		for i := range 20_000 {
			keys[int64(1+i)] = i + random.IntN(disorder)
			length := 1 + random.IntN(300)
			if i%5000 == 0 {
				length = 100_000 // more than the reader's buffer
			}
			records = append(records, events.Record{Time: int64(1 + i), CPU: int32(length), Data: bytes.Repeat([]byte{byte(i)}, length)})
		}
		want := slices.Clone(records)
		slices.SortFunc(records, func(a, b events.Record) int { return keys[a.Time] - keys[b.Time] })
		got, _, err := readAll(write(t, records...))
		same := func(a, b events.Record) bool {
			return a.Time == b.Time && a.CPU == b.CPU && bytes.Equal(a.Data, b.Data)
		}
		if err != io.EOF || !slices.EqualFunc(got, want, same) {
			t.Errorf("%d records are not in order with their own data when each is up to %d places from its own: %v", len(got), disorder, err)
		}
	}
}

func TestARecordThatIsFurtherFromItsPlaceThanIsReadAheadIsCountedAsLate(t *testing.T) {
	for _, c := range []struct {
		before, length int // later records that stand before one, and their data
		late           uint64
	}{
		{ahead - 1, 0, 0},
		{ahead, 0, 1},
		{ahead + 500, 0, 1},
		{15, 1 << 20, 0}, // 16 MiB
		{16, 1 << 20, 1},
	} {
		data := make([]byte, min(c.length, events.MaxPacket))
		n := c.before
		if c.length > 0 {
			n *= c.length / len(data)
		}
		var records []events.Record
		for i := range n {
			records = append(records, events.Record{Time: int64(10_000 + i), CPU: -1, Data: data})
		}
		records = append(records, event(7_000, "late"))
		got, stats, err := readAll(write(t, records...))
		if err != io.EOF || len(got) != n+1 || stats.Late != c.late {
			t.Fatalf("%d records of %d bytes before one: %d read, %+v, %v; want %d late", n, len(data), len(got), stats, err, c.late)
		}
		if inOrder := slices.IsSorted(times(got)); inOrder != (c.late == 0) {
			t.Errorf("%d records of %d bytes before one: in order: %v", n, len(data), inOrder)
		}
		// One record has been returned before it where the window is just too small.
		if c.before == ahead && stats.Lateness != 3_000 {
			t.Errorf("the most that a record was late is %v; want 3µs", stats.Lateness)
		}
	}
}

func TestASectionOfAnEarlierTimeIsNotLate(t *testing.T) {
	simple := little.block(3, little.u32(1), []byte("-"))
	stats := expect(t, join(little.section(), little.nanos(), little.record(9, "c"), little.section(), little.nanos(), simple, little.record(1, "a"), little.record(2, "b")),
		event(9, "c"), event(0, "-"), event(1, "a"), event(2, "b"))
	if stats.Late != 0 || stats.Lateness != 0 {
		t.Errorf("%+v; want nothing late", stats)
	}
}

func TestWhatStandsBeforeDamageIsReturnedInOrder(t *testing.T) {
	file := join(little.section(), little.nanos(), little.record(3, "c"), little.record(1, "a"), little.record(2, "b"), little.u32(6), little.u32(13))
	got, _, err := readAll(file)
	var damage *events.CaptureError
	if !slices.Equal(times(got), []int64{1, 2, 3}) || !errors.As(err, &damage) {
		t.Errorf("%v, %v", times(got), err)
	}
}

func TestReadingAheadTakesBoundedMemory(t *testing.T) {
	// 32 MiB of records that come in the reverse order of time.
	data := bytes.Repeat([]byte{0x11}, 1024)
	var file bytes.Buffer
	w, err := events.NewCaptureWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	const n = 32 << 10
	for i := range n {
		if err := w.Write(events.Record{Time: int64(n - i), CPU: -1, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	got := 0
	size := allocated(func() {
		c, err := events.NewCapture(&file)
		for ; err == nil; got++ {
			_, err = c.Next()
		}
	})
	if got != n+1 || size > 32<<20 { // 16 MiB of data, and the records that have it
		t.Errorf("%d records, %d bytes allocated", got, size)
	}
}
