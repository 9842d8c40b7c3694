// SPDX-License-Identifier: Apache-2.0

package flow

import "strings"

// flowMessages are the messages that a Flow of flow.proto (Cilium 1.20.1) is made of, with their fields: name, or name:message.
// What a mask can only take whole (lists, times, wrapped values, policies) has no message here. A test holds the table
// against Cilium's own.
var flowMessages = map[string]string{
	"Flow": "time uuid emitter:Emitter verdict drop_reason auth_type ethernet:Ethernet IP:IP l4:Layer4 tunnel:Tunnel source:Endpoint " +
		"destination:Endpoint Type node_name node_labels source_names destination_names l7:Layer7 reply event_type:CiliumEventType " +
		"source_service:Service destination_service:Service traffic_direction policy_match_type trace_observation_point trace_reason " +
		"file:FileInfo ip_trace_id:IPTraceID drop_reason_desc is_reply debug_capture_point interface:NetworkInterface proxy_port " +
		"trace_context:TraceContext sock_xlate_point socket_cookie cgroup_id Summary extensions egress_allowed_by ingress_allowed_by " +
		"egress_denied_by ingress_denied_by policy_log aggregate:Aggregate",
	"Emitter":          "name version",
	"Ethernet":         "source destination",
	"IP":               "source source_xlated destination ipVersion encrypted",
	"Layer4":           "TCP:TCP UDP:UDP ICMPv4:ICMP ICMPv6:ICMP SCTP:SCTP VRRP:VRRP IGMP:IGMP",
	"TCP":              "source_port destination_port flags:TCPFlags",
	"TCPFlags":         "FIN SYN RST PSH ACK URG ECE CWR NS",
	"UDP":              "source_port destination_port",
	"ICMP":             "type code",
	"SCTP":             "source_port destination_port chunk_type",
	"VRRP":             "type vrid priority",
	"IGMP":             "type group_address",
	"Tunnel":           "protocol IP:IP l4:Layer4 vni",
	"Endpoint":         "ID identity cluster_name namespace labels pod_name workloads",
	"Layer7":           "type latency_ns dns:DNS http:HTTP kafka:Kafka",
	"DNS":              "query ips ttl cnames observation_source rcode qtypes rrtypes",
	"HTTP":             "code method url protocol headers",
	"Kafka":            "error_code api_version api_key correlation_id topic",
	"CiliumEventType":  "type sub_type",
	"Service":          "name namespace",
	"FileInfo":         "name line",
	"IPTraceID":        "trace_id ip_option_type",
	"NetworkInterface": "index name",
	"TraceContext":     "parent:TraceParent",
	"TraceParent":      "trace_id",
	"Aggregate":        "ingress_flow_count egress_flow_count unknown_direction_flow_count",
}

// isOneOf reports whether a message's field is one of several of which a flow has one: it is not there unless the flow has it.
func isOneOf(message, field string) bool {
	return message == "Layer4" || message == "Layer7" && (field == "dns" || field == "http" || field == "kafka")
}

// fieldOf gives the message that a field is, "" for a plain one, and whether the message has the field.
func fieldOf(message, field string) (inner string, ok bool) {
	for f := range strings.FieldsSeq(flowMessages[message]) {
		if name, inner, _ := strings.Cut(f, ":"); name == field {
			return inner, true
		}
	}
	return "", false
}

// fieldNames lists a message's fields, for an error.
func fieldNames(message string) string {
	var names []string
	for f := range strings.FieldsSeq(flowMessages[message]) {
		name, _, _ := strings.Cut(f, ":")
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
