// SPDX-License-Identifier: Apache-2.0

// Debug messages: struct debug_msg (bpf/lib/dbg.h), three integers whose meaning the sub-type gives, and the sentence that Cilium makes of
// them. They have no version and carry no packet.

package monitor

import (
	"math/bits"
	"net/netip"
	"strconv"
	"strings"

	monitorapi "github.com/cilium/cilium/pkg/monitor/api"
)

// DebugMessage is a debug notification.
type DebugMessage struct {
	SubType          uint8
	Arg1, Arg2, Arg3 uint32
	// Hidden makes the message have * in place of each argument. Decoding sets it to false.
	Hidden bool
}

const debugLen = 20 // bytes

func (n *Notification) decodeDebug(data []byte) error {
	if len(data) < debugLen {
		return truncated(n.Type, debugLen, len(data))
	}
	n.commonHeader(data)
	n.HeaderLen = debugLen
	n.VersionUnknown = goesOn(data, debugLen)
	n.Debug = DebugMessage{SubType: n.SubType, Arg1: le32(data, 8), Arg2: le32(data, 12), Arg3: le32(data, 16)}
	return nil
}

// debugMessages has, by sub-type, the name of flow.proto's DebugEventType and the text of Cilium 1.20.1 (pkg/monitor/datapath_debug.go). {1},
// {2} and {3} stand for the arguments; {1:verb} is an argument in another form, see appendArgument. The numbers are those of
// bpf/lib/dbg.h. Cilium's own table lacks DBG_SKIP_POLICY, so that it is one off from sub-type 66 on and has no text for that message.
// Sub-type 4 has an empty interface name, because Hubble never resolves it.
var debugMessages = [...]struct{ name, text string }{
	0:  {"DBG_EVENT_UNKNOWN", ""},
	1:  {"DBG_GENERIC", "No message, arg1={1} ({1:#x}) arg2={2} ({2:#x}) arg3={3} ({3:#x})"},
	2:  {"DBG_LOCAL_DELIVERY", "Attempting local delivery for container id {1} from seclabel {2}"},
	3:  {"DBG_ENCAP", "Encapsulating to node {1} ({1:#x}) from seclabel {2}"},
	4:  {"DBG_LXC_FOUND", "Local container found ifindex  seclabel {2:be16}"},
	5:  {"DBG_POLICY_DENIED", "Policy evaluation would deny packet from {1} to {2}"},
	6:  {"DBG_CT_LOOKUP", "CT lookup: sport={1:hi} dport={1:lo} nexthdr={2:>>8} flags={2:ctflags}"},
	7:  {"DBG_CT_LOOKUP_REV", "CT reverse lookup: sport={1:hi} dport={1:lo} nexthdr={2:>>8} flags={2:ctflags}"},
	8:  {"DBG_CT_MATCH", "CT entry found lifetime={1}, revnat={2:be16}"},
	9:  {"DBG_CT_CREATED", "CT created 1/2: sport={1:hi} dport={1:lo} nexthdr={2:>>8} flags={2:ctflags} revnat={3:be16}"},
	10: {"DBG_CT_CREATED2", "CT created 2/2: {1:ip4} revnat={2:be16}"},
	11: {"DBG_ICMP6_HANDLE", "Handling ICMPv6 type={1}"},
	12: {"DBG_ICMP6_REQUEST", "ICMPv6 echo request for router offset={1}"},
	13: {"DBG_ICMP6_NS", "ICMPv6 neighbour solicitation for address {1:x}:{2:x}"},
	14: {"DBG_ICMP6_TIME_EXCEEDED", "Sending ICMPv6 time exceeded"},
	15: {"DBG_CT_VERDICT", "CT verdict: {1:ctstate}, revnat={2:be16}"},
	16: {"DBG_DECAP", "Tunnel decap: id={1} flowlabel={2:x}"},
	17: {"DBG_PORT_MAP", "Mapping port from={1} to={2}"},
	18: {"DBG_ERROR_RET", "BPF function {1} returned error {2}"},
	19: {"DBG_TO_HOST", "Going to host, policy-skip={1}"},
	20: {"DBG_TO_STACK", "Going to the stack, policy-skip={1}"},
	21: {"DBG_PKT_HASH", "Packet hash={1} ({1:#x}), selected_service={2}"},
	22: {"DBG_LB6_LOOKUP_FRONTEND", "Frontend service lookup, addr.p4={1:x} key.dport={2:be16}"},
	23: {"DBG_LB6_LOOKUP_FRONTEND_FAIL", "Frontend service lookup failed, addr.p2={1:x} addr.p3={2:x}"},
	24: {"DBG_LB6_LOOKUP_BACKEND_SLOT", "Service backend slot lookup: slot={1}, dport={2:be16}"},
	25: {"DBG_LB6_LOOKUP_BACKEND_SLOT_SUCCESS", "Service backend slot lookup result: target.p4={1:x} port={2:be16}"},
	26: {"DBG_LB6_LOOKUP_BACKEND_SLOT_V2_FAIL", "Service backend slot lookup failed: slot={1}, dport={2:be16}"},
	27: {"DBG_LB6_LOOKUP_BACKEND_FAIL", "Backend service lookup failed: backend_id={1}"},
	28: {"DBG_LB6_REVERSE_NAT_LOOKUP", "Reverse NAT lookup, index={1:be16}"},
	29: {"DBG_LB6_REVERSE_NAT", "Performing reverse NAT, address.p4={1:x} port={2:be16}"},
	30: {"DBG_LB4_LOOKUP_FRONTEND", "Frontend service lookup, addr={1:ip4} key.dport={2:be16}"},
	31: {"DBG_LB4_LOOKUP_FRONTEND_FAIL", "Frontend service lookup failed"},
	32: {"DBG_LB4_LOOKUP_BACKEND_SLOT", "Service backend slot lookup: slot={1}, dport={2:be16}"},
	33: {"DBG_LB4_LOOKUP_BACKEND_SLOT_SUCCESS", "Service backend slot lookup result: target={1:ip4} port={2:be16}"},
	34: {"DBG_LB4_LOOKUP_BACKEND_SLOT_V2_FAIL", "Service backend slot lookup failed: slot={1}, dport={2:be16}"},
	35: {"DBG_LB4_LOOKUP_BACKEND_FAIL", "Backend service lookup failed: backend_id={1}"},
	36: {"DBG_LB4_REVERSE_NAT_LOOKUP", "Reverse NAT lookup, index={1:be16}"},
	37: {"DBG_LB4_REVERSE_NAT", "Performing reverse NAT, address={1:ip4} port={2:be16}"},
	38: {"DBG_LB4_LOOPBACK_SNAT", "Loopback SNAT from={1:ip4} to={2:ip4}"},
	39: {"DBG_LB4_LOOPBACK_SNAT_REV", "Loopback reverse SNAT from={1:ip4} to={2:ip4}"},
	40: {"DBG_CT_LOOKUP4", "CT lookup address: {1:ip4}"},
	41: {"DBG_RR_BACKEND_SLOT_SEL", "RR backend slot selection hash={1} ({1:#x}), selected_service={2}"},
	42: {"DBG_REV_PROXY_LOOKUP", "Reverse proxy lookup sport={1:behi} dport={1:be16} saddr={2:ip4} nexthdr={3}"},
	43: {"DBG_REV_PROXY_FOUND", "Reverse proxy entry found, orig-daddr={1:ip4} orig-dport={2}"},
	44: {"DBG_REV_PROXY_UPDATE", "Reverse proxy updated sport={1:behi} dport={1:be16} saddr={2:ip4} nexthdr={3}"},
	45: {"DBG_L4_POLICY", "Resolved L4 policy to: {1:be16} / {2:ctdir}"},
	46: {"DBG_NETDEV_IN_CLUSTER", "Destination is inside cluster prefix, source identity: {1}"},
	47: {"DBG_NETDEV_ENCAP4", "Attempting encapsulation, lookup key: {1:ip4}, identity: {2}"},
	48: {"DBG_CT_LOOKUP4_1", "Conntrack lookup 1/2: src={1:ip4}:{3:lo} dst={2:ip4}:{3:hi}"},
	49: {"DBG_CT_LOOKUP4_2", "Conntrack lookup 2/2: nexthdr={1:>>8} flags={1:byte} dir={2} scope={3}"},
	50: {"DBG_CT_CREATED4", "Conntrack create: proxy-port={1:hi} revnat={1:be16} src-identity={2} lb={3:ip4}"},
	51: {"DBG_CT_LOOKUP6_1", "Conntrack lookup 1/2: src=[::{1:ip6}]:{3:lo} dst=[::{2:ip6}]:{3:hi}"},
	52: {"DBG_CT_LOOKUP6_2", "Conntrack lookup 2/2: nexthdr={1:>>8} flags={1:byte} dir={2} scope={3}"},
	53: {"DBG_CT_CREATED6", "Conntrack create: proxy-port={1:hi} revnat={1:be16} src-identity={2}"},
	54: {"DBG_SKIP_PROXY", "Skipping proxy, tc_index is set={1:x}"},
	55: {"DBG_L4_CREATE", "Matched L4 policy; creating conntrack src={1} dst={2} dport={3:behi} proto={3:byte}"},
	56: {"DBG_IP_ID_MAP_FAILED4", "Failed to map addr={1:ip4} to identity"},
	57: {"DBG_IP_ID_MAP_FAILED6", "Failed to map addr.p4=[::{1:ip6}] to identity"},
	58: {"DBG_IP_ID_MAP_SUCCEED4", "Successfully mapped addr={1:ip4} to identity={2}"},
	59: {"DBG_IP_ID_MAP_SUCCEED6", "Successfully mapped addr.p4=[::{1:ip6}] to identity={2}"},
	60: {"DBG_LB_STALE_CT", "Stale CT entry found stale_ct.rev_nat_id={2}, svc.rev_nat_id={1}"},
	61: {"DBG_INHERIT_IDENTITY", "Inheriting identity={1} from stack"},
	62: {"DBG_SK_LOOKUP4", "Socket lookup: src={1:ip4}:{3:lo} dst={2:ip4}:{3:hi}"},
	63: {"DBG_SK_LOOKUP6", "Socket lookup: src=[::{1:ip6}]:{3:lo} dst=[::{2:ip6}]:{3:hi}"},
	64: {"DBG_SK_ASSIGN", "Socket assign: {1:errno}"},
	65: {"DBG_L7_LB", "L7 LB from {1:ip4} to {2:ip4}: proxy port {3}"},
	66: {"DBG_SKIP_POLICY", "Skipping policy, arg1={1} arg2={2}"},
	67: {"DBG_LB6_LOOPBACK_SNAT", "Loopback SNAT from.p4={1:x} to.p4={2:x}"},
	68: {"DBG_LB6_LOOPBACK_SNAT_REV", "Loopback reverse SNAT from.p4={1:x} to.p4={2:x}"},
}

