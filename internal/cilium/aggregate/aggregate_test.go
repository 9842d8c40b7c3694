// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

var start = time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)

// trace returns a TCP trace of a connection, by its source port.
func trace(connection uint16, flags uint16) *flow.Flow {
	f := &flow.Flow{Type: monitor.TypeTrace, SubType: monitor.TraceToEndpoint, Direction: flow.DirectionIngress, OrigLen: 100}
	f.IP = flow.IP{Version: 4, Protocol: 6, Source: netip.MustParseAddr("10.0.0.1"), Destination: netip.MustParseAddr("10.0.0.2")}
	f.L4 = flow.L4{Protocol: flow.L4TCP, HasFlags: true, Flags: flags, SourcePort: connection, DestinationPort: 443}
	return f
}

func aggregator(change func(*Settings)) *ConnectionAggregator {
	s := Settings{Interval: 5 * time.Second, MaxConnections: 100, MaxBytes: 1 << 20}
	if change != nil {
		change(&s)
	}
	return New(s)
}

// pass advances the clock to a time after the start.
func pass(agg *ConnectionAggregator, after time.Duration) {
	for range 2*hold.Strays + 1 {
		agg.Clock.Event(start.Add(after).UnixNano())
	}
}

// add adds an event that happened some time after the start.
func add(agg *ConnectionAggregator, f *flow.Flow, after time.Duration) Decision {
	at := start.Add(after).UnixNano()
	return agg.Add(f, []byte(after.String()), at, at)
}

func TestTheFirstPacketIsReportedAtOnceAndOneRecordAnIntervalStandsForTheRest(t *testing.T) {
	agg := aggregator(nil)
	ack := trace(1, flow.TCPAck)
	require.Equal(t, Decision{}, add(agg, ack, 0))
	require.Equal(t, Held, add(agg, ack, time.Second).Verdict)
	require.Equal(t, Counted, add(agg, ack, 2*time.Second).Verdict)
	require.Equal(t, Counted, add(agg, ack, 4999*time.Millisecond).Verdict)
	require.Equal(t, 1, agg.Held())
	require.False(t, agg.Due())

	// The packet that comes when the interval is over stands for those kept back.
	d := add(agg, ack, 5*time.Second)
	require.Equal(t, Report, d.Verdict)
	require.Equal(t, int64(1), d.Joined)
	require.Equal(t, int64(4), d.Aggregate.Count)
	require.Equal(t, int64(400), d.Aggregate.Bytes)
	require.Equal(t, start.Add(time.Second), d.Aggregate.First.UTC())
	require.Zero(t, agg.Held())

	// Without such a packet, an event kept back goes when the interval is over, and the next interval begins.
	require.Equal(t, Held, add(agg, ack, 6*time.Second).Verdict)
	require.Equal(t, Counted, add(agg, ack, 7*time.Second).Verdict)
	pass(agg, 10*time.Second-1)
	require.False(t, agg.Due())
	pass(agg, 10*time.Second)
	require.True(t, agg.Due())
	popped := agg.PopOldest()
	require.Equal(t, "6s", string(popped.Data))
	require.Equal(t, int64(2), popped.Aggregate.Count)
	require.Equal(t, start.Add(6*time.Second), popped.Aggregate.First.UTC())
	require.Equal(t, start.Add(7*time.Second).UnixNano(), popped.Last)
	agg.Release(popped)
	require.False(t, agg.Due())
	require.Equal(t, Held, add(agg, ack, 11*time.Second).Verdict, "its interval began at 10s")
	pass(agg, 15*time.Second)
	require.True(t, agg.Due())
	popped = agg.PopOldest()
	require.Zero(t, popped.Aggregate, "it stands for itself")
	agg.Release(popped)

	// A connection that was silent for an interval is new.
	pass(agg, 30*time.Second)
	require.False(t, agg.Due())
	require.Equal(t, Decision{}, add(agg, ack, 30*time.Second))
}

func TestAPacketOfAnotherTimeEndsTheIntervalAndWhatWasKeptBackHasItsOwnTimes(t *testing.T) {
	for _, leap := range []time.Duration{10 * time.Second, time.Hour, -10 * time.Second, 100 * 365 * 24 * time.Hour, -100 * 365 * 24 * time.Hour} {
		agg := aggregator(nil)
		ack := trace(1, flow.TCPAck)
		require.Equal(t, Decision{}, add(agg, ack, 0))
		require.Equal(t, Held, add(agg, ack, time.Second).Verdict)
		require.Equal(t, Counted, add(agg, ack, 2*time.Second).Verdict)
		for _, far := range []time.Duration{leap, 3 * time.Second} { // there and back
			d := add(agg, ack, far)
			require.Equal(t, Next, d.Verdict, "%v", leap)
			require.Equal(t, 1, agg.Held(), "the packet is kept back in the place of those before it")
			if far != leap {
				require.Equal(t, leap.String(), string(d.Before.Data))
				require.Zero(t, d.Before.Aggregate, "it stands for itself")
				require.Equal(t, start.Add(leap).UnixNano(), d.Before.Last)
				continue
			}
			require.Equal(t, "1s", string(d.Before.Data))
			require.Equal(t, int64(2), d.Before.Aggregate.Count)
			require.Equal(t, start.Add(time.Second), d.Before.Aggregate.First.UTC())
			require.Equal(t, start.Add(2*time.Second).UnixNano(), d.Before.Last)
		}
		require.Equal(t, Counted, add(agg, ack, 4*time.Second).Verdict)
	}
}

