// SPDX-License-Identifier: Apache-2.0

// The hosts of the cluster, and the packets between them: whole frames with valid lengths and checksums.

package main

import (
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// host is a pod, a node or a host of the world, with the datapath's ids.
type host struct {
	v4, v6   string
	mac      net.HardwareAddr
	identity uint32 // security identity; values below 256 are reserved
	endpoint uint16 // on the recorded node; 0 for others
	ifindex  uint32
}

// Reserved identities.
const (
	identityHost       = 1
	identityWorld      = 2
	identityHealth     = 4
	identityRemoteNode = 6
	identityWorldIPv4  = 9
)

func mac(last byte) net.HardwareAddr { return net.HardwareAddr{0x00, 0x15, 0x5d, 0x0a, 0x1b, last} }

func frontend() host { return host{"10.244.1.12", "fd00:10:244:1::c", mac(0x12), 20417, 1034, 31} }
func backend() host  { return host{"10.244.1.27", "fd00:10:244:1::1b", mac(0x27), 31277, 2218, 32} }
func coreDNS() host  { return host{"10.244.1.5", "fd00:10:244:1::5", mac(0x05), 9342, 571, 33} }

// database is a pod on another node.
func database() host { return host{"10.244.2.40", "fd00:10:244:2::28", mac(0x40), 47031, 0, 2} }

func thisNode() host { return host{"10.1.0.4", "fd00:10:1::4", mac(0x04), identityHost, 0, 2} }
func otherNode() host {
	return host{"10.1.0.5", "fd00:10:1::5", mac(0x06), identityRemoteNode, 0, 2}
}
func healthCheck() host {
	return host{"10.244.1.200", "fd00:10:244:1::c8", mac(0xc8), identityHealth, 3990, 34}
}

func worldHost() host {
	return host{"203.0.113.80", "2001:db8:80::50", net.HardwareAddr{0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc}, identityWorld, 0, 2}
}

// side returns the host's address of one family.
func (h host) side(ipv6 bool) netip.Addr {
	if ipv6 {
		return netip.MustParseAddr(h.v6)
	}
	return netip.MustParseAddr(h.v4)
}

// path is the source, the destination and the form of packets.
type path struct {
	from, to host
	ipv6     bool
	vlan     uint16
	noLink   bool // on a device without a link layer
}

// back returns the path of the replies.
func (p path) back() path {
	p.from, p.to = p.to, p.from
	return p
}

// frame returns a packet of a path: link and network header around the transport layer and the layers above it.
func (n *node) frame(p path, proto layers.IPProtocol, above ...gopacket.SerializableLayer) []byte {
	var list []gopacket.SerializableLayer
	src, dst := p.from.side(p.ipv6), p.to.side(p.ipv6)
	etherType := layers.EthernetTypeIPv4
	var network gopacket.NetworkLayer
	var header gopacket.SerializableLayer
	if p.ipv6 {
		etherType = layers.EthernetTypeIPv6
		ip := &layers.IPv6{Version: 6, FlowLabel: n.Uint32() >> 12, NextHeader: proto, HopLimit: 64, SrcIP: src.AsSlice(), DstIP: dst.AsSlice()}
		network, header = ip, ip
	} else {
		ip := &layers.IPv4{
			Version: 4, IHL: 5, Id: uint16(n.Uint32()), Flags: layers.IPv4DontFragment, TTL: 128, Protocol: proto, SrcIP: src.AsSlice(), DstIP: dst.AsSlice(),
		}
		network, header = ip, ip
	}
	if !p.noLink {
		list = append(list, n.link(p, etherType)...)
	}
	list = append(list, header)
	for _, l := range above {
		if c, ok := l.(checksummed); ok {
			n.fail(c.SetNetworkLayerForChecksum(network))
		}
		list = append(list, l)
	}
	return n.serialize(list...)
}

// checksummed is a layer whose checksum covers addresses of the network layer.
type checksummed interface {
	SetNetworkLayerForChecksum(network gopacket.NetworkLayer) error
}

// link returns the Ethernet header, with a VLAN tag if the path has one.
func (n *node) link(p path, etherType layers.EthernetType) []gopacket.SerializableLayer {
	e := &layers.Ethernet{SrcMAC: p.from.mac, DstMAC: p.to.mac, EthernetType: etherType}
	if p.vlan == 0 {
		return []gopacket.SerializableLayer{e}
	}
	e.EthernetType = layers.EthernetTypeDot1Q
	return []gopacket.SerializableLayer{e, &layers.Dot1Q{VLANIdentifier: p.vlan, Type: etherType}}
}

func (n *node) fail(err error) {
	if n.err == nil {
		n.err = err
	}
}

func (n *node) serialize(list ...gopacket.SerializableLayer) []byte {
	buf := gopacket.NewSerializeBuffer()
	n.fail(gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, list...))
	return buf.Bytes()
}

