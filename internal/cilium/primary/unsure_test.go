// SPDX-License-Identifier: Apache-2.0

// What the rule cannot know: no record counts it, and it is counted.

package primary_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/primary"
)

const fromNetwork, fromEndpoint, fromStack = 10, 5, 8

var (
	node    = netip.MustParseAddr("192.0.2.1")
	service = netip.MustParseAddr("10.96.0.10")
)

// between is a segment of numbers that say which packet it is.
func between(from, to netip.AddrPort, sequence uint32) []byte {
	segment := mt.TCP(from.Port(), to.Port(), mt.ACK, nil)
	binary.BigEndian.PutUint32(segment[4:], sequence)
	return mt.Ethernet(mt.EtherIPv4, mt.IPv4(from.Addr(), to.Addr(), mt.ProtoTCP, segment))
}

func at(a netip.Addr, port uint16) netip.AddrPort { return netip.AddrPortFrom(a, port) }

// A packet that was counted at one point may come again with another end.
func TestWhatMayHaveBeenTranslatedSinceItWasCountedHasNoMark(t *testing.T) {
	for name, tt := range map[string]struct {
		before, after []byte
		version       uint8
		want          primary.Answer
	}{
		"destination, by the host's service":  {between(at(client, 40000), at(service, 53), 7), between(at(client, 40000), at(server, 5353), 7), 1, primary.Unknown},
		"source, in a trace of version 0":     {between(at(client, 40000), at(server, 443), 7), between(at(node, 61000), at(server, 443), 7), 0, primary.Unknown},
		"source, in a node port's reply":      {between(at(client, 8080), at(server, 50000), 7), between(at(node, 30080), at(server, 50000), 7), 1, primary.Unknown},
		"another packet of the same two ends": {between(at(client, 40000), at(service, 53), 7), between(at(client, 40000), at(service, 53), 8), 1, primary.Yes},
		"another one to another end":          {between(at(client, 40000), at(service, 53), 7), between(at(client, 40000), at(server, 53), 8), 1, primary.Yes},
		"the same numbers, of other ends":     {between(at(client, 40000), at(service, 53), 7), between(at(node, 40000), at(server, 53), 7), 1, primary.Yes},
	} {
		for _, point := range []uint8{toNetwork, toOverlay, toEndpoint} {
			l := newLine(t)
			require.Equal(t, primary.Yes, l.mark(trace(toStack, pod, tt.before)), name)
			after := trace(point, host, tt.after)
			after.Version = tt.version
			assert.Equal(t, tt.want, l.mark(after), "%s, at %d", name, point)
			unmarked := int64(0)
			if tt.want == primary.Unknown {
				unmarked = 1
			}
			assert.Equal(t, unmarked, l.marker.Unmarked(), name)
		}
		l := newLine(t)
		require.Equal(t, primary.Yes, l.mark(trace(toStack, pod, tt.before)), name)
		require.Equal(t, primary.Yes, l.mark(trace(toStack, otherPod, tt.after)), "%s: nothing is translated before it comes to the stack", name)
		l = newLine(t)
		require.Equal(t, primary.Yes, l.mark(trace(toStack, pod, tt.before)), name)
		require.Equal(t, primary.No, l.mark(trace(toNetwork, host, tt.before)), name)
		require.Equal(t, primary.Yes, l.mark(trace(toNetwork, host, tt.after)), "%s: the one before has gone its way", name)
		l = newLine(t)
		require.Equal(t, primary.Yes, l.mark(trace(toOverlay, pod, tt.before)), name)
		require.Equal(t, primary.Yes, l.mark(trace(toOverlay, pod, tt.after)), "%s: it does not come to the same point", name)
		l = newLine(t)
		require.Equal(t, primary.Yes, l.mark(trace(toStack, pod, tt.before)), name)
		l.at = l.at.Add(2 * primary.Window)
		require.Equal(t, primary.Yes, l.mark(trace(toNetwork, host, tt.after)), "%s: long after", name)
	}
}

// More packets look alike than are remembered of them.
func TestWhatIsOneOfManyThatLookAlikeHasNoMark(t *testing.T) {
	l := newLine(t)
	for i := range uint16(8) {
		require.Equal(t, primary.Yes, l.mark(trace(toStack, 100+i, between(at(netip.AddrFrom4([4]byte{10, 0, 1, byte(i)}), 1), at(netip.AddrFrom4([4]byte{10, 0, 2, byte(i)}), 1), 7))))
	}
	assert.Equal(t, primary.Unknown, l.mark(trace(toNetwork, host, between(at(client, 1), at(server, 1), 7))))
}