func TestNewTCPFlagsAreReportedAtOnceAndForThemselves(t *testing.T) {
	agg := aggregator(nil)
	report := func(flags uint16) bool {
		d := add(agg, trace(1, flags), time.Second)
		require.Zero(t, d.Joined)
		return d.Verdict == Report
	}
	require.True(t, report(flow.TCPSyn))
	require.True(t, report(flow.TCPSyn), "again")
	require.True(t, report(flow.TCPAck))
	require.False(t, report(flow.TCPAck))
	require.True(t, report(flow.TCPAck|flow.TCPPsh))
	require.False(t, report(flow.TCPAck))
	require.True(t, report(flow.TCPAck|flow.TCPFin))
	require.True(t, report(flow.TCPAck|flow.TCPFin))
	require.True(t, report(flow.TCPRst))
	require.Equal(t, 1, agg.Held())
}

func TestWhatIsOneConnection(t *testing.T) {
	change := func(do func(*flow.Flow)) *flow.Flow {
		f := trace(1, flow.TCPAck)
		do(f)
		return f
	}
	agg := aggregator(nil)
	add(agg, trace(1, flow.TCPAck), 0)
	for name, f := range map[string]*flow.Flow{
		"trace point": change(func(f *flow.Flow) { f.SubType = monitor.TraceToStack }),
		"direction":   change(func(f *flow.Flow) { f.Direction = flow.DirectionEgress }),
		"protocol":    change(func(f *flow.Flow) { f.IP.Protocol = 17 }),
		"source":      change(func(f *flow.Flow) { f.IP.Source = netip.MustParseAddr("10.0.0.3") }),
		"destination": change(func(f *flow.Flow) { f.IP.Destination = netip.MustParseAddr("fd00::1") }),
		"port":        change(func(f *flow.Flow) { f.L4.DestinationPort = 80 }),
		"tunnel":      change(func(f *flow.Flow) { f.Tunnel = flow.Tunnel{Protocol: flow.TunnelVXLAN, VNI: 7} }),
		"mark":        change(func(f *flow.Flow) { f.Primary = true }),
		"ICMP type":   change(func(f *flow.Flow) { f.L4 = flow.L4{Protocol: flow.L4ICMPv4, Type: 8} }),
	} {
		require.Equal(t, Report, add(agg, f, time.Second).Verdict, name)
		require.Equal(t, Held, add(agg, f, time.Second).Verdict, name)
	}
	same := change(func(f *flow.Flow) { f.OrigLen, f.Hash, f.SourceIdentity = 7, 8, 9 })
	require.Equal(t, Held, add(agg, same, time.Second).Verdict)
	for _, f := range []*flow.Flow{
		{Type: monitor.TypeTrace}, change(func(f *flow.Flow) { f.Type = monitor.TypeDrop }),
		change(func(f *flow.Flow) { f.Type = monitor.TypePolicyVerdict }), change(func(f *flow.Flow) { f.Type = monitor.TypeTraceSock }),
	} {
		for range 3 {
			require.Equal(t, Decision{}, add(agg, f, time.Second), "%v is never aggregated", f.Type)
		}
	}
}

func TestWhatWasKeptBackHasTheMarkOfItsFlows(t *testing.T) {
	for _, primary := range []bool{true, false} {
		agg := aggregator(nil)
		ack := trace(1, flow.TCPAck)
		ack.Primary, ack.Direction = primary, flow.DirectionEgress
		add(agg, ack, 0)
		add(agg, ack, time.Second)
		require.Equal(t, primary, agg.PopOldest().Primary)
		require.Equal(t, primary, add(agg, ack, time.Hour).Before.Primary)
	}
}

func TestWhatIsReportedEarlyBecauseMemoryIsFullIsCounted(t *testing.T) {
	agg := aggregator(func(s *Settings) { s.MaxConnections = 10 })
	early := int64(0)
	for connection := range uint16(30) {
		for range 2 { // the second is kept back
			for agg.Due() {
				agg.Release(agg.PopOldest())
				early++
			}
			add(agg, trace(connection, flow.TCPAck), time.Second)
		}
	}
	require.Greater(t, early, int64(19))
	require.Equal(t, early, agg.Early())
	for agg.Clock.Silence(5 * time.Second); agg.Due(); {
		agg.Release(agg.PopOldest())
	}
	require.Equal(t, early, agg.Early(), "their interval is over")
}

