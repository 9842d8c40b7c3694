// SPDX-License-Identifier: Apache-2.0

package monitor_test

import (
	"encoding/hex"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// record makes bytes of hexadecimal with spaces.
func record(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func decode(t testing.TB, d monitor.Decoder, b []byte) monitor.Notification {
	t.Helper()
	var n monitor.Notification
	require.NoError(t, d.Decode(b, &n))
	return n
}

// The bytes below are written from the C structs, a field per group, each byte of a field different; the builder must make
// the same bytes and the decoder must read them back.
func TestLayouts(t *testing.T) {
	packet := []byte{0xca, 0xfe, 0xba}
	capture := mt.Capture{Source: 0x0201, Hash: 0x14131211, OrigLen: 0x24232221, Packet: packet}
	header := monitor.Notification{Source: 0x0201, Hash: 0x14131211, OrigLen: 0x24232221, CapLen: 3, Packet: packet}
	v6 := netip.MustParseAddr("fd00:102:304:506:708:90a:b0c:d0e")
	v4 := netip.MustParseAddr("10.9.8.7")
	const v6Hex = "fd00 0102 0304 0506 0708 090a 0b0c 0d0e"

	tests := map[string]struct {
		hex   string
		built []byte
		want  func(n *monitor.Notification)
	}{
		"drop v0": {
			hex: "01 85 0102 11121314 21222324 0300 00 00 31323334 41424344 51525354 6162 02 fd 71727374 cafeba",
			built: mt.Drop{Capture: capture, Version: 0, Reason: 133, SrcLabel: 0x34333231, DstLabel: 0x44434241,
				DstID: 0x54535251, Line: 0x6261, File: 2, ExtError: -3, IfIndex: 0x74737271}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.SubType, n.HeaderLen = 1, 133, 36
				n.Drop = monitor.Drop{SrcLabel: 0x34333231, DstLabel: 0x44434241, DstID: 0x54535251, Line: 0x6261,
					File: 2, ExtError: -3, IfIndex: 0x74737271}
			},
		},
		"drop v1": {
			hex:   "01 82 0102 11121314 21222324 0300 01 00 00000000 00000000 00000000 0000 00 00 00000000 cafeba",
			built: mt.Drop{Capture: capture, Version: 1, Reason: 130}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.SubType, n.Version, n.HeaderLen = 1, 130, 1, 36
			},
		},
		"drop v2": {
			hex:   "01 82 0102 11121314 21222324 0300 02 00 00000000 00000000 00000000 0000 00 00 00000000 0b 000000 cafeba",
			built: mt.Drop{Capture: capture, Version: 2, Reason: 130, Flags: 0x0b}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.SubType, n.Version, n.HeaderLen = 1, 130, 2, 40
				n.Drop.Flags = 0x0b
			},
		},
		"drop v3": {
			hex: "01 82 0102 11121314 21222324 0300 03 00 00000000 00000000 00000000 0000 00 00 00000000 04 000000 " +
				"8182838485868788 cafeba",
			built: mt.Drop{Capture: capture, Version: 3, Reason: 130, Flags: 4, IPTraceID: 0x8887868584838281}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.SubType, n.Version, n.HeaderLen = 1, 130, 3, 48
				n.Drop.Flags, n.Drop.IPTraceID = 4, 0x8887868584838281
			},
		},
		"trace v0": {
			hex: "04 0b 0102 11121314 21222324 0300 00 00 31323334 41424344 5152 82 02 61626364 cafeba",
			built: mt.Trace{Capture: capture, Version: 0, Point: 11, SrcLabel: 0x34333231, DstLabel: 0x44434241,
				DstID: 0x5251, Reason: 0x82, Flags: 2, IfIndex: 0x64636261}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.SubType, n.HeaderLen = 4, 11, 32
				n.Trace = monitor.Trace{SrcLabel: 0x34333231, DstLabel: 0x44434241, DstID: 0x5251, Reason: 2,
					Encrypted: true, Flags: 2, IfIndex: 0x64636261}
			},
		},
		"trace v1 IPv4": {
			hex: "04 05 0102 11121314 21222324 0300 01 00 00000000 00000000 0000 00 00 00000000 " +
				"0a090807 000000000000000000000000 cafeba",
			built: mt.Trace{Capture: capture, Version: 1, Point: 5, OrigIP: v4}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.SubType, n.Version, n.HeaderLen = 4, 5, 1, 48
				n.Trace.OrigIP = v4
			},
		},
		"trace v2 IPv6": {
			hex: "04 05 0102 11121314 21222324 0300 02 00 00000000 00000000 0000 00 01 00000000 " + v6Hex +
				"8182838485868788 cafeba",
			built: mt.Trace{Capture: capture, Version: 2, Point: 5, Flags: 1, OrigIP: v6, IPTraceID: 0x8887868584838281}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.SubType, n.Version, n.HeaderLen = 4, 5, 2, 56
				n.Trace = monitor.Trace{Flags: 1, OrigIP: v6, IPTraceID: 0x8887868584838281}
			},
		},
		"trace v1 without original address": {
			hex: "04 05 0102 11121314 21222324 0300 01 00 00000000 00000000 0000 00 00 00000000 " +
				"00000000 000000000000000000000000 cafeba",
			built: mt.Trace{Capture: capture, Version: 1, Point: 5}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.SubType, n.Version, n.HeaderLen = 4, 5, 1, 48
			},
		},
		"policy verdict of 32 bytes": {
			hex: "05 07 0102 11121314 21222324 0300 01 00 31323334 7bffffff bb01 06 d6 02 000000 cafeba",
			built: mt.PolicyVerdict{Capture: capture, SubType: 7, RemoteLabel: 0x34333231, Verdict: -133, DstPort: 443,
				Proto: 6, Direction: 2, Match: 2, IPv6: true, Audited: true, L3Device: true, AuthType: 2}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.SubType, n.Version, n.HeaderLen = 5, 7, 1, 32
				n.Verdict = monitor.PolicyVerdict{RemoteLabel: 0x34333231, Verdict: -133, DstPort: 443, Proto: 6,
					Direction: 2, MatchType: 2, IPv6: true, Audited: true, L3Device: true, AuthType: 2}
			},
		},
		"policy verdict of 40 bytes": {
			hex: "05 00 0102 11121314 21222324 0300 01 00 31323334 993a0000 bb01 06 31 00 000000 41424344 00000000 cafeba",
			built: mt.PolicyVerdict{Capture: capture, Long: true, RemoteLabel: 0x34333231, Verdict: 15001, DstPort: 443,
				Proto: 6, Direction: 1, Match: 6, Cookie: 0x44434241}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.Version, n.HeaderLen = 5, 1, 40
				n.Verdict = monitor.PolicyVerdict{RemoteLabel: 0x34333231, Verdict: 15001, DstPort: 443, Proto: 6,
					Direction: 1, MatchType: 6, Cookie: 0x44434241}
			},
		},
		"debug capture": {
			hex:   "03 08 0102 11121314 21222324 0300 01 00 31323334 41424344 cafeba",
			built: mt.DebugCapture{Capture: capture, Point: 8, Arg1: 0x34333231, Arg2: 0x44434241}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.SubType, n.Version, n.HeaderLen = 3, 8, 1, 24
				n.Capture = monitor.DebugCapture{Arg1: 0x34333231, Arg2: 0x44434241}
			},
		},
		"debug message": {
			hex: "02 0f 0102 11121314 21222324 31323334 41424344",
			built: mt.Debug{SubType: 15, Source: 0x0201, Hash: 0x14131211, Arg1: 0x24232221, Arg2: 0x34333231,
				Arg3: 0x44434241}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.SubType, n.HeaderLen = 2, 15, 20
				n.OrigLen, n.CapLen, n.Packet = 0, 0, nil
				n.Debug = monitor.DebugMessage{SubType: 15, Arg1: 0x24232221, Arg2: 0x34333231, Arg3: 0x44434241}
			},
		},
		"trace sock of 38 bytes": {
			hex:   "07 02 0a090807 000000000000000000000000 0102 1112131415161718 2122232425262728 01 00",
			built: mt.TraceSock{Point: 2, DstIP: v4, DstPort: 0x0201, L4Proto: 1, Cookie: 0x1817161514131211, Cgroup: 0x2827262524232221}.Bytes(),
			want: func(n *monitor.Notification) {
				*n = monitor.Notification{Type: 7, SubType: 2, HeaderLen: 38}
				n.Sock = monitor.TraceSock{DstIP: v4, DstPort: 0x0201, L4Proto: 1, SockCookie: 0x1817161514131211,
					CgroupID: 0x2827262524232221}
			},
		},
		"trace sock of 40 bytes": {
			hex: "07 03 02 01 0102 0000 1112131415161718 2122232425262728 " + v6Hex,
			built: mt.TraceSock{Long: true, Point: 3, DstIP: v6, DstPort: 0x0201, L4Proto: 2, Cookie: 0x1817161514131211,
				Cgroup: 0x2827262524232221}.Bytes(),
			want: func(n *monitor.Notification) {
				*n = monitor.Notification{Type: 7, SubType: 3, HeaderLen: 40}
				n.Sock = monitor.TraceSock{DstIP: v6, DstPort: 0x0201, L4Proto: 2, IPv6: true,
					SockCookie: 0x1817161514131211, CgroupID: 0x2827262524232221}
			},
		},
		"recorder": {
			hex:   "06 01 0102 00000000 1112131415161718 03000000 21222324 cafeba",
			built: mt.Recorder{Ingress: true, RuleID: 0x0201, TimeBoot: 0x1817161514131211, OrigLen: 0x24232221, Packet: packet}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.SubType, n.HeaderLen, n.Source, n.Hash = 6, 1, 24, 0, 0
				n.Record = monitor.Recorder{RuleID: 0x0201, TimeBoot: 0x1817161514131211}
			},
		},
		"packet monitor drop": {
			hex: "64 00 0100 00 21222324 03000000 28000000 3132333435363738 0100 0100 4142 0100 5152 6162 7172 " +
				"81828384 91929394 a1a2 b1b2b3b4b5b6b7b8 cafeba",
			built: mt.PacketMonitor{Packet: packet, OrigLen: 0x24232221, PacketType: 1, GroupID: 0x3837363534333231,
				Direction: 0x4241, ComponentID: 0x5251, EdgeID: 0x6261, FilterID: 0x7271, Reason: 0x84838281,
				Location: 0x94939291, Processor: 0xa2a1, Timestamp: 0xb8b7b6b5b4b3b2b1}.Bytes(),
			want: func(n *monitor.Notification) {
				n.Type, n.Version, n.HeaderLen, n.Source, n.Hash = 100, 1, 57, 0, 0
				n.Pktmon = monitor.PacketMonitor{MetadataLen: 40, GroupID: 0x3837363534333231, Count: 1,
					AppearanceCount: 1, Direction: 0x4241, PacketType: 1, ComponentID: 0x5251, EdgeID: 0x6261,
					FilterID: 0x7271, DropReason: 0x84838281, DropLocation: 0x94939291, Processor: 0xa2a1,
					Timestamp: 0xb8b7b6b5b4b3b2b1}
			},
		},
		"agent": {
			hex:   "82 01 0203",
			built: mt.Raw(130, 1, 2, 3),
			want: func(n *monitor.Notification) {
				*n = monitor.Notification{Type: 130, SubType: 1, HeaderLen: 4}
			},
		},
		"unknown": {
			hex:   "4d",
			built: mt.Raw(77),
			want:  func(n *monitor.Notification) { *n = monitor.Notification{Type: 77, HeaderLen: 1} },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := record(t, tt.hex)
			assert.Equal(t, b, tt.built, "the builder's bytes")
			want := header
			tt.want(&want)
			want.Raw = b
			assert.Equal(t, want, decode(t, monitor.Decoder{}, b))
		})
	}
}

