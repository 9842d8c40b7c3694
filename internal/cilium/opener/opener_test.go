// SPDX-License-Identifier: Apache-2.0

package opener_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/opener"
)

const (
	toEndpoint, toStack, fromEndpoint, fromNetwork = 0, 3, 5, 10
	reasonNew, reasonReply, reasonUnknown          = 0, 2, 5
	none, in, out                                  = flow.DirectionUnknown, flow.DirectionIngress, flow.DirectionEgress
)

var (
	low   = netip.MustParseAddrPort("10.0.0.1:40000")
	high  = netip.MustParseAddrPort("10.0.0.2:53")
	start = time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
)

func udp(from, to netip.AddrPort) []byte {
	return mt.Ethernet(mt.EtherIPv4, mt.IPv4(from.Addr(), to.Addr(), mt.ProtoUDP, mt.UDP(from.Port(), to.Port(), nil)))
}

func tcp(from, to netip.AddrPort, flags uint16) []byte {
	return mt.Ethernet(mt.EtherIPv4, mt.IPv4(from.Addr(), to.Addr(), mt.ProtoTCP, mt.TCP(from.Port(), to.Port(), flags, nil)))
}

// direct gives the direction of a record's flow at a time after the start.
func direct(t *testing.T, m *opener.Memory, after time.Duration, record interface{ Bytes() []byte }) flow.Direction {
	t.Helper()
	var n monitor.Notification
	require.NoError(t, monitor.Decoder{}.Decode(record.Bytes(), &n))
	var f flow.Flow
	f.Decode(&n)
	m.Direct(&f, start.Add(after).UnixNano())
	return f.Direction
}

func trace(point uint8, reason uint8, packet []byte) mt.Trace {
	return mt.Trace{Capture: mt.Capture{Source: 10, Packet: packet}, Point: point, Reason: reason, DstID: 10, DstLabel: 2}
}

func leaves(packet []byte) mt.Trace { return trace(fromEndpoint, reasonUnknown, packet) }

func TestWhatOneEventSaysHoldsForThePacketsThatDoNot(t *testing.T) {
	verdict := func(packet []byte, verdict int32) mt.PolicyVerdict {
		return mt.PolicyVerdict{Capture: mt.Capture{Source: 10, Packet: packet}, Direction: 2, Verdict: verdict}
	}
	for name, says := range map[string]interface{ Bytes() []byte }{
		"a trace behind connection tracking": trace(toStack, reasonNew, udp(low, high)),
		"a reply":                            trace(toEndpoint, reasonReply, udp(high, low)),
		"a policy's verdict":                 verdict(udp(low, high), 0),
		"a denial":                           verdict(udp(low, high), -133),
	} {
		m := opener.New()
		assert.Equal(t, none, direct(t, m, 0, leaves(udp(low, high))), "nothing has said it yet")
		direct(t, m, 0, says)
		assert.Equal(t, out, direct(t, m, time.Second, leaves(udp(low, high))), name)
		assert.Equal(t, in, direct(t, m, time.Second, leaves(udp(high, low))), "%s: the other end answers", name)
		elsewhere := trace(fromNetwork, reasonUnknown, udp(low, high))
		elsewhere.DstID = 0
		assert.Equal(t, none, direct(t, m, time.Second, elsewhere), "%s: which way the packet goes is not known", name)
		assert.Equal(t, none, direct(t, m, time.Second, leaves(tcp(low, high, mt.ACK))), "%s: of another protocol", name)
		assert.Equal(t, none, direct(t, m, time.Second, leaves(udp(low, netip.MustParseAddrPort("10.0.0.2:54")))), "%s: to another port", name)
	}
}

func TestAnOpeningSegmentSaysItForItsConnection(t *testing.T) {
	m := opener.New()
	require.Equal(t, out, direct(t, m, 0, leaves(tcp(low, high, mt.SYN))))
	assert.Equal(t, out, direct(t, m, 0, leaves(tcp(low, high, mt.ACK))))
	assert.Equal(t, in, direct(t, m, 0, leaves(tcp(high, low, mt.ACK))))
	require.Equal(t, out, direct(t, m, 0, leaves(tcp(high, low, mt.SYN))), "now the other end opens one")
	assert.Equal(t, in, direct(t, m, 0, leaves(tcp(low, high, mt.ACK))))
	m.Forget()
	assert.Equal(t, none, direct(t, m, 0, leaves(tcp(low, high, mt.ACK))))
}

func TestWhatWasSaidHoldsForItsWindow(t *testing.T) {
	for after, want := range map[time.Duration]flow.Direction{
		opener.Window: out, opener.Window + 1: none, -opener.Window: out, -opener.Window - 1: none, time.Hour: none,
	} {
		m := opener.New()
		direct(t, m, 0, trace(toStack, reasonNew, udp(low, high)))
		assert.Equal(t, want, direct(t, m, after, leaves(udp(low, high))), "%v", after)
	}
}

func TestTheMemoryIsFixedAndTheLastConnectionsStayInIt(t *testing.T) {
	m := opener.New()
	end := func(i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), uint16(i>>16)+1)
	}
	const many, near = 300_000, 1000 // 36 for each set, of which eight stay
	for i := range many {
		direct(t, m, 0, trace(toStack, reasonNew, udp(end(i), high)))
		if i >= near {
			require.Equal(t, out, direct(t, m, 0, leaves(udp(end(i-near), high))))
		}
	}
	require.Equal(t, none, direct(t, m, 0, leaves(udp(end(0), high))))
}

func BenchmarkDirect(b *testing.B) {
	var n monitor.Notification
	var f flow.Flow
	m := opener.New()
	if err := (monitor.Decoder{}).Decode(trace(toStack, reasonNew, udp(low, high)).Bytes(), &n); err != nil {
		b.Fatal(err)
	}
	f.Decode(&n)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f.L4.SourcePort = uint16(i)
		m.Direct(&f, int64(i))
	}
}
