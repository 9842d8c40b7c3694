// SPDX-License-Identifier: Apache-2.0

// Package flow turns a notification of Cilium's datapath and the packet in it into a flow, as Hubble does, without what
// only the agent knows (labels, pod names, services, the endpoint table).
//
// Field by field it gives what Hubble's parser gives (pkg/hubble/parser, Cilium 1.18 and 1.20), with these differences,
// each for a reason:
//   - a packet that Hubble refuses, because a header is cut short or contradicts itself, gives a flow with the headers up to
//     there and a Problem: the event happened, so it is not lost;
//   - VLAN tags, all IPv6 extension headers and the ports in a first fragment are read, where Hubble stops;
//   - TrafficDirection is derived from the event alone (see direction.go), where Hubble asks the endpoint table;
//   - a tunnel flag on a packet without a tunnel gives the packet, where Hubble reads a UDP payload left from an earlier one;
//   - a packet of zero bytes only is no packet, not one with zero addresses, and bytes beyond the captured length are none of
//     it; a version 3 IGMP report has no group address;
//   - debug messages 66 to 68 are named as bpf/lib/dbg.h numbers them; Cilium's own text table is one off there.
package flow

import (
	"net/netip"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Flow is one event. Reuse one value for many: Decode overwrites it wholly. No method changes it but Decode and SetLost, and
// none allocates, beyond the growth of the slice that it appends to.
type Flow struct {
	Class   Class
	Type    monitor.MessageType // 0 for lost events
	SubType uint32              // as Hubble's event_type.sub_type; the packet monitor's reason has bit 30 set, as in Retina
	Version uint8               // of the notification's layout
	Format  monitor.WireFormat  // the release that wrote it, where that is known

	// VersionUnknown says that the notification has a later layout than the decoder knows: what the later one has added is missing.
	VersionUnknown bool

	EndpointID uint16 // endpoint whose program reports; 0 when there is none
	Hash       uint32 // flow hash, the mark
	OrigLen    uint32 // length of the packet on the wire, bytes; 0 when not known
	CPU        int32  // that wrote the event; -1 when not known. Decode sets -1, the caller knows better

	Verdict     Verdict
	DropReason  uint32   // Cilium's code, 0 when not dropped
	AuthType    AuthType // policy verdicts only
	Reply       Tristate
	Direction   Direction // of the connection, as far as the event itself tells; policy verdicts carry it
	PolicyMatch uint8     // policy verdicts only: how the policy matched

	// PacketDirection is the direction of the packet as the endpoint sees it. Direction, the connection's, is the other one for a
	// reply.
	PacketDirection Direction

	SourceIdentity      uint32 // security identity; 0 when not known
	DestinationIdentity uint32

	ObservationPoint ObservationPoint // traces only
	TraceReason      TraceReason      // traces only
	CapturePoint     uint8            // debug captures only
	InterfaceIndex   uint32           // 0 when not known
	ProxyPort        uint32           // 0 when not to the proxy; wider than a port where the datapath passes it in 32 bits

	// Primary says that the event's record is the one of its packet's that counts its bytes, and PrimaryDrop that it is the one
	// that counts that the packet was dropped. Decode sets false, the caller knows better.
	Primary, PrimaryDrop bool

	Headers        // of the packet, inside the tunnel if there is one
	place   place  // of the headers in the notification's packet
	Tunnel  Tunnel // Protocol is TunnelNone when there is none

	// What the notification says, by its type. The others are zero.
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

	// Aggregate is filled by whoever lets this flow stand for several; the zero value is one flow.
	Aggregate Aggregate
}

// Headers are what is known of one packet.
type Headers struct {
	HasEthernet bool
	Ethernet    Ethernet
	VLANCount   uint8     // tags found; the ids of the first two are in VLANs, outermost first
	VLANs       [2]uint16 // VLAN ids, 1 to 4094; 0 is a priority without a VLAN
	IP          IP        // Version is 0 when the packet has no IP header
	L4          L4        // Protocol is L4None when there is none that Hubble names
	Layer       Layer     // the innermost header that was read; the summary names it
	Problem     Problem   // why reading stopped early
	ProblemAt   Layer     // the header that it stopped at
}

// Ethernet holds the addresses of an Ethernet header.
type Ethernet struct {
	Source, Destination [6]byte
}

// IP holds what is known of an IP header. IPv4-mapped IPv6 addresses stand as IPv4, as Hubble prints them.
type IP struct {
	Version      uint8 // 4 or 6; 0 when there is no header
	Encrypted    bool
	Fragment     bool       // one of several fragments; only the first has ports
	Protocol     uint8      // IP protocol number of what it carries, behind any extension headers
	Extensions   uint8      // IPv6 extension headers skipped
	Source       netip.Addr // before source translation
	SourceXlated netip.Addr // after it; invalid when the packet was not translated
	Destination  netip.Addr // invalid addresses are not known
}

// L4 holds what is known of the header above IP. Which fields count depends on Protocol.
type L4 struct {
	Protocol        L4Protocol
	HasFlags        bool   // TCP: Flags were read
	Flags           uint16 // TCP: see the TCP* constants
	SourcePort      uint16 // TCP, UDP, SCTP
	DestinationPort uint16
	Type            uint8 // ICMP, ICMPv6, IGMP, VRRP message type; SCTP: type of the first chunk
	Code            uint8 // ICMP, ICMPv6
	HasChunk        bool  // SCTP: Type was read
	RouterID        uint8 // VRRP
	Priority        uint8 // VRRP
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
	Count int64     // 0 and 1 are one
	Bytes int64     // sum of OrigLen when Count is above 1
	First time.Time // of the first of them
}

// IPTraceID returns the number in the packet's IP option that a drop or a trace has, 0 when there is none.
func (f *Flow) IPTraceID() uint64 { return f.Drop.IPTraceID | f.Trace.IPTraceID }

// SetLost makes f the event that says how many events were lost. cpu is -1 when not known; first and last may be zero.
func (f *Flow) SetLost(source LostSource, count uint64, cpu int32, first, last time.Time) {
	*f = Flow{Class: ClassLost, CPU: cpu, Lost: Lost{Source: source, Count: count, First: first, Last: last}}
}