// layouts returns a record of each layout, and the least length of that layout in bytes.
func layouts() map[string]struct {
	record  []byte
	minimum int
} {
	pkt := mt.Ethernet(mt.EtherIPv4, mt.IPv4(netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), mt.ProtoTCP,
		mt.TCP(40000, 443, mt.SYN, nil)))
	c := mt.Capture{Packet: pkt}
	addr := netip.MustParseAddr("10.0.0.9")
	return map[string]struct {
		record  []byte
		minimum int
	}{
		"drop v0":             {mt.Drop{Capture: c}.Bytes(), 36},
		"drop v1":             {mt.Drop{Capture: c, Version: 1}.Bytes(), 36},
		"drop v2":             {mt.Drop{Capture: c, Version: 2}.Bytes(), 40},
		"drop v3":             {mt.Drop{Capture: c, Version: 3}.Bytes(), 48},
		"trace v0":            {mt.Trace{Capture: c}.Bytes(), 32},
		"trace v1":            {mt.Trace{Capture: c, Version: 1}.Bytes(), 48},
		"trace v2":            {mt.Trace{Capture: c, Version: 2}.Bytes(), 56},
		"policy verdict 32":   {mt.PolicyVerdict{Capture: c}.Bytes(), 32},
		"policy verdict 40":   {mt.PolicyVerdict{Capture: c, Long: true}.Bytes(), 32},
		"debug message":       {mt.Debug{}.Bytes(), 20},
		"debug capture":       {mt.DebugCapture{Capture: c}.Bytes(), 24},
		"trace sock 38":       {mt.TraceSock{DstIP: addr}.Bytes(), 38},
		"trace sock 40":       {mt.TraceSock{Long: true, DstIP: addr}.Bytes(), 38},
		"recorder":            {mt.Recorder{Packet: pkt}.Bytes(), 24},
		"packet monitor drop": {mt.PacketMonitor{Packet: pkt, PacketType: 1}.Bytes(), 57},
	}
}

