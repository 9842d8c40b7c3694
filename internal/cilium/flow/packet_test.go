// SPDX-License-Identifier: Apache-2.0

package flow_test

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// trace makes a flow of a packet in a trace notification with flags.
func trace(t testing.TB, packet []byte, flags uint8) *flow.Flow {
	t.Helper()
	return decode(t, mt.Trace{Version: 1, Reason: 5, Flags: flags, Capture: mt.Capture{Packet: packet}}.Bytes())
}

const (
	isIPv6   = 1
	isL3     = 2
	isVXLAN  = 4
	isGeneve = 8
)

func ether4(proto uint8, payload []byte) []byte {
	return mt.Ethernet(mt.EtherIPv4, mt.IPv4(src4, dst4, proto, payload))
}

func ether6(proto uint8, payload []byte) []byte {
	return mt.Ethernet(mt.EtherIPv6, mt.IPv6(src6, dst6, proto, payload))
}

// Names and codes are Hubble's, that is gopacket's.
func TestSummaries(t *testing.T) {
	group := netip.MustParseAddr("224.0.0.5")
	tcp := func(flags uint16) []byte { return mt.TCP(1, 2, flags, nil) }
	tests := map[string]struct {
		packet []byte
		flags  uint8
		want   string
	}{
		"TCP, all flags":          {ether4(6, tcp(0x1ff)), 0, "TCP Flags: SYN, ACK, RST, FIN, PSH, URG, ECE, CWR, NS"},
		"TCP, no flag":            {ether4(6, tcp(0)), 0, "TCP Flags: "},
		"UDP":                     {ether4(17, mt.UDP(1, 2, nil)), 0, "UDP"},
		"SCTP":                    {ether4(132, mt.SCTP(1, 2, 1)), 0, "SCTP"},
		"echo":                    {ether4(1, mt.ICMP(8, 0, nil)), 0, "ICMPv4 EchoRequest"},
		"echo with a code":        {ether4(1, mt.ICMP(0, 9, nil)), 0, "ICMPv4 EchoReply(Code: 9)"},
		"unreachable":             {ether4(1, mt.ICMP(3, 3, nil)), 0, "ICMPv4 DestinationUnreachable(Port)"},
		"time exceeded, unknown":  {ether4(1, mt.ICMP(11, 3, nil)), 0, "ICMPv4 TimeExceeded(Code: 3)"},
		"redirect":                {ether4(1, mt.ICMP(5, 2, nil)), 0, "ICMPv4 Redirect(TOS+Net)"},
		"unknown ICMP type":       {ether4(1, mt.ICMP(200, 1, nil)), 0, "ICMPv4 200(1)"},
		"neighbour solicitation":  {ether6(58, mt.ICMP(135, 0, nil)), 0, "ICMPv6 NeighborSolicitation"},
		"ICMPv6 policy":           {ether6(58, mt.ICMP(1, 5, nil)), 0, "ICMPv6 DestinationUnreachable(SrcAddressFailedPolicy)"},
		"MLD report":              {ether6(58, mt.ICMP(143, 0, nil)), 0, "ICMPv6 143(0)"},
		"IGMP":                    {ether4(2, mt.IGMP(0x16, group)), 0, "IGMP IGMPv2 Membership Report"},
		"IGMP query":              {ether4(2, mt.IGMP(0x11, group)), 0, "IGMP IGMP Membership Query"},
		"IGMP leave":              {ether4(2, mt.IGMP(0x17, group)), 0, "IGMP Leave Group"},
		"IGMP of no name":         {ether4(2, mt.IGMP(0x99, group)), 0, "IGMP "},
		"VRRP":                    {ether4(112, mt.VRRP(1, 100, src4)), 0, "VRRP VRRPv2 Advertisement"},
		"GRE":                     {ether4(47, []byte{0, 0, 8, 0}), 0, "IPv4"},
		"ESP over IPv6":           {ether6(50, []byte{1, 2, 3, 4}), 0, "IPv6"},
		"ARP":                     {mt.Ethernet(mt.EtherARP, make([]byte, 28)), 0, "Ethernet"},
		"LLC":                     {mt.Ethernet(3, []byte{0x42, 0x42, 3}), 0, "Ethernet"},
		"VLAN":                    {mt.Ethernet(mt.EtherVLAN, mt.VLAN(7, mt.EtherIPv4, mt.IPv4(src4, dst4, 17, mt.UDP(1, 2, nil)))), 0, "UDP"},
		"VLAN with ARP":           {mt.Ethernet(mt.EtherVLAN, mt.VLAN(7, mt.EtherARP, make([]byte, 28))), 0, "Ethernet"},
		"L3 device":               {mt.IPv4(src4, dst4, 6, tcp(mt.SYN)), isL3, "TCP Flags: SYN"},
		"L3 device, IPv6":         {mt.IPv6(src6, dst6, 6, tcp(mt.FIN)), isL3 | isIPv6, "TCP Flags: FIN"},
		"IPv4 in IPv4":            {ether4(4, mt.IPv4(dst4, src4, 17, mt.UDP(1, 2, nil))), 0, "UDP"},
		"IPv6 in IPv4":            {ether4(41, mt.IPv6(src6, dst6, 58, mt.ICMP(128, 0, nil))), 0, "ICMPv6 EchoRequest"},
		"UDP on a tunnel's port":  {ether4(17, mt.UDP(1, 4789, mt.VXLAN(1, tcp4(0)))), 0, "UDP"},
		"VXLAN without a packet":  {ether4(17, mt.UDP(1, 8472, mt.VXLAN(1, nil))), isVXLAN, ""},
		"VXLAN with UDP":          {ether4(17, mt.UDP(1, 8472, mt.VXLAN(1, ether4(17, mt.UDP(1, 2, nil))))), isVXLAN, "UDP"},
		"Geneve with IP directly": {ether4(17, mt.UDP(1, 6081, mt.Geneve(1, mt.EtherIPv4, nil, mt.IPv4(src4, dst4, 132, mt.SCTP(1, 2, 0))))), isGeneve, "SCTP"},
		"Geneve with LLDP":        {ether4(17, mt.UDP(1, 6081, mt.Geneve(1, 0x88cc, nil, []byte{1}))), isGeneve, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := trace(t, tt.packet, tt.flags)
			assert.Equal(t, tt.want, string(f.AppendSummary(nil)))
			assert.Equal(t, flow.ProblemNone, f.Problem)
		})
	}
}

