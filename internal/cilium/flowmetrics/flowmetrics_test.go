// SPDX-License-Identifier: Apache-2.0

package flowmetrics

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

var addr = netip.MustParseAddr("10.0.0.1")

// all gives the sums by series.
func all(t *Totals) map[Series]Sums {
	sums := map[Series]Sums{}
	for _, e := range t.Entries() {
		sums[e.Series] = e.Sums
	}
	return sums
}

func TestEventsAreAddedUpByWhatTheyHaveInCommon(t *testing.T) {
	totals := New(Naming{})
	tcp := flow.Headers{IP: flow.IP{Version: 4, Protocol: 6}}
	for _, f := range []flow.Flow{
		{Type: monitor.TypeTrace, Verdict: flow.VerdictForwarded, SubType: 0, ObservationPoint: flow.ToEndpoint, PacketDirection: flow.DirectionIngress, OrigLen: 60, Headers: tcp},
		{Type: monitor.TypeTrace, Verdict: flow.VerdictForwarded, ObservationPoint: flow.ToEndpoint, Reply: flow.Yes, Direction: flow.DirectionEgress, PacketDirection: flow.DirectionIngress, OrigLen: 40, Headers: tcp},
		{Type: monitor.TypeTrace, Verdict: flow.VerdictForwarded, SubType: 99, ObservationPoint: 99, OrigLen: 40, Headers: tcp},
		{Type: monitor.TypeTrace, Verdict: flow.VerdictForwarded, SubType: 5, ObservationPoint: 5, Reply: flow.Yes, Direction: flow.DirectionIngress, PacketDirection: flow.DirectionEgress, Headers: tcp},
		{Type: monitor.TypeDrop, Verdict: flow.VerdictDropped, DropReason: 133, OrigLen: 9, Headers: tcp},
		{Type: monitor.TypeDrop, Verdict: flow.VerdictDropped, DropReason: 250, OrigLen: 9},
		{Type: monitor.TypePolicyVerdict, Verdict: flow.VerdictDropped, DropReason: 133 + 256},
		{Type: monitor.TypePacketMonitorDrop, Verdict: flow.VerdictDropped, SubType: 7 | 1<<30, OrigLen: 5, Headers: flow.Headers{IP: flow.IP{Version: 6, Protocol: 47}}},
		{Class: flow.ClassSocket, Type: monitor.TypeTraceSock, Verdict: flow.VerdictTraced, Headers: flow.Headers{IP: flow.IP{Version: 4}}},
		{Class: flow.ClassRaw, Type: 42},
		{Class: flow.ClassRaw, Type: 43},
	} {
		totals.Add(&f)
	}
	totals.AddLost(flow.LostPerfEventRingBuffer, 3)
	totals.AddLost(flow.LostPerfEventRingBuffer, 4)
	require.Equal(t, map[Series]Sums{
		{Type: "trace", Verdict: "FORWARDED", ObservationPoint: "TO_ENDPOINT", Direction: flow.DirectionIngress, Transport: "tcp"}:  {Events: 2, Packets: 2, Bytes: 100},
		{Type: "trace", Verdict: "FORWARDED", ObservationPoint: "UNKNOWN_POINT", Transport: "tcp"}:                                  {Events: 1, Packets: 1, Bytes: 40},
		{Type: "trace", Verdict: "FORWARDED", ObservationPoint: "FROM_ENDPOINT", Direction: flow.DirectionEgress, Transport: "tcp"}: {Events: 1},
		{Type: "drop", Verdict: "DROPPED", DropReason: "POLICY_DENIED", Transport: "tcp"}:                                           {Events: 1, Packets: 1, Bytes: 9},
		{Type: "drop", Verdict: "DROPPED", DropReason: "DROP_REASON_UNKNOWN"}:                                                       {Events: 1, Packets: 1, Bytes: 9},
		{Type: "policy-verdict", Verdict: "DROPPED", DropReason: "DROP_REASON_UNKNOWN"}:                                             {Events: 1, Packets: 0, Bytes: 0},
		{Type: "pktmon-drop", Verdict: "DROPPED", Transport: "other"}:                                                               {Events: 1, Packets: 1, Bytes: 5},
		{Type: "trace-sock", Verdict: "TRACED"}:                                                                                     {Events: 1, Packets: 0, Bytes: 0},
		{Type: "unknown"}:                                                                                                           {Events: 2, Packets: 0, Bytes: 0},
		{LostSource: "PERF_EVENT_RING_BUFFER"}:                                                                                      {Lost: 7},
	}, all(totals))
}

func TestNothingIsCountedWhereNobodyWantsIt(t *testing.T) {
	var none *Totals
	none.Add(&flow.Flow{})
	none.AddLost(flow.LostPerfEventRingBuffer, 1)
}

