// SPDX-License-Identifier: Apache-2.0

package monitor_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// laterKinds builds, by kind, a notification of the version behind the newest known one, and what it is read as: one of the newest known
// version, without what the later one has added.
func laterKinds() map[string]func(c mt.Capture) (later, known []byte) {
	as := func(b []byte, at int, version byte) []byte {
		b[at] = version
		return b
	}
	added := func(c mt.Capture) mt.Capture {
		c.Extension = nil
		return c
	}
	return map[string]func(c mt.Capture) (later, known []byte){
		"drop": func(c mt.Capture) (later, known []byte) {
			d := mt.Drop{Capture: c, Version: 4, Reason: 133, SrcLabel: 7, DstLabel: 8, DstID: 9, Line: 10, File: 2, ExtError: -1, IfIndex: 11, IPTraceID: 12}
			e := d
			e.Capture, e.Version = added(c), 3
			return d.Bytes(), e.Bytes()
		},
		"trace": func(c mt.Capture) (later, known []byte) {
			d := mt.Trace{Capture: c, Version: 3, Point: 3, SrcLabel: 7, DstLabel: 8, DstID: 9, Reason: 1, IfIndex: 11, OrigIP: netip.MustParseAddr("10.9.9.9"), IPTraceID: 12}
			e := d
			e.Capture, e.Version = added(c), 2
			return d.Bytes(), e.Bytes()
		},
		"policy verdict": func(c mt.Capture) (later, known []byte) {
			d := mt.PolicyVerdict{Capture: c, Long: true, RemoteLabel: 7, Verdict: -133, DstPort: 443, Proto: 6, Direction: 1, Match: 2, AuthType: 1, Cookie: 12}
			e := d
			e.Capture = added(c)
			return as(d.Bytes(), 14, 2), e.Bytes()
		},
		"debug capture": func(c mt.Capture) (later, known []byte) {
			d := mt.DebugCapture{Capture: c, Point: 4, Arg1: 7, Arg2: 8}
			e := d
			e.Capture = added(c)
			return as(d.Bytes(), 14, 2), e.Bytes()
		},
	}
}

// laterPackets are packets whose place can be told, by what they are: their headers say how long they are.
func laterPackets() map[string][]byte {
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	a6, b6 := netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fd00::2")
	tcp := mt.TCP(40000, 443, mt.SYN, nil)
	short := mt.Ethernet(mt.EtherIPv4, mt.IPv4(a, b, mt.ProtoTCP, tcp))
	return map[string][]byte{
		"IPv4":           short,
		"IPv6":           mt.Ethernet(mt.EtherIPv6, mt.IPv6(a6, b6, mt.ProtoTCP, tcp)),
		"VLAN":           mt.Ethernet(0x8100, mt.VLAN(7, mt.EtherIPv4, mt.IPv4(a, b, mt.ProtoTCP, tcp))),
		"ARP":            mt.Ethernet(0x0806, append([]byte{0, 1, 8, 0, 6, 4, 0, 1}, make([]byte, 20)...)),
		"a filled frame": append(short[:len(short):len(short)], make([]byte, 60-len(short))...),
		"120 bytes":      mt.Ethernet(mt.EtherIPv4, mt.IPv4(a, b, mt.ProtoTCP, mt.TCP(40000, 443, mt.ACK, make([]byte, 66)))),
	}
}