func TestHeaders(t *testing.T) {
	payload := mt.TCP(40000, 443, mt.SYN|mt.NS, []byte("hello"))
	want := flow.L4{Protocol: flow.L4TCP, HasFlags: true, Flags: flow.TCPSyn | flow.TCPNs, SourcePort: 40000, DestinationPort: 443}

	t.Run("IPv4 options", func(t *testing.T) {
		f := trace(t, mt.Ethernet(mt.EtherIPv4, mt.IPv4Options(src4, dst4, 6, 0x4000, []byte{7, 7, 4, 1, 2, 3, 4, 0}, payload)), 0)
		assert.Equal(t, flow.IP{Version: 4, Protocol: 6, Source: src4, Destination: dst4}, f.IP)
		assert.Equal(t, want, f.L4)
	})
	t.Run("IPv6 extension headers", func(t *testing.T) {
		packet := mt.Extension(43, mt.Extension(60, mt.Extension(6, payload)))
		f := trace(t, ether6(0, packet), 0)
		assert.Equal(t, flow.IP{Version: 6, Protocol: 6, Extensions: 3, Source: src6, Destination: dst6}, f.IP)
		assert.Equal(t, want, f.L4)
	})
	t.Run("authentication header", func(t *testing.T) {
		ah := append([]byte{6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}, make([]byte, 12)...)
		f := trace(t, ether6(51, append(ah, payload...)), 0)
		assert.Equal(t, want, f.L4)
	})
	t.Run("first fragment", func(t *testing.T) {
		f := trace(t, mt.Ethernet(mt.EtherIPv4, mt.IPv4Options(src4, dst4, 6, 0x2000, nil, payload)), 0)
		assert.True(t, f.IP.Fragment)
		assert.Equal(t, want, f.L4)
		f = trace(t, ether6(44, mt.Fragment6(6, 0, true, payload)), 0)
		assert.True(t, f.IP.Fragment)
		assert.Equal(t, want, f.L4)
	})
	t.Run("later fragment", func(t *testing.T) {
		for _, packet := range [][]byte{
			mt.Ethernet(mt.EtherIPv4, mt.IPv4Options(src4, dst4, 6, 0x2005, nil, payload)),
			ether6(44, mt.Fragment6(6, 5, false, payload)),
		} {
			f := trace(t, packet, 0)
			assert.True(t, f.IP.Fragment)
			assert.Equal(t, uint8(6), f.IP.Protocol)
			assert.Equal(t, flow.L4{}, f.L4)
			assert.Equal(t, flow.ProblemNone, f.Problem)
		}
	})
	t.Run("atomic fragment", func(t *testing.T) {
		f := trace(t, ether6(44, mt.Fragment6(6, 0, false, payload)), 0)
		assert.False(t, f.IP.Fragment)
		assert.Equal(t, want, f.L4)
	})
	t.Run("two VLAN tags", func(t *testing.T) {
		f := trace(t, mt.Ethernet(0x88a8, mt.VLAN(100, mt.EtherVLAN, mt.VLAN(0x6007, mt.EtherIPv4, mt.IPv4(src4, dst4, 6, payload)))), 0)
		assert.Equal(t, uint8(2), f.VLANCount)
		assert.Equal(t, [2]uint16{100, 7}, f.VLANs)
		assert.Equal(t, want, f.L4)
	})
	t.Run("IPv4-mapped addresses stand as IPv4", func(t *testing.T) {
		f := trace(t, mt.Ethernet(mt.EtherIPv6, mt.IPv6(netip.MustParseAddr("::ffff:10.0.0.1"), dst6, 6, payload)), 0)
		assert.Equal(t, src4, f.IP.Source)
		assert.Equal(t, uint8(6), f.IP.Version)
	})
	t.Run("segmentation offload leaves the length 0", func(t *testing.T) {
		packet := ether4(6, payload)
		packet[16], packet[17] = 0, 0
		assert.Equal(t, want, trace(t, packet, 0).L4)
		packet = ether6(6, payload)
		packet[18], packet[19] = 0, 0
		assert.Equal(t, want, trace(t, packet, 0).L4)
	})
	t.Run("Ethernet padding is no payload", func(t *testing.T) {
		f := trace(t, append(ether4(132, mt.SCTP(1, 2, 0)[:12]), 9, 9, 9, 9), 0)
		assert.False(t, f.L4.HasChunk)
	})
	t.Run("SCTP chunk", func(t *testing.T) {
		f := trace(t, ether4(132, mt.SCTP(1, 2, 14)), 0)
		assert.Equal(t, flow.L4{Protocol: flow.L4SCTP, SourcePort: 1, DestinationPort: 2, HasChunk: true, Type: 14}, f.L4)
	})
	t.Run("IGMP group", func(t *testing.T) {
		group := netip.MustParseAddr("239.1.2.3")
		assert.Equal(t, group, trace(t, ether4(2, mt.IGMP(0x16, group)), 0).L4.Group)
		assert.False(t, trace(t, ether4(2, mt.IGMP(0x22, group)), 0).L4.Group.IsValid(), "a version 3 report has none there")
	})
	t.Run("VRRP", func(t *testing.T) {
		f := trace(t, ether4(112, mt.VRRP(7, 100, src4)), 0)
		assert.Equal(t, flow.L4{Protocol: flow.L4VRRP, Type: 1, RouterID: 7, Priority: 100}, f.L4)
	})
}

