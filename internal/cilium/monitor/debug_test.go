// SPDX-License-Identifier: Apache-2.0

package monitor_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// The texts are what Cilium 1.20.1 itself made of arg1 0x0b02010a, arg2 0x6bb (1 for sub-types 15, 45 and 64) and arg3
// 0x1f900050; 66 to 68, where its table is one off, are by bpf/lib/dbg.h.
func TestDebugMessageTexts(t *testing.T) {
	want := map[uint8]string{
		0:  "Unknown message type=0 arg1=184680714 arg2=1723",
		1:  "No message, arg1=184680714 (0xb02010a) arg2=1723 (0x6bb) arg3=529530960 (0x1f900050)",
		2:  "Attempting local delivery for container id 184680714 from seclabel 1723",
		3:  "Encapsulating to node 184680714 (0xb02010a) from seclabel 1723",
		4:  "Local container found ifindex  seclabel 47878",
		5:  "Policy evaluation would deny packet from 184680714 to 1723",
		6:  "CT lookup: sport=2818 dport=266 nexthdr=6 flags=OUT, RELATED",
		7:  "CT reverse lookup: sport=2818 dport=266 nexthdr=6 flags=OUT, RELATED",
		8:  "CT entry found lifetime=184680714, revnat=47878",
		9:  "CT created 1/2: sport=2818 dport=266 nexthdr=6 flags=OUT, RELATED revnat=20480",
		10: "CT created 2/2: 10.1.2.11 revnat=47878",
		11: "Handling ICMPv6 type=184680714",
		12: "ICMPv6 echo request for router offset=184680714",
		13: "ICMPv6 neighbour solicitation for address b02010a:6bb",
		14: "Sending ICMPv6 time exceeded",
		15: "CT verdict: Fragmented packet entry update failed, revnat=256",
		16: "Tunnel decap: id=184680714 flowlabel=6bb",
		17: "Mapping port from=184680714 to=1723",
		18: "BPF function 184680714 returned error 1723",
		19: "Going to host, policy-skip=184680714",
		20: "Going to the stack, policy-skip=184680714",
		21: "Packet hash=184680714 (0xb02010a), selected_service=1723",
		22: "Frontend service lookup, addr.p4=b02010a key.dport=47878",
		23: "Frontend service lookup failed, addr.p2=b02010a addr.p3=6bb",
		24: "Service backend slot lookup: slot=184680714, dport=47878",
		25: "Service backend slot lookup result: target.p4=b02010a port=47878",
		26: "Service backend slot lookup failed: slot=184680714, dport=47878",
		27: "Backend service lookup failed: backend_id=184680714",
		28: "Reverse NAT lookup, index=2561",
		29: "Performing reverse NAT, address.p4=b02010a port=47878",
		30: "Frontend service lookup, addr=10.1.2.11 key.dport=47878",
		31: "Frontend service lookup failed",
		32: "Service backend slot lookup: slot=184680714, dport=47878",
		33: "Service backend slot lookup result: target=10.1.2.11 port=47878",
		34: "Service backend slot lookup failed: slot=184680714, dport=47878",
		35: "Backend service lookup failed: backend_id=184680714",
		36: "Reverse NAT lookup, index=2561",
		37: "Performing reverse NAT, address=10.1.2.11 port=47878",
		38: "Loopback SNAT from=10.1.2.11 to=187.6.0.0",
		39: "Loopback reverse SNAT from=10.1.2.11 to=187.6.0.0",
		40: "CT lookup address: 10.1.2.11",
		41: "RR backend slot selection hash=184680714 (0xb02010a), selected_service=1723",
		42: "Reverse proxy lookup sport=523 dport=2561 saddr=187.6.0.0 nexthdr=529530960",
		43: "Reverse proxy entry found, orig-daddr=10.1.2.11 orig-dport=1723",
		44: "Reverse proxy updated sport=523 dport=2561 saddr=187.6.0.0 nexthdr=529530960",
		45: "Resolved L4 policy to: 2561 / ingress",
		46: "Destination is inside cluster prefix, source identity: 184680714",
		47: "Attempting encapsulation, lookup key: 10.1.2.11, identity: 1723",
		48: "Conntrack lookup 1/2: src=10.1.2.11:80 dst=187.6.0.0:8080",
		49: "Conntrack lookup 2/2: nexthdr=721409 flags=10 dir=1723 scope=529530960",
		50: "Conntrack create: proxy-port=2818 revnat=2561 src-identity=1723 lb=80.0.144.31",
		51: "Conntrack lookup 1/2: src=[::a01:20b]:80 dst=[::bb06:0]:8080",
		52: "Conntrack lookup 2/2: nexthdr=721409 flags=10 dir=1723 scope=529530960",
		53: "Conntrack create: proxy-port=2818 revnat=2561 src-identity=1723",
		54: "Skipping proxy, tc_index is set=b02010a",
		55: "Matched L4 policy; creating conntrack src=184680714 dst=1723 dport=36895 proto=80",
		56: "Failed to map addr=10.1.2.11 to identity",
		57: "Failed to map addr.p4=[::a01:20b] to identity",
		58: "Successfully mapped addr=10.1.2.11 to identity=1723",
		59: "Successfully mapped addr.p4=[::a01:20b] to identity=1723",
		60: "Stale CT entry found stale_ct.rev_nat_id=1723, svc.rev_nat_id=184680714",
		61: "Inheriting identity=184680714 from stack",
		62: "Socket lookup: src=10.1.2.11:80 dst=187.6.0.0:8080",
		63: "Socket lookup: src=[::a01:20b]:80 dst=[::bb06:0]:8080",
		64: "Socket assign: errno 184680714",
		65: "L7 LB from 10.1.2.11 to 187.6.0.0: proxy port 529530960",
		69: "Unknown message type=69 arg1=184680714 arg2=1723",
		70: "Unknown message type=70 arg1=184680714 arg2=1723",
		71: "Unknown message type=71 arg1=184680714 arg2=1723",
		66: "Skipping policy, arg1=184680714 arg2=1723",
		67: "Loopback SNAT from.p4=b02010a to.p4=6bb",
		68: "Loopback reverse SNAT from.p4=b02010a to.p4=6bb",
	}
	for subType, text := range want {
		m := monitor.DebugMessage{SubType: subType, Arg1: 0x0b02010a, Arg2: 0x6bb, Arg3: 0x1f900050}
		switch subType {
		case 15, 45, 64:
			m.Arg2 = 1
		}
		assert.Equal(t, text, m.String(), "sub-type %d", subType)
	}
}

