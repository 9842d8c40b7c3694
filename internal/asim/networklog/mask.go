// SPDX-License-Identifier: Apache-2.0

package networklog

import (
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// networkSource is an attribute of a network record and the field of Hubble's event that it comes from, as flow.proto names
// it: "l4.*" is the header of the packet's protocol. It is empty where Hubble's event has none.
type networkSource struct{ attribute, field string }

// networkSources are all attributes that a network record may have. Those that the schema wants of every record (EventResult,
// which follows from the verdict, the times and the identifier) have no field here: no mask leaves them out.
func networkSources() []networkSource {
	return []networkSource{
		{"EventProduct", ""},
		{"EventVendor", ""},
		{"EventSchema", ""},
		{"EventSchemaVersion", ""},
		{"EventType", ""},
		{"EventCount", ""},
		{"EventStartTime", ""},
		{"EventEndTime", ""},
		{"EventOriginalUid", ""},
		{"EventResult", ""},
		{"EventResultDetails", ""},
		{"EventSeverity", ""},
		{"EventOriginalResultDetails", "drop_reason_desc"},
		{"EventMessage", "debug_event.message"},
		{"Dvc", ""},
		{"DvcHostname", ""},
		{"DvcDomain", ""},
		{"DvcDomainType", ""},
		{"DvcIpAddr", ""},
		{"DvcAction", "verdict"},
		{"DvcOriginalAction", "verdict"},
		{"Src", "IP.source"},
		{"SrcIpAddr", "IP.source"},
		{"SrcNatIpAddr", "IP.source_xlated"},
		{"SrcPortNumber", "l4.*.source_port"},
		{"SrcMacAddr", "ethernet.source"},
		{"SrcVlanId", ""},
		{"Dst", "IP.destination"},
		{"DstIpAddr", "IP.destination"},
		{"DstPortNumber", "l4.*.destination_port"},
		{"DstMacAddr", "ethernet.destination"},
		{"DstVlanId", ""},
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
		{"cilium.event.type", "event_type.type"},
		{"cilium.event.sub_type", "event_type.sub_type"},
		{"cilium.endpoint.id", ""},
		{"cilium.cpu", ""},
		{"cilium.verdict", "verdict"},
		{"cilium.drop_reason", "drop_reason_desc"},
		{"cilium.drop_reason_code", "drop_reason"},
		{"cilium.pktmon.drop_reason", ""},
		{"cilium.pktmon.drop_location", ""},
		{"cilium.pktmon.component_id", ""},
		{"cilium.pktmon.edge_id", ""},
		{"cilium.pktmon.group_id", ""},
		{"cilium.source.identity", "source.identity"},
		{"cilium.source.identity_name", "source.identity"},
		{"cilium.destination.identity", "destination.identity"},
		{"cilium.destination.identity_name", "destination.identity"},
		{"cilium.ip.fragment", ""},
		{"cilium.encrypted", "IP.encrypted"},
		{"cilium.packet.primary", ""},
		{"cilium.drop.primary", ""},
		{"cilium.packet.problem", ""},
		{"cilium.is_reply", "is_reply"},
		{"cilium.trace.observation_point", "trace_observation_point"},
		{"cilium.trace.reason", "trace_reason"},
		{"cilium.policy.match_type", "policy_match_type"},
		{"cilium.policy.verdict", "verdict"},
		{"cilium.policy.cookie", ""},
		{"cilium.auth_type", "auth_type"},
		{"cilium.socket.cookie", "socket_cookie"},
		{"cilium.cgroup.id", "cgroup_id"},
		{"cilium.recorder.rule_id", ""},
		{"cilium.file", "file.name"},
		{"cilium.line", "file.line"},
		{"cilium.proxy_port", "proxy_port"},
		{"cilium.interface.index", "interface.index"},
		{"cilium.ip_trace_id", "ip_trace_id.trace_id"},
		{"cilium.tunnel.protocol", "tunnel.protocol"},
		{"cilium.tunnel.vni", "tunnel.vni"},
		{"cilium.tunnel.source.ip", "tunnel.IP.source"},
		{"cilium.tunnel.destination.ip", "tunnel.IP.destination"},
		{"cilium.tunnel.source.port", "tunnel.l4.UDP.source_port"},
		{"cilium.tunnel.destination.port", "tunnel.l4.UDP.destination_port"},
		{"cilium.debug.hash", "debug_event.hash"},
		{"cilium.debug.arg1", "debug_event.arg1"},
		{"cilium.debug.arg2", "debug_event.arg2"},
		{"cilium.debug.arg3", "debug_event.arg3"},
		{"cilium.lost.count", "lost_events.num_events_lost"},
		{"cilium.lost.source", "lost_events.source"},
		{"cilium.raw", "agent_event.unknown.notification"},
	}
}

// networkMask leaves out of a flow's record what comes from fields that are not in the mask.
type networkMask struct {
	*flow.Mask
	omit map[flow.L4Protocol]map[string]bool // attributes, by the packet's protocol
}

// newNetworkMask makes a mask; nil leaves nothing out.
func newNetworkMask(m *flow.Mask) *networkMask {
	if m == nil {
		return nil
	}
	mask := &networkMask{Mask: m, omit: map[flow.L4Protocol]map[string]bool{}}
	for protocol := flow.L4None; protocol <= flow.L4IGMP; protocol++ {
		omit := map[string]bool{}
		for _, s := range networkSources() {
			field := s.field
			if protocol == flow.L4None && field == "l4.*" {
				field = "l4" // a protocol that Hubble does not name
			}
			if field != "" && !m.Has(strings.ReplaceAll(field, "*", protocol.String())) {
				omit[s.attribute] = true
			}
		}
		mask.omit[protocol] = omit
	}
	return mask
}

// omits gives the attributes that the event's record leaves out; nil leaves nothing out. What is no flow is not masked, as in
// Hubble.
func (m *networkMask) omits(f *flow.Flow) map[string]bool {
	if m == nil || f.Class != flow.ClassPacket && f.Class != flow.ClassSocket {
		return nil
	}
	return m.omit[f.L4.Protocol]
}