func TestEveryTruncationIsRefusedOrDecoded(t *testing.T) {
	for name, l := range layouts() {
		t.Run(name, func(t *testing.T) {
			for n := range l.record {
				var got monitor.Notification
				err := monitor.Decoder{}.Decode(l.record[:n:n], &got)
				if n >= l.minimum {
					require.NoError(t, err, "%d bytes", n)
					assert.Equal(t, l.record[:n], got.Raw)
					continue
				}
				var e *monitor.Error
				require.ErrorAs(t, err, &e, "%d bytes", n)
				if n == 0 {
					assert.Equal(t, monitor.ReasonEmpty, e.Reason)
					continue
				}
				assert.Equal(t, monitor.ReasonTruncated, e.Reason)
				assert.Equal(t, n, e.Have)
				assert.Empty(t, got.Packet)
			}
		})
	}
}

func TestErrorsSayWhatWasExpectedAndFound(t *testing.T) {
	tests := map[string]struct {
		record []byte
		reason monitor.Reason
		text   string
	}{
		"empty":        {nil, "empty", "empty record: want at least 1 byte, have 0"},
		"short":        {mt.Drop{Version: 2}.Bytes()[:17], "truncated", "drop notification: want at least 36 bytes, have 17"},
		"short for v2": {mt.Drop{Version: 2}.Bytes()[:38], "truncated", "drop notification v2: want at least 40 bytes, have 38"},
		"short pktmon": {zeroRecord(100, 20), "truncated", "pktmon-drop notification: want at least 57 bytes, have 20"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var n monitor.Notification
			var e *monitor.Error
			require.ErrorAs(t, monitor.Decoder{}.Decode(tt.record, &n), &e)
			assert.Equal(t, tt.reason, e.Reason)
			assert.EqualError(t, e, tt.text)
		})
	}
}

