// SPDX-License-Identifier: Apache-2.0

package capture_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
)

// ahead is how many records a capture is read ahead, according to its documentation.
const ahead = 8 << 10

// times returns the records' times.
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
	if stats, want := expect(t, file, records...), (capture.Stats{Records: processors * each}); stats != want {
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
	if want := (capture.Stats{Records: 7, Untimed: 3}); stats != want {
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
		data := make([]byte, min(c.length, capture.MaxPacket))
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
		// If the window is just too small, one record has been returned before it.
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
	var damage *capture.Error
	if !slices.Equal(times(got), []int64{1, 2, 3}) || !errors.As(err, &damage) {
		t.Errorf("%v, %v", times(got), err)
	}
}

// far is a time far from that of any other record: a century after the beginning of the capture.
const far = 100 * 365 * 86400 * 1_000_000_000

// strays returns a capture of n records at intervals of 1 µs, each up to 50 places from its own. After every so many of them comes a
// record with another time. others is the number of these.
func strays(t testing.TB, n, every, length int, time func(random *rand.Rand) int64) (file []byte, others int) {
	random := rand.New(rand.NewPCG(15, 16))
	keys := make([]int, n)
	order := make([]int, n)
	for i := range n {
		keys[i], order[i] = i+random.IntN(50), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return keys[a] - keys[b] })
	data := make([]byte, length)
	var records []events.Record
	for i, place := range order {
		records = append(records, events.Record{Time: base + int64(place)*1000, CPU: 0, Data: data})
		if i%every == every/2 {
			records = append(records, events.Record{Time: time(random), CPU: 1, Data: data})
			others++
		}
	}
	return write(t, records...), others
}

// base is the beginning of the captures of strays.
const base = 1_800_000_000_000_000_000

func TestThousandsOfTimesFarInTheFutureHoldUpNoOtherRecord(t *testing.T) {
	same := func(*rand.Rand) int64 { return base + far }
	any := func(random *rand.Rand) int64 { return base + far + random.Int64N(far/10) }
	for _, c := range []struct {
		n, every, length int
		time             func(*rand.Rand) int64
		early            bool
	}{
		{40_000, 40, 1000, same, false}, // 1,000: each would hold 64 KiB
		{40_000, 40, 1000, any, false},
		{40_000, 13, 64, any, false},
		{20_000, 20, 3000, any, false}, // bounded by bytes
		{100_000, 10, 200, any, true},  // more than can wait to the end
		{60_000, 4, 1000, any, true},
		{30_000, 2, 100, any, true}, // nearly as many as there are others
	} {
		file, others := strays(t, c.n, c.every, c.length, c.time)
		got, stats, err := readAll(file)
		var normal, stray []int64
		for _, r := range got {
			if len(r.Data) != c.length {
				t.Fatalf("a record has %d bytes; want %d", len(r.Data), c.length)
			}
			if r.CPU == 0 {
				normal = append(normal, r.Time)
			} else {
				stray = append(stray, r.Time)
			}
		}
		if err != io.EOF || len(normal) != c.n || len(stray) != others {
			t.Fatalf("%d records and %d strays, %v; want %d and %d", len(normal), len(stray), err, c.n, others)
		}
		if !slices.IsSorted(normal) || stats.Late != 0 {
			t.Errorf("with %d strays: in order: %v, %d late; want all in order", others, slices.IsSorted(normal), stats.Late)
		}
		if stats.Records != uint64(c.n+others) || stats.Damages != 0 || (stats.Early > 0) != c.early || stats.Early > uint64(others) {
			t.Errorf("with %d strays: %+v", others, stats)
		}
		if !c.early && !slices.IsSorted(stray) {
			t.Errorf("%d strays that come last are not in order", others)
		}
		// A clock that takes the median of the last 33 times, as the receiver's does, must not believe an early one.
		ended := slices.IndexFunc(got, func(r events.Record) bool { return r.Time == base+int64(c.n-1)*1000 })
		for i := 0; c.every >= 4 && i+33 <= ended; i++ {
			if n := len(slices.DeleteFunc(times(got[i:i+33]), func(n int64) bool { return n < base+far })); n > 16 {
				t.Fatalf("with %d strays: %d of 33 records are strays", others, n)
			}
		}
	}
}