// The stack cuts packets into fragments, and puts them together.
func TestAFragmentHasNoMarkWhereverItIsSeen(t *testing.T) {
	first := mt.Ethernet(mt.EtherIPv4, mt.IPv4Options(client, server, mt.ProtoUDP, 0x2000, nil, mt.UDP(1, 2, make([]byte, 40))))
	later := mt.Ethernet(mt.EtherIPv4, mt.IPv4Options(client, server, mt.ProtoUDP, 0x0006, nil, make([]byte, 40)))
	for _, packet := range [][]byte{first, later} {
		l := newLine(t)
		require.Equal(t, primary.Yes, l.mark(trace(toStack, pod, mt.Ethernet(mt.EtherIPv4, mt.IPv4(client, server, mt.ProtoUDP, mt.UDP(1, 2, make([]byte, 80)))))))
		for _, point := range []uint8{toEndpoint, toProxy, toStack, toOverlay, toNetwork} {
			assert.Equal(t, primary.Unknown, l.mark(trace(point, host, packet)), "%d", point)
		}
		assert.Equal(t, primary.Marks{Packet: primary.Unknown, Drop: primary.Yes}, l.marks(drop(host, packet)))
		assert.EqualValues(t, 6, l.marker.Unmarked())
	}
}

// The node's clock is set while a packet is on its way, or it takes longer than the window.
func TestWhatComesWithAnotherTimeHasNoMarkWhereItMayBeTheSamePacket(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, -time.Hour, 6 * time.Second} {
		for name, tt := range map[string]struct {
			next interface{ Bytes() []byte }
			want primary.Marks
		}{
			"the next point":              {trace(toNetwork, host, tcp(40000, mt.SYN, 1)), primary.Marks{Packet: primary.Unknown}},
			"its end":                     {trace(toEndpoint, otherPod, tcp(40000, mt.SYN, 1)), primary.Marks{Packet: primary.Unknown}},
			"a drop":                      {drop(host, tcp(40000, mt.SYN, 1)), primary.Marks{Packet: primary.Unknown, Drop: primary.Yes}},
			"the same point: another one": {trace(toStack, pod, tcp(40000, mt.SYN, 1)), primary.Marks{Packet: primary.Yes}},
			"another packet":              {trace(toNetwork, host, tcp(40000, mt.SYN, 2)), primary.Marks{Packet: primary.Yes}},
		} {
			l := newLine(t)
			require.Equal(t, primary.Yes, l.mark(trace(toStack, pod, tcp(40000, mt.SYN, 1))))
			l.at = l.at.Add(jump)
			assert.Equal(t, tt.want, l.marks(tt.next), "%s, %v", name, jump)
			if tt.want.Packet == primary.Yes {
				assert.Zero(t, l.marker.Unmarked())
			} else {
				assert.EqualValues(t, 1, l.marker.Unmarked())
			}
		}
		l := newLine(t)
		for range 2 {
			require.Equal(t, primary.Yes, l.mark(trace(toStack, pod, tcp(40000, mt.SYN, 1))))
			require.Equal(t, primary.No, l.mark(trace(toNetwork, host, tcp(40000, mt.SYN, 1))), "%v", jump)
			l.at = l.at.Add(jump)
		}
		require.Equal(t, primary.Yes, l.mark(drop(pod, tcp(40000, mt.SYN, 5))))
		l.at = l.at.Add(jump)
		require.Equal(t, primary.Yes, l.mark(drop(pod, tcp(40000, mt.SYN, 5))), "nothing more comes of what was dropped")
		require.Zero(t, l.marker.Unmarked())
	}
}

