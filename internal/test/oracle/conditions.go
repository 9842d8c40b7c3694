// SPDX-License-Identifier: Apache-2.0

// The conditions under which a difference applies.

package oracle

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

func always(*Case) bool { return true }

// directed reports whether Hubble derives the direction of the notification with its table of endpoints: for a drop or
// a trace that an endpoint reports. Without the table, Hubble takes that endpoint for the packet's destination.
func directed(c *Case) bool {
	n := &c.Notification
	return (n.Type == monitor.TypeDrop || n.Type == monitor.TypeTrace) && n.Source != 0
}

// directionNeedsEndpoints reports whether neither names nor the event show which end of the packet the endpoint is, or only the event shows
// that it is the source. Names do not show it if the endpoint is neither end, or both.
func directionNeedsEndpoints(c *Case) bool {
	return directed(c) && (c.Flow.PacketDirection != flow.DirectionIngress || reports(c, c.Flow.Source)) && reports(c, c.Flow.Source) == reports(c, c.Flow.Destination)
}

// reports reports whether an end is the endpoint that reports the event.
func reports(c *Case, e *flow.Endpoint) bool {
	return e != nil && e.Local && e.ID == uint32(c.Notification.Source)
}

// replyIsShown reports whether the packet, and not connection tracking, shows whether it is a reply.
func replyIsShown(c *Case) bool {
	n := &c.Notification
	return directed(c) && (n.Type == monitor.TypeDrop || n.Trace.Reason == monitor.TraceReasonUnknown) && c.Flow.Direction != flow.DirectionUnknown
}

// originalWhereDelivered reports whether a trace at the delivery of a packet has an original address.
func originalWhereDelivered(c *Case) bool {
	n := &c.Notification
	if n.Type != monitor.TypeTrace || !n.Trace.OrigIP.IsValid() {
		return false
	}
	switch n.SubType {
	case monitor.TraceToStack, monitor.TraceToOverlay, monitor.TraceToNetwork, monitor.TraceToCrypto:
		return false
	}
	return true
}

// conflict reports whether the event has another identity than the owner of an address, and this project's end is no pod: the cluster has no other owner of the
// address.
func (c *Case) conflict(address netip.Addr, identity uint32, end *flow.Endpoint) bool {
	owner, ok := c.owner(address)
	return ok && identity != 0 && identity != owner.Identity && (end == nil || end.PodName == "")
}

// localConflict is conflict with an endpoint of the node.
func (c *Case) localConflict(address netip.Addr, identity uint32, end *flow.Endpoint) bool {
	owner, _ := c.owner(address)
	return owner.Local && c.conflict(address, identity, end)
}

// identityAlone reports whether only the identity of an end is known.
func (c *Case) identityAlone(address netip.Addr, end *flow.Endpoint) bool {
	_, ok := c.owner(address)
	return !ok && end != nil && end.PodName == ""
}

// nobody reports whether neither the event nor an owner says whose an address is.
func (c *Case) nobody(address netip.Addr, identity uint32, end *flow.Endpoint) bool {
	_, ok := c.owner(address)
	return !ok && identity == 0 && end == nil
}

// headerLen returns the length of a notification's header without an extension.
func headerLen(n *monitor.Notification) int {
	switch n.Type {
	case monitor.TypeDrop:
		return []int{36, 36, 40, 48}[min(n.Version, 3)]
	case monitor.TypeTrace:
		return []int{32, 48, 56}[min(n.Version, 2)]
	case monitor.TypePolicyVerdict:
		return 40
	}
	return 24
}

func isVRRPOrIGMP(p flow.L4Protocol) bool { return p == flow.L4VRRP || p == flow.L4IGMP }

// packetFlags returns the flags that tell how to read the notification's packet.
func packetFlags(n *monitor.Notification) monitor.PacketFlags {
	switch n.Type {
	case monitor.TypeDrop:
		return n.Drop.Flags
	case monitor.TypeTrace:
		return n.Trace.Flags
	}
	return 0
}

// plainUDP reports whether a packet is UDP without anything at which Hubble stops: a VLAN tag, extension headers, a
// fragment, an IP header whose length leaves no payload.
func plainUDP(b []byte, flags monitor.PacketFlags) bool {
	version := 4
	switch {
	case !flags.L3Device():
		if len(b) < 14 {
			return false
		}
		switch binary.BigEndian.Uint16(b[12:]) {
		case 0x0800:
		case 0x86dd:
			version = 6
		default:
			return false
		}
		b = b[14:]
	case flags.IPv6():
		version = 6
	}
	const udp = 17
	if version == 6 {
		return len(b) >= 48 && b[6] == udp && binary.BigEndian.Uint16(b[4:]) >= 8
	}
	return len(b) >= 28 && b[9] == udp && binary.BigEndian.Uint16(b[2:]) >= 28 && binary.BigEndian.Uint16(b[6:])&0x3fff == 0
}

// hasVLAN reports whether the packet, or the one inside it, has a VLAN tag.
func hasVLAN(c *Case) bool {
	if c.Flow.VLANCount > 0 {
		return true
	}
	p := c.Notification.Packet
	return c.Flow.Tunnel.Protocol != flow.TunnelNone && len(p) > 14 && p[12] == 0x81 && p[13] == 0
}

// refusedFor returns the condition that Hubble's error contains a text.
func refusedFor(text string) func(*Case) bool {
	return func(c *Case) bool { return c.refused != nil && strings.Contains(c.refused.Error(), text) }
}

// hasMappedAddress reports whether Hubble's flow has an IPv4-mapped IPv6 address.
func hasMappedAddress(c *Case) bool {
	for _, field := range []string{"IP.source", "IP.destination"} {
		if text, ok := c.theirs[field].(string); ok && strings.HasPrefix(text, "::ffff:") {
			return true
		}
	}
	return false
}

// geneveOptionsTooLong reports whether an option of a Geneve tunnel's header ends after the end of all options.
func geneveOptionsTooLong(c *Case) bool {
	flags := packetFlags(&c.Notification)
	b := c.Notification.Packet
	if c.Flow.Tunnel.Protocol != flow.TunnelGeneve || !plainUDP(b, flags) {
		return false
	}
	if !flags.L3Device() {
		b = b[14:]
	}
	if b[0]>>4 == 4 {
		b = b[int(b[0]&0x0f)*4:]
	} else {
		b = b[40:]
	}
	b = b[8:] // UDP
	options := b[8 : 8+int(b[0]&0x3f)*4]
	for len(options) >= 4 {
		n := 4 + int(options[3]&0x1f)*4
		if n > len(options) {
			return true
		}
		options = options[n:]
	}
	return false
}

// sameWords reports whether two texts have the same words in any order.
func sameWords(a, b string) bool {
	words := func(s string) []string {
		w := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '=' })
		slices.Sort(w)
		return w
	}
	return slices.Equal(words(a), words(b))
}
