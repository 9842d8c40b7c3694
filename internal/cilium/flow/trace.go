// SPDX-License-Identifier: Apache-2.0

// Flows of traces.

package flow

import "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"

func (f *Flow) trace(n *monitor.Notification) {
	t := &n.Trace
	f.Trace = n.Trace
	f.packet(n.Packet, t.Flags)
	f.Verdict = VerdictForwarded
	f.ObservationPoint = ObservationPoint(n.SubType)
	if n.SubType == monitor.TraceToEndpoint {
		f.ObservationPoint = ToEndpoint
	}
	f.TraceReason = traceReason(t.Reason)
	f.SourceIdentity, f.DestinationIdentity = t.SrcLabel, t.DstLabel
	f.InterfaceIndex = t.IfIndex
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
		t.Reason == monitor.TraceReasonSRv6Decap, f.encryptOverlay():
	case t.Reason == monitor.TraceReasonReply:
		f.Reply = Yes
	default:
		f.Reply = No
	}
	f.goesTraced(traceDirection(n))
}

// traceReason returns flow.proto's number for the datapath's. flow.proto puts unknown first.
func traceReason(reason uint8) TraceReason {
	switch {
	case reason == monitor.TraceReasonUnknown:
		return 0
	case reason < monitor.TraceReasonUnknown:
		return TraceReason(reason + 1)
	}
	return TraceReason(reason)
}

// encryptOverlay reports whether a trace is of overlay traffic before its encryption. From version 2 on (Cilium 1.19) the reason's number is
// reserved.
func (f *Flow) encryptOverlay() bool {
	return f.Trace.Reason == monitor.TraceReasonEncryptOverlay && f.Version < 2
}

// goesTraced sets the directions of a trace by that of its packet. Without a reporting endpoint the connection's direction is not known.
func (f *Flow) goesTraced(packet Direction) {
	reply := f.Reply
	if f.Trace.Reason == monitor.TraceReasonUnknown {
		reply = f.shownReply()
	} else if reply == Unknown { // it was put into a tunnel or came out of one: no reply for Hubble
		reply = No
	}
	f.Direction = DirectionUnknown
	f.goes(packet, reply)
	switch {
	case f.EndpointID == 0:
		f.Direction = DirectionUnknown
	case f.Trace.Reason != monitor.TraceReasonUnknown && (f.translatedOut() || f.encryptOverlay()):
		f.Direction = DirectionEgress
	}
}

// traceDirection returns the direction of a traced packet as the endpoint sees it: egress when the reporting endpoint sent the packet,
// ingress when it is the destination.
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
		// A pod's program gives the destination's identity. The host's program, which passes on packets from outside, does not.
		if n.Source != 0 && t.DstLabel != 0 {
			return DirectionEgress
		}
	case monitor.TraceToProxy:
		// A pod's program gives no destination for a packet from the pod, and the original source of a packet for the pod.
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

// translatedOut reports whether the packet's source was translated on its way out, so that its connection is outgoing. Where a packet
// reaches a pod or its proxy, the original address has another meaning: the source before a service's answer got the service's address.
func (f *Flow) translatedOut() bool {
	switch f.SubType {
	case monitor.TraceToStack, monitor.TraceToOverlay, monitor.TraceToNetwork, monitor.TraceToCrypto:
		return f.Trace.OrigIP.IsValid()
	}
	return false
}