// A packet for the node itself comes in, and no later point reports it.
func TestAPacketThatOnlyComesInIsCountedWhenNothingMoreComesOfIt(t *testing.T) {
	l := newLine(t)
	in := func(sequence uint32) mt.Trace { return trace(fromNetwork, 0, tcp(40000, mt.ACK, sequence)) }
	require.Equal(t, primary.No, l.mark(in(1)))
	require.Equal(t, primary.No, l.mark(in(2)))
	require.Equal(t, primary.Yes, l.mark(trace(toEndpoint, pod, tcp(40000, mt.ACK, 2))))
	require.Equal(t, primary.No, l.mark(in(3)))
	require.Equal(t, primary.Yes, l.mark(drop(host, tcp(40000, mt.ACK, 3))))
	require.Zero(t, l.marker.Unmarked(), "something may come yet")
	l.at = l.at.Add(primary.Window)
	require.Equal(t, primary.No, l.mark(in(4)))
	require.EqualValues(t, 1, l.marker.Unmarked())
	l.marker.Silence(primary.Window)
	require.EqualValues(t, 1, l.marker.Unmarked())
	l.marker.Silence(time.Second)
	require.EqualValues(t, 2, l.marker.Unmarked())
	require.Equal(t, primary.No, l.mark(in(5)))
	l.marker.Forget()
	require.EqualValues(t, 3, l.marker.Unmarked(), "the file ends")
	l.marker.Silence(time.Hour)
	require.EqualValues(t, 3, l.marker.Unmarked())

	require.Equal(t, primary.No, l.mark(in(6)))
	require.Equal(t, primary.No, l.mark(trace(fromStack, pod, tcp(40000, mt.ACK, 6))), "one packet, whatever it comes to")
	l.at = l.at.Add(time.Minute)
	require.Equal(t, primary.No, l.mark(in(6)), "and another one that looks the same")
	require.EqualValues(t, 4, l.marker.Unmarked())
	l.marker.Silence(time.Minute)
	require.EqualValues(t, 5, l.marker.Unmarked())
}

// A service's address is translated between the point where the packet comes in and the next one.
func TestAPacketForAServiceIsFollowed(t *testing.T) {
	l := newLine(t)
	require.Equal(t, primary.No, l.mark(trace(fromEndpoint, pod, between(at(client, 40000), at(service, 80), 7))))
	require.Equal(t, primary.Yes, l.mark(trace(toOverlay, pod, between(at(client, 40000), at(server, 8080), 7))))
	require.Equal(t, primary.No, l.mark(trace(fromNetwork, 0, between(at(server, 8080), at(node, 30080), 8))))
	require.Equal(t, primary.Yes, l.mark(trace(toEndpoint, pod, between(at(service, 80), at(client, 40000), 8))))
	l.marker.Silence(time.Hour)
	require.Zero(t, l.marker.Unmarked())
}

// The outer packet of an encrypted or tunneled packet is reported as well. It must not be counted.
func TestTheOutsideOfAPacketThatComesInIsNoPacketOfItsOwn(t *testing.T) {
	l := newLine(t)
	for _, outside := range [][]byte{
		mt.IPv4(node, server, 50, make([]byte, 40)), mt.IPv4(node, server, mt.ProtoUDP, mt.UDP(51871, 51871, make([]byte, 40))),
		mt.IPv4(node, server, mt.ProtoUDP, mt.UDP(5000, 8472, make([]byte, 40))),
	} {
		require.Equal(t, primary.No, l.mark(trace(fromNetwork, 0, mt.Ethernet(mt.EtherIPv4, outside))))
	}
	for _, point := range []uint8{2, toStack, toOverlay, toNetwork} {
		encrypted := trace(point, host, mt.Ethernet(mt.EtherIPv4, mt.IPv4(node, server, 50, make([]byte, 40))))
		encrypted.Reason |= 0x80
		require.Equal(t, primary.No, l.mark(encrypted), "%d", point)
	}
	l.marker.Silence(time.Hour)
	require.Zero(t, l.marker.Unmarked())
}

func TestATunnelsPacketWithoutANameHasNoMarkAnywhere(t *testing.T) {
	tunnel := mt.Ethernet(mt.EtherIPv4, mt.IPv4(node, server, mt.ProtoUDP, mt.UDP(50000, 4789, mt.VXLAN(7, tcp(1, mt.SYN, 1)))))
	l := newLine(t)
	for _, point := range []uint8{toEndpoint, toStack, toNetwork} {
		require.Equal(t, primary.Unknown, l.mark(trace(point, host, tunnel)))
	}
	require.Equal(t, primary.Marks{Packet: primary.Unknown, Drop: primary.Yes}, l.marks(drop(host, tunnel)))
	require.EqualValues(t, 4, l.marker.Unmarked())
}
