// SPDX-License-Identifier: Apache-2.0

package capture_test

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
)

// TestRecordsOfAnEarlierTimePutNoOtherOutOfOrder reads captures of one packet per millisecond, in which some packets have another
// time.
func TestRecordsOfAnEarlierTimePutNoOtherOutOfOrder(t *testing.T) {
	const (
		n        = 200_000
		milli    = 1_000_000
		hour     = 3_600_000 * milli
		ordinary = int32(iota)
		past
		future
	)
	for _, c := range []struct {
		past, future int   // one in so many packets; 0 for none
		by           int64 // how far they are away
		early        bool
	}{
		{20, 0, hour, false},
		{8, 0, hour, false},
		{3, 0, hour, false},
		{2, 0, hour, false},
		{2, 0, 20_000 * milli, false}, // as of two interfaces with different clocks
		{20, 40, hour, false},
		{8, 7, hour, true},
		{3, 10, hour, true},
		{5, 4, hour, true},
	} {
		t.Run(fmt.Sprintf("1 in %d past, 1 in %d future, by %d s", c.past, c.future, c.by/1000/milli), func(t *testing.T) {
			var records []events.Record
			others := map[int32]int{}
			for i := range n {
				r := events.Record{Time: base + int64(i)*milli, CPU: ordinary, Data: []byte("x")}
				switch {
				case i%c.past == 0:
					r.Time, r.CPU = r.Time-c.by, past
				case c.future > 0 && i%c.future == 1:
					r.Time, r.CPU = r.Time+c.by, future
				}
				others[r.CPU]++
				records = append(records, r)
			}
			got, stats, err := readAll(write(t, records...))
			if err != io.EOF || len(got) != n || stats.Records != n {
				t.Fatalf("%d records, %+v, %v", len(got), stats, err)
			}
			var newest, last int64 // of what is not of the future; of the ordinary ones
			late, disorder, row, longest := uint64(0), 0, 0, 0
			begun := false // all of the past that is read at first has come
			for _, r := range got {
				if r.CPU != past {
					begun, row = true, 0
				} else if row++; begun {
					longest = max(longest, row)
				}
				if r.CPU == future {
					continue
				}
				if r.Time < newest {
					late++
				}
				newest = max(newest, r.Time)
				if r.CPU == ordinary {
					if r.Time < last {
						disorder++
					}
					last = r.Time
				}
			}
			if disorder > 0 {
				t.Errorf("%d of %d ordinary records come after later ones", disorder, others[ordinary])
			}
			if late == 0 || stats.Late != late {
				t.Errorf("%d are counted as late; want %d", stats.Late, late)
			}
			if (stats.Early > 0) != c.early || stats.Early > uint64(others[future]) {
				t.Errorf("%d are counted as early; want some: %v, and at most %d", stats.Early, c.early, others[future])
			}
			// A clock that takes the median of the last 33 times, as the receiver's does, believes 17 in a row.
			if longest > 16 {
				t.Errorf("%d of the past come in a row", longest)
			}
		})
	}
}

func TestSomeRecordsOfTheFutureComeLastAmongManyOfThePast(t *testing.T) {
	var records []events.Record
	for i := range 100_000 {
		r := event(base+int64(i)*1000, "x")
		switch {
		case i%50 == 7:
			r.Time += far
		case i%5 > 2:
			r.Time -= far / 100
		}
		records = append(records, r)
	}
	got, stats, err := readAll(write(t, records...))
	ordinary := slices.DeleteFunc(times(got), func(n int64) bool { return n < base || n >= base+far })
	last := times(got[len(got)-2000:])
	if err != io.EOF || !slices.IsSorted(ordinary) || stats.Early != 0 || last[0] < base+far || !slices.IsSorted(last) {
		t.Errorf("%d ordinary records, in order: %v, last %d to %d, %+v, %v", len(ordinary), slices.IsSorted(ordinary), last[0], last[1999], stats, err)
	}
}
