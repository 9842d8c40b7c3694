// SPDX-License-Identifier: Apache-2.0

package primary_test

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/primary"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/oracle"
)

// Observation points, by bpf/lib/trace.h.
const (
	toEndpoint, toProxy, toStack, toOverlay, toNetwork = 0, 1, 3, 4, 11
	pod, otherPod, host                                = 10, 11, 89
)

var (
	client = netip.MustParseAddr("10.0.0.1")
	server = netip.MustParseAddr("10.0.0.2")
	start  = time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
)

// line asks a marker for one record after another, a millisecond apart.
type line struct {
	t      *testing.T
	marker *primary.Marker
	at     time.Time
	cpu    int32
}

func newLine(t *testing.T) *line { return &line{t, primary.New(), start, -1} }

// mark answers whether the record counts its packet's bytes.
func (l *line) mark(record interface{ Bytes() []byte }) primary.Answer {
	l.t.Helper()
	return l.marks(record).Packet
}

// denial answers whether the record counts that its packet was dropped.
func (l *line) denial(record interface{ Bytes() []byte }) primary.Answer {
	l.t.Helper()
	return l.marks(record).Drop
}

func (l *line) marks(record interface{ Bytes() []byte }) primary.Marks {
	l.t.Helper()
	var n monitor.Notification
	require.NoError(l.t, monitor.Decoder{}.Decode(record.Bytes(), &n))
	var f flow.Flow
	f.Decode(&n)
	f.CPU = l.cpu
	l.at = l.at.Add(time.Millisecond)
	return l.marker.Mark(&f, n.Packet, l.at.UnixNano())
}

// tcp is a segment with a sequence number.
func tcp(port uint16, flags uint16, sequence uint32) []byte {
	segment := mt.TCP(port, 443, flags, nil)
	binary.BigEndian.PutUint32(segment[4:], sequence)
	return mt.Ethernet(mt.EtherIPv4, mt.IPv4(client, server, mt.ProtoTCP, segment))
}

func trace(point uint8, endpoint uint16, packet []byte) mt.Trace {
	return mt.Trace{Capture: mt.Capture{Source: endpoint, Packet: packet}, Version: 1, Point: point, DstID: endpoint, Reason: 1, DstLabel: 2}
}

// drop is of a pod's program on the packet's way out of it, or of the host's.
func drop(endpoint uint16, packet []byte) mt.Drop {
	const hostProgram, podProgram = 1, 2
	d := mt.Drop{Capture: mt.Capture{Source: endpoint, Packet: packet}, Version: 2, Reason: 133, File: podProgram}
	if endpoint == host {
		d.File = hostProgram
	}
	return d
}

// dropIn is of a pod's program on the packet's way into it.
func dropIn(endpoint uint16, packet []byte) mt.Drop {
	d := drop(endpoint, packet)
	d.DstID = uint32(endpoint)
	return d
}

func TestOnlyWhatSaysWhatBecameOfAPacketIsPrimary(t *testing.T) {
	packet := tcp(40000, mt.SYN, 1)
	c := mt.Capture{Source: pod, Packet: packet}
	for point := range uint8(14) {
		want := primary.Yes
		if point >= monitor.TraceFromEndpoint && point <= monitor.TraceFromNetwork || point == monitor.TraceFromCrypto {
			want = primary.No
		}
		assert.Equal(t, want, newLine(t).mark(trace(point, pod, packet)), "point %d", point)
	}
	assert.Equal(t, primary.Unknown, newLine(t).mark(trace(77, pod, packet)), "a point of the future")
	assert.Equal(t, primary.Yes, newLine(t).mark(drop(pod, packet)))
	assert.Equal(t, primary.Yes, newLine(t).mark(mt.PacketMonitor{Packet: packet, PacketType: 1}))
	for _, other := range []interface{ Bytes() []byte }{
		mt.PolicyVerdict{Capture: c}, mt.PolicyVerdict{Capture: c, Verdict: -133}, mt.DebugCapture{Capture: c, Point: 4}, mt.Recorder{Packet: packet},
		mt.Debug{}, mt.TraceSock{Point: 2, DstIP: server}, trace(toStack, pod, nil),
	} {
		assert.Equal(t, primary.No, newLine(t).mark(other), "%T", other)
	}
}