func TestDebugMessageTables(t *testing.T) {
	tests := map[string]monitor.DebugMessage{
		"CT verdict: New, revnat=256":                 {SubType: 15, Arg2: 1},
		"CT verdict: Related, revnat=256":             {SubType: 15, Arg1: 3, Arg2: 1},
		"CT verdict: Policy denied, revnat=0":         {SubType: 15, Arg1: 133},
		"Resolved L4 policy to: 443 / egress":         {SubType: 45, Arg1: 0xbb01},
		"Resolved L4 policy to: 443 / ":               {SubType: 45, Arg1: 0xbb01, Arg2: 7},
		"Socket assign: Success":                      {SubType: 64},
		"Socket assign: errno 4294967294":             {SubType: 64, Arg1: 0xfffffffe},
		"Socket assign: invalid argument":             {SubType: 64, Arg1: 22},
		"CT lookup: sport=0 dport=0 nexthdr=6 flags=": {SubType: 6, Arg2: 6 << 8},
		"CT lookup: sport=443 dport=80 nexthdr=17 flags=OUT, RELATED": {
			SubType: 6, Arg1: 443<<16 | 80, Arg2: 17<<8 | 3,
		},
		"CT lookup: sport=0 dport=0 nexthdr=0 flags=RELATED": {SubType: 6, Arg2: 2},
		"Unknown message type=200 arg1=1 arg2=2":             {SubType: 200, Arg1: 1, Arg2: 2},
	}
	for text, m := range tests {
		assert.Equal(t, text, m.String())
	}
}

func TestDebugSubTypeNames(t *testing.T) {
	want := map[uint8]string{
		0: "DBG_EVENT_UNKNOWN", 1: "DBG_GENERIC", 15: "DBG_CT_VERDICT", 66: "DBG_SKIP_POLICY", 67: "DBG_LB6_LOOPBACK_SNAT",
		68: "DBG_LB6_LOOPBACK_SNAT_REV", 69: "69",
	}
	for subType, name := range want {
		assert.Equal(t, name, monitor.DebugSubTypeName(subType))
	}
}

func TestDebugTextDoesNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 256)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for subType := range uint8(70) {
			m := monitor.DebugMessage{SubType: subType, Arg1: 1, Arg2: 2, Arg3: 3}
			buf = m.AppendText(buf[:0])
		}
	}))
}

func TestDropReasonTexts(t *testing.T) {
	want := map[uint8]string{
		133: "Policy denied", 181: "Policy denied by denylist", 206: "No device", 15: "MTU error message",
		207: "First logical datagram fragment not found from world", 250: "250, 0",
	}
	for reason, text := range want {
		assert.Equal(t, text, monitor.DropReasonText(reason))
	}
}