// zeroRecord is a record of a type that is otherwise zero.
func zeroRecord(typ byte, length int) []byte {
	b := make([]byte, length)
	b[0] = typ
	return b
}

func TestThePacketIsBoundedByWhatWasCaptured(t *testing.T) {
	packet := []byte{1, 2, 3, 4, 5, 6}
	tests := map[string]struct {
		record []byte
		want   []byte
		header int
	}{
		"padded to 128":         {mt.Drop{Version: 2, Capture: mt.Capture{Packet: packet, PadTo: 128}}.Bytes(), packet, 40},
		"cut short":             {mt.Drop{Version: 2, Capture: mt.Capture{Packet: packet, CapLen: 128}}.Bytes(), packet, 40},
		"absent":                {mt.Drop{Version: 2, Capture: mt.Capture{CapLen: 128}}.Bytes(), nil, 40},
		"zero bytes only":       {mt.Drop{Version: 2, Capture: mt.Capture{CapLen: 128, PadTo: 128}}.Bytes(), nil, 40},
		"length not stated":     {mt.Drop{Version: 2, Capture: mt.Capture{Packet: packet, NoCapLen: true}}.Bytes(), packet, 40},
		"recorder, huge caplen": {hugeRecorder(packet), packet, 24},
		"extension": {
			mt.Drop{Version: 3, Capture: mt.Capture{Packet: packet, ExtVersion: 1, Extension: make([]byte, 12)}}.Bytes(), packet, 60,
		},
		"extension on a trace": {
			mt.Trace{Version: 2, Capture: mt.Capture{Packet: packet, ExtVersion: 9, Extension: []byte{7, 7}}}.Bytes(), packet, 58,
		},
		"extension, but no packet": {
			mt.Drop{Version: 3, Capture: mt.Capture{CapLen: 200, ExtVersion: 1, Extension: make([]byte, 12)}}.Bytes(), nil, 48,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n := decode(t, monitor.Decoder{}, tt.record)
			assert.Equal(t, tt.want, n.Packet)
			assert.Equal(t, tt.header, n.HeaderLen)
		})
	}
}

