// SPDX-License-Identifier: Apache-2.0

// From a notification to a flow: what Hubble's parsers (pkg/hubble/parser/{threefour,sock,debug}) make of each type.

package flow

import (
	"math/bits"
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Decode makes f the flow of a decoded notification. Any notification that monitor.Decoder accepted gives a flow. f.Raw is
// the only field that aliases n's bytes.
func (f *Flow) Decode(n *monitor.Notification) {
	*f = Flow{
		Type:       n.Type,
		SubType:    uint32(n.SubType),
		Version:    n.Version,
		Format:     n.Format,
		EndpointID: n.Source,
		Hash:       n.Hash,
		OrigLen:    n.OrigLen,
		CPU:        -1,
	}
	switch n.Type {
	case monitor.TypeDrop:
		f.drop(n)
	case monitor.TypeTrace:
		f.trace(n)
	case monitor.TypePolicyVerdict:
		f.policyVerdict(n)
	case monitor.TypeCapture:
		f.capture(n)
	case monitor.TypeTraceSock:
		f.socket(n)
	case monitor.TypeDebug:
		f.Class = ClassDebug
		f.Debug = n.Debug
	case monitor.TypeRecorder:
		f.recorded(n)
	case monitor.TypePacketMonitorDrop:
		f.packetMonitor(n)
	default:
		f.Class = ClassRaw
		f.Raw = n.Raw
	}
}

func (f *Flow) drop(n *monitor.Notification) {
	f.packet(n.Packet, n.Drop.Flags)
	f.Verdict = VerdictDropped
	f.DropReason = uint32(n.SubType)
	f.DropExtError = n.Drop.ExtError
	f.HasFile, f.File, f.Line = true, n.Drop.File, n.Drop.Line
	f.SourceIdentity, f.DestinationIdentity = n.Drop.SrcLabel, n.Drop.DstLabel
	f.IPTraceID = n.Drop.IPTraceID
	f.dropDirections(n)
}

func (f *Flow) trace(n *monitor.Notification) {
	t := &n.Trace
	f.packet(n.Packet, t.Flags)
	f.Verdict = VerdictForwarded
	f.ObservationPoint = ObservationPoint(n.SubType)
	if n.SubType == monitor.TraceToEndpoint {
		f.ObservationPoint = ToEndpoint
	}
	f.TraceReason = traceReason(t.Reason)
	f.SourceIdentity, f.DestinationIdentity = t.SrcLabel, t.DstLabel
	f.InterfaceIndex = t.IfIndex
	f.IPTraceID = t.IPTraceID
	if n.SubType == monitor.TraceToProxy {
		f.ProxyPort = uint32(t.DstID)
	}
	if f.IP.Version != 0 {
		f.IP.Encrypted = t.Encrypted
		if t.OrigIP.IsValid() && t.OrigIP != f.IP.Source {
			f.IP.SourceXlated, f.IP.Source = f.IP.Source, t.OrigIP
		}
	}
	switch {
	case t.Reason == monitor.TraceReasonUnknown, t.Reason == monitor.TraceReasonSRv6Encap,
		t.Reason == monitor.TraceReasonSRv6Decap, encryptOverlay(n):
	case t.Reason == monitor.TraceReasonReply:
		f.Reply = Yes
	default:
		f.Reply = No
	}
	f.traceDirections(n)
}

// encryptOverlay reports a trace of overlay traffic that is about to be encrypted. From the third layout on, Cilium 1.19,
// the reason's number is reserved.
func encryptOverlay(n *monitor.Notification) bool {
	return n.Trace.Reason == monitor.TraceReasonEncryptOverlay && n.Version < 2
}

// traceReason is the datapath's number in flow.proto's order, which puts unknown first.
func traceReason(reason uint8) TraceReason {
	switch {
	case reason == monitor.TraceReasonUnknown:
		return 0
	case reason < monitor.TraceReasonUnknown:
		return TraceReason(reason + 1)
	}
	return TraceReason(reason)
}

func (f *Flow) policyVerdict(n *monitor.Notification) {
	v := &n.Verdict
	var flags monitor.PacketFlags
	if v.IPv6 {
		flags |= monitor.FlagIPv6
	}
	if v.L3Device {
		flags |= monitor.FlagL3Device
	}
	f.packet(n.Packet, flags)
	f.PolicyMatch = v.MatchType
	f.PolicyCookie = uint64(v.Cookie)
	f.AuthType = AuthType(v.AuthType)
	switch {
	case v.Verdict < 0:
		f.Verdict = VerdictDropped
		f.DropReason = uint32(-v.Verdict)
	case v.Verdict > 0:
		f.Verdict = VerdictRedirected
	case v.Audited:
		f.Verdict = VerdictAudit
	default:
		f.Verdict = VerdictForwarded
	}
	if v.Verdict >= 0 {
		f.Reply = No // verdicts are reported for the first packet of a connection
	}
	// Policies judge what opens a connection, never a reply: its direction is the packet's.
	if v.Direction == 1 {
		f.goes(DirectionIngress, No)
		f.SourceIdentity = v.RemoteLabel
	} else {
		f.goes(DirectionEgress, No)
		f.DestinationIdentity = v.RemoteLabel
	}
}

func (f *Flow) capture(n *monitor.Notification) {
	f.packet(n.Packet, 0)
	f.CapturePoint = n.SubType
	switch n.SubType {
	case monitor.CaptureDelivery, monitor.CaptureFromLB, monitor.CaptureAfterV46, monitor.CaptureAfterV64,
		monitor.CaptureSNATPre, monitor.CaptureSNATPost:
		f.InterfaceIndex = n.Capture.Arg1
	case monitor.CaptureProxyPre, monitor.CaptureProxyPost:
		f.ProxyPort = bits.ReverseBytes32(n.Capture.Arg1) // network byte order, all 32 bits, as in Hubble
	}
}

// Translation points of the socket load balancer, the sub-type of its events.
const (
	socketPreForward  = 1
	socketPostForward = 2
	socketPreReverse  = 3
	socketPostReverse = 4
)

// socket decodes an event of the socket load balancer. The agent knows the source address by the cgroup; the event does
// not. On the way back source and destination change places.
func (f *Flow) socket(n *monitor.Notification) {
	s := &n.Sock
	f.Class = ClassSocket
	f.Socket = Socket{Point: n.SubType, Cookie: s.SockCookie, CgroupID: s.CgroupID}
	switch n.SubType {
	case socketPreForward, socketPreReverse:
		f.Verdict = VerdictTraced
	case socketPostForward, socketPostReverse:
		f.Verdict = VerdictTranslated
	}
	f.IP = IP{Version: 4, Destination: s.DstIP}
	if s.IPv6 {
		f.IP.Version = 6
	}
	switch s.L4Proto {
	case 1:
		f.L4.Protocol, f.Layer, f.IP.Protocol = L4TCP, LayerTCP, protoTCP
	case 2:
		f.L4.Protocol, f.Layer, f.IP.Protocol = L4UDP, LayerUDP, protoUDP
	}
	f.L4.DestinationPort = s.DstPort
	if n.SubType == socketPreReverse || n.SubType == socketPostReverse {
		f.IP.Source, f.IP.Destination = f.IP.Destination, netip.Addr{}
		f.L4.SourcePort, f.L4.DestinationPort = f.L4.DestinationPort, 0
	}
}

func (f *Flow) recorded(n *monitor.Notification) {
	f.packet(n.Packet, 0)
	f.Recorder = n.Record
	if n.SubType == 1 {
		f.goes(DirectionIngress, No)
	} else {
		f.goes(DirectionEgress, No)
	}
}

// packetMonitor decodes a drop of Windows' packet monitor. Its reason is the packet monitor's, none of Cilium's: Retina
// marks it with bit 30 in the sub-type.
func (f *Flow) packetMonitor(n *monitor.Notification) {
	const reasonIsPacketMonitors = 1 << 30
	switch n.Pktmon.PacketType {
	case monitor.PacketMonitorEthernet:
		f.packet(n.Packet, 0)
	case monitor.PacketMonitorIP:
		flags := monitor.FlagL3Device
		if len(n.Packet) > 0 && n.Packet[0]>>4 == 6 {
			flags |= monitor.FlagIPv6
		}
		f.packet(n.Packet, flags)
	}
	f.Pktmon = n.Pktmon
	f.Verdict = VerdictDropped
	f.SubType = n.Pktmon.DropReason | reasonIsPacketMonitors
}

// packet reads the packet's headers and, when the flags say that it is a tunnel's, those of the packet inside.
func (f *Flow) packet(b []byte, flags monitor.PacketFlags) {
	if len(b) == 0 {
		return
	}
	p := parser{h: &f.Headers, end: cap(b)}
	switch {
	case !flags.L3Device():
		p.read(b, LayerEthernet)
	case flags.IPv6():
		p.read(b, LayerIPv6)
	default:
		p.read(b, LayerIPv4)
	}
	f.place = p.place
	if p.hasUDP && f.Problem == ProblemNone {
		switch {
		case flags.VXLAN():
			f.decapsulate(p.udp, LayerVXLAN, TunnelVXLAN, p.end)
		case flags.Geneve():
			f.decapsulate(p.udp, LayerGeneve, TunnelGeneve, p.end)
		}
	}
}

// decapsulate makes what was read so far the tunnel's outside and reads the packet inside from the UDP payload. A payload
// without a whole tunnel header leaves the outer packet as it is, with a Problem. end is the outer parser's.
func (f *Flow) decapsulate(payload []byte, tunnel Layer, protocol TunnelProtocol, end int) {
	outer := f.Headers
	f.Headers = Headers{}
	p := parser{h: &f.Headers, nested: true, end: end}
	var next Layer
	var rest []byte
	if tunnel == LayerVXLAN {
		next, rest = p.vxlan(payload)
	} else {
		next, rest = p.geneve(payload)
	}
	if f.Problem != ProblemNone {
		outer.Problem, outer.ProblemAt = f.Problem, f.ProblemAt
		f.Headers = outer
		return
	}
	f.Tunnel = Tunnel{Protocol: protocol, VNI: p.vni, IP: outer.IP, L4: outer.L4}
	f.Layer = LayerNone
	if len(rest) > 0 {
		p.read(rest, next)
	}
	f.place = p.place
}
