// SPDX-License-Identifier: Apache-2.0

// Package flow turns a notification of Cilium's datapath into a flow, as Hubble does. A notification with its packet goes in. A Flow comes
// out, and the forms in which Hubble prints it: a line, JSON, both also under a field mask. What only Kubernetes and the agent know of its ends
// (labels, pods, workloads, services) a flow has from Names. It lacks what else the agent knows, such as DNS names and names of policies.
//
// Its fields are those of Hubble's parser (pkg/hubble/parser, Cilium 1.18 and 1.20), with these differences:
//   - Hubble refuses a packet with a header that is cut short or contradicts itself. A flow has the headers before that one and a Problem,
//     so that no event is lost.
//   - Hubble stops at VLAN tags, IPv6 extension headers and any fragment. A flow has what follows, and the ports of a first fragment.
//   - Hubble asks the endpoint table for the direction. A flow asks Names; where these do not tell it, it derives the direction from the event
//     alone, see direction.go.
//   - For a tunnel flag on a packet without a tunnel, Hubble reads the UDP payload of an earlier packet. A flow has the packet.
//   - Hubble reads zero bytes, and bytes beyond the captured length, as a packet. A flow does not.
//   - Hubble reads a group address in an IGMP report of version 3, which has none.
//   - Hubble refuses a drop or a trace of a later version than it knows. A flow has what is known of it.
//   - Cilium's texts of the debug messages 66 to 68 are one off. A flow names them as bpf/lib/dbg.h numbers them.
package flow

import (
	"net/netip"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Flow is one event. Reuse one value for many events: Decode overwrites all of it. Only Decode, Resolve and SetLost change it. No method allocates,
// except to grow the slice that it appends to.
type Flow struct {
	Class   Class
	Type    monitor.MessageType // 0 for lost events
	SubType uint32              // as Hubble's event_type.sub_type; the packet monitor's reason has bit 30 set, as in Retina
	Version uint8               // of the notification's layout
	Format  monitor.WireFormat  // the release that wrote it, where that is known

	// VersionUnknown says that the notification has a later layout than the decoder knows. What that layout has added is missing.
	VersionUnknown bool

	EndpointID uint16 // endpoint whose program reports the event; 0 when there is none
	Hash       uint32 // flow hash, the mark
	OrigLen    uint32 // length of the packet on the wire, bytes; 0 when not known
	CPU        int32  // processor that wrote the event; -1 when not known. Decode sets -1; the caller sets the number

	Verdict     Verdict
	DropReason  uint32 // Cilium's code, 0 when not dropped
	Reply       Tristate
	Direction   Direction // of the connection, as far as the event tells it; policy verdicts carry it
	PolicyMatch uint8     // policy verdicts only: how the policy matched

	// PacketDirection is the direction of the packet as the endpoint sees it. For a reply it is the opposite of Direction.
	PacketDirection Direction

	SourceIdentity      uint32 // security identity; 0 when not known
	DestinationIdentity uint32

	ObservationPoint ObservationPoint // traces only
	TraceReason      TraceReason      // traces only
	CapturePoint     uint8            // debug captures only
	InterfaceIndex   uint32           // 0 when not known
	ProxyPort        uint32           // 0 when not to the proxy; in a debug capture all 32 bits that the datapath has

	// Primary says that the record of this event counts the packet's bytes, PrimaryDrop that it counts that the packet was dropped.
	// Decode sets false; the caller sets the marks.
	Primary, PrimaryDrop bool

	Headers        // of the packet; in a tunnel, of the packet inside
	place   place  // of the headers in the notification's packet
	Tunnel  Tunnel // Protocol is TunnelNone when there is none
	Ends           // Decode sets none; see Resolve
	hidden  hidden // of the ends' names, in a line under a mask

	// The fields of the notification, by its type. The others are zero.
	Drop     monitor.Drop
	Trace    monitor.Trace
	Policy   monitor.PolicyVerdict
	Sock     monitor.TraceSock
	Debug    monitor.DebugMessage
	Pktmon   monitor.PacketMonitor
	Recorder monitor.Recorder

	Lost Lost // ClassLost

	// Raw is the whole record of an event of ClassRaw. It aliases the bytes that the notification was decoded from.
	Raw []byte

	// Aggregate says for how many flows this one stands. The caller sets it; the zero value is one flow.
	Aggregate Aggregate
}

// Headers has the headers of one packet, as far as they were read.
type Headers struct {
	HasEthernet bool
	Ethernet    Ethernet
	VLANCount   uint8     // tags found; the ids of the first two are in VLANs, outermost first
	VLANs       [2]uint16 // VLAN ids, 1 to 4094; 0 is a tag with a priority only
	IP          IP        // Version is 0 when the packet has no IP header
	L4          L4        // Protocol is L4None when Hubble has no name for it
	Layer       Layer     // innermost header that was read; the summary names it
	Problem     Problem   // why reading stopped early
	ProblemAt   Layer     // header where reading stopped
}

// Ethernet holds the addresses of an Ethernet header.
type Ethernet struct {
	Source, Destination [6]byte
}

// IP has the fields of an IP header. IPv4-mapped IPv6 addresses are stored as IPv4, as Hubble prints them.
type IP struct {
	Version      uint8 // 4 or 6; 0 when there is no header
	Encrypted    bool
	Fragment     bool       // one of several fragments; only the first has ports
	Protocol     uint8      // IP protocol number of the header that follows IP and its extension headers
	Extensions   uint8      // IPv6 extension headers skipped
	Source       netip.Addr // before source translation
	SourceXlated netip.Addr // after source translation; invalid when there was none
	Destination  netip.Addr // an invalid address is not known
}

// L4 has the fields of the header above IP. Protocol says which of them count.
type L4 struct {
	Protocol        L4Protocol
	HasFlags        bool   // TCP: Flags were read
	Flags           uint16 // TCP: see the TCP* constants
	SourcePort      uint16 // TCP, UDP, SCTP
	DestinationPort uint16
	Type            uint8  // ICMP, ICMPv6, IGMP, VRRP message type; SCTP: type of the first chunk
	Code            uint8  // ICMP, ICMPv6
	Identifier      uint16 // ICMP, ICMPv6: of an echo and its reply; has no meaning in other messages
	HasChunk        bool   // SCTP: Type was read
	RouterID        uint8  // VRRP
	Priority        uint8  // VRRP
	Group           netip.Addr
}

// TCP flags, as bits 0 to 8 of the header's flags.
const (
	TCPFin = 1 << iota
	TCPSyn
	TCPRst
	TCPPsh
	TCPAck
	TCPUrg
	TCPEce
	TCPCwr
	TCPNs
)

// Tunnel is the outside of an encapsulated packet.
type Tunnel struct {
	Protocol TunnelProtocol
	VNI      uint32
	IP       IP
	L4       L4
}

// Lost says how many events were lost, and where.
type Lost struct {
	Source      LostSource
	Count       uint64
	First, Last time.Time // zero when not known
}

// Aggregate says how many flows a flow stands for.
type Aggregate struct {
	Count int64     // 0 and 1 are one flow
	Bytes int64     // sum of OrigLen when Count is above 1
	First time.Time // time of the first flow
}

// SetLost makes f the event that reports a loss of events. cpu is -1 when not known; first and last may be zero.
func (f *Flow) SetLost(source LostSource, count uint64, cpu int32, first, last time.Time) {
	*f = Flow{Class: ClassLost, CPU: cpu, Lost: Lost{Source: source, Count: count, First: first, Last: last}}
}