// The parts that a later version has in common with the newest known one are read, whatever it adds: by a ring buffer, which keeps the
// length, by a perf ring, which adds up to seven bytes, and from Windows, where 128 bytes are reserved for the packet.
func TestALaterVersionIsDecodedAsFarAsItIsKnown(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for kind, build := range laterKinds() {
		for name, packet := range laterPackets() {
			for _, fields := range []int{0, 4, 8, 12, 16, 40} {
				for _, ring := range []string{"ring", "perf", "windows"} {
					c := mt.Capture{Source: 7, Hash: 9, Packet: packet, Extension: make([]byte, fields)}
					for i := range c.Extension {
						c.Extension[i] = byte(random.Uint32())
					}
					if ring == "windows" {
						c.PadTo = 128
					}
					later, known := build(c)
					for ring == "perf" && (len(later)+4)%8 != 0 {
						later = append(later, byte(1+random.IntN(255)))
					}
					t.Run(fmt.Sprintf("%s/%s/%d bytes more/%s", kind, name, fields, ring), func(t *testing.T) {
						want, got := decode(t, monitor.Decoder{}, known), decode(t, monitor.Decoder{}, later)
						assert.True(t, got.VersionUnknown)
						assert.False(t, want.VersionUnknown)
						assert.Equal(t, packet, got.Packet)
						assert.Equal(t, want.HeaderLen+fields, got.HeaderLen)
						assert.Equal(t, want.Version+1, got.Version)
						got.Version, got.HeaderLen, got.Raw, got.VersionUnknown = want.Version, want.HeaderLen, want.Raw, false
						want.Packet = got.Packet // of Windows it is compared above
						assert.Equal(t, want, got)
					})
				}
			}
		}
	}
}

func TestALaterVersionOfAPacketWithoutALinkLayer(t *testing.T) {
	v4 := mt.IPv4(netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), mt.ProtoTCP, mt.TCP(1, 2, mt.SYN, nil))
	v6 := mt.IPv6(netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fd00::2"), mt.ProtoTCP, mt.TCP(1, 2, mt.SYN, nil))
	const ipv6, l3 = 1, 2
	for name, tt := range map[string]struct {
		packet []byte
		flags  uint8
		want   []byte
	}{
		"IPv4":                {v4, l3, v4},
		"IPv6":                {v6, l3 | ipv6, v6},
		"IPv4, flag for IPv6": {v4, l3 | ipv6, nil},
		"IPv6, flag for IPv4": {v6, l3, nil},
	} {
		t.Run(name, func(t *testing.T) {
			n := decode(t, monitor.Decoder{}, mt.Trace{Version: 3, Flags: tt.flags, Capture: mt.Capture{Packet: tt.packet, Extension: make([]byte, 8)}}.Bytes())
			assert.Equal(t, tt.want, n.Packet)
		})
	}
}

func TestALaterPacketMonitorDrop(t *testing.T) {
	packet := laterPackets()["IPv4"]
	b := mt.PacketMonitor{Packet: packet, PacketType: monitor.PacketMonitorEthernet, ComponentID: 5, Reason: 6}.Bytes()
	known := decode(t, monitor.Decoder{}, b)
	later := append(append(append([]byte(nil), b[:known.HeaderLen]...), 1, 2, 3), packet...)
	later[2] = 2
	n := decode(t, monitor.Decoder{}, later)
	assert.True(t, n.VersionUnknown)
	assert.Equal(t, known.Pktmon, n.Pktmon)
	assert.Equal(t, packet, n.Packet)
}

// No packet is better than a wrong one.
func TestAPacketOfALaterVersionIsLeftOutWhereItsPlaceIsNotCertain(t *testing.T) {
	packet := laterPackets()["IPv4"]
	cut := mt.Trace{Version: 3, Capture: mt.Capture{Packet: packet, Extension: make([]byte, 8)}}.Bytes()
	wrongLength := append([]byte(nil), packet...)
	wrongLength[17]++ // the IP header's total length
	for name, record := range map[string][]byte{
		"no captured length":               mt.Trace{Version: 3, Capture: mt.Capture{Packet: packet, NoCapLen: true, Extension: make([]byte, 8)}}.Bytes(),
		"no packet":                        mt.Trace{Version: 3, Capture: mt.Capture{CapLen: 54, OrigLen: 54, Extension: make([]byte, 8)}}.Bytes(),
		"fewer bytes than were captured":   cut[:len(cut)-5],
		"more captured than the record":    mt.Trace{Version: 3, Capture: mt.Capture{Packet: packet, CapLen: 60000}}.Bytes(),
		"no IP":                            mt.Trace{Version: 3, Capture: mt.Capture{Packet: mt.Ethernet(0x88cc, make([]byte, 40)), Extension: make([]byte, 8)}}.Bytes(),
		"another length than on the wire":  mt.Trace{Version: 3, Capture: mt.Capture{Packet: wrongLength, Extension: make([]byte, 8)}}.Bytes(),
		"zeros":                            mt.Trace{Version: 3, Capture: mt.Capture{Packet: make([]byte, 54), PadTo: 128}}.Bytes(),
		"too little captured for a header": mt.Trace{Version: 3, Capture: mt.Capture{Packet: packet[:30], OrigLen: 54}}.Bytes(),
		"two places":                       twoPlaces(t, packet),
	} {
		t.Run(name, func(t *testing.T) {
			n := decode(t, monitor.Decoder{}, record)
			assert.True(t, n.VersionUnknown)
			assert.Nil(t, n.Packet)
			assert.Len(t, record, n.HeaderLen)
		})
	}
}

