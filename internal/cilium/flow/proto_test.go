// SPDX-License-Identifier: Apache-2.0

// A flow as Cilium's protobuf types, for the tests to hold what is written by hand against protojson. They are those of the
// Cilium version that go.mod names, 1.18: what 1.20 added (tunnel VNI, IP trace id, VRRP, IGMP, SCTP chunk type) has no place in
// them.

package flow

import (
	"net/netip"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Proto returns the event as Hubble's flow. It is nil for an event that is none: debug, lost and raw ones. The result
// shares nothing with f.
func (f *Flow) Proto(nodeName string, ts time.Time) *flowpb.Flow {
	if f.Class != ClassPacket && f.Class != ClassSocket {
		return nil
	}
	p := &flowpb.Flow{
		Time:     timestamppb.New(ts),
		NodeName: nodeName,
		Verdict:  flowpb.Verdict(f.Verdict),
		//lint:ignore SA1019 Hubble still sets it, and readers still read it
		DropReason:            f.DropReason,
		DropReasonDesc:        flowpb.DropReason(f.DropReason),
		AuthType:              flowpb.AuthType(f.Policy.AuthType),
		IP:                    f.IP.proto(),
		L4:                    f.L4.proto(),
		Source:                &flowpb.Endpoint{Identity: f.SourceIdentity},
		Destination:           &flowpb.Endpoint{Identity: f.DestinationIdentity},
		Type:                  flowpb.FlowType_L3_L4,
		EventType:             &flowpb.CiliumEventType{Type: int32(f.Type), SubType: int32(f.SubType)},
		TrafficDirection:      flowpb.TrafficDirection(f.Direction),
		PolicyMatchType:       uint32(f.PolicyMatch),
		TraceObservationPoint: flowpb.TraceObservationPoint(f.ObservationPoint),
		TraceReason:           flowpb.TraceReason(f.TraceReason),
		DebugCapturePoint:     flowpb.DebugCapturePoint(f.CapturePoint),
		ProxyPort:             f.ProxyPort,
		//lint:ignore SA1019 Hubble still sets it, and readers still read it
		Reply: f.Reply == Yes,
		//lint:ignore SA1019 Hubble still sets it, and readers still read it
		Summary: string(f.AppendSummary(nil)),
	}
	if f.HasEthernet {
		p.Ethernet = &flowpb.Ethernet{
			Source:      string(AppendMAC(nil, f.Ethernet.Source)),
			Destination: string(AppendMAC(nil, f.Ethernet.Destination)),
		}
	}
	if f.Tunnel.Protocol != TunnelNone {
		p.Tunnel = &flowpb.Tunnel{
			Protocol: flowpb.Tunnel_Protocol(f.Tunnel.Protocol),
			IP:       f.Tunnel.IP.proto(),
			L4:       f.Tunnel.L4.proto(),
		}
	}
	if f.Type == monitor.TypeDrop {
		p.File = &flowpb.FileInfo{Name: f.FileName(), Line: uint32(f.Drop.Line)}
	}
	if f.Reply != Unknown {
		p.IsReply = wrapperspb.Bool(f.Reply == Yes)
	}
	if f.InterfaceIndex != 0 {
		p.Interface = &flowpb.NetworkInterface{Index: f.InterfaceIndex}
	}
	if f.Class == ClassSocket {
		p.Type = flowpb.FlowType_SOCK
		p.SockXlatePoint = flowpb.SocketTranslationPoint(f.SubType)
		p.SocketCookie = f.Sock.SockCookie
		p.CgroupId = f.Sock.CgroupID
	}
	return p
}

// DebugProto returns a debug message as Hubble's event; nil for any other event.
func (f *Flow) DebugProto() *flowpb.DebugEvent {
	if f.Class != ClassDebug {
		return nil
	}
	e := &flowpb.DebugEvent{
		Type:    flowpb.DebugEventType(f.SubType),
		Hash:    wrapperspb.UInt32(f.Hash),
		Arg1:    wrapperspb.UInt32(f.Debug.Arg1),
		Arg2:    wrapperspb.UInt32(f.Debug.Arg2),
		Arg3:    wrapperspb.UInt32(f.Debug.Arg3),
		Message: f.Debug.String(),
	}
	if f.EndpointID != 0 {
		e.Source = &flowpb.Endpoint{ID: uint32(f.EndpointID)}
	}
	if f.CPU >= 0 {
		e.Cpu = wrapperspb.Int32(f.CPU)
	}
	return e
}

// LostProto returns a loss as Hubble's event; nil for any other event.
func (f *Flow) LostProto() *flowpb.LostEvent {
	if f.Class != ClassLost {
		return nil
	}
	e := &flowpb.LostEvent{Source: flowpb.LostEventSource(f.Lost.Source), NumEventsLost: f.Lost.Count}
	if f.CPU >= 0 {
		e.Cpu = wrapperspb.Int32(f.CPU)
	}
	return e
}

// proto returns flow.IP; nil when there is none.
func (ip *IP) proto() *flowpb.IP {
	if ip.Version == 0 {
		return nil
	}
	p := &flowpb.IP{
		Source:       addressString(ip.Source),
		SourceXlated: addressString(ip.SourceXlated),
		Destination:  addressString(ip.Destination),
		IpVersion:    flowpb.IPVersion_IPv4,
		Encrypted:    ip.Encrypted,
	}
	if ip.Version == 6 {
		p.IpVersion = flowpb.IPVersion_IPv6
	}
	return p
}

func addressString(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// proto returns flow.Layer4; nil when there is none, or none that Cilium 1.18's type has.
func (l *L4) proto() *flowpb.Layer4 {
	src, dst := uint32(l.SourcePort), uint32(l.DestinationPort)
	switch l.Protocol {
	case L4TCP:
		tcp := &flowpb.TCP{SourcePort: src, DestinationPort: dst}
		if l.HasFlags {
			tcp.Flags = &flowpb.TCPFlags{
				FIN: l.Flags&TCPFin != 0, SYN: l.Flags&TCPSyn != 0, RST: l.Flags&TCPRst != 0,
				PSH: l.Flags&TCPPsh != 0, ACK: l.Flags&TCPAck != 0, URG: l.Flags&TCPUrg != 0,
				ECE: l.Flags&TCPEce != 0, CWR: l.Flags&TCPCwr != 0, NS: l.Flags&TCPNs != 0,
			}
		}
		return &flowpb.Layer4{Protocol: &flowpb.Layer4_TCP{TCP: tcp}}
	case L4UDP:
		return &flowpb.Layer4{Protocol: &flowpb.Layer4_UDP{UDP: &flowpb.UDP{SourcePort: src, DestinationPort: dst}}}
	case L4SCTP:
		return &flowpb.Layer4{Protocol: &flowpb.Layer4_SCTP{SCTP: &flowpb.SCTP{SourcePort: src, DestinationPort: dst}}}
	case L4ICMPv4:
		icmp := &flowpb.ICMPv4{Type: uint32(l.Type), Code: uint32(l.Code)}
		return &flowpb.Layer4{Protocol: &flowpb.Layer4_ICMPv4{ICMPv4: icmp}}
	case L4ICMPv6:
		icmp := &flowpb.ICMPv6{Type: uint32(l.Type), Code: uint32(l.Code)}
		return &flowpb.Layer4{Protocol: &flowpb.Layer4_ICMPv6{ICMPv6: icmp}}
	}
	return nil
}