// DebugSubTypeName returns the sub-type's name in flow.proto, such as DBG_CT_VERDICT, or its number when it has none.
func DebugSubTypeName(subType uint8) string {
	if int(subType) < len(debugMessages) {
		return debugMessages[subType].name
	}
	return strconv.Itoa(int(subType))
}

// AppendText appends the message in Cilium's words.
func (m *DebugMessage) AppendText(dst []byte) []byte {
	text := "Unknown message type={0} arg1={1} arg2={2}"
	if int(m.SubType) < len(debugMessages) && debugMessages[m.SubType].text != "" {
		text = debugMessages[m.SubType].text
	}
	args := [...]uint32{uint32(m.SubType), m.Arg1, m.Arg2, m.Arg3}
	for {
		open := strings.IndexByte(text, '{')
		if open < 0 {
			return append(dst, text...)
		}
		end := open + strings.IndexByte(text[open:], '}')
		dst = append(dst, text[:open]...)
		verb := ""
		if end > open+2 {
			verb = text[open+3 : end]
		}
		if m.Hidden {
			dst = append(dst, '*')
		} else {
			dst = appendArgument(dst, args[text[open+1]-'0'], verb)
		}
		text = text[end+1:]
	}
}

// String returns the message in Cilium's words.
func (m *DebugMessage) String() string { return string(m.AppendText(nil)) }

