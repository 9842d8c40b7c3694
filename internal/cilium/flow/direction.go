// SPDX-License-Identifier: Apache-2.0

// Which way a packet goes, and with it the connection that it is of. The datapath does not write either. Hubble asks the node's
// table of endpoints which end of the packet the reporting endpoint is; here the notification itself says it, as far as it does.
// What each program writes was read in bpf_lxc.c, bpf_host.c and the headers that they share, in Cilium 1.14.0 and 1.20.1.

package flow

import "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"

// goes sets both directions: the packet's, and the connection's, which for a reply is the other one.
func (f *Flow) goes(packet Direction, reply Tristate) {
	f.PacketDirection = packet
	switch reply {
	case No:
		f.Direction = packet
	case Yes:
		f.Direction = packet.Reverse()
	}
}

// Reverse is the other direction; that of what is not known is not known.
func (d Direction) Reverse() Direction {
	switch d {
	case DirectionIngress:
		return DirectionEgress
	case DirectionEgress:
		return DirectionIngress
	}
	return DirectionUnknown
}

// traceDirection is the direction of a traced packet as the endpoint sees it: egress when the endpoint that reports it sent it,
// ingress when the packet is for it.
func traceDirection(n *monitor.Notification) Direction {
	t := &n.Trace
	own := n.Source != 0 && uint32(t.DstID) == uint32(n.Source)
	switch n.SubType {
	case monitor.TraceFromEndpoint:
		return DirectionEgress
	case monitor.TraceToEndpoint:
		if own || n.Source == 0 || t.DstID == 0 {
			return DirectionIngress
		}
	case monitor.TraceToHost, monitor.TraceToOverlay, monitor.TraceToNetwork, monitor.TraceToCrypto:
		if n.Source != 0 {
			return DirectionEgress
		}
	case monitor.TraceToStack:
		// A pod's program names the destination's identity. The host's, which hands over what came in, does not.
		if n.Source != 0 && t.DstLabel != 0 {
			return DirectionEgress
		}
	case monitor.TraceToProxy:
		// A pod's program names no destination of what the pod sent, and the original source of what is for the pod.
		switch {
		case n.Source == 0 || t.IfIndex != 0 && t.DstLabel == 0:
		case t.DstLabel == 0:
			return DirectionEgress
		case t.OrigIP.IsValid():
			return DirectionIngress
		}
	default: // the points where a packet comes in
		if own {
			return DirectionIngress
		}
	}
	return DirectionUnknown
}

// translatedOut reports whether the packet's source was translated on its way out: its connection is outgoing. At the points
// where a packet reaches a pod or its proxy the original address says something else: what the source was before an answer of
// a service got the service's address back.
func translatedOut(n *monitor.Notification) bool {
	switch n.SubType {
	case monitor.TraceToStack, monitor.TraceToOverlay, monitor.TraceToNetwork, monitor.TraceToCrypto:
		return n.Trace.OrigIP.IsValid()
	}
	return false
}

// traceDirections sets the directions of a trace. Without an endpoint that reports it the connection's is not known.
func (f *Flow) traceDirections(n *monitor.Notification) {
	reply := f.Reply
	if n.Trace.Reason == monitor.TraceReasonUnknown {
		reply = f.shownReply()
	} else if reply == Unknown { // it was put into a tunnel, or came out of one: Hubble takes it for no reply
		reply = No
	}
	f.goes(traceDirection(n), reply)
	switch {
	case n.Source == 0:
		f.Direction = DirectionUnknown
	case n.Trace.Reason != monitor.TraceReasonUnknown && (translatedOut(n) || encryptOverlay(n)):
		f.Direction = DirectionEgress
	}
}

// dropDirections sets the directions of a drop. A drop at the endpoint that the packet was for is a drop on its way in; any other
// that a pod's program reports is one of what the pod sent. The host's program does not say which it is. Where the packet does
// not show that it is a reply it is taken for none, as in Hubble.
func (f *Flow) dropDirections(n *monitor.Notification) {
	const programOfPods = 2 // bpf_lxc.c, in every release
	packet := DirectionUnknown
	switch {
	case n.Source == 0:
	case n.Drop.DstID == uint32(n.Source):
		packet = DirectionIngress
	case n.Drop.File == programOfPods:
		packet = DirectionEgress
	}
	reply := f.shownReply()
	if reply == Unknown {
		reply = No
	}
	f.goes(packet, reply)
}

// SaysReply reports whether the event says that its packet is a reply, or is none: by connection tracking, by a policy that was
// asked, or by the packet itself.
func (f *Flow) SaysReply() Tristate {
	switch {
	case f.Reply != Unknown:
		return f.Reply
	case f.Type == monitor.TypePolicyVerdict:
		return No
	case f.Type == monitor.TypeTrace:
		return f.shownReply()
	}
	return Unknown
}

// shownReply reports whether the packet itself shows that it opens a connection, or answers what does.
func (f *Flow) shownReply() Tristate {
	const sctpInit, sctpInitAck, sctpCookieEcho, sctpCookieAck = 1, 2, 10, 11
	switch l4 := &f.L4; l4.Protocol {
	case L4TCP:
		switch {
		case !l4.HasFlags || l4.Flags&TCPSyn == 0:
		case l4.Flags&TCPAck == 0:
			return No
		default:
			return Yes
		}
	case L4SCTP:
		switch {
		case !l4.HasChunk:
		case l4.Type == sctpInit, l4.Type == sctpCookieEcho:
			return No
		case l4.Type == sctpInitAck, l4.Type == sctpCookieAck:
			return Yes
		}
	case L4ICMPv4, L4ICMPv6:
		if reply, echo := f.echo(); echo {
			return reply
		}
	}
	return Unknown
}

// echo reports whether the packet is an echo of ICMP or ICMPv6, and whether it is the reply.
func (f *Flow) echo() (reply Tristate, ok bool) {
	const echo, echoReply, echo6, echoReply6 = 8, 0, 128, 129
	switch {
	case f.L4.Protocol == L4ICMPv4 && f.L4.Type == echo, f.L4.Protocol == L4ICMPv6 && f.L4.Type == echo6:
		return No, true
	case f.L4.Protocol == L4ICMPv4 && f.L4.Type == echoReply, f.L4.Protocol == L4ICMPv6 && f.L4.Type == echoReply6:
		return Yes, true
	}
	return Unknown, false
}