func TestOfAPacketsRecordsTheFirstIsPrimary(t *testing.T) {
	l := newLine(t)
	packet := tcp(40000, mt.ACK, 1)
	assert.Equal(t, primary.Yes, l.mark(trace(toStack, pod, packet)))
	assert.Equal(t, primary.No, l.mark(trace(toNetwork, pod, packet)))
	assert.Equal(t, primary.No, l.mark(trace(toNetwork, host, packet)), "the host's program tells the same point again")
	second := trace(toNetwork, host, packet)
	second.IfIndex = 5
	assert.Equal(t, primary.No, l.mark(second), "and for a second interface")
	assert.Equal(t, primary.No, l.mark(drop(host, packet)), "a fifth place")
	assert.Equal(t, primary.Yes, l.mark(drop(host, tcp(40000, mt.ACK, 2))), "the next packet")
	assert.Equal(t, primary.Yes, l.mark(drop(host, tcp(40001, mt.ACK, 2))), "of another connection")
}

// Packets that look the same are as many as the records of the place that has seen the most of them.
func TestAPacketThatIsSentAgainIsAnother(t *testing.T) {
	for name, order := range map[string][]uint8{
		"one after the other": {toStack, toNetwork, toStack, toNetwork, toStack, toNetwork},
		"side by side":        {toStack, toStack, toNetwork, toStack, toNetwork, toNetwork},
		"in a wrong order":    {toNetwork, toStack, toStack, toNetwork, toNetwork, toStack},
		"with losses":         {toStack, toNetwork, toStack, toNetwork, toNetwork},
	} {
		l := newLine(t)
		yes := 0
		for _, point := range order {
			if l.mark(trace(point, pod, tcp(40000, mt.SYN, 1))) == primary.Yes {
				yes++
			}
		}
		assert.Equal(t, 3, yes, name)
	}
}

// Nothing but the points tells these apart: all have the same bytes.
func TestWhatComesAfterAPacketsEndIsAnotherPacket(t *testing.T) {
	packet := tcp(40000, mt.SYN, 1)
	l := newLine(t)
	for _, way := range [][]interface{ Bytes() []byte }{
		{trace(toEndpoint, otherPod, packet)},
		{trace(toStack, pod, packet), trace(toNetwork, host, packet), drop(host, packet)},
		{drop(pod, packet)},
		{trace(toProxy, pod, packet)},
		{drop(otherPod, packet), mt.PacketMonitor{Packet: packet, PacketType: 1, ComponentID: 3}},
		{trace(toStack, pod, packet), trace(toEndpoint, otherPod, packet)},
		{mt.PacketMonitor{Packet: packet, PacketType: 1, ComponentID: 3}, mt.PacketMonitor{Packet: packet, PacketType: 1, ComponentID: 4}, drop(pod, packet)},
		{trace(toOverlay, pod, packet), trace(toNetwork, host, packet)},
	} {
		for i, record := range way {
			want := primary.No
			if i == 0 {
				want = primary.Yes
			}
			require.Equal(t, want, l.mark(record), "%T of %v", record, way)
		}
	}
	var yes int
	for _, point := range []uint8{toStack, toStack, toEndpoint, toStack, toEndpoint, toEndpoint} { // side by side
		if l := l.mark(trace(point, pod, tcp(40000, mt.SYN, 2))); l == primary.Yes {
			yes++
		}
	}
	require.Equal(t, 3, yes)
}

// The records of two processors may come in another order than that in which they were written.
func TestARecordThatAnotherProcessorWroteMayComeAfterThePacketsEnd(t *testing.T) {
	l := newLine(t)
	packet := tcp(40000, mt.ACK, 1)
	for range 3 {
		l.cpu = 1
		assert.Equal(t, primary.Yes, l.mark(trace(toEndpoint, otherPod, packet)))
		l.cpu = 0
		assert.Equal(t, primary.No, l.mark(trace(toStack, pod, packet)))
	}
	l.cpu = 1
	assert.Equal(t, primary.Yes, l.mark(trace(toEndpoint, otherPod, packet)))
	assert.Equal(t, primary.Yes, l.mark(trace(toStack, pod, packet)), "one processor's come in their order")
	assert.Equal(t, primary.No, l.mark(trace(toEndpoint, otherPod, packet)))
}