func TestTunnels(t *testing.T) {
	outer := flow.IP{Version: 6, Protocol: 17, Source: src6, Destination: dst6}
	inner := mt.Ethernet(mt.EtherIPv4, mt.IPv4(src4, dst4, 1, mt.ICMP(8, 0, nil)))
	tests := map[string]struct {
		payload []byte
		flags   uint8
		want    flow.TunnelProtocol
	}{
		"VXLAN":          {mt.VXLAN(0xabcdef, inner), isVXLAN, flow.TunnelVXLAN},
		"Geneve":         {mt.Geneve(0xabcdef, mt.EtherTEB, nil, inner), isGeneve, flow.TunnelGeneve},
		"Geneve options": {mt.Geneve(0xabcdef, mt.EtherTEB, []byte{1, 1, 2, 1, 9, 9, 9, 9}, inner), isGeneve, flow.TunnelGeneve},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := trace(t, ether6(17, mt.UDP(50000, 6081, tt.payload)), tt.flags)
			assert.Equal(t, flow.Tunnel{Protocol: tt.want, VNI: 0xabcdef, IP: outer,
				L4: flow.L4{Protocol: flow.L4UDP, SourcePort: 50000, DestinationPort: 6081}}, f.Tunnel)
			assert.Equal(t, src4, f.IP.Source)
			assert.Equal(t, flow.L4{Protocol: flow.L4ICMPv4, Type: 8, Identifier: 1}, f.L4)
		})
	}
	t.Run("a tunnel in a tunnel shows what is innermost", func(t *testing.T) {
		nested := ether4(17, mt.UDP(1, 4789, mt.VXLAN(2, inner)))
		f := trace(t, ether6(17, mt.UDP(50000, 8472, mt.VXLAN(1, nested))), isVXLAN)
		assert.Equal(t, uint32(1), f.Tunnel.VNI)
		assert.Equal(t, flow.L4ICMPv4, f.L4.Protocol)
	})
	t.Run("the flag without a UDP packet", func(t *testing.T) {
		f := trace(t, tcp4(mt.SYN), isVXLAN)
		assert.Equal(t, flow.TunnelNone, f.Tunnel.Protocol)
		assert.Equal(t, flow.L4TCP, f.L4.Protocol)
	})
}

