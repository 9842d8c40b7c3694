// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// draws gives numbers below n at random: uniformly, or a few very often, as connections come.
func draws(n int, zipf bool) func() uint32 {
	r := rand.New(rand.NewPCG(1, 2))
	if zipf {
		z := rand.NewZipf(r, 1.05, 10, uint64(n-1))
		return func() uint32 { return uint32(z.Uint64()) }
	}
	return func() uint32 { return r.Uint32N(uint32(n)) }
}

// BenchmarkKeeper is the cost of a packet of one of a number of live connections, drawn at random. One draws again and again
// within the interval, another also has intervals end: every fifth packet of a connection is reported for the others.
//
// The peer is what a plain Go map with the same key and number of entries takes to count the packet, with nothing kept back,
// and no bound.
func BenchmarkKeeper(b *testing.B) {
	for _, bm := range []struct {
		name     string
		keys     int
		zipf     bool
		interval time.Duration
	}{
		{"keys=1000", 1_000, false, time.Hour},
		{"keys=1000000", 1_000_000, false, time.Hour},
		{"keys=1000000/draw=zipf", 1_000_000, true, time.Hour},
		{"keys=1000000/interval=5", 1_000_000, false, 5 * time.Second},
	} {
		b.Run(bm.name, func(b *testing.B) {
			k := New(Settings{Interval: bm.interval, MaxConnections: bm.keys + bm.keys/8, MaxBytes: 1 << 30})
			f, raw, draw := trace(443, flow.TCPAck), make([]byte, 200), draws(bm.keys, bm.zipf)
			at := start.UnixNano()
			step := int64(time.Second) / int64(bm.keys) // a packet of each connection a second
			event := func(n uint32) {
				f.IP.Source = address(n)
				at += step
				for k.Due(0) {
					k.Done(k.Let())
				}
				k.Add(f, raw, at, at)
			}
			before := heap()
			for i := range 2 * bm.keys { // each is reported, and has an event kept back
				event(uint32(i % bm.keys))
			}
			after := heap()
			for range 6 * bm.keys {
				event(draw())
			}
			b.ReportAllocs()
			for b.Loop() {
				event(draw())
			}
			b.ReportMetric(float64(after-before)/float64(bm.keys), "B/key")
			require.NotZero(b, k.Held())
		})
	}
	for _, zipf := range []bool{false, true} {
		name := "keys=1000000/peer=gomap"
		if zipf {
			name = "keys=1000000/draw=zipf/peer=gomap"
		}
		b.Run(name, func(b *testing.B) {
			const keys = 1_000_000
			var key [keySize]byte
			fill := func(n uint32) { binary.LittleEndian.PutUint32(key[12:], n) }
			before := heap()
			counts := map[[keySize]byte]int64{}
			for n := range uint32(keys) {
				fill(n)
				counts[key] = 1
			}
			after := heap()
			draw := draws(keys, zipf)
			b.ReportAllocs()
			for b.Loop() {
				fill(draw())
				counts[key]++
			}
			b.ReportMetric(float64(after-before)/keys, "B/key")
		})
	}
}

func address(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
