// SPDX-License-Identifier: Apache-2.0

// The enumerations of a flow, with the numbers and names of Cilium's api/v1/flow/flow.proto where it has them.

package flow

import "strconv"

// Class says what an event is about.
type Class uint8

const (
	// ClassPacket is an event about a packet: a drop, trace, policy verdict or capture, and those of the recorder and the packet monitor.
	ClassPacket Class = iota
	// ClassSocket is an event of the socket load balancer. It has addresses, but no packet.
	ClassSocket
	// ClassDebug is a debug message.
	ClassDebug
	// ClassLost is a loss of events.
	ClassLost
	// ClassRaw is a record that is not decoded, because it is not the datapath's or not known: agent, access log, unknown types.
	ClassRaw
)

// Verdict is what the datapath decided (flow.proto, Verdict).
type Verdict uint8

// Verdicts.
const (
	VerdictUnknown    Verdict = 0
	VerdictForwarded  Verdict = 1
	VerdictDropped    Verdict = 2
	VerdictError      Verdict = 3
	VerdictAudit      Verdict = 4
	VerdictRedirected Verdict = 5
	VerdictTraced     Verdict = 6
	VerdictTranslated Verdict = 7
)

var verdictNames = [...]string{
	"VERDICT_UNKNOWN", "FORWARDED", "DROPPED", "ERROR", "AUDIT", "REDIRECTED", "TRACED", "TRANSLATED",
}

// String returns Hubble's name.
func (v Verdict) String() string { return nameOf(verdictNames[:], uint64(v)) }

// Direction is the direction of the connection as the local endpoint sees it (flow.proto, TrafficDirection).
type Direction uint8

// Directions.
const (
	DirectionUnknown Direction = 0
	DirectionIngress Direction = 1
	DirectionEgress  Direction = 2
)

var directionNames = [...]string{"TRAFFIC_DIRECTION_UNKNOWN", "INGRESS", "EGRESS"}

// String returns Hubble's name.
func (d Direction) String() string { return nameOf(directionNames[:], uint64(d)) }

// Tristate is a yes, a no or not known.
type Tristate uint8

// Tristates.
const (
	Unknown Tristate = iota
	No
	Yes
)

// ObservationPoint is where a trace was taken (flow.proto, TraceObservationPoint): the notification's sub-type, with two exceptions. It is 101
// for to-endpoint, whose sub-type is 0, and 0 for an event that is not a trace.
type ObservationPoint uint8

// ToEndpoint is the observation point whose sub-type is 0.
const ToEndpoint ObservationPoint = 101

var observationPointNames = [...]string{
	"UNKNOWN_POINT", "TO_PROXY", "TO_HOST", "TO_STACK", "TO_OVERLAY", "FROM_ENDPOINT", "FROM_PROXY", "FROM_HOST",
	"FROM_STACK", "FROM_OVERLAY", "FROM_NETWORK", "TO_NETWORK", "FROM_CRYPTO", "TO_CRYPTO",
}

// String returns Hubble's name.
func (o ObservationPoint) String() string {
	if o == ToEndpoint {
		return "TO_ENDPOINT"
	}
	return nameOf(observationPointNames[:], uint64(o))
}

// Known reports whether Hubble has a name for the point.
func (o ObservationPoint) Known() bool {
	return o == ToEndpoint || int(o) < len(observationPointNames)
}

// TraceReason is the state of connection tracking at a trace (flow.proto, TraceReason).
type TraceReason uint8

var traceReasonNames = [...]string{
	"TRACE_REASON_UNKNOWN", "NEW", "ESTABLISHED", "REPLY", "RELATED", "REOPENED", "SRV6_ENCAP", "SRV6_DECAP",
	"ENCRYPT_OVERLAY",
}

// String returns Hubble's name.
func (t TraceReason) String() string { return nameOf(traceReasonNames[:], uint64(t)) }

// LostSource is where events were lost (flow.proto, LostEventSource).
type LostSource uint8

// Places where events are lost.
const (
	LostUnknown             LostSource = 0
	LostPerfEventRingBuffer LostSource = 1
	LostObserverQueue       LostSource = 2
)

var lostSourceNames = [...]string{
	"UNKNOWN_LOST_EVENT_SOURCE", "PERF_EVENT_RING_BUFFER", "OBSERVER_EVENTS_QUEUE", "HUBBLE_RING_BUFFER",
}

// String returns Hubble's name.
func (l LostSource) String() string { return nameOf(lostSourceNames[:], uint64(l)) }

// TunnelProtocol is an encapsulation (flow.proto, Tunnel.Protocol).
type TunnelProtocol uint8

// Encapsulations.
const (
	TunnelNone   TunnelProtocol = 0
	TunnelVXLAN  TunnelProtocol = 1
	TunnelGeneve TunnelProtocol = 2
)

var tunnelNames = [...]string{"UNKNOWN", "VXLAN", "GENEVE"}

// String returns Hubble's name.
func (t TunnelProtocol) String() string { return nameOf(tunnelNames[:], uint64(t)) }

// L4Protocol is a protocol above IP that Hubble names (flow.proto, Layer4).
type L4Protocol uint8

// Protocols above IP.
const (
	L4None L4Protocol = iota
	L4TCP
	L4UDP
	L4ICMPv4
	L4ICMPv6
	L4SCTP
	L4VRRP
	L4IGMP
)

var l4Names = [...]string{"", "TCP", "UDP", "ICMPv4", "ICMPv6", "SCTP", "VRRP", "IGMP"}

// String returns Hubble's name.
func (p L4Protocol) String() string { return nameOf(l4Names[:], uint64(p)) }

// HasPorts reports whether the protocol has ports.
func (p L4Protocol) HasPorts() bool { return p == L4TCP || p == L4UDP || p == L4SCTP }

// Layer is a header of a packet.
type Layer uint8

// Layers.
const (
	LayerNone Layer = iota
	LayerEthernet
	LayerVLAN
	LayerIPv4
	LayerIPv6
	LayerTCP
	LayerUDP
	LayerSCTP
	LayerICMPv4
	LayerICMPv6
	LayerIGMP
	LayerVRRP
	LayerVXLAN
	LayerGeneve
)

var layerNames = [...]string{
	"", "Ethernet", "Dot1Q", "IPv4", "IPv6", "TCP", "UDP", "SCTP", "ICMPv4", "ICMPv6", "IGMP", "VRRP", "VXLAN", "Geneve",
}

// String returns the layer's name as in Hubble's summaries.
func (l Layer) String() string { return nameOf(layerNames[:], uint64(l)) }

// Problem is why reading a packet's headers stopped early.
type Problem uint8

const (
	// ProblemNone means that all headers of known protocols were read.
	ProblemNone Problem = iota
	// ProblemTruncated means that the captured bytes end within a header.
	ProblemTruncated
	// ProblemMalformed means that a header contradicts itself.
	ProblemMalformed
)

var problemNames = [...]string{"", "truncated", "malformed"}

// String returns "truncated", "malformed" or nothing.
func (p Problem) String() string { return nameOf(problemNames[:], uint64(p)) }

// nameOf returns the name at an index, or the number where there is none, as protobuf does.
func nameOf(names []string, i uint64) string {
	if i < uint64(len(names)) {
		return names[i]
	}
	return strconv.FormatUint(i, 10)
}