// A broken packet gives a flow with what could be read, and why not more.
func TestBrokenPackets(t *testing.T) {
	tcp := ether4(6, mt.TCP(40000, 443, mt.SYN, nil))
	set := func(b []byte, at int, v byte) []byte {
		b = append([]byte(nil), b...)
		b[at] = v
		return b
	}
	tests := map[string]struct {
		packet  []byte
		flags   uint8
		problem string
		at      flow.Layer
		layer   flow.Layer
		port    uint16 // destination port, when known
	}{
		"short Ethernet":          {tcp[:13], 0, "truncated", flow.LayerEthernet, flow.LayerNone, 0},
		"short VLAN tag":          {mt.Ethernet(mt.EtherVLAN, []byte{0, 1, 8}), 0, "truncated", flow.LayerVLAN, flow.LayerEthernet, 0},
		"short IPv4":              {tcp[:33], 0, "truncated", flow.LayerIPv4, flow.LayerEthernet, 0},
		"short IPv6":              {ether6(6, nil)[:50], 0, "truncated", flow.LayerIPv6, flow.LayerEthernet, 0},
		"IPv4 header length 16":   {set(tcp, 14, 0x44), 0, "malformed", flow.LayerIPv4, flow.LayerEthernet, 0},
		"IPv4 length below 20":    {set(tcp, 17, 19), 0, "malformed", flow.LayerIPv4, flow.LayerEthernet, 0},
		"IPv4 options cut off":    {set(tcp, 14, 0x4f), 0, "malformed", flow.LayerIPv4, flow.LayerEthernet, 0},
		"IPv4 options not there":  {set(set(tcp, 14, 0x4f), 17, 200)[:54], 0, "truncated", flow.LayerIPv4, flow.LayerIPv4, 0},
		"short TCP, ports":        {tcp[:40], 0, "truncated", flow.LayerTCP, flow.LayerTCP, 443},
		"short TCP, no ports":     {tcp[:37], 0, "truncated", flow.LayerTCP, flow.LayerIPv4, 0},
		"TCP options cut off":     {set(tcp, 46, 0x80), 0, "truncated", flow.LayerTCP, flow.LayerTCP, 443},
		"TCP data offset 4":       {set(tcp, 46, 0x40), 0, "malformed", flow.LayerTCP, flow.LayerTCP, 443},
		"short UDP":               {ether4(17, mt.UDP(1, 53, nil))[:41], 0, "truncated", flow.LayerUDP, flow.LayerUDP, 53},
		"UDP length 7":            {set(ether4(17, mt.UDP(1, 53, nil)), 39, 7), 0, "malformed", flow.LayerUDP, flow.LayerUDP, 53},
		"short SCTP":              {ether4(132, mt.SCTP(1, 36412, 1))[:42], 0, "truncated", flow.LayerSCTP, flow.LayerSCTP, 36412},
		"short ICMP":              {ether4(1, mt.ICMP(8, 0, nil))[:40], 0, "truncated", flow.LayerICMPv4, flow.LayerICMPv4, 0},
		"ICMP of a byte":          {ether4(1, mt.ICMP(8, 0, nil))[:35], 0, "truncated", flow.LayerICMPv4, flow.LayerIPv4, 0},
		"short IGMP":              {ether4(2, mt.IGMP(0x16, src4))[:40], 0, "truncated", flow.LayerIGMP, flow.LayerIPv4, 0},
		"short VRRP":              {ether4(112, mt.VRRP(1, 1, src4))[:40], 0, "truncated", flow.LayerVRRP, flow.LayerIPv4, 0},
		"VRRP of another type":    {set(ether4(112, mt.VRRP(1, 1, src4)), 34, 0x22), 0, "malformed", flow.LayerVRRP, flow.LayerIPv4, 0},
		"short extension header":  {ether6(60, []byte{6, 0, 1}), 0, "truncated", flow.LayerIPv6, flow.LayerIPv6, 0},
		"long extension header":   {ether6(60, []byte{6, 9, 1, 4, 0, 0, 0, 0}), 0, "truncated", flow.LayerIPv6, flow.LayerIPv6, 0},
		"short VXLAN":             {ether4(17, mt.UDP(1, 8472, []byte{8, 0, 0, 0})), isVXLAN, "truncated", flow.LayerVXLAN, flow.LayerUDP, 8472},
		"empty VXLAN":             {ether4(17, mt.UDP(1, 8472, nil)), isVXLAN, "truncated", flow.LayerVXLAN, flow.LayerUDP, 8472},
		"short Geneve options":    {ether4(17, mt.UDP(1, 6081, mt.Geneve(1, mt.EtherTEB, make([]byte, 8), nil)[:12])), isGeneve, "truncated", flow.LayerGeneve, flow.LayerUDP, 6081},
		"short packet in a VXLAN": {ether4(17, mt.UDP(1, 8472, mt.VXLAN(1, tcp[:30]))), isVXLAN, "truncated", flow.LayerIPv4, flow.LayerEthernet, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := trace(t, tt.packet, tt.flags)
			assert.Equal(t, tt.problem, f.Problem.String())
			assert.Equal(t, tt.at, f.ProblemAt)
			assert.Equal(t, tt.layer, f.Layer)
			assert.Equal(t, tt.port, f.L4.DestinationPort)
		})
	}
}

