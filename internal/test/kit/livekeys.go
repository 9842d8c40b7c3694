// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"
)

// Million is the number of live keys in the benchmarks of packages that keep events by key.
const Million = 1_000_000

// Draw is the distribution of the events' keys.
type Draw uint8

// The distributions.
const (
	Uniform Draw = iota
	Zipf         // a few keys very often
)

// draws returns a function that returns random keys.
func (d Draw) draws(keys int) func() uint32 {
	r := rand.New(rand.NewPCG(1, 2))
	if d == Zipf {
		z := rand.NewZipf(r, 1.05, 10, uint64(keys-1))
		return func() uint32 { return uint32(z.Uint64()) }
	}
	return func() uint32 { return r.Uint32N(uint32(keys)) }
}

// BenchmarkLiveKeys measures event with random keys. Before the measurement, each key comes twice, which gives the
// memory for B/key, and then 4 events for each key come, so that the benchmark measures the steady state.
func BenchmarkLiveKeys(b *testing.B, keys int, draw Draw, event func(key uint32)) {
	before := heap()
	for i := range 2 * keys {
		event(uint32(i % keys))
	}
	after := heap()
	next := draw.draws(keys)
	for range 4 * keys {
		event(next())
	}
	b.ReportAllocs()
	for b.Loop() {
		event(next())
	}
	b.ReportMetric(float64(after-before)/float64(keys), "B/key")
}

// BenchmarkGoMap is the counterpart of BenchmarkLiveKeys: it counts the events of a million keys in a plain Go map,
// which keeps nothing back and has no bound. The keys are as long as those of connections.
func BenchmarkGoMap(b *testing.B, draw Draw) {
	type key [44]byte
	counts := map[key]int64{}
	BenchmarkLiveKeys(b, Million, draw, func(n uint32) {
		var k key
		binary.LittleEndian.PutUint32(k[len(k)-4:], n)
		counts[k]++
	})
	runtime.KeepAlive(counts)
}

// heap returns the memory in use, in bytes.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