// appendArgument appends an argument in the form of a verb:
//   - none: decimal; x and #x: hexadecimal, without and with 0x;
//   - hi and lo: the upper and the lower 16 bits; behi and be16: the same in network byte order;
//   - byte: the lowest 8 bits; >>8: all other bits;
//   - ip4: an IPv4 address; ip6: the last 4 bytes of an IPv6 address;
//   - ctflags, ctstate, ctdir, errno: by their tables.
func appendArgument(dst []byte, v uint32, verb string) []byte {
	switch verb {
	case "":
		return strconv.AppendUint(dst, uint64(v), 10)
	case "x":
		return strconv.AppendUint(dst, uint64(v), 16)
	case "#x":
		return strconv.AppendUint(append(dst, "0x"...), uint64(v), 16)
	case "hi":
		return strconv.AppendUint(dst, uint64(v>>16), 10)
	case "lo":
		return strconv.AppendUint(dst, uint64(v&0xffff), 10)
	case "be16":
		return strconv.AppendUint(dst, uint64(bits.ReverseBytes16(uint16(v))), 10)
	case "behi":
		return strconv.AppendUint(dst, uint64(bits.ReverseBytes16(uint16(v>>16))), 10)
	case "byte":
		return strconv.AppendUint(dst, uint64(v&0xff), 10)
	case ">>8":
		return strconv.AppendUint(dst, uint64(v>>8), 10)
	case "ip4":
		return netip.AddrFrom4([4]byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)}).AppendTo(dst)
	case "ip6":
		v = bits.ReverseBytes32(v)
		dst = strconv.AppendUint(dst, uint64(v>>16), 16)
		return strconv.AppendUint(append(dst, ':'), uint64(v&0xffff), 16)
	case "ctflags":
		return appendTupleFlags(dst, v)
	case "ctstate":
		if int64(v) < int64(len(ctStates)) {
			return append(dst, ctStates[v]...)
		}
		return append(dst, DropReasonText(uint8(v))...)
	case "ctdir":
		if int64(v) < int64(len(ctDirections)) {
			return append(dst, ctDirections[v]...)
		}
		return dst
	case "errno":
		return appendErrno(dst, v)
	}
	return dst
}