func TestEveryTruncationOfAPacketGivesAFlow(t *testing.T) {
	geneve := mt.Geneve(9, mt.EtherTEB, []byte{1, 1, 2, 0}, ether6(0, mt.Extension(6, mt.TCP(1, 2, 0, []byte("x")))))
	packet := mt.Ethernet(mt.EtherVLAN, mt.VLAN(1, mt.EtherIPv4,
		mt.IPv4Options(src4, dst4, 17, 0, []byte{1, 1, 1, 0}, mt.UDP(1, 6081, geneve))))
	whole := trace(t, packet, isGeneve)
	require.Equal(t, flow.ProblemNone, whole.Problem)
	require.Equal(t, flow.L4TCP, whole.L4.Protocol)
	for n := 1; n < len(packet)-1; n++ {
		f := trace(t, packet[:n], isGeneve)
		if n >= 14 {
			assert.True(t, f.HasEthernet || f.Tunnel.Protocol != flow.TunnelNone, "%d bytes", n)
		}
	}
}

func FuzzPacket(f *testing.F) {
	for _, b := range records() {
		f.Add(b, uint8(0))
	}
	f.Add(ether4(17, mt.UDP(1, 8472, mt.VXLAN(1, tcp4(0)))), uint8(isVXLAN))
	f.Add(ether6(0, mt.Extension(44, mt.Fragment6(6, 0, true, mt.TCP(1, 2, 0, nil)))), uint8(0))
	f.Add(ether4(17, mt.UDP(1, 6081, mt.Geneve(1, mt.EtherTEB, nil, tcp4(0)))), uint8(isGeneve))
	f.Add(mt.IPv6(src6, dst6, 58, mt.ICMP(1, 2, nil)), uint8(isL3|isIPv6))
	mask, err := flow.NewMask([]string{"time", "IP.source", "l4.TCP.flags", "l4.UDP", "tunnel.IP", "source.labels"})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, packet []byte, flags uint8) {
		n := monitor.Notification{Type: monitor.TypeDrop, Packet: packet}
		n.Drop.Flags = monitor.PacketFlags(flags)
		var fl flow.Flow
		fl.Decode(&n)
		if fl.L4.Protocol != flow.L4None {
			require.NotZero(t, fl.IP.Version, "nothing above IP without IP")
		}
		if fl.Tunnel.Protocol != flow.TunnelNone {
			require.Equal(t, flow.L4UDP, fl.Tunnel.L4.Protocol)
		}
		require.Equal(t, fl.Problem == flow.ProblemNone, fl.ProblemAt == flow.LayerNone)
		fl.AppendLine(nil, at)
		require.True(t, json.Valid(fl.AppendHubbleJSON(nil, "n", at)))
		mask.AppendLine(nil, &fl, at)
		require.True(t, json.Valid(mask.AppendHubbleJSON(nil, &fl, "n", at)))
	})
}
