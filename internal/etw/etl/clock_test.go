// SPDX-License-Identifier: Apache-2.0

// The conversion of time stamps, compared with arbitrary precision arithmetic.

package etl

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exact is filetime in arbitrary precision.
func exact(t timeline, stamp uint64) uint64 {
	n := new(big.Int).Sub(new(big.Int).SetUint64(stamp), new(big.Int).SetUint64(t.base))
	n.Mul(n, new(big.Int).SetUint64(t.units))
	n.Div(n, new(big.Int).SetUint64(t.ticks)) // Euclidean: rounds down for a positive divisor
	n.Add(n, new(big.Int).SetUint64(t.start))
	if n.Sign() < 0 {
		return 0
	}
	if n.Cmp(big.NewInt(math.MaxInt64)) > 0 {
		return math.MaxInt64
	}
	return n.Uint64()
}

func TestFiletimeAgreesWithExactArithmetic(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	wide := func() uint64 { return rng.Uint64() >> rng.IntN(64) } // every magnitude
	for range 200_000 {
		line := timeline{start: wide(), base: wide(), units: qpcUnits, ticks: wide() | 1}
		if rng.IntN(4) == 0 {
			line.units, line.ticks = cycleUnits, uint64(rng.Uint32()|1)
		}
		stamp := wide()
		if got, want := line.filetime(stamp), exact(line, stamp); got != want {
			t.Fatalf("%+v, stamp %d: FILETIME %d, want %d", line, stamp, got, want)
		}
	}
}

func TestFiletimeBeyond64Bits(t *testing.T) {
	line := timeline{start: startFiletime, base: startStamp, units: qpcUnits, ticks: 10_000_000}
	const year = 365 * 86400 * 10_000_000 // in 100 ns; times 10^7 it takes 72 bits
	if got := line.filetime(startStamp + year); got != startFiletime+year {
		t.Errorf("a year later: %d, want %d", got, uint64(startFiletime+year))
	}
	for _, c := range []struct{ stamp, ticks, want uint64 }{
		{math.MaxUint64, 1, math.MaxInt64},
		{0, 1, startFiletime - startStamp*10_000_000},
		{math.MaxUint64, math.MaxUint64, startFiletime + 9_999_999},
	} {
		line.ticks = c.ticks
		if got := line.filetime(c.stamp); got != c.want {
			t.Errorf("stamp %d at %d Hz: %d, want %d", c.stamp, c.ticks, got, c.want)
		}
	}
}

func TestStampIsTheInverseOfFiletime(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		line := timeline{start: startFiletime, base: 1 << 62, units: qpcUnits, ticks: 10_000_000 + rng.Uint64N(4e9)}
		x := startFiletime - 1e9 + rng.Uint64N(1e15)
		stamp, ok := line.stamp(x)
		if got := line.filetime(stamp); !ok || got != x {
			t.Fatalf("%+v: %d became stamp %d (%t), then %d", line, x, stamp, ok, got)
		}
	}
	line := timeline{start: startFiletime, base: 100, units: qpcUnits, ticks: 10_000_000}
	if _, ok := line.stamp(startFiletime - 101); ok {
		t.Error("a time before stamp 0 got a stamp")
	}
	line.base = math.MaxUint64
	if _, ok := line.stamp(startFiletime + 1); ok {
		t.Error("a time after the last stamp got a stamp")
	}
}

func TestClocksAreNamed(t *testing.T) {
	for c, want := range map[Clock]string{1: "query performance counter", 2: "system time", 3: "CPU cycles", 9: "unknown clock 9"} {
		if got := c.String(); got != want {
			t.Errorf("clock %d is %q, want %q", uint32(c), got, want)
		}
	}
}
