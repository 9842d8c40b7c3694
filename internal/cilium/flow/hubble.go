// SPDX-License-Identifier: Apache-2.0

// Hubble's flow, field by field, in the order in which flow.proto (Cilium 1.20.1) declares the fields: what each is called, how it is
// written as JSON, and what of a line it shows. A mask's paths, the JSON line, and both under a mask follow from this table. The fields
// that a notification shows unchanged come from its own table in package monitor, see field.go. A test holds all of them against
// Cilium's own types.

package flow

import (
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// field is a field of a flow.
type field struct {
	name    string
	message string // the message that it is, see messages; "" for a field that a mask takes whole

	// json appends the field where the flow has it. It is nil for a field that only the agent can fill.
	json fieldWriter

	// shown are the parts of the field that `hubble observe` prints.
	shown []part
}

// part is a part of a field that a line shows.
type part struct {
	path string      // below the field, "" for the field itself; * is the packet's protocol
	hide func(*Flow) // takes the part out of a flow
}

// export is what a line has beside the event.
type export struct {
	node string
	at   time.Time
}

// flowFields are the fields of flow.Flow.
var flowFields = withOwnFields([]field{
	{name: "time", json: func(_ *Flow, w object, e export) object { return w.time("time", e.at) }},
	{name: "uuid"},
	{name: "emitter", message: "Emitter"},
	{
		name: "verdict",
		json: func(f *Flow, w object, _ export) object {
			if f.Verdict == VerdictUnknown {
				return w
			}
			return w.enum("verdict", f.Verdict.String())
		},
		shown: []part{{"", func(f *Flow) { f.Verdict = VerdictUnknown }}},
	},
	{name: "drop_reason", json: func(f *Flow, w object, _ export) object { return w.number("drop_reason", uint64(f.DropReason)) }},
	{
		name: "ethernet", message: "Ethernet",
		json: func(f *Flow, w object, _ export) object {
			if !f.HasEthernet {
				return w
			}
			return w.open("ethernet").mac("source", f.Ethernet.Source).mac("destination", f.Ethernet.Destination).close()
		},
		shown: []part{ // a line never shows one of the two ends alone
			{"source", func(f *Flow) { f.HasEthernet = false }},
			{"destination", func(f *Flow) { f.HasEthernet = false }},
		},
	},
	{
		name: "IP", message: "IP",
		json: func(f *Flow, w object, _ export) object { return f.IP.json(w) },
		shown: []part{
			{"", func(f *Flow) { f.IP = IP{} }},
			{"source", func(f *Flow) { f.IP.Source = IP{}.Source }},
			{"destination", func(f *Flow) { f.IP.Destination = IP{}.Destination }},
		},
	},
	{
		name: "l4", message: "Layer4",
		json: func(f *Flow, w object, _ export) object { return f.L4.json(w) },
		shown: []part{
			{"*.source_port", func(f *Flow) { f.L4.SourcePort = 0 }},
			{"*.destination_port", func(f *Flow) { f.L4.DestinationPort = 0 }},
		},
	},
	{
		name: "tunnel", message: "Tunnel",
		json: func(f *Flow, w object, _ export) object {
			if f.Tunnel.Protocol == TunnelNone {
				return w
			}
			w = w.open("tunnel").enum("protocol", f.Tunnel.Protocol.String())
			return f.Tunnel.L4.json(f.Tunnel.IP.json(w)).number("vni", uint64(f.Tunnel.VNI)).close()
		},
	},
	{
		name: "source", message: "Endpoint",
		json: func(f *Flow, w object, _ export) object { return f.Source.json(w, "source", f.SourceIdentity) },
		shown: []part{
			{"identity", func(f *Flow) { f.SourceIdentity = 0 }},
			{"namespace", func(f *Flow) { f.hidden.source.namespace = true }},
			{"pod_name", func(f *Flow) { f.hidden.source.pod = true }},
		},
	},
	{
		name: "destination", message: "Endpoint",
		json: func(f *Flow, w object, _ export) object {
			return f.Destination.json(w, "destination", f.DestinationIdentity)
		},
		shown: []part{
			{"identity", func(f *Flow) { f.DestinationIdentity = 0 }},
			{"namespace", func(f *Flow) { f.hidden.destination.namespace = true }},
			{"pod_name", func(f *Flow) { f.hidden.destination.pod = true }},
		},
	},
	{
		name: "Type",
		json: func(f *Flow, w object, _ export) object {
			if f.Class == ClassSocket {
				return w.enum("Type", "SOCK")
			}
			return w.enum("Type", "L3_L4")
		},
	},
	{name: "node_name", json: func(_ *Flow, w object, e export) object { return w.text("node_name", e.node) }},
	{name: "node_labels"},
	{name: "source_names"},
	{name: "destination_names"},
	{name: "l7", message: "Layer7"},
	{
		name: "reply",
		json: func(f *Flow, w object, _ export) object {
			if f.Reply != Yes {
				return w
			}
			return w.bool("reply", true)
		},
	},
	{
		name: "event_type", message: "CiliumEventType",
		json: func(f *Flow, w object, _ export) object {
			w = w.open("event_type").number("type", uint64(f.Type))
			if f.SubType != 0 {
				w = strconv.AppendInt(w.key("sub_type"), int64(int32(f.SubType)), 10)
			}
			return w.close()
		},
		shown: []part{
			{"sub_type", func(f *Flow) {
				if f.CapturePoint == 0 { // that of a capture is shown by debug_capture_point
					f.SubType = 0
				}
			}},
			{"type", func(f *Flow) { f.Type = 0 }},
		},
	},
	{
		name: "source_service", message: "Service",
		json: func(f *Flow, w object, _ export) object { return f.SourceService.json(w, "source_service") },
		shown: []part{
			{"", func(f *Flow) { f.SourceService = nil }},
			{"name", func(f *Flow) { f.hidden.source.service = true }},
			{"namespace", func(f *Flow) { f.hidden.source.serviceNamespace = true }},
		},
	},
	{
		name: "destination_service", message: "Service",
		json: func(f *Flow, w object, _ export) object { return f.DestinationService.json(w, "destination_service") },
		shown: []part{
			{"", func(f *Flow) { f.DestinationService = nil }},
			{"name", func(f *Flow) { f.hidden.destination.service = true }},
			{"namespace", func(f *Flow) { f.hidden.destination.serviceNamespace = true }},
		},
	},
	{
		name: "traffic_direction",
		json: func(f *Flow, w object, _ export) object {
			if f.Direction == DirectionUnknown {
				return w
			}
			return w.enum("traffic_direction", f.Direction.String())
		},
		shown: []part{{"", func(f *Flow) { f.Direction = DirectionUnknown }}},
	},
	{
		name:  "policy_match_type",
		json:  func(f *Flow, w object, _ export) object { return w.number("policy_match_type", uint64(f.PolicyMatch)) },
		shown: []part{{"", func(f *Flow) { f.PolicyMatch = 0 }}},
	},
	{
		name: "trace_observation_point",
		json: func(f *Flow, w object, _ export) object {
			if f.ObservationPoint == 0 {
				return w
			}
			return w.enum("trace_observation_point", f.ObservationPoint.String())
		},
	},
	{
		name: "trace_reason",
		json: func(f *Flow, w object, _ export) object {
			if f.TraceReason == 0 {
				return w
			}
			return w.enum("trace_reason", f.TraceReason.String())
		},
	},
	{
		name: "file", message: "FileInfo",
		json: func(f *Flow, w object, _ export) object {
			if f.Type != monitor.TypeDrop {
				return w
			}
			return w.open("file").text("name", f.FileName()).number("line", uint64(f.Drop.Line)).close()
		},
	},
	{
		name: "drop_reason_desc",
		json: func(f *Flow, w object, _ export) object {
			if f.DropReason == 0 {
				return w
			}
			return w.enum("drop_reason_desc", DropReasonName(f.DropReason))
		},
	},
	{
		name: "is_reply",
		json: func(f *Flow, w object, _ export) object {
			if f.Reply == Unknown {
				return w
			}
			return w.bool("is_reply", f.Reply == Yes)
		},
		shown: []part{{"", func(f *Flow) { f.Reply = Unknown }}},
	},
	{
		name: "debug_capture_point",
		json: func(f *Flow, w object, _ export) object {
			if f.CapturePoint == 0 {
				return w
			}
			return w.enum("debug_capture_point", nameOf(capturePointNames[:], uint64(f.CapturePoint)))
		},
		shown: []part{{"", func(f *Flow) {
			if f.CapturePoint != 0 {
				f.SubType = 0
			}
		}}},
	},
	{
		name: "interface", message: "NetworkInterface",
		json: func(f *Flow, w object, _ export) object {
			if f.InterfaceIndex == 0 {
				return w
			}
			return w.open("interface").number("index", uint64(f.InterfaceIndex)).close()
		},
	},
	{name: "proxy_port", json: func(f *Flow, w object, _ export) object { return w.number("proxy_port", uint64(f.ProxyPort)) }},
	{name: "trace_context", message: "TraceContext"},
	{
		name: "sock_xlate_point",
		json: func(f *Flow, w object, _ export) object {
			if f.Class != ClassSocket || f.SubType == 0 {
				return w
			}
			return w.enum("sock_xlate_point", nameOf(socketPointNames[:], uint64(f.SubType)))
		},
	},
	{
		name: "Summary",
		json: func(f *Flow, w object, _ export) object {
			if f.Layer == LayerNone && f.Class != ClassSocket {
				return w
			}
			return append(f.AppendSummary(append(w.key("Summary"), '"')), '"')
		},
	},
	{name: "extensions"},
	{name: "egress_allowed_by"},
	{name: "ingress_allowed_by"},
	{name: "egress_denied_by"},
	{name: "ingress_denied_by"},
	{name: "policy_log"},
	{name: "aggregate", message: "Aggregate"},
}, ownFields)

// messages has the fields of each message type in a flow: name, or name:message for a field that is a message. Fields that a mask can only
// take whole (lists, times, wrapped values, policies) have no message here.
var messages = withOwnMessages(map[string]string{
	"Flow":             declared(flowFields),
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
	"NetworkInterface": "index name",
	"TraceContext":     "parent:TraceParent",
	"TraceParent":      "trace_id",
	"Aggregate":        "ingress_flow_count egress_flow_count unknown_direction_flow_count",
}, flowFields, ownFields)

// declared returns fields in the form of messages.
func declared(fields []field) string {
	var names []string
	for _, f := range fields {
		name := f.name
		if f.message != "" {
			name += ":" + f.message
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// isOneOf reports whether a message's field is part of a oneof: a flow has one of its fields at most, and a mask adds none.
func isOneOf(message, field string) bool {
	return message == "Layer4" || message == "Layer7" && (field == "dns" || field == "http" || field == "kafka")
}

// fieldOf returns the message that a field is, "" for a plain one, and whether the message has the field.
func fieldOf(message, field string) (inner string, ok bool) {
	for f := range strings.FieldsSeq(messages[message]) {
		if name, inner, _ := strings.Cut(f, ":"); name == field {
			return inner, true
		}
	}
	return "", false
}

// fieldNames lists a message's fields, for an error.
func fieldNames(message string) string {
	var names []string
	for f := range strings.FieldsSeq(messages[message]) {
		name, _, _ := strings.Cut(f, ":")
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
