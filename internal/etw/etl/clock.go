// SPDX-License-Identifier: Apache-2.0

// The clocks of an event trace log, and their conversion to and from FILETIME.

package etl

import (
	"fmt"
	"math"
	"math/bits"
)

// Clock is the unit of a file's time stamps (TRACE_LOGFILE_HEADER.ReservedFlags).
type Clock uint32

// The clocks of Windows.
const (
	ClockQPC        Clock = 1 // QueryPerformanceCounter, ticks of 1/PerfFreq s
	ClockSystemTime Clock = 2 // FILETIME, 100 ns since 1601-01-01 UTC
	ClockCPUCycles  Clock = 3 // the processor's cycle counter, ticks of 1/CPUSpeed µs
)

// String returns Windows' name of the clock.
func (c Clock) String() string {
	switch c {
	case ClockQPC:
		return "query performance counter"
	case ClockSystemTime:
		return "system time"
	case ClockCPUCycles:
		return "CPU cycles"
	}
	return fmt.Sprintf("unknown clock %d", uint32(c))
}

// A QPC makes PerfFreq ticks in one second, a processor CPUSpeed cycles in one microsecond. Both spans in units of 100 ns:
const (
	qpcUnits   = 1e7
	cycleUnits = 10
)

// timeline converts between a file's stamps and FILETIME: the clock makes ticks ticks in units units of 100 ns. If units is zero,
// stamps are already FILETIME.
type timeline struct {
	start uint64 // FILETIME at the stamp base
	base  uint64
	units uint64
	ticks uint64
}

// second returns how many ticks a second has.
func (t *timeline) second() uint64 {
	if t.units == 0 {
		return qpcUnits
	}
	n, _ := mulDiv(qpcUnits, t.ticks, t.units)
	return n
}

// newTimeline returns the timeline of a header whose record has the stamp base.
func newTimeline(h *Header, start, base uint64) (timeline, error) {
	switch h.Clock {
	case ClockSystemTime:
		return timeline{}, nil
	case ClockQPC:
		if h.PerfFreq == 0 {
			return timeline{}, fmt.Errorf("%w: the header says %s and a PerfFreq of 0 Hz", ErrClock, h.Clock)
		}
		return timeline{start: start, base: base, units: qpcUnits, ticks: h.PerfFreq}, nil
	case ClockCPUCycles:
		if h.CPUSpeed == 0 {
			return timeline{}, fmt.Errorf("%w: the header says %s and a CpuSpeed of 0 MHz", ErrClock, h.Clock)
		}
		return timeline{start: start, base: base, units: cycleUnits, ticks: uint64(h.CPUSpeed)}, nil
	}
	return timeline{}, fmt.Errorf("%w: the header's clock type is %d; want 1 (%s), 2 (%s) or 3 (%s)",
		ErrClock, uint32(h.Clock), ClockQPC, ClockSystemTime, ClockCPUCycles)
}

// filetime converts a stamp, rounding down to 100 ns. Results outside 0 to 2^63-1 are clamped. A stamp of the system clock is
// returned unchanged.
func (t *timeline) filetime(stamp uint64) uint64 {
	if t.units == 0 {
		return stamp
	}
	if stamp >= t.base {
		q, _ := mulDiv(stamp-t.base, t.units, t.ticks)
		sum, carry := bits.Add64(t.start, q, 0)
		if carry != 0 || sum > math.MaxInt64 {
			return math.MaxInt64
		}
		return sum
	}
	q, rest := mulDiv(t.base-stamp, t.units, t.ticks)
	if rest {
		q++ // rounding down means away from the start here; mulDiv never gives rest with the largest q
	}
	if q > t.start {
		return 0
	}
	return min(t.start-q, math.MaxInt64)
}

// stamp is the inverse of filetime: filetime(stamp(x)) is x if a tick is no longer than 100 ns. ok is false if x has no stamp,
// because it is too far before or after the start.
func (t *timeline) stamp(filetime uint64) (stamp uint64, ok bool) {
	if t.units == 0 {
		return filetime, true
	}
	if filetime >= t.start {
		q, rest := mulDiv(filetime-t.start, t.ticks, t.units)
		if rest {
			q++
		}
		sum, carry := bits.Add64(t.base, q, 0)
		return sum, carry == 0
	}
	q, _ := mulDiv(t.start-filetime, t.ticks, t.units)
	return t.base - q, q <= t.base
}

// mulDiv returns a*b/c in 128 bits, and whether there is a remainder. A quotient beyond 64 bits is clamped, without a remainder.
func mulDiv(a, b, c uint64) (q uint64, rest bool) {
	hi, lo := bits.Mul64(a, b)
	if hi >= c {
		return math.MaxUint64, false
	}
	q, r := bits.Div64(hi, lo, c)
	return q, r != 0
}
