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
			raw, at := make([]byte, 200), start.UnixNano()
			group := newGroup(agg, func(e *expectedFlow) {
				for agg.Due() {
					agg.Release(agg.PopOldest())
				}
				agg.Clock.Event(e.at)
				agg.Add(e.flow, raw, e.at, e.at)
			})
			added := 0
			kit.BenchmarkLiveKeys(b, bm.keys, bm.draw, func(n uint32) {
				f := group.next()
				f.IP.Source = netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
				at += int64(time.Second) / int64(bm.keys) // a packet of each connection a second
				if added++; added <= bm.keys {            // the first ones over an interval
					at += int64(bm.interval) / int64(bm.keys)
				}
				group.add(at)
			})
			require.NotZero(b, agg.Held())
		})
	}
	b.Run("keys=1000000/peer=gomap", func(b *testing.B) { kit.BenchmarkGoMap(b, kit.Uniform) })
	b.Run("keys=1000000/draw=zipf/peer=gomap", func(b *testing.B) { kit.BenchmarkGoMap(b, kit.Zipf) })
}

// expectedFlow is a flow of a group.
type expectedFlow struct {
	Expected
	flow *flow.Flow
	at   int64
}

// expecter is an aggregator of connections.
type expecter interface {
	Announce(x *Expected, f *flow.Flow)
	Fetch(x *Expected)
}

// group adds flows as the receiver does: it announces all of a group, and then adds one after the other.
type group struct {
	expecter
	flows []expectedFlow
	n     int
	each  func(*expectedFlow)
}

func newGroup(to expecter, each func(*expectedFlow)) *group {
	g := &group{expecter: to, each: each, flows: make([]expectedFlow, 16)} // as many as the pipeline prepares
	for i := range g.flows {
		g.flows[i].flow = trace(443, flow.TCPAck)
	}
	return g
}

// next returns the flow that add will add.
func (g *group) next() *flow.Flow { return g.flows[g.n].flow }

func (g *group) add(at int64) {
	e := &g.flows[g.n]
	e.at = at
	g.Announce(&e.Expected, e.flow)
	if g.n++; g.n < len(g.flows) {
		return
	}
	for i := range g.flows {
		g.Fetch(&g.flows[i].Expected)
	}
	for i := range g.flows {
		g.each(&g.flows[i])
	}
	g.n = 0
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
			raw, at, written, added := make([]byte, 200), start.UnixNano(), 0, 0
			group := newGroup(c, func(e *expectedFlow) {
				for c.Due() {
					c.Pop(true)
					written++
				}
				clock.Event(e.at)
				if verdict, _ := c.Add(e.flow, raw, e.at, e.at); verdict == Next {
					written++
				}
			})
			server := group.next().IP.Destination
			kit.BenchmarkLiveKeys(b, bm.keys, bm.draw, func(n uint32) {
				at += int64(bm.gap) / int64(bm.keys)
				added++
				f, client := group.next(), netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
				f.ObservationPoint, f.Reply, f.L4.Flags = flow.ToEndpoint, flow.No, flow.TCPAck
				f.IP.Source, f.IP.Destination = client, server // the ports are equal
				if added%2 == 0 {
					f.Reply = flow.Yes
					f.IP.Source, f.IP.Destination = server, client
				}
				if bm.ends && added%5 == 0 {
					f.L4.Flags = flow.TCPRst
				}
				group.add(at)
			})
			require.NotZero(b, c.Held())
			require.Equal(b, bm.ends, written > 0)
		})
	}
}
