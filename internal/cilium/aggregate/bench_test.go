// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// BenchmarkConnections measures a packet of one of a number of live connections, each with an event kept back. In one case the intervals
// end, at another time for each connection: about every fourth packet of a connection is reported, also for those before it.
func BenchmarkConnections(b *testing.B) {
	for _, bm := range []struct {
		name     string
		keys     int
		draw     kit.Draw
		interval time.Duration
	}{
		{"keys=1000", 1_000, kit.Uniform, time.Hour},
		{"keys=1000000", kit.Million, kit.Uniform, time.Hour},
		{"keys=1000000/draw=zipf", kit.Million, kit.Zipf, time.Hour},
		{"keys=1000000/interval=4", kit.Million, kit.Uniform, 4 * time.Second},
	} {
		b.Run(bm.name, func(b *testing.B) {
			agg := New(Settings{Interval: bm.interval, MaxConnections: bm.keys + bm.keys/8, MaxBytes: 1 << 30})
			f, raw, at := trace(443, flow.TCPAck), make([]byte, 200), start.UnixNano()
			added := 0
			kit.BenchmarkLiveKeys(b, bm.keys, bm.draw, func(n uint32) {
				f.IP.Source = netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
				at += int64(time.Second) / int64(bm.keys) // a packet of each connection a second
				if added++; added <= bm.keys {            // the first ones over an interval
					at += int64(bm.interval) / int64(bm.keys)
				}
				for agg.Due() {
					agg.Release(agg.PopOldest())
				}
				agg.Clock.Event(at)
				agg.Add(f, raw, at, at)
			})
			require.NotZero(b, agg.Held())
		})
	}
	b.Run("keys=1000000/peer=gomap", func(b *testing.B) { kit.BenchmarkGoMap(b, kit.Uniform) })
	b.Run("keys=1000000/draw=zipf/peer=gomap", func(b *testing.B) { kit.BenchmarkGoMap(b, kit.Zipf) })
}

// BenchmarkPacketOfConnection measures a packet of one of a number of live connections, in either direction, whose sums are kept until it
// ends. In one case the connections end and begin again: about one packet of five closes one.
func BenchmarkPacketOfConnection(b *testing.B) {
	for _, bm := range []struct {
		name string
		keys int
		draw kit.Draw
		gap  time.Duration // between two packets of a connection
		ends bool
	}{
		{"keys=1000", 1_000, kit.Uniform, time.Second, false},
		{"keys=1000000", kit.Million, kit.Uniform, time.Second, false},
		{"keys=1000000/draw=zipf", kit.Million, kit.Zipf, time.Second, false},
		{"keys=1000000/ends", kit.Million, kit.Uniform, 20 * time.Second, true},
	} {
		b.Run(bm.name, func(b *testing.B) {
			clock := &hold.Clock{}
			c := NewConnections(ConnectionSettings{
				Silence: time.Minute, TCPSilence: 5 * time.Minute, FirstInterim: time.Hour, Interim: time.Hour, Max: bm.keys + bm.keys/4,
			}, clock)
			out, back, raw, at, written, added := trace(443, flow.TCPAck), trace(443, flow.TCPAck), make([]byte, 200), start.UnixNano(), 0, 0
			out.ObservationPoint, back.ObservationPoint = flow.ToEndpoint, flow.ToEndpoint
			out.Reply, back.Reply = flow.No, flow.Yes
			back.L4.SourcePort, back.L4.DestinationPort = back.L4.DestinationPort, back.L4.SourcePort
			back.IP.Source = out.IP.Destination
			kit.BenchmarkLiveKeys(b, bm.keys, bm.draw, func(n uint32) {
				at += int64(bm.gap) / int64(bm.keys)
				added++
				f := out
				if added%2 == 0 {
					f = back
				}
				f.L4.Flags = flow.TCPAck
				if bm.ends && added%5 == 0 {
					f.L4.Flags = flow.TCPRst
				}
				address := netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
				out.IP.Source, back.IP.Destination = address, address
				for c.Due() {
					c.Pop(true)
					written++
				}
				clock.Event(at)
				if verdict, _ := c.Add(f, raw, at, at); verdict == Next {
					written++
				}
			})
			require.NotZero(b, c.Held())
			require.Equal(b, bm.ends, written > 0)
		})
	}
}
