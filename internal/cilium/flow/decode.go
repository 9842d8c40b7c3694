// SPDX-License-Identifier: Apache-2.0

// This file makes a flow of a notification, as Hubble's parsers (pkg/hubble/parser/{threefour,sock,debug}) do. Each kind of notification has
// a file of its own.

package flow

import "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"

// Decode makes f the flow of a decoded notification. Every notification that monitor.Decoder accepts gives a flow. Only f.Raw aliases n's
// bytes.
func (f *Flow) Decode(n *monitor.Notification) {
	*f = Flow{} // in place: a literal with values is made elsewhere and copied
	f.Type = n.Type
	f.SubType = uint32(n.SubType)
	f.Version, f.VersionUnknown = n.Version, n.VersionUnknown
	f.Format = n.Format
	f.EndpointID = n.Source
	f.Hash = n.Hash
	f.OrigLen = n.OrigLen
	f.CPU = -1
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

// packet reads the packet's headers. When the flags say that it is a tunnel packet, it also reads those of the packet inside.
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

// decapsulate makes the headers read so far the tunnel's outside and reads the packet inside from the UDP payload. If the payload has no
// whole tunnel header, the outer packet stays as it is, with a Problem. end is the outer parser's.
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
