// SPDX-License-Identifier: Apache-2.0

// A flow through the recorded node: the state that its records share, and the records for its packets.

package main

import (
	"net/netip"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// release describes a datapath by the layouts that it writes.
type release struct {
	drop, trace uint8 // versions
	long        bool  // verdicts and socket traces have the layout of Cilium 1.19 and later
	flags       bool  // supports devices without a link layer, and tunnels
	padded      bool  // reserves 128 bytes for the packet, as on Windows
}

// releases are Cilium 1.12, 1.16, 1.18 and 1.19, and 1.16 on Windows.
func releases() []release {
	return []release{{}, {drop: 1, trace: 1}, {drop: 2, trace: 1, flags: true}, {drop: 3, trace: 2, long: true, flags: true}, {drop: 1, trace: 1, padded: true}}
}

// flow is an exchange of packets, or something else that the datapath reports.
type flow struct {
	*node
	release
	at   time.Duration
	cpu  int32
	hash uint32
	port uint16 // the port of the side that asks
	id   uint64 // of traced packets; 0 for others
}

func (n *node) begin(at time.Duration) *flow {
	const processors = 4
	f := &flow{
		node: n, release: pick(n, releases()), at: at, cpu: int32(n.IntN(processors)), hash: n.Uint32(), port: uint16(49152 + n.IntN(16384)),
	}
	if n.one(4) {
		f.id = 1 + n.Uint64()>>40
	}
	return f
}

// as assigns the flow to a release.
func (f *flow) as(i int) *flow {
	f.release = releases()[i]
	return f
}

func (f *flow) wait(low, high time.Duration) { f.at += f.between(low, high) }

// tell adds a record.
func (f *flow) tell(data []byte) {
	f.add(f.at, f.cpu, data)
	f.wait(2*time.Microsecond, 60*time.Microsecond)
}

// captured returns the part of a packet that a record contains: at most 128 bytes.
func (f *flow) captured(endpoint uint16, packet []byte) monitortest.Capture {
	const most = 128
	c := monitortest.Capture{Source: endpoint, Hash: f.hash, Packet: packet[:min(len(packet), most)], OrigLen: uint32(len(packet))}
	if f.padded {
		c.PadTo = most
		if f.one(2) {
			c.CapLen = most // even if the packet is shorter
		}
	}
	return c
}

// flagsOf returns the packet flags of a record.
func (f *flow) flagsOf(p path) monitor.PacketFlags {
	var flags monitor.PacketFlags
	if p.ipv6 {
		flags |= monitor.FlagIPv6
	}
	if p.noLink {
		flags |= monitor.FlagL3Device
	}
	return flags
}

// step is a trace notification at an observation point.
type step struct {
	point    uint8
	endpoint uint16 // endpoint that reports
	target   uint16 // endpoint that the packet goes to, or the proxy's port
	reason   uint8
	original netip.Addr // source address before translation
	flags    monitor.PacketFlags
}

// trace adds a trace notification.
func (f *flow) trace(p path, s step, packet []byte) {
	f.tell(monitortest.Trace{
		Capture: f.captured(s.endpoint, packet), Version: f.release.trace, Point: s.point, SrcLabel: p.from.identity, DstLabel: p.to.identity,
		DstID: s.target, Reason: s.reason, Flags: uint8(f.flagsOf(p) | s.flags), IfIndex: p.to.ifindex, OrigIP: s.original, IPTraceID: f.id,
	}.Bytes())
}

// across adds the traces of a packet from its source to its destination: from a local pod, to a local pod, or out of
// the node.
func (f *flow) across(p path, reason uint8, packet []byte) {
	switch {
	case p.from.endpoint != 0:
		f.trace(p, step{point: monitor.TraceFromEndpoint, endpoint: p.from.endpoint, reason: monitor.TraceReasonUnknown}, packet)
	case p.from.identity == identityHost:
		f.trace(p, step{point: monitor.TraceFromHost, reason: monitor.TraceReasonUnknown}, packet)
	case p.from.identity > 255:
		f.trace(p, step{point: monitor.TraceFromOverlay, reason: monitor.TraceReasonUnknown}, packet)
	default:
		f.trace(p, step{point: monitor.TraceFromNetwork, reason: monitor.TraceReasonUnknown}, packet)
	}
	switch {
	case p.to.endpoint != 0:
		f.trace(p, step{point: monitor.TraceToEndpoint, endpoint: p.to.endpoint, target: p.to.endpoint, reason: reason}, packet)
	case p.to.identity == identityHost:
		f.trace(p, step{point: monitor.TraceToHost, endpoint: p.from.endpoint, reason: reason}, packet)
	case p.to.identity > 255:
		f.trace(p, step{point: monitor.TraceToOverlay, endpoint: p.from.endpoint, reason: reason}, packet)
	default:
		f.trace(p, step{point: monitor.TraceToStack, endpoint: p.from.endpoint, reason: reason}, packet)
	}
}

// The directions of a policy verdict.
const (
	ingress = 1
	egress  = 2
)

// verdict adds a policy verdict notification of the pod on the direction's side.
func (f *flow) verdict(p path, direction uint8, verdict int32, port uint16, proto, match uint8, packet []byte) {
	own, remote := p.from, p.to
	if direction == ingress {
		own, remote = p.to, p.from
	}
	v := monitortest.PolicyVerdict{
		Capture: f.captured(own.endpoint, packet), Long: f.long, RemoteLabel: remote.identity, Verdict: verdict, DstPort: port, Proto: proto,
		Direction: direction, Match: match, IPv6: p.ipv6, L3Device: p.noLink, Audited: verdict == 0 && f.one(12),
	}
	if f.long {
		v.Cookie = uint32(f.IntN(40))
	}
	f.tell(v.Bytes())
}

// allowed adds the verdicts of a packet that policies allow, for each side that is on this node.
func (f *flow) allowed(p path, port uint16, proto uint8, packet []byte) {
	const layer3and4 = 2
	if p.from.endpoint != 0 {
		f.verdict(p, egress, 0, port, proto, layer3and4, packet)
	}
	if p.to.endpoint != 0 {
		f.verdict(p, ingress, 0, port, proto, pick(f, []uint8{1, 2, 3, 4}), packet)
	}
}

// drop adds a drop notification.
func (f *flow) drop(p path, reason uint8, file uint8, line uint16, packet []byte) {
	d := monitortest.Drop{
		Capture: f.captured(p.from.endpoint, packet), Version: f.release.drop, Reason: reason, SrcLabel: p.from.identity,
		DstLabel: p.to.identity, DstID: uint32(p.to.endpoint), Line: line, File: file, IfIndex: p.from.ifindex,
		Flags: uint8(f.flagsOf(p)), IPTraceID: f.id,
	}
	if p.from.endpoint == 0 {
		d.Source = p.to.endpoint
	}
	const fibLookup, neighbourMissing = 169, 7
	if reason == fibLookup {
		d.ExtError = neighbourMissing
	}
	f.tell(d.Bytes())
}