// hugeRecorder is a recorder's packet whose captured length is the largest there is.
func hugeRecorder(packet []byte) []byte {
	b := mt.Recorder{Packet: packet}.Bytes()
	copy(b[16:], []byte{0xff, 0xff, 0xff, 0xff})
	return b
}

func TestRandomBytesNeverPanic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	types := []byte{1, 2, 3, 4, 5, 6, 7, 100, 129, 130, 77}
	var n monitor.Notification
	for range 200_000 {
		b := make([]byte, r.IntN(200))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if len(b) > 15 {
			b[0] = types[r.IntN(len(types))]
			b[14] &= 7
			b[15] &= byte(r.IntN(2))
		}
		d := monitor.Decoder{WireFormat: monitor.WireFormat(r.IntN(int(monitor.WireFormat120) + 1))}
		if err := d.Decode(b, &n); err == nil {
			require.LessOrEqual(t, n.HeaderLen, len(b))
			require.LessOrEqual(t, n.HeaderLen+len(n.Packet), len(b))
		}
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	for name, l := range layouts() {
		t.Run(name, func(t *testing.T) {
			var n monitor.Notification
			assert.Zero(t, testing.AllocsPerRun(100, func() {
				if err := (monitor.Decoder{}).Decode(l.record, &n); err != nil {
					t.Fatal(err)
				}
			}))
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, l := range layouts() {
		f.Add(l.record, uint8(0))
		f.Add(l.record[:l.minimum], uint8(1))
	}
	for _, build := range laterKinds() {
		later, _ := build(mt.Capture{Packet: laterPackets()["IPv6"], Extension: []byte{1, 2, 3, 4}})
		f.Add(later, uint8(0))
	}
	f.Add([]byte{}, uint8(2))
	f.Fuzz(func(t *testing.T, b []byte, format uint8) {
		var n monitor.Notification
		err := monitor.Decoder{WireFormat: monitor.WireFormat(format % (uint8(monitor.WireFormat120) + 1))}.Decode(b, &n)
		if err != nil {
			var e *monitor.Error
			require.ErrorAs(t, err, &e)
			require.Contains(t, []monitor.Reason{monitor.ReasonEmpty, monitor.ReasonTruncated, monitor.ReasonVersion}, e.Reason)
			return
		}
		require.Equal(t, monitor.MessageType(b[0]), n.Type)
		require.LessOrEqual(t, n.HeaderLen+len(n.Packet), len(b))
		_ = n.Debug.String()
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"drop v3", "trace v2", "policy verdict 32"} {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			record := layouts()[name].record
			var n monitor.Notification
			b.ReportAllocs()
			for b.Loop() {
				if err := (monitor.Decoder{}).Decode(record, &n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
