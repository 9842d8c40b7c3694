// SPDX-License-Identifier: Apache-2.0

// The summary of a packet as Hubble writes it: the innermost header, with TCP's flags or the message of ICMP, IGMP, VRRP.

package flow

import "strconv"

// AppendSummary appends Hubble's summary of the packet, such as "TCP Flags: SYN, ACK" or "ICMPv4 EchoRequest". It is empty
// when the event has no packet.
func (f *Flow) AppendSummary(dst []byte) []byte {
	if f.Class == ClassSocket {
		if f.Layer == LayerNone {
			return append(dst, "Unknown"...)
		}
		return append(dst, f.Layer.String()...)
	}
	switch f.Layer {
	case LayerTCP:
		if !f.L4.HasFlags {
			return append(dst, "TCP"...)
		}
		return AppendTCPFlags(append(dst, "TCP Flags: "...), f.L4.Flags)
	case LayerICMPv4:
		return appendICMP(append(dst, "ICMPv4 "...), icmpv4Messages[:], f.L4.Type, f.L4.Code)
	case LayerICMPv6:
		return appendICMP(append(dst, "ICMPv6 "...), icmpv6Messages[:], f.L4.Type, f.L4.Code)
	case LayerIGMP:
		return append(append(dst, "IGMP "...), igmpName(f.L4.Type)...)
	case LayerVRRP:
		return append(dst, "VRRP VRRPv2 Advertisement"...)
	}
	return append(dst, f.Layer.String()...)
}

// tcpFlagNames is in the order in which Hubble lists the flags.
var tcpFlagNames = [...]struct {
	flag uint16
	name string
}{
	{TCPSyn, "SYN"}, {TCPAck, "ACK"}, {TCPRst, "RST"}, {TCPFin, "FIN"}, {TCPPsh, "PSH"}, {TCPUrg, "URG"}, {TCPEce, "ECE"},
	{TCPCwr, "CWR"}, {TCPNs, "NS"},
}

// AppendTCPFlags appends the names of the flags that are set, in Hubble's order, separated by a comma and a space.
func AppendTCPFlags(dst []byte, flags uint16) []byte {
	first := true
	for _, f := range tcpFlagNames {
		if flags&f.flag == 0 {
			continue
		}
		if !first {
			dst = append(dst, ", "...)
		}
		first = false
		dst = append(dst, f.name...)
	}
	return dst
}

// icmpMessage is a type of ICMP: its number, its name and the names of its codes from 0 on, when it has codes.
type icmpMessage struct {
	typ   uint8
	name  string
	codes []string
}

// icmpv4Messages are the types and codes that have names (RFC 792 and others; spelled as gopacket, and so Hubble, does).
var icmpv4Messages = [...]icmpMessage{
	{typ: 0, name: "EchoReply"},
	{typ: 3, name: "DestinationUnreachable", codes: []string{
		"Net", "Host", "Protocol", "Port", "FragmentationNeeded", "SourceRoutingFailed", "NetUnknown", "HostUnknown",
		"SourceIsolated", "NetAdminProhibited", "HostAdminProhibited", "NetTOS", "HostTOS", "CommAdminProhibited",
		"HostPrecedence", "PrecedenceCutoff",
	}},
	{typ: 4, name: "SourceQuench"},
	{typ: 5, name: "Redirect", codes: []string{"Net", "Host", "TOS+Net", "TOS+Host"}},
	{typ: 8, name: "EchoRequest"},
	{typ: 9, name: "RouterAdvertisement"},
	{typ: 10, name: "RouterSolicitation"},
	{typ: 11, name: "TimeExceeded", codes: []string{"TTLExceeded", "FragmentReassemblyTimeExceeded"}},
	{typ: 12, name: "ParameterProblem", codes: []string{"PointerIndicatesError", "MissingOption", "BadLength"}},
	{typ: 13, name: "TimestampRequest"},
	{typ: 14, name: "TimestampReply"},
	{typ: 15, name: "InfoRequest"},
	{typ: 16, name: "InfoReply"},
	{typ: 17, name: "AddressMaskRequest"},
	{typ: 18, name: "AddressMaskReply"},
}

// icmpv6Messages are the same for ICMPv6 (RFC 4443, RFC 4861).
var icmpv6Messages = [...]icmpMessage{
	{typ: 1, name: "DestinationUnreachable", codes: []string{
		"NoRouteToDst", "AdminProhibited", "BeyondScopeOfSrc", "AddressUnreachable", "PortUnreachable",
		"SrcAddressFailedPolicy", "RejectRouteToDst",
	}},
	{typ: 2, name: "PacketTooBig"},
	{typ: 3, name: "TimeExceeded", codes: []string{"HopLimitExceeded", "FragmentReassemblyTimeExceeded"}},
	{typ: 4, name: "ParameterProblem", codes: []string{
		"ErroneousHeaderField", "UnrecognizedNextHeader", "UnrecognizedIPv6Option",
	}},
	{typ: 128, name: "EchoRequest"},
	{typ: 129, name: "EchoReply"},
	{typ: 133, name: "RouterSolicitation"},
	{typ: 134, name: "RouterAdvertisement"},
	{typ: 135, name: "NeighborSolicitation"},
	{typ: 136, name: "NeighborAdvertisement"},
	{typ: 137, name: "Redirect"},
}

// appendICMP appends a message's name: "EchoRequest", "DestinationUnreachable(Port)", "TimeExceeded(Code: 3)", "200(1)".
func appendICMP(dst []byte, messages []icmpMessage, typ, code uint8) []byte {
	for i := range messages {
		m := &messages[i]
		if m.typ != typ {
			continue
		}
		dst = append(dst, m.name...)
		switch {
		case int(code) < len(m.codes):
			dst = append(append(dst, '('), m.codes[code]...)
		case m.codes == nil && code == 0:
			return dst
		default:
			dst = strconv.AppendUint(append(dst, "(Code: "...), uint64(code), 10)
		}
		return append(dst, ')')
	}
	dst = strconv.AppendUint(dst, uint64(typ), 10)
	dst = strconv.AppendUint(append(dst, '('), uint64(code), 10)
	return append(dst, ')')
}

// igmpName names an IGMP message; empty for a type without a name.
func igmpName(typ uint8) string {
	switch typ {
	case 0x11:
		return "IGMP Membership Query"
	case 0x12:
		return "IGMPv1 Membership Report"
	case 0x16:
		return "IGMPv2 Membership Report"
	case 0x17:
		return "Leave Group"
	case igmpReportV3:
		return "IGMPv3 Membership Report"
	}
	return ""
}
