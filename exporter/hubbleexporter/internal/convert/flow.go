// SPDX-License-Identifier: Apache-2.0

// Events put together from attributes, as Hubble's parser makes them of the datapath's notifications.

package convert

//lint:file-ignore SA1019 Hubble fills deprecated fields, and its clients read them.

import (
	"cmp"
	"net/netip"
	"strings"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// reason returns why the record has no event.
func (v *values) reason(r *Resource) Reason {
	network := v.schema == "NetworkSession" && v.product == "Cilium"
	switch {
	case !network && (!r.network || v.schema != "" || v.product != ""):
		return NotCilium
	case v.eventType == "NetworkSession":
		return Sum
	}
	return None
}

// event makes the event of the values. It reports false for an event that Hubble does not have.
func (v *values) event(s *storage) bool {
	switch typ := v.messageType(); typ {
	case "debug":
		s.event.Hubble.Event = v.debug()
	case "lost":
		s.event.Hubble.Event = v.lost()
	default:
		number, ok := messageTypes[typ]
		if !ok {
			return false
		}
		v.flow(s, number)
		s.event.Hubble.Event = &s.flow
	}
	return true
}

// messageType returns Cilium's name of the message type. A slim record of a trace has its observation point only.
func (v *values) messageType() string {
	if typ := cmp.Or(v.typ, v.slimType); typ != "" {
		return typ
	}
	if _, known := flowpb.TraceObservationPoint_value[pointName(v.slimSub)]; known {
		return "trace"
	}
	return ""
}

// flow fills the flow of an event.
func (v *values) flow(s *storage, typ int32) {
	f := &s.flow
	f.Type = flowpb.FlowType_L3_L4
	if typ == typeTraceSock {
		f.Type = flowpb.FlowType_SOCK
	}
	f.Verdict = v.verdictOf()
	f.TrafficDirection = directions[v.direction]
	s.source.Identity, s.dest.Identity = uint32(v.source.identity), uint32(v.destination.identity)
	f.Source, f.Destination = &s.source, &s.dest
	v.source.name(&s.source)
	v.destination.name(&s.dest)
	f.SourceService, f.DestinationService = v.source.service.proto(), v.destination.service.proto()
	if v.source.mac != "" || v.destination.mac != "" {
		s.ethernet.Source, s.ethernet.Destination = intern(v.source.mac), intern(v.destination.mac)
		f.Ethernet = &s.ethernet
	}
	v.ip(s)
	v.layer4(s, typ)
	v.decision(f, typ)
	v.kind(s, typ)
	v.overlay(f)
	f.Interface = networkInterface(v.interfaceIndex)
	f.ProxyPort = uint32(v.proxyPort)
	f.AuthType = flowpb.AuthType(enum(flowpb.AuthType_value, v.authType))
	if v.traceID != 0 {
		setIPTraceID(f, v.traceID)
	}
}

// verdictOf returns the verdict. A slim record has the ordinary ones as DvcAction only.
func (v *values) verdictOf() flowpb.Verdict {
	for _, name := range [...]string{v.verdict, v.original} {
		if name != "" {
			return flowpb.Verdict(enum(flowpb.Verdict_value, name))
		}
	}
	switch v.action {
	case "Allow":
		return flowpb.Verdict_FORWARDED
	case "Drop", "Deny":
		return flowpb.Verdict_DROPPED
	}
	return flowpb.Verdict_VERDICT_UNKNOWN
}

// ip fills the IP header, if the packet has one.
func (v *values) ip(s *storage) {
	version := ipVersion(v.version, v.source.address, v.destination.address)
	if version == flowpb.IPVersion_IP_NOT_USED {
		return
	}
	s.ip.IpVersion = version
	s.ip.Source, s.ip.Destination = strings.Clone(v.source.address), strings.Clone(v.destination.address)
	s.ip.SourceXlated = strings.Clone(v.sourceXlated)
	s.ip.Encrypted = v.encrypted
	s.flow.IP = &s.ip
}

// ipVersion returns the version that a record names, or else that of the first address.
func ipVersion(name string, addresses ...string) flowpb.IPVersion {
	switch name {
	case "IPv4":
		return flowpb.IPVersion_IPv4
	case "IPv6":
		return flowpb.IPVersion_IPv6
	}
	for _, a := range addresses {
		if address, err := netip.ParseAddr(a); err == nil {
			if address.Is4() {
				return flowpb.IPVersion_IPv4
			}
			return flowpb.IPVersion_IPv6
		}
	}
	return flowpb.IPVersion_IP_NOT_USED
}

// layer4 fills the header above IP and the summary. Without ports, or the type of an ICMP message, the header was not read.
func (v *values) layer4(s *storage, typ int32) {
	from, to := uint32(v.source.port), uint32(v.destination.port)
	ports := from|to != 0
	summary := ""
	switch {
	case v.protocol == "TCP" && (ports || typ == typeTraceSock):
		tcp := &flowpb.TCP{SourcePort: from, DestinationPort: to}
		summary = "TCP"
		if flags, ok := v.tcpFlags(); ok {
			tcp.Flags = flags.proto()
			summary = flags.summary()
		}
		s.l4.Protocol = &flowpb.Layer4_TCP{TCP: tcp}
	case v.protocol == "UDP" && (ports || typ == typeTraceSock):
		s.l4.Protocol = &flowpb.Layer4_UDP{UDP: &flowpb.UDP{SourcePort: from, DestinationPort: to}}
		summary = "UDP"
	case v.protocol == "SCTP" && ports:
		s.l4.Protocol = &flowpb.Layer4_SCTP{SCTP: &flowpb.SCTP{SourcePort: from, DestinationPort: to}}
		summary = "SCTP"
	case v.protocol == "ICMP" && v.hasICMP:
		if t, ok := icmpType(icmpv4Types, v.icmpType); ok {
			s.l4.Protocol = &flowpb.Layer4_ICMPv4{ICMPv4: &flowpb.ICMPv4{Type: uint32(t), Code: uint32(v.icmpCode)}}
			summary = icmpv4Summary(t, uint8(v.icmpCode))
		}
	case v.protocol == "IPv6-ICMP" && v.hasICMP:
		if t, ok := icmpType(icmpv6Types, v.icmpType); ok {
			s.l4.Protocol = &flowpb.Layer4_ICMPv6{ICMPv6: &flowpb.ICMPv6{Type: uint32(t), Code: uint32(v.icmpCode)}}
			summary = icmpv6Summary(t, uint8(v.icmpCode))
		}
	case typ == typeTraceSock:
		summary = "Unknown"
	default:
		summary = v.lowerSummary(s)
	}
	if s.l4.Protocol != nil {
		s.flow.L4 = &s.l4
	}
	s.flow.Summary = summary
}

// lowerSummary names the innermost header of a packet that has no header above IP, or one that could not be read.
func (v *values) lowerSummary(s *storage) string {
	switch {
	case s.flow.IP != nil && v.problem == "" && (v.protocol == "IGMP" || v.protocol == "VRRP"):
		return "" // the record does not have the message
	case s.flow.IP.GetIpVersion() == flowpb.IPVersion_IPv4:
		return "IPv4"
	case s.flow.IP.GetIpVersion() == flowpb.IPVersion_IPv6:
		return "IPv6"
	case v.vlan:
		return "Dot1Q"
	case s.flow.Ethernet != nil:
		return "Ethernet"
	}
	return ""
}

// decision fills how the datapath came to its verdict.
func (v *values) decision(f *flowpb.Flow, typ int32) {
	if f.Verdict == flowpb.Verdict_DROPPED && typ != typePacketMonitor {
		code := uint32(v.dropCode)
		if code == 0 {
			code = dropReasonCode(v.details)
		}
		f.DropReason = code
		reason, ok := flowpb.DropReason_value[v.dropReason]
		if !ok {
			reason = int32(code)
		}
		f.DropReasonDesc = flowpb.DropReason(reason)
	}
	f.TraceReason = flowpb.TraceReason(enum(flowpb.TraceReason_value, v.traceReason))
	f.PolicyMatchType = policyMatches[v.policyMatch]
	switch {
	case v.hasReply:
		f.IsReply = wrapperspb.Bool(v.isReply)
	case v.typ == "": // a slim record leaves out what these say
		f.IsReply = shownReply(f, typ)
	}
	f.Reply = f.GetIsReply().GetValue()
	if typ == typeDrop {
		f.File = &flowpb.FileInfo{Name: intern(v.file), Line: uint32(v.line)}
		if v.file == "" && v.line == 0 { // masked
			f.File = nil
		}
	}
}

// shownReply returns what the reason of a trace or a policy's verdict says of the direction of the packet.
func shownReply(f *flowpb.Flow, typ int32) *wrapperspb.BoolValue {
	switch f.TraceReason {
	case flowpb.TraceReason_NEW, flowpb.TraceReason_ESTABLISHED, flowpb.TraceReason_RELATED, flowpb.TraceReason_REOPENED: // old releases write it
		return wrapperspb.Bool(false)
	case flowpb.TraceReason_REPLY:
		return wrapperspb.Bool(true)
	}
	if typ == typePolicyVerdict && f.Verdict != flowpb.Verdict_DROPPED {
		return wrapperspb.Bool(false)
	}
	return nil
}

// kind fills the type of the event and what only one type has.
func (v *values) kind(s *storage, typ int32) {
	f := &s.flow
	sub := cmp.Or(v.subType, v.slimSub)
	s.eventType.Type = typ
	f.EventType = &s.eventType
	switch typ {
	case typeDrop:
		s.eventType.SubType = int32(f.DropReason)
	case typeTrace:
		f.TraceObservationPoint = observationPoint(v.observation, sub)
		if f.TraceObservationPoint != flowpb.TraceObservationPoint_TO_ENDPOINT {
			s.eventType.SubType = int32(f.TraceObservationPoint)
		}
	case typeCapture:
		point := enum(flowpb.DebugCapturePoint_value, sub)
		s.eventType.SubType, f.DebugCapturePoint = point, flowpb.DebugCapturePoint(point)
	case typeTraceSock:
		point := enum(socketPoints, sub)
		s.eventType.SubType, f.SockXlatePoint = point, flowpb.SocketTranslationPoint(point)
		f.SocketCookie, f.CgroupId = v.socketCookie, v.cgroup
	case typeRecorder:
		if f.TrafficDirection == flowpb.TrafficDirection_INGRESS { // the records do not tell other captures apart
			s.eventType.SubType = 1
		}
	case typePacketMonitor:
		const reasonIsPacketMonitors = 1 << 30
		s.eventType.SubType = int32(uint32(v.pktmonReason) | reasonIsPacketMonitors)
	}
}

// observationPoint returns the point of a trace: Hubble's name, or the datapath's in a slim record.
func observationPoint(name, sub string) flowpb.TraceObservationPoint {
	return flowpb.TraceObservationPoint(enum(flowpb.TraceObservationPoint_value, cmp.Or(name, pointName(sub))))
}

// pointName returns Hubble's name of the datapath's observation point, such as TO_ENDPOINT for to-endpoint.
func pointName(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// overlay fills the outside of an encapsulated packet.
func (v *values) overlay(f *flowpb.Flow) {
	if v.tunnel == "" {
		return
	}
	f.Tunnel = &flowpb.Tunnel{Protocol: flowpb.Tunnel_Protocol(enum(flowpb.Tunnel_Protocol_value, v.tunnel))}
	if version := ipVersion("", v.outer, v.outerTo); version != flowpb.IPVersion_IP_NOT_USED {
		f.Tunnel.IP = &flowpb.IP{Source: strings.Clone(v.outer), Destination: strings.Clone(v.outerTo), IpVersion: version}
	}
	if v.outerPort|v.outerTP != 0 {
		f.Tunnel.L4 = &flowpb.Layer4{Protocol: &flowpb.Layer4_UDP{UDP: &flowpb.UDP{SourcePort: uint32(v.outerPort), DestinationPort: uint32(v.outerTP)}}}
	}
	if v.vni != 0 {
		setVNI(f.Tunnel, uint32(v.vni))
	}
}

func networkInterface(index uint64) *flowpb.NetworkInterface {
	if index == 0 {
		return nil
	}
	return &flowpb.NetworkInterface{Index: uint32(index)}
}

// debug returns a debug message.
func (v *values) debug() *flowpb.DebugEvent {
	e := &flowpb.DebugEvent{
		Type: flowpb.DebugEventType(enum(flowpb.DebugEventType_value, cmp.Or(v.subType, v.slimSub))), Hash: wrapperspb.UInt32(uint32(v.hash)), Message: strings.Clone(v.message),
	}
	if v.endpoint != 0 {
		e.Source = &flowpb.Endpoint{ID: uint32(v.endpoint)}
	}
	for i, to := range [...]**wrapperspb.UInt32Value{&e.Arg1, &e.Arg2, &e.Arg3} {
		if v.hasArguments[i] {
			*to = wrapperspb.UInt32(uint32(v.arguments[i]))
		}
	}
	if v.hasCPU {
		e.Cpu = wrapperspb.Int32(int32(v.cpu))
	}
	return e
}

// lost returns a loss of events before the receiver.
func (v *values) lost() *flowpb.LostEvent {
	e := &flowpb.LostEvent{Source: flowpb.LostEventSource(enum(flowpb.LostEventSource_value, v.lostSource)), NumEventsLost: v.lostCount}
	if v.hasCPU {
		e.Cpu = wrapperspb.Int32(int32(v.cpu))
	}
	return e
}