// The names bound the number of series for any bytes: 11 types and the unknown one, 16 points, 8 verdicts, 100 reasons, 3 directions and
// 9 protocols. Only few of their combinations are possible.
func TestTheNumberOfSeriesIsBounded(t *testing.T) {
	const bound = 6000
	totals := New(Naming{})
	r := rand.New(rand.NewPCG(1, 2))
	var n monitor.Notification
	var f flow.Flow
	var events int64
	for range 400_000 {
		packet := monitortest.Ethernet(monitortest.EtherIPv4, monitortest.IPv4(addr, addr, uint8(r.IntN(256)), []byte{1, 2, 3, 4, 5, 6, 7, 8}))
		capture := monitortest.Capture{Packet: packet, OrigLen: r.Uint32(), Source: uint16(r.IntN(3))}
		var record []byte
		switch r.IntN(4) {
		case 0:
			record = monitortest.Drop{Capture: capture, Version: uint8(r.IntN(4)), Reason: uint8(r.IntN(256)), DstID: r.Uint32N(3)}.Bytes()
		case 1:
			record = monitortest.PolicyVerdict{Capture: capture, Verdict: int32(r.Uint32()) >> r.IntN(32), Direction: uint8(r.IntN(4))}.Bytes()
		case 2:
			record = monitortest.Trace{Capture: capture, Version: uint8(r.IntN(3)), Point: uint8(r.IntN(256)), Reason: uint8(r.IntN(256)), DstID: uint16(r.IntN(3))}.Bytes()
		default:
			record = monitortest.Raw(uint8(r.IntN(256)), make([]byte, r.IntN(100))...)
		}
		if (monitor.Decoder{}).Decode(record, &n) != nil {
			continue
		}
		f.Decode(&n)
		totals.Add(&f)
		events++
	}
	sums := all(totals)
	require.Len(t, sums, len(totals.sums), "no two have the same names")
	require.Less(t, len(sums), bound)
	require.Greater(t, len(sums), 500)
	var sum int64
	for _, s := range sums {
		sum += s.Events
	}
	require.Equal(t, events, sum)
}

func TestAddingAndReadingMayGoOnTogether(t *testing.T) {
	totals := New(Naming{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 10_000 {
			totals.Add(&flow.Flow{Type: monitor.MessageType(i), OrigLen: 1})
		}
	})
	for range 100 {
		all(totals)
	}
	wg.Wait()
	sums := all(totals)
	var sum int64
	for _, s := range sums {
		sum += s.Packets
	}
	require.Equal(t, int64(10_000), sum)
}

// between is an event between two pods.
func between(source, destination *flow.Endpoint) *flow.Flow {
	return &flow.Flow{Type: monitor.TypeTrace, OrigLen: 10, Ends: flow.Ends{Source: source, Destination: destination}}
}

func TestNamesDistinguishSeriesWhereTheyAreWanted(t *testing.T) {
	cart := &flow.Endpoint{Namespace: "shop", PodName: "cart-1", Workloads: []flow.Workload{{Kind: "Deployment", Name: "cart"}}}
	db := &flow.Endpoint{Namespace: "data", PodName: "db-0"}
	events := []*flow.Flow{between(cart, db), between(cart, nil), between(nil, db), between(nil, nil), between(cart, db)}
	for name, tt := range map[string]struct {
		naming Naming
		want   map[[2]End]int64
	}{
		"none": {Naming{MaxSeries: 9}, map[[2]End]int64{{}: 5}},
		"the source's workload": {
			Naming{Source: Wanted{Workload: true}, MaxSeries: 9}, map[[2]End]int64{{}: 2, {{Workload: "cart"}, {}}: 3},
		},
		"all": {
			Naming{Source: Wanted{true, true, true}, Destination: Wanted{true, true, true}, MaxSeries: 9},
			map[[2]End]int64{
				{}: 1, {{"shop", "cart", "cart-1"}, {"data", "", "db-0"}}: 2, {{"shop", "cart", "cart-1"}, {}}: 1, {{}, {"data", "", "db-0"}}: 1,
			},
		},
		"beyond the bound": {
			Naming{Source: Wanted{Pod: true}, Destination: Wanted{Namespace: true}, MaxSeries: 1},
			map[[2]End]int64{{}: 1, {{Pod: "cart-1"}, {Namespace: "data"}}: 2, {{Pod: Other}, {}}: 1, {{}, {Namespace: Other}}: 1},
		},
	} {
		totals := New(tt.naming)
		for _, f := range events {
			totals.Add(f)
		}
		got, others := map[[2]End]int64{}, int64(0)
		for _, e := range totals.Entries() {
			require.Equal(t, "trace", e.Type)
			require.Equal(t, 10*e.Events, e.Bytes)
			got[[2]End{e.Source, e.Destination}] += e.Events
			for _, end := range []End{e.Source, e.Destination} {
				if end.Pod == Other || end.Namespace == Other {
					others += e.Events
				}
			}
		}
		require.Equal(t, tt.want, got, name)
		require.Equal(t, others, totals.Others(), name)
	}
	var none *Totals
	require.Zero(t, none.Others())
}

// Any number of pods makes no more series than the bound, and those of Other.
func TestTheNumberOfSeriesWithNamesIsBounded(t *testing.T) {
	const bound, events = 100, 20_000
	totals := New(Naming{Source: Wanted{Pod: true}, Destination: Wanted{Pod: true}, MaxSeries: bound})
	for i := range events {
		totals.Add(between(&flow.Endpoint{PodName: fmt.Sprint(i)}, &flow.Endpoint{PodName: fmt.Sprint(i % 7)}))
	}
	entries := totals.Entries()
	require.Len(t, entries, bound+1)
	var sum int64
	for _, e := range entries {
		sum += e.Events
	}
	require.EqualValues(t, events, sum)
	require.EqualValues(t, events-bound, totals.Others())
}

func BenchmarkAddNames(b *testing.B) {
	totals := New(Naming{Source: Wanted{true, true, true}, Destination: Wanted{true, true, true}, MaxSeries: 100})
	f := between(&flow.Endpoint{Namespace: "shop", PodName: "cart-7d9f", Workloads: []flow.Workload{{Name: "cart"}}}, &flow.Endpoint{Namespace: "data", PodName: "db-0"})
	b.ReportAllocs()
	for b.Loop() {
		totals.Add(f)
	}
}

func BenchmarkAdd(b *testing.B) {
	totals := New(Naming{})
	f := flow.Flow{Type: monitor.TypeTrace, Verdict: flow.VerdictForwarded, OrigLen: 60, Headers: flow.Headers{IP: flow.IP{Version: 4, Protocol: 6}}}
	b.ReportAllocs()
	for b.Loop() {
		totals.Add(&f)
	}
}
