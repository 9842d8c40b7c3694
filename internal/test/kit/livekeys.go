// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"
)

// Million is how many keys live in the benchmarks of what keeps events by key.
const Million = 1_000_000

// Draw says how the keys of events are drawn.
type Draw uint8

// The draws.
const (
	Uniform Draw = iota
	Zipf         // a few very often
)

// draws gives numbers of keys at random.
func (d Draw) draws(keys int) func() uint32 {
	r := rand.New(rand.NewPCG(1, 2))
	if d == Zipf {
		z := rand.NewZipf(r, 1.05, 10, uint64(keys-1))
		return func() uint32 { return uint32(z.Uint64()) }
	}
	return func() uint32 { return r.Uint32N(uint32(keys)) }
}

// BenchmarkLiveKeys measures event with the numbers of keys that are drawn. Before, each key comes twice, which is what B/key
// is the memory of, and then come 4 events for each key, so that what is measured is how it goes on.
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

// BenchmarkGoMap is the peer of BenchmarkLiveKeys: it counts the events of a million keys in a plain Go map, which keeps
// nothing back and has no bound. The keys are as long as those of connections.
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

// heap is the memory in use, in bytes.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