// twoPlaces is a record in whose packet, with a VLAN tag, another one begins behind the tag, filled up with what a perf ring has added.
func twoPlaces(t *testing.T, packet []byte) []byte {
	t.Helper()
	tagged := append(append(append([]byte(nil), packet[:12]...), 0x81, 0, 0, 7), packet[12:]...)
	b := mt.Trace{Version: 3, Capture: mt.Capture{Packet: tagged, Extension: make([]byte, 6)}}.Bytes()
	b = append(b, 0, 0, 0, 0)
	require.Zero(t, (len(b)+4)%8)
	return b
}

func TestARecordShorterThanTheNewestKnownVersionIsUndecodable(t *testing.T) {
	for name, tt := range map[string]struct {
		record []byte
		text   string
	}{
		"drop":  {mt.Drop{Version: 4}.Bytes()[:47], "drop notification v4: want at least the 48 bytes of the newest known version, 3, have 47"},
		"trace": {mt.Trace{Version: 255}.Bytes()[:55], "trace notification v255: want at least the 56 bytes of the newest known version, 2, have 55"},
		"sock": {append(mt.TraceSock{DstIP: netip.MustParseAddr("10.0.0.1"), L4Proto: 9, Long: true}.Bytes(), make([]byte, 20)...)[:59:59],
			"trace-sock notification: its 60 bytes are more than the 40 of the newest known layout and do not look like it"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "sock" {
				tt.record = append(tt.record, 1)
			}
			var n monitor.Notification
			var e *monitor.Error
			require.ErrorAs(t, monitor.Decoder{}.Decode(tt.record, &n), &e)
			assert.Equal(t, monitor.ReasonVersion, e.Reason)
			assert.EqualError(t, e, tt.text)
		})
	}
}

// Messages without a version say by their length that they are later ones. What a perf ring adds does not, nor do zeros.
func TestALongerMessageWithoutAVersionIsMarked(t *testing.T) {
	for name, b := range map[string][]byte{
		"debug": mt.Debug{SubType: 3, Arg1: 1, Arg2: 2, Arg3: 3}.Bytes(),
		"sock":  mt.TraceSock{Long: true, DstIP: netip.MustParseAddr("10.0.0.1"), L4Proto: 1, DstPort: 443, Cookie: 5}.Bytes(),
	} {
		known := decode(t, monitor.Decoder{}, b)
		for _, tt := range []struct {
			tail []byte
			want bool
		}{
			{[]byte{1, 2, 3, 4, 5, 6, 7, 8}, true},
			{[]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, true},
			{make([]byte, 20), false},
			{[]byte{9, 9, 9, 9}[:(8-(len(b)+4)%8)%8], false},
		} {
			for _, format := range []monitor.WireFormat{monitor.WireFormatAuto, monitor.WireFormat120} {
				got := decode(t, monitor.Decoder{WireFormat: format}, append(append([]byte(nil), b...), tt.tail...))
				assert.Equal(t, tt.want, got.VersionUnknown, "%s and %d bytes", name, len(tt.tail))
				assert.Equal(t, known.Debug, got.Debug)
				assert.Equal(t, known.Sock, got.Sock)
			}
		}
	}
}