func TestInASilenceTimePassesWithoutEvents(t *testing.T) {
	for _, known := range []bool{false, true} {
		agg := aggregator(nil)
		if known {
			pass(agg, 0)
		}
		ack := trace(1, flow.TCPAck)
		add(agg, ack, 0)
		add(agg, ack, time.Second)
		agg.Clock.Silence(5*time.Second - 1)
		require.False(t, agg.Due())
		agg.Clock.Silence(1)
		require.True(t, agg.Due())
		agg.Release(agg.PopOldest())
		require.Equal(t, Held, add(agg, ack, 6*time.Second).Verdict, "the next interval has begun")
	}
}

func TestLossesAreOneRecordAnInterval(t *testing.T) {
	agg := aggregator(nil)
	lose := func(count uint64, cpu int32, after time.Duration) Verdict {
		at := start.Add(after).UnixNano()
		return agg.AddLoss(nil, count, cpu, at, at).Verdict
	}
	add(agg, trace(1, flow.TCPAck), 0)
	add(agg, trace(1, flow.TCPAck), 3*time.Second)
	require.Equal(t, Held, lose(3, 2, 0))
	require.Equal(t, Counted, lose(4, 2, time.Second))
	require.Equal(t, 2, agg.Held())
	require.False(t, agg.Due())
	require.Equal(t, Counted, lose(5, 2, 5*time.Second))
	pass(agg, 5*time.Second-1)
	require.False(t, agg.Due())
	pass(agg, 5*time.Second)
	require.True(t, agg.Due())
	popped := agg.PopOldest()
	require.Nil(t, popped.Data)
	require.Equal(t, flow.LostPerfEventRingBuffer, popped.Lost.Source)
	require.Equal(t, uint64(12), popped.Lost.Count)
	require.Equal(t, int32(2), popped.CPU)
	require.Equal(t, 5*time.Second, popped.Lost.Last.Sub(popped.Lost.First))
	agg.Release(popped)
	require.Equal(t, 1, agg.Held())

	require.Equal(t, Held, lose(1, 2, 6*time.Second))
	require.Equal(t, Counted, lose(1, 3, 6*time.Second))
	agg.Release(agg.PopOldest()) // the connection's
	require.Equal(t, int32(-1), agg.PopOldest().CPU)
}

// TestEveryEventIsInExactlyOneRecord checks the sum of an aggregator with little room, with random events.
func TestEveryEventIsInExactlyOneRecord(t *testing.T) {
	for _, silent := range []bool{false, true} {
		t.Run(fmt.Sprint("silent ", silent), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			agg := aggregator(func(s *Settings) { s.MaxConnections = 40 })
			var emitted, counted, joined, stoodFor, bytes, pending int64
			emit := func(a flow.Aggregate) {
				emitted++
				stoodFor += max(a.Count, 1)
				if a.Count > 1 {
					bytes += a.Bytes
				} else {
					bytes += 100
				}
			}
			release := func() {
				popped := agg.PopOldest()
				pending--
				if popped.Data == nil {
					emit(flow.Aggregate{})
				} else {
					emit(popped.Aggregate)
				}
				agg.Release(popped)
			}
			const events = 200_000
			var now time.Duration
			var losses int64
			for i := range events {
				now += time.Duration(r.IntN(40)) * time.Millisecond
				at := start.Add(now - time.Duration(r.IntN(3000))*time.Millisecond).UnixNano()
				for agg.Due() {
					release()
				}
				if silent && r.IntN(10) == 0 {
					agg.Clock.Silence(time.Duration(r.IntN(400)) * time.Millisecond)
				}
				if r.IntN(20) == 0 {
					at = int64(r.Uint64())
				}
				agg.Clock.Event(at)
				var d Decision
				loss := r.IntN(200) == 0
				if loss {
					d = agg.AddLoss(nil, 1, 0, at, at)
				} else {
					flags := []uint16{flow.TCPAck, flow.TCPAck, flow.TCPAck, flow.TCPAck | flow.TCPPsh, flow.TCPSyn}[r.IntN(5)]
					d = agg.Add(trace(uint16(r.IntN(60)), flags), binary.LittleEndian.AppendUint64(nil, uint64(i)), at, at)
				}
				joined += d.Joined
				pending -= d.Joined
				switch d.Verdict {
				case Report:
					emit(d.Aggregate)
				case Next:
					emit(d.Before.Aggregate)
				case Held:
					pending++
				case Counted:
					counted++
					if loss {
						losses++
					}
				}
				require.Equal(t, int64(agg.Held()), pending)
			}
			for agg.Held() > 0 {
				release()
			}
			require.Zero(t, pending)
			require.Equal(t, int64(events), emitted+counted+joined, "received = emitted + aggregated")
			require.Equal(t, int64(events), stoodFor+losses, "the counts in the records and the losses are the events")
			require.Equal(t, stoodFor*100, bytes)
			require.Less(t, emitted, int64(events))
		})
	}
}