// udp returns a datagram.
func (n *node) udp(p path, from, to uint16, payload []byte) []byte {
	return n.frame(p, layers.IPProtocolUDP, &layers.UDP{SrcPort: layers.UDPPort(from), DstPort: layers.UDPPort(to)}, gopacket.Payload(payload))
}

// icmp returns an ICMP message of the path's family: type, code, the 32 bits after the checksum, and the rest.
func (n *node) icmp(p path, typ, code uint8, rest uint32, payload []byte) []byte {
	if p.ipv6 {
		m := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(typ, code)}
		return n.frame(p, layers.IPProtocolICMPv6, m, gopacket.Payload(append(binary.BigEndian.AppendUint32(nil, rest), payload...)))
	}
	m := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(typ, code), Id: uint16(rest >> 16), Seq: uint16(rest)}
	return n.frame(p, layers.IPProtocolICMPv4, m, gopacket.Payload(payload))
}

// sctp returns a packet of one chunk.
func (n *node) sctp(p path, from, to uint16, tag uint32, chunk gopacket.SerializableLayer) []byte {
	head := &layers.SCTP{SrcPort: layers.SCTPPort(from), DstPort: layers.SCTPPort(to), VerificationTag: tag}
	return n.frame(p, layers.IPProtocolSCTP, head, chunk)
}

// stream is the state of a TCP connection: the ports and the next sequence numbers.
type stream struct {
	path
	client, server uint16 // ports
	next           [2]uint32
}

// segment returns the next segment of a side: 0 is the client, 1 the server. flags are letters: S, A, P, F, R.
func (n *node) segment(s *stream, side int, flags string, payload []byte) []byte {
	p, ports := s.path, [2]uint16{s.client, s.server}
	if side == 1 {
		p = p.back()
	}
	t := &layers.TCP{SrcPort: layers.TCPPort(ports[side]), DstPort: layers.TCPPort(ports[1-side]), Seq: s.next[side], Window: 64240}
	for _, f := range flags {
		switch f {
		case 'S':
			t.SYN = true
			t.Options = []layers.TCPOption{
				{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{0x05, 0xb4}},
				{OptionType: layers.TCPOptionKindNop}, {OptionType: layers.TCPOptionKindNop},
				{OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2},
			}
		case 'A':
			t.ACK, t.Ack = true, s.next[1-side]
		case 'P':
			t.PSH = true
		case 'F':
			t.FIN = true
		case 'R':
			t.RST = true
		}
	}
	s.next[side] += uint32(len(payload))
	if t.SYN || t.FIN {
		s.next[side]++
	}
	return n.frame(p, layers.IPProtocolTCP, t, gopacket.Payload(payload))
}

// tunnel wraps a frame into a VXLAN or Geneve packet between two nodes.
func (n *node) tunnel(p path, geneve bool, vni uint32, frame []byte) []byte {
	const ephemeral, vxlanPort, genevePort = 51772, 8472, 6081
	if !geneve {
		u := &layers.UDP{SrcPort: ephemeral, DstPort: vxlanPort}
		return n.frame(p, layers.IPProtocolUDP, u, &layers.VXLAN{ValidIDFlag: true, VNI: vni}, gopacket.Payload(frame))
	}
	g := &layers.Geneve{VNI: vni, Protocol: layers.EthernetTypeTransparentEthernetBridging}
	if n.one(2) {
		const ciliumClass = 0x014B
		g.Options = []*layers.GeneveOption{{Class: ciliumClass, Type: 1, Data: []byte{10, 96, 0, 10, 0, 53, 0, 0}}}
	}
	u := &layers.UDP{SrcPort: ephemeral, DstPort: genevePort}
	return n.frame(p, layers.IPProtocolUDP, u, g, gopacket.Payload(frame))
}
