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
