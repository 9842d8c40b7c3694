// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/goldenlogs"
)

// layout is a layout of a message: its type, its version and the length of its header.
type layout struct {
	typ     monitor.MessageType
	version uint8
	header  int
}

// messages returns one message of every type in every layout, with packets as a cluster has them, and a loss.
func messages() []events.Record {
	a, b := netip.MustParseAddr("10.244.1.7"), netip.MustParseAddr("10.244.2.9")
	a6, b6 := netip.MustParseAddr("fd00::1:7"), netip.MustParseAddr("fd00::2:9")
	tcp := mt.Ethernet(mt.EtherIPv4, mt.IPv4(a, b, mt.ProtoTCP, mt.TCP(40000, 443, mt.SYN, nil)))
	udp6 := mt.Ethernet(mt.EtherIPv6, mt.IPv6(a6, b6, 0, mt.Extension(mt.ProtoUDP, mt.UDP(5353, 53, []byte("query")))))
	icmp := mt.IPv4(a, b, mt.ProtoICMP, mt.ICMP(3, 4, []byte{0, 0, 5, 0}))
	sctp := mt.Ethernet(mt.EtherVLAN, mt.VLAN(42, mt.EtherIPv4, mt.IPv4(a, b, mt.ProtoSCTP, mt.SCTP(2905, 2906, 1))))
	vxlan := mt.Ethernet(mt.EtherIPv4, mt.IPv4(netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), mt.ProtoUDP, mt.UDP(40000, 8472, mt.VXLAN(77, tcp))))
	geneve := mt.Ethernet(mt.EtherIPv4, mt.IPv4(netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), mt.ProtoUDP,
		mt.UDP(40001, 6081, mt.Geneve(78, mt.EtherTEB, nil, udp6))))
	igmp := mt.Ethernet(mt.EtherIPv4, mt.IPv4(a, b, mt.ProtoIGMP, mt.IGMP(0x16, netip.MustParseAddr("239.1.2.3"))))
	vrrp := mt.Ethernet(mt.EtherIPv4, mt.IPv4(a, netip.MustParseAddr("224.0.0.18"), mt.ProtoVRRP, mt.VRRP(7, 100, a)))
	of := func(packet []byte) mt.Capture { return mt.Capture{Source: 10, Hash: 0xbeef, Packet: packet} }
	var records []events.Record
	for _, m := range []interface{ Bytes() []byte }{
		mt.Drop{Capture: of(tcp), Reason: 133, SrcLabel: 1001, DstLabel: 2, DstID: 10, Line: 321, File: 2, ExtError: -5},
		mt.Drop{Capture: of(sctp), Version: 1, Reason: 181, SrcLabel: 1001, DstLabel: 16777217, DstID: 11, Line: 322, File: 3},
		mt.Drop{Capture: of(icmp), Version: 2, Reason: 250, SrcLabel: 1, DstLabel: 6, Line: 323, File: 101, Flags: 2},
		mt.Drop{Capture: of(vxlan), Version: 3, Reason: 207, SrcLabel: 1001, DstLabel: 2, Line: 324, File: 101, Flags: 4, IPTraceID: 99},
		mt.Trace{Capture: of(tcp), Point: 5, SrcLabel: 1001, DstLabel: 2, Reason: 0, IfIndex: 3},
		mt.Trace{Capture: of(tcp), Version: 1, Point: 1, SrcLabel: 1001, DstID: 15001, Reason: 1, OrigIP: netip.MustParseAddr("10.244.9.9")},
		mt.Trace{Capture: of(geneve), Version: 2, Point: 4, SrcLabel: 1001, DstLabel: 2, Reason: 2 | 0x80, Flags: 8, IfIndex: 4, IPTraceID: 98},
		mt.Trace{Capture: of(igmp), Version: 2, Point: 10, Reason: 5},
		mt.Trace{Capture: of(vrrp), Version: 2, Point: 11, Reason: 5},
		mt.Trace{Capture: of(tcp[:40]), Version: 2, Point: 0, DstID: 10, Reason: 2},
		mt.PolicyVerdict{Capture: of(tcp), RemoteLabel: 1001, Verdict: -133, DstPort: 443, Proto: mt.ProtoTCP, Direction: 1, Match: 2},
		mt.PolicyVerdict{Capture: of(udp6), Long: true, RemoteLabel: 2, Verdict: 15001, DstPort: 53, Proto: mt.ProtoUDP, Direction: 2, Match: 4, IPv6: true, AuthType: 1, Cookie: 5},
		mt.PolicyVerdict{Capture: of(tcp), Long: true, RemoteLabel: 1001, DstPort: 443, Proto: mt.ProtoTCP, Direction: 1, Match: 1, Audited: true},
		mt.PolicyVerdict{Capture: of(tcp), Long: true, RemoteLabel: 1001, DstPort: 443, Proto: mt.ProtoTCP, Direction: 2, Match: 5},
		mt.Debug{SubType: 15, Source: 10, Hash: 0x1f, Arg1: 1, Arg2: 2, Arg3: 3},
		mt.DebugCapture{Capture: of(tcp), Point: 4, Arg1: 7},
		mt.DebugCapture{Capture: of(tcp), Point: 8, Arg1: 0x993a0000},
		mt.TraceSock{Point: 1, DstIP: b, DstPort: 443, L4Proto: 1, Cookie: 11, Cgroup: 12},
		mt.TraceSock{Long: true, Point: 4, DstIP: b6, DstPort: 53, L4Proto: 2, Cookie: 13, Cgroup: 14},
		mt.Recorder{Ingress: true, RuleID: 7, TimeBoot: 1e9, Packet: tcp},
		mt.PacketMonitor{Packet: tcp, PacketType: 1, GroupID: 3, ComponentID: 4, EdgeID: 5, Reason: 210, Location: 0xE000},
		mt.PacketMonitor{Packet: icmp, PacketType: 3, Reason: 4},
		raw(mt.Raw(129, []byte("access log")...)),
		raw(mt.Raw(130, []byte("agent")...)),
		raw(mt.Raw(42, 1, 2, 3)),
	} {
		records = append(records, events.Record{CPU: -1, Data: m.Bytes()})
	}
	return append(records, events.Record{CPU: 1, Lost: 3})
}

