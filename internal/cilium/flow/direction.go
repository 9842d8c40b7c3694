// SPDX-License-Identifier: Apache-2.0

// The direction of a packet and of its connection. The datapath writes neither. Hubble looks up in the node's table of endpoints which end
// of the packet the reporting endpoint is. Resolve does so with Names. Without them, or where they do not tell, this package derives it from
// the notification where that is possible. Source of what each program writes: bpf_lxc.c, bpf_host.c and the headers that they share, in Cilium 1.14.0 and 1.20.1.

package flow

import "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"

// goes sets the direction of the packet and that of the connection, which for a reply is the opposite.
func (f *Flow) goes(packet Direction, reply Tristate) {
	f.PacketDirection = packet
	switch reply {
	case No:
		f.Direction = packet
	case Yes:
		f.Direction = packet.Reverse()
	}
}

// Reverse returns the opposite direction, DirectionUnknown for an unknown one.
func (d Direction) Reverse() Direction {
	switch d {
	case DirectionIngress:
		return DirectionEgress
	case DirectionEgress:
		return DirectionIngress
	}
	return DirectionUnknown
}

// SaysReply reports whether the event's packet is a reply, by connection tracking, a policy verdict or the packet itself.
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

// shownReply reports whether the packet itself shows that it is a reply: No when it opens a connection, Yes when it answers such a packet.
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
		if reply, echo := f.Echo(); echo {
			return reply
		}
	}
	return Unknown
}

// Echo reports whether the packet is an echo of ICMP or ICMPv6 (ok), and whether it is the reply.
func (f *Flow) Echo() (reply Tristate, ok bool) {
	const echo, echoReply, echo6, echoReply6 = 8, 0, 128, 129
	switch {
	case f.L4.Protocol == L4ICMPv4 && f.L4.Type == echo, f.L4.Protocol == L4ICMPv6 && f.L4.Type == echo6:
		return No, true
	case f.L4.Protocol == L4ICMPv4 && f.L4.Type == echoReply, f.L4.Protocol == L4ICMPv6 && f.L4.Type == echoReply6:
		return Yes, true
	}
	return Unknown, false
}