// A processor writes in order. Whatever comes of two of them between, the packets that look the same count once each.
func TestTheOrderInWhichProcessorsRecordsComeDoesNotMatter(t *testing.T) {
	type written struct {
		cpu    int32
		record interface{ Bytes() []byte }
	}
	for name, way := range map[string]func(packet []byte) []written{
		"delivered": func(p []byte) []written {
			return []written{{0, trace(toStack, pod, p)}, {0, trace(fromStack, pod, p)}, {1, trace(toEndpoint, otherPod, p)}}
		},
		"dropped": func(p []byte) []written {
			return []written{{0, trace(toStack, pod, p)}, {0, trace(toNetwork, pod, p)}, {1, drop(host, p)}}
		},
		"passed on": func(p []byte) []written {
			return []written{{0, trace(toStack, pod, p)}, {1, trace(toNetwork, host, p)}, {1, trace(toNetwork, pod, p)}}
		},
		"seen at its end": func(p []byte) []written { return []written{{1, trace(toEndpoint, otherPod, p)}} },
	} {
		l, dice := newLine(t), rand.New(rand.NewPCG(1, 2))
		for i := range uint32(500) {
			var queues [2][]written // two packets that look the same
			drops := 0
			for range 2 {
				for _, w := range way(tcp(40000, mt.ACK, i)) {
					queues[w.cpu] = append(queues[w.cpu], w)
					if _, ok := w.record.(mt.Drop); ok {
						drops++
					}
				}
			}
			var marks [2]int
			for len(queues[0])+len(queues[1]) > 0 {
				from := dice.IntN(2)
				if len(queues[from]) == 0 {
					continue
				}
				l.cpu = int32(from)
				m := l.marks(queues[from][0].record)
				queues[from] = queues[from][1:]
				for i, answer := range []primary.Answer{m.Packet, m.Drop} {
					if answer == primary.Yes {
						marks[i]++
					}
				}
			}
			require.Equal(t, [2]int{2, drops}, marks, name)
			require.Zero(t, l.marker.Unmarked())
		}
	}
}

func TestADenialThatIsRepeatedCountsEachTime(t *testing.T) {
	l := newLine(t)
	for range 3 {
		assert.Equal(t, primary.No, l.mark(mt.PolicyVerdict{Capture: mt.Capture{Source: pod, Packet: tcp(40000, mt.SYN, 1)}, Verdict: -133}))
		assert.Equal(t, primary.Yes, l.mark(drop(pod, tcp(40000, mt.SYN, 1))))
	}
}

func TestATranslatedPacketIsTheSameOne(t *testing.T) {
	node := netip.MustParseAddr("192.0.2.1")
	for _, port := range []uint16{40000, 1025} { // a translation may change the port as well
		l := newLine(t)
		var yes int
		for _, connection := range []uint16{0, 1, 2} { // all of the same numbers
			if l.mark(trace(toStack, pod, tcp(40000+connection, mt.SYN, 1))) == primary.Yes {
				yes++
			}
			segment := mt.TCP(port+connection, 443, mt.SYN, nil)
			binary.BigEndian.PutUint32(segment[4:], 1)
			out := trace(toNetwork, host, mt.Ethernet(mt.EtherIPv4, mt.IPv4(node, server, mt.ProtoTCP, segment)))
			out.OrigIP = client
			assert.Equal(t, primary.No, l.mark(out), "%d", port)
		}
		assert.Equal(t, 3, yes)
	}
}

func TestATunnelsPacketIsTheOneInsideIt(t *testing.T) {
	node := netip.MustParseAddr("192.0.2.1")
	outside := func(flags uint8, inside []byte) mt.Trace {
		out := trace(toNetwork, host, mt.Ethernet(mt.EtherIPv4, mt.IPv4(node, server, mt.ProtoUDP, mt.UDP(50000, 8472, mt.VXLAN(7, inside)))))
		out.Version, out.Flags = 2, flags
		return out
	}
	const vxlan = 4
	l := newLine(t)
	assert.Equal(t, primary.Yes, l.mark(trace(toOverlay, pod, tcp(40000, mt.SYN, 1))))
	assert.Equal(t, primary.No, l.mark(outside(vxlan, tcp(40000, mt.SYN, 1))))
	assert.Equal(t, primary.Yes, l.mark(outside(vxlan, tcp(40000, mt.SYN, 2))), "one that no other record counts")
	assert.Equal(t, primary.Unknown, l.mark(outside(0, tcp(40000, mt.SYN, 1))), "a tunnel that the datapath does not call one")

	encrypted := trace(toNetwork, host, mt.Ethernet(mt.EtherIPv4, mt.IPv4(node, server, 50, make([]byte, 40))))
	encrypted.Reason |= 0x80
	assert.Equal(t, primary.No, newLine(t).mark(encrypted), "the packet inside was passed on before")
}

