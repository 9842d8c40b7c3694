// SPDX-License-Identifier: Apache-2.0

// Names of IP protocols and ICMP types, as IANA registers them and ASIM writes them.

package networklog

import (
	"strconv"
)

// networkProtocols has the keywords of IANA's protocol-numbers, by number. A number without a keyword has an empty one.
var networkProtocols = [...]string{
	0: "HOPOPT", 1: "ICMP", 2: "IGMP", 3: "GGP", 4: "IPv4", 5: "ST", 6: "TCP", 7: "CBT", 8: "EGP", 9: "IGP",
	10: "BBN-RCC-MON", 11: "NVP-II", 12: "PUP", 13: "ARGUS", 14: "EMCON", 15: "XNET", 16: "CHAOS", 17: "UDP", 18: "MUX",
	19: "DCN-MEAS", 20: "HMP", 21: "PRM", 22: "XNS-IDP", 23: "TRUNK-1", 24: "TRUNK-2", 25: "LEAF-1", 26: "LEAF-2", 27: "RDP",
	28: "IRTP", 29: "ISO-TP4", 30: "NETBLT", 31: "MFE-NSP", 32: "MERIT-INP", 33: "DCCP", 34: "3PC", 35: "IDPR", 36: "XTP",
	37: "DDP", 38: "IDPR-CMTP", 39: "TP++", 40: "IL", 41: "IPv6", 42: "SDRP", 43: "IPv6-Route", 44: "IPv6-Frag", 45: "IDRP",
	46: "RSVP", 47: "GRE", 48: "DSR", 49: "BNA", 50: "ESP", 51: "AH", 52: "I-NLSP", 53: "SWIPE", 54: "NARP", 55: "MOBILE",
	56: "TLSP", 57: "SKIP", 58: "IPv6-ICMP", 59: "IPv6-NoNxt", 60: "IPv6-Opts", 62: "CFTP", 64: "SAT-EXPAK", 65: "KRYPTOLAN",
	66: "RVD", 67: "IPPC", 69: "SAT-MON", 70: "VISA", 71: "IPCV", 72: "CPNX", 73: "CPHB", 74: "WSN", 75: "PVP",
	76: "BR-SAT-MON", 77: "SUN-ND", 78: "WB-MON", 79: "WB-EXPAK", 80: "ISO-IP", 81: "VMTP", 82: "SECURE-VMTP", 83: "VINES",
	84: "IPTM", 85: "NSFNET-IGP", 86: "DGP", 87: "TCF", 88: "EIGRP", 89: "OSPFIGP", 90: "Sprite-RPC", 91: "LARP", 92: "MTP",
	93: "AX.25", 94: "IPIP", 95: "MICP", 96: "SCC-SP", 97: "ETHERIP", 98: "ENCAP", 100: "GMTP", 101: "IFMP", 102: "PNNI",
	103: "PIM", 104: "ARIS", 105: "SCPS", 106: "QNX", 107: "A/N", 108: "IPComp", 109: "SNP", 110: "Compaq-Peer",
	111: "IPX-in-IP", 112: "VRRP", 113: "PGM", 115: "L2TP", 116: "DDX", 117: "IATP", 118: "STP", 119: "SRP", 120: "UTI",
	121: "SMP", 122: "SM", 123: "PTP", 125: "FIRE", 126: "CRTP", 127: "CRUDP", 128: "SSCOPMCE", 129: "IPLT", 130: "SPS",
	131: "PIPE", 132: "SCTP", 133: "FC", 134: "RSVP-E2E-IGNORE", 136: "UDPLite", 137: "MPLS-in-IP", 138: "manet", 139: "HIP",
	140: "Shim6", 141: "WESP", 142: "ROHC", 143: "Ethernet", 144: "AGGFRAG", 145: "NSH",
}

// networkProtocolName returns an IP protocol's keyword, empty for a number without one.
func networkProtocolName(number uint8) string {
	if int(number) < len(networkProtocols) {
		return networkProtocols[number]
	}
	return ""
}

// networkICMPType is an ICMP type and its name.
type networkICMPType struct {
	number uint8
	name   string
}

// networkICMPv4Types are IANA's icmp-parameters, without the deprecated types that nobody sends.
var networkICMPv4Types = []networkICMPType{
	{0, "Echo Reply"}, {3, "Destination Unreachable"}, {4, "Source Quench"}, {5, "Redirect"}, {8, "Echo"},
	{9, "Router Advertisement"}, {10, "Router Solicitation"}, {11, "Time Exceeded"}, {12, "Parameter Problem"},
	{13, "Timestamp"}, {14, "Timestamp Reply"}, {15, "Information Request"}, {16, "Information Reply"},
	{17, "Address Mask Request"}, {18, "Address Mask Reply"}, {30, "Traceroute"}, {40, "Photuris"},
	{42, "Extended Echo Request"}, {43, "Extended Echo Reply"},
}

// networkICMPv6Types are IANA's icmpv6-parameters.
var networkICMPv6Types = []networkICMPType{
	{1, "Destination Unreachable"}, {2, "Packet Too Big"}, {3, "Time Exceeded"}, {4, "Parameter Problem"},
	{128, "Echo Request"}, {129, "Echo Reply"}, {130, "Multicast Listener Query"}, {131, "Multicast Listener Report"},
	{132, "Multicast Listener Done"}, {133, "Router Solicitation"}, {134, "Router Advertisement"},
	{135, "Neighbor Solicitation"}, {136, "Neighbor Advertisement"}, {137, "Redirect Message"}, {138, "Router Renumbering"},
	{141, "Inverse Neighbor Discovery Solicitation Message"}, {142, "Inverse Neighbor Discovery Advertisement Message"},
	{143, "Version 2 Multicast Listener Report"}, {144, "Home Agent Address Discovery Request Message"},
	{145, "Home Agent Address Discovery Reply Message"}, {146, "Mobile Prefix Solicitation"},
	{147, "Mobile Prefix Advertisement"}, {151, "Multicast Router Advertisement"}, {152, "Multicast Router Solicitation"},
	{153, "Multicast Router Termination"}, {155, "RPL Control Message"}, {160, "Extended Echo Request"},
	{161, "Extended Echo Reply"},
}

// networkICMPTypeName returns an ICMP type's name, or its number where it has none.
func networkICMPTypeName(types []networkICMPType, number uint8) string {
	for _, t := range types {
		if t.number == number {
			return t.name
		}
	}
	return strconv.Itoa(int(number))
}
