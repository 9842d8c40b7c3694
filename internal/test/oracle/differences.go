// SPDX-License-Identifier: Apache-2.0

// The intended differences from Hubble.

package oracle

import (
	"cmp"
	"errors"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Difference is a way in which this project's flow may differ from Hubble's.
type Difference struct {
	Name string
	// Reason explains the difference to readers of a report and of the code.
	Reason string
	// Versions are the versions of Cilium that have the difference.
	Versions Version
	// Fields are the paths of the fields that may differ, including all fields below them.
	Fields []string
	// When reports whether the difference applies to a record.
	When func(*Case) bool
	// From are the sources of names with which the difference occurs; 0 is all, and none.
	From From
	// Chance marks a difference that a run may not find, even with the same records.
	Chance bool
}

// covers reports whether the difference covers a field's path.
func (d *Difference) covers(field string) bool {
	for _, f := range d.Fields {
		if field == f || strings.HasPrefix(field, f) && field[len(f)] == '.' {
			return true
		}
	}
	return false
}

func (d *Difference) from() From { return cmp.Or(d.From, noNames|aTable|theStore) }

// packetFields are all fields that are read from a packet.
var packetFields = []string{"ethernet", "IP", "l4", "tunnel", "Summary"}

// Reasons of several differences.
const (
	identityWins = "An address is soon another pod's, and the identity is in the event. Hubble keeps the pod that has the address now; this project takes " +
		"an owner of the address with the event's identity, or else what is known of that identity alone."
	namespaceOfLabels = "The labels of a pod's identity say its namespace. Hubble takes the namespace from the address's owner only; this project has it of an identity alone, too."
	nobodyIsWorld     = "Cilium's agent takes each address that nobody has for the world's, and an end without an address for unknown. This project leaves out what it " +
		"does not know: a pod whose object has not come yet has an address as well."
)

// Differences is the whole list. The first entry that covers a field explains it.
var Differences = []Difference{
	// Knowledge that Hubble has and an event does not contain.
	{
		Name: "direction",
		Reason: "Hubble asks the node's table of endpoints whether the source of the flow is the reporting endpoint; it takes an endpoint that is not, or is not in " +
			"the table, for the destination. If names do not tell this project which end it is, because it is neither or both, this project uses only what the event itself contains.",
		Versions: both, Fields: []string{"traffic_direction"}, When: directionNeedsEndpoints,
	},
	{
		Name: "packets that show that they are a reply",
		Reason: "Before connection tracking Hubble leaves this open, and it treats dropped packets as not replies. A SYN, an echo and an INIT open a " +
			"connection, and their answers are recognizable as answers.",
		Versions: both, Fields: []string{"traffic_direction"}, When: replyIsShown,
	},
	{
		Name: "original address where a packet is delivered",
		Reason: "Hubble calls every packet with one outgoing. At the delivery to a pod or its proxy, it is the source before " +
			"a service's answer got the service's address back, and the datapath always writes it.",
		Versions: both, Fields: []string{"traffic_direction"}, When: originalWhereDelivered,
	},

	// Names.
	{
		Name: "a debug message's endpoint",
		Reason: "Hubble looks the endpoint that reports up by its ID. This project finds names by address and time, and a debug message has no address: " +
			"it has the ID alone.",
		Versions: both, Fields: []string{"source"}, From: aTable | theStore,
		When: func(c *Case) bool { return c.Flow.Class == flow.ClassDebug },
	},
	{
		Name:     "another identity than that of the source's owner",
		Reason:   identityWins,
		Versions: both, Fields: []string{"source.namespace", "source.pod_name"}, From: theStore,
		When: func(c *Case) bool { return c.conflict(c.Flow.IP.Source, c.Flow.SourceIdentity, c.Flow.Source) },
	},
	{
		Name:     "another identity than that of the endpoint of the node that has the source's address",
		Reason:   "Hubble has the labels of the endpoint then, and not of the identity. " + identityWins,
		Versions: both, Fields: []string{"source.ID", "source.labels", "source.cluster_name", "source.workloads"}, From: theStore,
		When: func(c *Case) bool { return c.localConflict(c.Flow.IP.Source, c.Flow.SourceIdentity, c.Flow.Source) },
	},
	{
		Name:     "another identity than that of the destination's owner",
		Reason:   identityWins,
		Versions: both, Fields: []string{"destination.namespace", "destination.pod_name"}, From: theStore,
		When: func(c *Case) bool {
			return c.conflict(c.Flow.IP.Destination, c.Flow.DestinationIdentity, c.Flow.Destination)
		},
	},
	{
		Name:     "another identity than that of the endpoint of the node that has the destination's address",
		Reason:   "Hubble has the labels of the endpoint then, and not of the identity. " + identityWins,
		Versions: both, Fields: []string{"destination.ID", "destination.labels", "destination.cluster_name", "destination.workloads"}, From: theStore,
		When: func(c *Case) bool {
			return c.localConflict(c.Flow.IP.Destination, c.Flow.DestinationIdentity, c.Flow.Destination)
		},
	},
	{
		Name:     "the direction of another identity's packet",
		Reason:   "Hubble takes the endpoint that has the address now for the end. " + identityWins,
		Versions: both, Fields: []string{"traffic_direction"}, From: theStore,
		When: func(c *Case) bool {
			return directed(c) && (c.localConflict(c.Flow.IP.Source, c.Flow.SourceIdentity, c.Flow.Source) ||
				c.localConflict(c.Flow.IP.Destination, c.Flow.DestinationIdentity, c.Flow.Destination))
		},
	},
	{
		Name:     "the source's namespace by its identity",
		Reason:   namespaceOfLabels,
		Versions: both, Fields: []string{"source.namespace"}, From: theStore,
		When: func(c *Case) bool { return c.identityAlone(c.Flow.IP.Source, c.Flow.Source) },
	},
	{
		Name:     "the destination's namespace by its identity",
		Reason:   namespaceOfLabels,
		Versions: both, Fields: []string{"destination.namespace"}, From: theStore,
		When: func(c *Case) bool { return c.identityAlone(c.Flow.IP.Destination, c.Flow.Destination) },
	},
	{
		Name:     "a source that nobody knows",
		Reason:   nobodyIsWorld,
		Versions: both, Fields: []string{"source.identity", "source.labels"}, From: theStore,
		When: func(c *Case) bool { return c.nobody(c.Flow.IP.Source, c.Flow.SourceIdentity, c.Flow.Source) },
	},
	{
		Name:     "a destination that nobody knows",
		Reason:   nobodyIsWorld,
		Versions: both, Fields: []string{"destination.identity", "destination.labels"}, From: theStore,
		When: func(c *Case) bool {
			return c.nobody(c.Flow.IP.Destination, c.Flow.DestinationIdentity, c.Flow.Destination)
		},
	},
	{
		Name: "a service of another protocol",
		Reason: "Hubble looks a service up by address and port, of TCP or else of UDP, whatever the packet's protocol is: a UDP packet gets the name of the service " +
			"that has the port of TCP, and SCTP's services are never found. Here a packet's service has its protocol.",
		Versions: both, Fields: []string{"source_service", "destination_service"}, From: theStore,
		When: func(c *Case) bool { return c.Flow.L4.Protocol != flow.L4TCP },
	},

	// Layouts that not every version of Cilium knows.
	{
		Name: "later versions",
		Reason: "Hubble refuses drops and traces of a version that it does not know, and reads later policy verdicts and captures as the version that " +
			"it knows. We read the fields that are known, and the packet where its place is certain.",
		Versions: both, Fields: append([]string{fieldRefused, fieldAccepted}, packetFields...),
		When: func(c *Case) bool {
			var e *monitor.Error
			return c.Notification.VersionUnknown || errors.As(c.Refused, &e) && e.Reason == monitor.ReasonVersion
		},
	},
	{
		Name:     "newer versions",
		Reason:   "Cilium 1.18 refuses drops of version 3, traces of version 2 and extended records.",
		Versions: Cilium118, Fields: []string{fieldRefused},
		When: func(c *Case) bool {
			n := &c.Notification
			return n.Type == monitor.TypeDrop && (n.Version > 2 || n.ExtVersion != 0) ||
				n.Type == monitor.TypeTrace && (n.Version > 1 || n.ExtVersion != 0)
		},
	},
	{
		Name: "policy verdict of the other version",
		Reason: "It grew from 32 to 40 bytes without a new version number. Each Cilium reads the other's packet at the wrong offset; " +
			"this project uses the record's length.",
		Versions: both, Fields: append([]string{fieldRefused}, packetFields...),
		When: func(c *Case) bool {
			own := 32
			if c.Hubble == Cilium120 {
				own = 40
			}
			return c.Notification.Type == monitor.TypePolicyVerdict && c.Notification.HeaderLen != own
		},
	},
	{
		Name:     "socket trace of the other version",
		Reason:   "Its fields moved without a version number. Cilium 1.18 misreads the new one, 1.20 refuses the old one; this project uses the length.",
		Versions: both,
		Fields: []string{
			fieldRefused, "verdict", "IP", "l4", "event_type", "sock_xlate_point", "socket_cookie", "cgroup_id", "Summary",
		},
		When: func(c *Case) bool {
			own := 38
			if c.Hubble == Cilium120 {
				own = 40
			}
			return c.Notification.Type == monitor.TypeTraceSock && c.Notification.HeaderLen != own
		},
	},
	{
		Name: "extended records",
		Reason: "An extension between header and packet has a length that only its writer knows. Hubble does not know it either and " +
			"takes the extension for the packet; this project takes the captured length from the record's end.",
		Versions: both, Fields: append([]string{fieldRefused}, packetFields...),
		When: func(c *Case) bool {
			n := &c.Notification
			return n.ExtVersion != 0 && n.HeaderLen != headerLen(n)
		},
	},
	{
		Name:     "encrypted overlay",
		Reason:   "Up to Cilium 1.18, trace reason 8 means overlay traffic before encryption: not a reply, and outgoing. Later it is reserved.",
		Versions: Cilium120, Fields: []string{"is_reply", "traffic_direction"},
		When: func(c *Case) bool {
			n := &c.Notification
			return n.Type == monitor.TypeTrace && n.Version < 2 && n.Trace.Reason == monitor.TraceReasonEncryptOverlay
		},
	},
	{
		Name:     "drop reasons of later versions",
		Reason:   "Cilium 1.18 has no name for 207; this project has 1.20's.",
		Versions: Cilium118, Fields: []string{"drop_reason_desc"},
		When: func(c *Case) bool { return c.Flow.DropReason == 207 },
	},
	{
		Name:     "files of earlier versions",
		Reason:   "Hubble names the file of any drop by its own release's list. Drops of this version come from other releases, which number files differently: this project has the names on which those agree.",
		Versions: both, Fields: []string{"file.name"},
		When: func(c *Case) bool {
			first, last := monitor.WireFormatAuto.DropReleases(c.Notification.Version)
			release := c.Hubble.release()
			return c.Notification.Type == monitor.TypeDrop && (release < first || release > last)
		},
	},
	{
		Name:     "protocols of later versions",
		Reason:   "Cilium 1.18's flow has no tunnel identifier, SCTP chunk type, VRRP and IGMP; 1.20's has.",
		Versions: Cilium118, Fields: []string{"tunnel.vni", "l4.SCTP.chunk_type"},
		When: always,
	},
	{
		Name:     "VRRP and IGMP",
		Reason:   "Cilium 1.18's flow does not name them; 1.20's does.",
		Versions: Cilium118, Fields: []string{"l4", "tunnel.l4", "Summary"},
		When: func(c *Case) bool {
			return isVRRPOrIGMP(c.Flow.L4.Protocol) || isVRRPOrIGMP(c.Flow.Tunnel.L4.Protocol)
		},
	},
	{
		Name:     "types without a flow",
		Reason:   "Hubble makes no flow of the recorder's, the packet monitor's, the agent's and unknown messages; this project makes a record of each.",
		Versions: both, Fields: []string{fieldRefused},
		When: func(c *Case) bool {
			switch c.Notification.Type {
			case monitor.TypeDrop, monitor.TypeTrace, monitor.TypePolicyVerdict, monitor.TypeCapture, monitor.TypeTraceSock, monitor.TypeDebug:
				return false
			}
			return true
		},
	},

	// Packets.
	{
		Name: "captured length",
		Reason: "Bytes after the captured length, and a packet of zero bytes only, are padding of the datapath on Windows, which writes " +
			"records of one size. Hubble reads them as a packet.",
		Versions: both, Fields: append([]string{fieldRefused}, packetFields...),
		When: func(c *Case) bool {
			return len(c.Notification.Packet) < len(c.Record)-c.Notification.HeaderLen
		},
	},
	{
		Name:     "broken packets",
		Reason:   "Hubble refuses an event whose packet ends in a header or contradicts itself. The event happened: this project keeps it, with the headers up to there.",
		Versions: both, Fields: []string{fieldRefused},
		When: func(c *Case) bool {
			return c.Flow.Problem != flow.ProblemNone || refusedFor("ip6-extension header. Length 0")(c)
		},
	},
	{
		Name:     "options",
		Reason:   "Hubble checks the options of IPv4, TCP and Geneve, uses none, and refuses an event with a wrong one. This project skips options.",
		Versions: both, Fields: []string{fieldRefused},
		When: refusedFor("option"),
	},
	{
		Name:     "Geneve options beyond their room",
		Reason:   "Hubble uses the last option's length to find the packet; this project uses the header's.",
		Versions: both, Fields: append([]string{fieldRefused}, packetFields...),
		When: geneveOptionsTooLong,
	},
	{
		Name:     "IPv6 length 0",
		Reason:   "Segmentation offload leaves it 0. Hubble refuses it except with a hop-by-hop header; this project reads what is there.",
		Versions: both, Fields: []string{fieldRefused},
		When: refusedFor("IPv6 length 0"),
	},
	{
		Name:     "IPv4-mapped addresses",
		Reason:   "Cilium 1.20 writes those of a packet as IPv4 and others as ::ffff:10.0.0.1; this project writes all as IPv4, as 1.18 does.",
		Versions: Cilium120, Fields: []string{"IP.source", "IP.destination"},
		When: hasMappedAddress,
	},
	{
		Name:     "VLAN",
		Reason:   "Hubble stops at a VLAN tag; this project reads on.",
		Versions: both, Fields: append([]string{fieldRefused}, packetFields...),
		When: hasVLAN,
	},
	{
		Name:     "IPv6 extension headers",
		Reason:   "Hubble stops at them; this project reads on.",
		Versions: both, Fields: []string{"IP", "l4", "tunnel", "ethernet", "Summary"},
		When: func(c *Case) bool { return c.Flow.IP.Extensions > 0 || c.Flow.Tunnel.IP.Extensions > 0 },
	},
	{
		Name:     "first fragments",
		Reason:   "Hubble stops at any fragment; the first has the ports.",
		Versions: both, Fields: []string{"l4", "tunnel", "Summary"},
		When: func(c *Case) bool { return c.Flow.IP.Fragment || c.Flow.Tunnel.IP.Fragment },
	},
	{
		Name: "tunnel flag without a tunnel",
		Reason: "Hubble reads the tunnel from the UDP payload of the last packet that had one, even in another event. " +
			"This project uses the event's own packet.",
		Versions: both, Fields: append([]string{fieldRefused}, packetFields...),
		When: func(c *Case) bool {
			flags := packetFlags(&c.Notification)
			return (flags.VXLAN() || flags.Geneve()) && !plainUDP(c.Notification.Packet, flags)
		},
	},
	{
		Name:     "tunnel in a tunnel",
		Reason:   "A packet to or from a tunnel's port inside a tunnel may be another tunnel, or not. Hubble overwrites the first tunnel's headers with it; this project goes by the destination port only.",
		Versions: both, Fields: append([]string{fieldRefused}, packetFields...),
		When: func(c *Case) bool {
			tunnelPort := func(port uint16) bool { return port == 4789 || port == 6081 }
			l4 := &c.Flow.L4
			return c.Flow.Tunnel.Protocol != flow.TunnelNone &&
				(c.Flow.Layer == flow.LayerVXLAN || c.Flow.Layer == flow.LayerGeneve ||
					l4.Protocol == flow.L4UDP && (tunnelPort(l4.SourcePort) || tunnelPort(l4.DestinationPort)))
		},
	},
	{
		Name:     "IGMP version 3",
		Reason:   "A version 3 report has no group address at the place where Hubble reads one.",
		Versions: Cilium120, Fields: []string{"l4.IGMP.group_address"},
		When: func(c *Case) bool { return c.Flow.L4.Protocol == flow.L4IGMP && c.Flow.L4.Type == 0x22 },
	},

	{
		Name: "VRRP",
		Reason: "Cilium's parser reads the addresses after a VRRP header from the memory after the packet, which may be foreign or not mapped: " +
			"then it panics, and Hubble refuses the event.",
		Versions: Cilium120, Fields: []string{fieldRefused, "l4", "Summary"},
		When: func(c *Case) bool {
			return c.Flow.L4.Protocol == flow.L4VRRP || c.Flow.ProblemAt == flow.LayerVRRP
		},
	},

	// Debug messages.
	{
		Name:     "texts of later versions",
		Reason:   "Cilium 1.20 corrected the texts of messages 1 and 13, and has texts for more reasons in message 15.",
		Versions: Cilium118, Fields: []string{"message"},
		When: func(c *Case) bool {
			return c.Flow.Class == flow.ClassDebug && (c.Flow.SubType == 1 || c.Flow.SubType == 13 || c.Flow.SubType == 15)
		},
	},
	{
		Name:     "debug messages 66 to 68",
		Reason:   "bpf/lib/dbg.h numbers them; Cilium's table of texts is one off there, and 1.18's lacks the last.",
		Versions: both, Fields: []string{"type", "message"},
		When: func(c *Case) bool {
			return c.Flow.Class == flow.ClassDebug && c.Flow.SubType >= 66 && c.Flow.SubType <= 68
		},
	},
	{
		Name:     "order of connection tracking flags",
		Reason:   "Cilium lists them in the random order of a Go map.",
		Chance:   true,
		Versions: both, Fields: []string{"message"},
		When: func(c *Case) bool {
			ours, theirs := c.Flow.Debug.String(), c.theirs["message"]
			return c.Flow.Class == flow.ClassDebug && strings.Contains(ours, "flags=") && theirs != nil && sameWords(ours, theirs.(string))
		},
	},
	{
		Name:     "error numbers",
		Reason:   "Cilium prints the text that the operating system it runs on has for an error; the number means the same everywhere.",
		Versions: both, Fields: []string{"message"},
		When: func(c *Case) bool {
			return c.Flow.Class == flow.ClassDebug && strings.Contains(c.Flow.Debug.String(), "errno ")
		},
	},
}