func TestTimesFarInThePastAreLateAndNoOtherRecordIs(t *testing.T) {
	file, others := strays(t, 40_000, 40, 1000, func(random *rand.Rand) int64 { return 1 + random.Int64N(base/2) })
	got, stats, err := readAll(file)
	normal := slices.DeleteFunc(times(got), func(n int64) bool { return n < base })
	if err != io.EOF || len(normal) != 40_000 || len(got) != 40_000+others || !slices.IsSorted(normal) {
		t.Fatalf("%d of %d records, in order: %v, %v", len(normal), len(got), slices.IsSorted(normal), err)
	}
	if stats.Early != 0 || stats.Late == 0 || stats.Late > uint64(others) || stats.Records != uint64(len(got)) {
		t.Errorf("%+v; want no more late than %d", stats, others)
	}
}

func TestRecordsPutAsideComeWhenTheirTimeDoes(t *testing.T) {
	// The records of an hour are ahead of their place by more than is read ahead, as after a clock was set and set back.
	var records []events.Record
	for i := range 30_000 {
		records = append(records, event(int64(10*(1+i)), "x"))
	}
	for i := range 100 {
		records = slices.Insert(records, 50*i, event(int64(200_000+10*i+1), "ahead"))
	}
	got, stats, err := readAll(write(t, records...))
	if list := times(got); err != io.EOF || len(list) != 30_100 || !slices.IsSorted(list) || stats.Late != 0 || stats.Early != 0 {
		t.Errorf("%d records, in order: %v, %+v, %v", len(list), slices.IsSorted(list), stats, err)
	}
}

func TestReadingAheadTakesBoundedMemory(t *testing.T) {
	const n = 32 << 10
	random := rand.New(rand.NewPCG(17, 18))
	for name, c := range map[string]struct {
		length int
		time   func(i int) int64
	}{
		"the reverse order of time":            {1024, func(i int) int64 { return int64(n - i) }},
		"any order":                            {2048, func(int) int64 { return 1 + random.Int64N(far) }},
		"every other one far in the future":    {2048, func(i int) int64 { return int64(1 + i + i%2*far) }},
		"some far in the future":               {2048, func(i int) int64 { return int64(1 + i + (i%40+1)/40*far) }},
		"long ones, some far in the future":    {40_000, func(i int) int64 { return int64(1 + i + (i%3+1)/3*(far-i)) }},
		"the future first, then the past":      {2048, func(i int) int64 { return int64(1 + i + (2*n-i)/(2*n-10_000)*far) }},
		"every other one far in the past":      {2048, func(i int) int64 { return int64(far + i - i%2*far) }},
		"long ones of the past, short others":  {-1, func(i int) int64 { return int64(far + i - (i+1)%2*(far-1)) }},
		"further and further away, by turns":   {2048, func(i int) int64 { return int64(n + i*(1-i%2*2)) }},
		"empty ones, each later than the next": {0, func(i int) int64 { return int64(n - i) }},
	} {
		read, write := io.Pipe()
		go func() {
			w, err := capture.NewWriter(write)
			data, long := make([]byte, max(c.length, 0)), make([]byte, 1<<16)
			for i := 0; i < n && err == nil; i++ {
				if c.length < 0 {
					data = long[:1+(i+1)%2*60_000]
				}
				err = w.Write(events.Record{Time: c.time(i), CPU: -1, Data: data})
			}
			write.CloseWithError(errors.Join(err, w.Flush()))
		}()
		before := inUse()
		capture, err := capture.NewReader(read)
		got, most := 0, uint64(0)
		for ; err == nil; got++ {
			if _, err = capture.Next(); got%2000 == 1999 {
				most = max(most, inUse()-before)
			}
		}
		// 16 MiB that wait, 8 MiB put aside, the slabs of the last 16 MiB, an eighth that the reader examines together, and
		// overhead.
		if err != io.EOF || got != n+1 || most > 48<<20 {
			t.Errorf("%s: %d records, %v, %d bytes in use; want %d and at most 48 MiB", name, got-1, err, most, n)
		}
		runtime.KeepAlive(capture)
	}
}

// inUse returns how many bytes of the heap are in use.
func inUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