// What is captured of a packet may be too little to tell it from another.
func TestWhatTooLittleIsKnownOfIsNeitherPrimaryNorNot(t *testing.T) {
	v6 := func(next uint8, payload []byte) []byte {
		return mt.Ethernet(mt.EtherIPv6, mt.IPv6(netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fd00::2"), next, payload))
	}
	datagram := mt.Ethernet(mt.EtherIPv4, mt.IPv4(client, server, mt.ProtoUDP, mt.UDP(1, 2, make([]byte, 30))))
	fragment := mt.Ethernet(mt.EtherIPv4, mt.IPv4Options(client, server, mt.ProtoUDP, 0x2001, nil, make([]byte, 40)))
	for name, tt := range map[string]struct {
		packet []byte
		want   primary.Answer
	}{
		"nothing":                       {nil, primary.Unknown},
		"part of an Ethernet header":    {datagram[:10], primary.Unknown},
		"part of an IP header":          {datagram[:30], primary.Unknown},
		"an IP header":                  {datagram[:34], primary.Unknown},
		"part of a UDP header":          {datagram[:40], primary.Unknown},
		"a UDP header":                  {datagram[:42], primary.Unknown},
		"15 bytes of a datagram":        {datagram[:57], primary.Unknown},
		"16 bytes of a datagram":        {datagram[:58], primary.Yes},
		"a datagram":                    {datagram, primary.Yes},
		"a datagram without content":    {mt.Ethernet(mt.EtherIPv4, mt.IPv4(client, server, mt.ProtoUDP, mt.UDP(1, 2, nil))), primary.Yes},
		"part of a TCP header":          {tcp(40000, mt.SYN, 1)[:49], primary.Unknown},
		"all that TCP takes":            {tcp(40000, mt.SYN, 1)[:50], primary.Yes},
		"a fragment of IPv4":            {fragment, primary.Unknown},
		"its IP header":                 {fragment[:34], primary.Unknown},
		"a fragment of IPv6":            {v6(44, mt.Fragment6(mt.ProtoUDP, 8, true, make([]byte, 40))), primary.Unknown},
		"a datagram of IPv6":            {v6(mt.ProtoUDP, mt.UDP(1, 2, nil)), primary.Yes},
		"an echo":                       {v6(58, mt.ICMP(128, 0, make([]byte, 20))), primary.Yes},
		"part of an echo":               {v6(58, mt.ICMP(128, 0, make([]byte, 20)))[:60], primary.Unknown},
		"an ICMP error":                 {v6(58, mt.ICMP(1, 0, make([]byte, 40)))[:62], primary.Yes},
		"SCTP":                          {v6(132, mt.SCTP(1, 2, 1)), primary.Yes},
		"another protocol":              {v6(47, make([]byte, 16)), primary.Yes},
		"a frame that is not of IP":     {mt.Ethernet(0x0806, make([]byte, 28)), primary.Yes},
		"a frame that carries nothing":  {mt.Ethernet(0x0806, nil), primary.Yes},
		"a malformed IP header":         {mt.Ethernet(mt.EtherIPv4, make([]byte, 20)), primary.Unknown},
		"an extension header, cut":      {v6(0, mt.Extension(mt.ProtoUDP, mt.UDP(1, 2, nil)))[:60], primary.Unknown},
		"behind an extension header":    {v6(0, mt.Extension(mt.ProtoUDP, mt.UDP(1, 2, nil))), primary.Yes},
		"a TCP header that is too long": {append(tcp(40000, mt.SYN, 1)[:46], 0xf0, 2, 0, 0, 0, 0, 0, 0), primary.Yes},
	} {
		d := drop(pod, tt.packet)
		d.OrigLen = 1000
		assert.Equal(t, tt.want, newLine(t).mark(d), name)
	}
}

func TestAPacketIsKnownAgainForAShortTime(t *testing.T) {
	for wait, want := range map[time.Duration]primary.Answer{
		primary.Span: primary.No, -primary.Span: primary.No, 2 * primary.Span: primary.Unknown, -2 * primary.Span: primary.Unknown,
		primary.Window: primary.Unknown, primary.Window + time.Millisecond: primary.Unknown, -time.Hour: primary.Unknown,
		1 << 62: primary.Unknown, -1 << 62: primary.Unknown,
	} {
		l := newLine(t)
		assert.Equal(t, primary.Yes, l.mark(trace(toStack, pod, tcp(40000, mt.SYN, 1))))
		l.at = l.at.Add(wait - time.Millisecond)
		assert.Equal(t, want, l.mark(trace(toNetwork, host, tcp(40000, mt.SYN, 1))), "%v", wait)
	}
}

func TestTheMemoryIsFixedAndTheLastPacketsStayInIt(t *testing.T) {
	l := newLine(t)
	const many, near = 120_000, 1000
	var wrong int
	for i := range uint32(many) {
		l.at = start.Add(time.Duration(i) * 10 * time.Microsecond)
		if l.mark(trace(toStack, pod, tcp(40000, mt.ACK, i))) != primary.Yes {
			wrong++
		}
		l.at = start.Add(time.Duration(i) * 10 * time.Microsecond)
		if i >= near && l.mark(trace(toNetwork, host, tcp(40000, mt.ACK, i-near))) != primary.No {
			wrong++
		}
	}
	require.Zero(t, wrong)
	l.marker.Forget()
	require.Equal(t, primary.Yes, l.mark(trace(toNetwork, host, tcp(40000, mt.ACK, many-1))), "of another node")
}

// Whatever the bytes say: what says what became of a packet gets an answer, and nothing else does.
func TestEveryRecordHasAnAnswer(t *testing.T) {
	g, m := oracle.NewGenerator(9), primary.New()
	var n monitor.Notification
	var f flow.Flow
	seen := map[primary.Answer]int{}
	for i := range int64(60_000) {
		if (monitor.Decoder{}).Decode(g.Next(), &n) != nil {
			continue
		}
		f.Decode(&n)
		answer := m.Mark(&f, n.Packet, i).Packet
		seen[answer]++
		if f.OrigLen == 0 || f.Type != monitor.TypeTrace && f.Type != monitor.TypeDrop && f.Type != monitor.TypePacketMonitorDrop {
			require.Equal(t, primary.No, answer, "%v", f.Type)
		}
	}
	for _, answer := range []primary.Answer{primary.No, primary.Yes, primary.Unknown} {
		require.Greater(t, seen[answer], 1000, "%d", answer)
	}
}

func TestACountThatComesToItsEndBeginsAnew(t *testing.T) {
	l := newLine(t)
	for range 1<<16 + 10 {
		require.Equal(t, primary.Yes, l.mark(trace(toStack, pod, tcp(40000, mt.ACK, 1))))
	}
}

func TestRecordsThatAreReadAheadHaveTheSameMarks(t *testing.T) {
	records := [][]byte{
		trace(fromEndpoint, pod, tcp(40000, mt.ACK, 1)).Bytes(), trace(toStack, pod, tcp(40000, mt.ACK, 1)).Bytes(),
		trace(toStack, pod, tcp(40000, mt.ACK, 1)).Bytes(), drop(pod, tcp(40000, mt.ACK, 1)).Bytes(), trace(toStack, pod, tcp(40000, mt.ACK, 2)).Bytes(),
	}
	one, other := primary.New(), primary.New()
	reports, at := make([]primary.Report, len(records)), start.UnixNano()
	var want, got []primary.Marks
	for i, record := range records {
		var n monitor.Notification
		require.NoError(t, monitor.Decoder{}.Decode(record, &n))
		var f flow.Flow
		f.Decode(&n)
		want = append(want, one.Mark(&f, n.Packet, at))
		other.Read(&reports[i], &f, n.Packet)
		other.Fetch(&reports[i])
	}
	for i := range reports {
		got = append(got, other.MarkReport(&reports[i], at))
	}
	require.Equal(t, want, got)
	require.Equal(t, one.Unmarked(), other.Unmarked())
}

func BenchmarkMark(b *testing.B) {
	var n monitor.Notification
	var f flow.Flow
	m := primary.New()
	packets := make([][]byte, 1<<12)
	for i := range packets {
		packets[i] = tcp(uint16(i), mt.ACK, uint32(i))
	}
	at := start.UnixNano()
	record := trace(toStack, pod, packets[0]).Bytes()
	if err := (monitor.Decoder{}).Decode(record, &n); err != nil {
		b.Fatal(err)
	}
	f.Decode(&n)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		at += 1000
		f.L4.SourcePort = uint16(i)
		m.Mark(&f, packets[i%len(packets)], at)
	}
}