// raw is a message as bytes.
type raw []byte

func (r raw) Bytes() []byte { return r }

func TestEveryMessageHasAGoldenRecord(t *testing.T) {
	all := messages()
	seen := map[layout]bool{}
	for _, r := range all {
		if r.Lost > 0 {
			continue
		}
		var n monitor.Notification
		require.NoError(t, monitor.Decoder{}.Decode(r.Data, &n))
		seen[layout{n.Type, n.Version, n.HeaderLen}] = true
	}
	for _, l := range []layout{
		{monitor.TypeDrop, 0, 36}, {monitor.TypeDrop, 1, 36}, {monitor.TypeDrop, 2, 40}, {monitor.TypeDrop, 3, 48},
		{monitor.TypeTrace, 0, 32}, {monitor.TypeTrace, 1, 48}, {monitor.TypeTrace, 2, 56},
		{monitor.TypePolicyVerdict, 1, 32}, {monitor.TypePolicyVerdict, 1, 40}, {monitor.TypeCapture, 1, 24}, {monitor.TypeDebug, 0, 20},
		{monitor.TypeTraceSock, 0, 38}, {monitor.TypeTraceSock, 0, 40}, {monitor.TypeRecorder, 0, 24}, {monitor.TypePacketMonitorDrop, 1, 57},
		{monitor.TypeAccessLog, 0, 11}, {monitor.TypeAgent, 0, 6}, {42, 0, 4},
	} {
		require.True(t, seen[l], "%+v", l)
	}
	path := writeCaptureOf(t, all...)
	for _, body := range []string{"summary", "hubble_json"} {
		sink, r, _ := replayAll(t, replayOf(path, func(c *Config) { everything(c); c.Body, c.NodeName = body, "node-1" }))
		require.Equal(t, int64(len(all)), r.Pipeline.Stats.Emitted.Load(), "%s", &r.Pipeline.Stats)
		n := 0
		got := kit.FirstOfEach(sink, func(plog.LogRecord) string { n++; return string(rune(n)) })
		file := filepath.Join("testdata", "golden", "messages_"+body+".yaml")
		goldenlogs.Require(t, file, *update, got)
	}
}