// ctStates and ctDirections are indexed by the state and the direction of connection tracking (bpf/lib/conntrack.h).
var (
	ctStates     = [...]string{"New", "Established", "Reply", "Related"}
	ctDirections = [...]string{"egress", "ingress"}
)

// appendTupleFlags names the flags of a conntrack tuple: bit 0 out, bit 1 related.
func appendTupleFlags(dst []byte, v uint32) []byte {
	switch v & 3 {
	case 1:
		return append(dst, "OUT"...)
	case 2:
		return append(dst, "RELATED"...)
	case 3:
		return append(dst, "OUT, RELATED"...)
	}
	return dst
}

// appendErrno appends the result of bpf_sk_assign in Linux's words. The datapath uses Linux's numbers, whatever system decodes them.
func appendErrno(dst []byte, v uint32) []byte {
	switch v {
	case 0:
		return append(dst, "Success"...)
	case 2:
		return append(dst, "no such file or directory"...)
	case 22:
		return append(dst, "invalid argument"...)
	case 94:
		return append(dst, "socket type not supported"...)
	case 95:
		return append(dst, "operation not supported"...)
	case 101:
		return append(dst, "network is unreachable"...)
	}
	return strconv.AppendUint(append(dst, "errno "...), uint64(v), 10)
}

// DropReasonText returns Cilium's sentence for a drop reason, such as "Policy denied", including the reasons that Cilium 1.19 and 1.20 added. For
// an unknown reason it returns "<reason>, 0", as Cilium prints it.
func DropReasonText(reason uint8) string {
	switch reason {
	case 15:
		return "MTU error message"
	case 206:
		return "No device"
	case 207:
		return "First logical datagram fragment not found from world"
	}
	return monitorapi.DropReason(reason)
}
