// SPDX-License-Identifier: Apache-2.0

// The attributes of what was sent: protocol, amount, flags, ICMP message.

package networklog

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// transportSources are the attributes that transport writes.
var transportSources = []source{
	{"NetworkDirection", "traffic_direction"},
	{"NetworkProtocol", "l4.*"},
	{"NetworkProtocolVersion", "IP.ipVersion"},
	{"NetworkBytes", ""},
	{"NetworkPackets", ""},
	{"SrcBytes", ""},
	{"SrcPackets", ""},
	{"NetworkIcmpType", "l4.*.type"},
	{"NetworkIcmpCode", "l4.*.code"},
	{"TcpFlagsAck", "l4.TCP.flags.ACK"},
	{"TcpFlagsFin", "l4.TCP.flags.FIN"},
	{"TcpFlagsPsh", "l4.TCP.flags.PSH"},
	{"TcpFlagsRst", "l4.TCP.flags.RST"},
	{"TcpFlagsSyn", "l4.TCP.flags.SYN"},
	{"TcpFlagsUrg", "l4.TCP.flags.URG"},
	{"cilium.ip.fragment", ""},
	{"cilium.encrypted", "IP.encrypted"},
	{"cilium.packet.primary", ""},
	{"cilium.drop.primary", ""},
	{"cilium.packet.problem", ""},
}

// networkDirections is indexed by flow.Direction.
var networkDirections = [...]string{"NA", "Inbound", "Outbound"}

// transport writes the protocol, the amount, the flags and the ICMP message.
func (r *networkRecord) transport() {
	a := r.attrs
	r.direction(networkDirections[r.Direction])
	if r.IP.Version != 0 {
		if r.Class == flow.ClassPacket || r.L4.Protocol != flow.L4None {
			putName(a, "NetworkProtocol", networkProtocolName(r.IP.Protocol))
		}
		r.version(r.IP.Version)
		if r.IP.Fragment {
			a.PutBool("cilium.ip.fragment", true)
		}
		if r.IP.Encrypted {
			a.PutBool("cilium.encrypted", true)
		}
	}
	// All packets of a record go one way: the source has sent all bytes, the destination none.
	switch {
	case r.Aggregate.Count > 1:
		if !r.repeats("NetworkBytes", 2*digits, true) {
			a.PutInt("NetworkBytes", r.Aggregate.Bytes)
			a.PutInt("NetworkPackets", r.Aggregate.Count)
		}
		a.PutInt("SrcBytes", r.Aggregate.Bytes)
		a.PutInt("SrcPackets", r.Aggregate.Count)
	case r.OrigLen != 0:
		if !r.repeats("NetworkBytes", digits+1, true) {
			a.PutInt("NetworkBytes", int64(r.OrigLen))
			a.PutConstInt("NetworkPackets", 1)
		}
		a.PutInt("SrcBytes", int64(r.OrigLen))
		a.PutConstInt("SrcPackets", 1)
	}
	if r.Primary {
		a.PutBool("cilium.packet.primary", true)
	}
	if r.PrimaryDrop {
		a.PutBool("cilium.drop.primary", true)
	}
	switch r.L4.Protocol {
	case flow.L4TCP:
		if r.L4.HasFlags {
			r.tcpFlags(r.L4.Flags)
		}
	case flow.L4ICMPv4, flow.L4ICMPv6:
		r.icmp(r.L4.Protocol, r.L4.Type, r.L4.Code)
	}
	if r.Problem != flow.ProblemNone {
		a.PutStr("cilium.packet.problem", r.Problem.String()+" "+r.ProblemAt.String())
	}
}

// direction writes the direction of the connection.
func (r *networkRecord) direction(name string) {
	if !r.repeats("NetworkDirection", len(name), name == networkDirections[flow.DirectionUnknown]) {
		r.attrs.PutConst("NetworkDirection", name)
	}
}

// version writes the version of IP.
func (r *networkRecord) version(ip uint8) {
	name := "IPv4"
	if ip == 6 {
		name = "IPv6"
	}
	if !r.repeats("NetworkProtocolVersion", len(name), true) {
		r.attrs.PutConst("NetworkProtocolVersion", name)
	}
}

// icmp writes the type and the code of an ICMP message.
func (r *networkRecord) icmp(protocol flow.L4Protocol, typ, code uint8) {
	types := networkICMPv4Types
	if protocol == flow.L4ICMPv6 {
		types = networkICMPv6Types
	}
	r.attrs.PutStr("NetworkIcmpType", networkICMPTypeName(types, typ))
	r.attrs.PutConstInt("NetworkIcmpCode", int64(code))
}

// tcpFlags writes the attributes of a TCP header's flags.
func (r *networkRecord) tcpFlags(flags uint16) {
	place, unset := 0, 0
	for i, f := range networkTCPFlags {
		if flags&f.flag != 0 {
			place |= 1 << i
		} else {
			unset++
		}
	}
	slim := r.repeats("TcpFlagsAck", unset*len("false"), true)
	if r.tcpFlagAttrs[place] == nil {
		set := &attrs.ConstAttrs{}
		for _, f := range networkTCPFlags {
			if is := flags&f.flag != 0; is || !slim {
				set.Bool(f.key, is)
			}
		}
		r.tcpFlagAttrs[place] = set
	}
	r.attrs.PutConsts(r.tcpFlagAttrs[place])
}

// networkTCPFlags are the flags that the schema has.
var networkTCPFlags = [...]struct {
	flag uint16
	key  string
}{
	{flow.TCPAck, "TcpFlagsAck"}, {flow.TCPFin, "TcpFlagsFin"}, {flow.TCPPsh, "TcpFlagsPsh"}, {flow.TCPRst, "TcpFlagsRst"},
	{flow.TCPSyn, "TcpFlagsSyn"}, {flow.TCPUrg, "TcpFlagsUrg"},
}
