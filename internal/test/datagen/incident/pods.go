// SPDX-License-Identifier: Apache-2.0

// The node's half hour.

package incident

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/sessions"
)

// Pod is an end of a connection.
type Pod struct {
	Address  string
	Identity uint32
	Endpoint uint16 // on this node; 0 for others
}

// Shop is a pod of this node.
func Shop() Pod { return Pod{"10.244.1.12", 20417, 1034} }

// Cart is a pod of this node.
func Cart() Pod { return Pod{"10.244.1.27", 31277, 2218} }

// Bought is the pod of this node that the intruder controls.
func Bought() Pod { return Pod{"10.244.1.66", 40404, 3066} }

// Orders is a pod on another node.
func Orders() Pod { return Pod{"10.244.2.40", 47031, 0} }

// Update is a host of the world with which pods of this node communicate.
func Update() Pod { return Pod{"198.51.100.80", identityWorld, 0} }

// Drain is the host of the world to which the intruder sends data.
func Drain() Pod { return Pod{"203.0.113.44", identityWorld, 0} }

const (
	identityWorld = 2
	tcp           = 6
)

// Truth has the true numbers of the packets in the recording.
type Truth struct {
	Sent   map[string]int            // bytes that were sent, by "source destination"
	Denied map[string]map[uint16]int // denied packets, by "source destination" and port
	Cookie string                    // of the rule that denied them
	// Ways are the ways of passed packets: "source destination reply direction". reply is whether the packet is an
	// answer. direction is that of the connection, as seen by the last pod of this node on the packet's way.
	Ways map[string]bool
	Paths
}

// node collects the records and the true numbers.
type node struct {
	records []events.Record
	at      time.Duration
	truth   Truth
}

// Pods returns the true numbers of the node's recording.
func Pods() Truth { return pods().truth }

func newTruth() Truth {
	return Truth{Sent: map[string]int{}, Denied: map[string]map[uint16]int{}, Cookie: "77", Ways: map[string]bool{}, Paths: newPaths()}
}

func pods() *node {
	n := &node{truth: newTruth()}
	for i := range 40 { // the usual traffic
		n.at = time.Duration(i) * 40 * time.Second
		n.connection(Shop(), Cart(), 8080, 200, 900)
		n.connection(Cart(), Orders(), 5432, 300, 1200)
		n.connection(Orders(), Cart(), 9090, 120, 400)
		n.connection(Update(), Shop(), 443, 150, 1300)
		n.connection(Shop(), Update(), 443, 180, 1400)
	}
	n.paths()
	n.denied(Shop(), Orders(), 22) // a near miss: a single refusal is not a scan
	n.at = 12 * time.Minute
	for port := range uint16(30) {
		n.denied(Bought(), Orders(), 1000+port)
	}
	n.at = 15 * time.Minute
	for range 25 {
		n.connection(Bought(), Drain(), 443, 1300, 60)
	}
	return n
}

// way is a packet's way, and what the datapath knows of its connection.
type way struct {
	from, to Pod
	reason   uint8
}

// sent counts a packet that was sent.
func (n *node) sent(from, to Pod, p []byte) { n.truth.Sent[from.Address+" "+to.Address] += len(p) }

// packet returns a whole frame of one segment.
func packet(w way, src, dst uint16, flags uint16, payload int) []byte {
	segment := mt.TCP(src, dst, flags, bytes.Repeat([]byte("x"), payload))
	if addr(w.from).Is6() {
		return mt.Ethernet(mt.EtherIPv6, mt.IPv6(addr(w.from), addr(w.to), mt.ProtoTCP, segment))
	}
	return mt.Ethernet(mt.EtherIPv4, mt.IPv4(addr(w.from), addr(w.to), mt.ProtoTCP, segment))
}

func addr(p Pod) netip.Addr { return netip.MustParseAddr(p.Address) }

// connection adds a connection whose client sends and receives a number of payload bytes, in one packet each.
func (n *node) connection(client, server Pod, port uint16, sends, gets int) {
	n.connectionFrom(uint16(49152+len(n.records)%16384), client, server, port, sends, gets)
}

// connectionFrom adds a connection from a port.
func (n *node) connectionFrom(from uint16, client, server Pod, port uint16, sends, gets int) {
	there := func(reason uint8) way { return way{client, server, reason} }
	back := way{server, client, monitor.TraceReasonReply}
	n.way(client, server, client, false)
	n.way(server, client, client, true)
	syn := packet(there(0), from, port, mt.SYN, 0)
	n.allowed(there(0), port, syn)
	n.pass(there(monitor.TraceReasonNew), syn)
	n.pass(back, packet(back, port, from, mt.SYN|mt.ACK, 0))
	n.pass(there(monitor.TraceReasonEstablished), packet(there(0), from, port, mt.ACK|mt.PSH, sends))
	n.pass(back, packet(back, port, from, mt.ACK|mt.PSH, gets))
	n.pass(there(monitor.TraceReasonEstablished), packet(there(0), from, port, mt.FIN|mt.ACK, 0))
	n.pass(back, packet(back, port, from, mt.FIN|mt.ACK, 0))
}

// way counts a packet that passed, of a connection that client opened.
func (n *node) way(from, to, client Pod, reply bool) {
	pod, direction := to, "Inbound"
	if to.Endpoint == 0 {
		pod = from
	}
	if pod == client {
		direction = "Outbound"
	}
	n.truth.Ways[fmt.Sprint(from.Address, " ", to.Address, " ", reply, " ", direction)] = true
}

// pass adds the records of a packet that passes: at its source and at its destination.
func (n *node) pass(w way, p []byte) {
	n.sent(w.from, w.to, p)
	trace := func(point uint8, endpoint, target uint16, reason uint8) {
		n.tell(mt.Trace{
			Capture: captured(endpoint, p), Version: 1, Point: point, SrcLabel: w.from.Identity, DstLabel: w.to.Identity, DstID: target,
			Reason: reason, IfIndex: 2,
		}.Bytes())
	}
	switch {
	case w.from.Endpoint != 0:
		trace(monitor.TraceFromEndpoint, w.from.Endpoint, 0, monitor.TraceReasonUnknown)
	case w.from.Identity == identityWorld:
		trace(monitor.TraceFromNetwork, 0, 0, monitor.TraceReasonUnknown)
	default:
		trace(monitor.TraceFromOverlay, 0, 0, monitor.TraceReasonUnknown)
	}
	switch {
	case w.to.Endpoint != 0:
		trace(monitor.TraceToEndpoint, w.to.Endpoint, w.to.Endpoint, w.reason)
	case w.to.Identity == identityWorld:
		trace(monitor.TraceToStack, w.from.Endpoint, 0, w.reason)
		trace(monitor.TraceToNetwork, w.from.Endpoint, 0, w.reason)
	default:
		trace(monitor.TraceToOverlay, w.from.Endpoint, 0, w.reason)
	}
}

// The directions of a verdict.
const (
	ingress = 1
	egress  = 2
)

// allowed adds the verdicts on a connection's first packet, for each side that is on this node.
func (n *node) allowed(w way, port uint16, p []byte) {
	for _, side := range []struct {
		own, remote Pod
		direction   uint8
	}{{w.from, w.to, egress}, {w.to, w.from, ingress}} {
		if side.own.Endpoint != 0 {
			n.tell(mt.PolicyVerdict{
				Capture: captured(side.own.Endpoint, p), Long: true, RemoteLabel: side.remote.Identity, DstPort: port, Proto: tcp,
				Direction: side.direction, Match: 2, Cookie: 12,
			}.Bytes())
		}
	}
}

const policyDenied = 133

// verdict adds the verdict on a first packet that a policy denies at its source, and returns the packet.
func (n *node) verdict(from, to Pod, port uint16) []byte {
	p := packet(way{from, to, 0}, uint16(50000+len(n.records)%15000), port, mt.SYN, 0)
	n.refused(from, to, port)
	n.sent(from, to, p)
	n.tell(mt.PolicyVerdict{
		Capture: captured(from.Endpoint, p), Long: true, RemoteLabel: to.Identity, Verdict: -policyDenied, DstPort: port, Proto: tcp,
		Direction: egress, Cookie: 77,
	}.Bytes())
	return p
}

// denied adds a first packet that a policy denies at its source: a verdict and a drop.
func (n *node) denied(from, to Pod, port uint16) {
	const fileLXC = 2
	p := n.verdict(from, to, port)
	n.tell(mt.Drop{
		Capture: captured(from.Endpoint, p), Version: 1, Reason: policyDenied, SrcLabel: from.Identity, DstLabel: to.Identity, Line: 1304,
		File: fileLXC, IfIndex: 31,
	}.Bytes())
}

// refused counts a packet that was denied.
func (n *node) refused(from, to Pod, port uint16) {
	key := from.Address + " " + to.Address
	if n.truth.Denied[key] == nil {
		n.truth.Denied[key] = map[uint16]int{}
	}
	n.truth.Denied[key][port]++
}

// captured returns the part of a packet that a record contains: at most 128 bytes.
func captured(endpoint uint16, p []byte) mt.Capture {
	return mt.Capture{Source: endpoint, Hash: 1, Packet: p[:min(len(p), 128)], OrigLen: uint32(len(p))}
}

func (n *node) tell(data []byte) {
	n.at += 50 * time.Microsecond
	n.records = append(n.records, events.Record{Time: sessions.Start().Add(n.at).UnixNano(), Data: data})
}

// writePods writes the node's recording.
func writePods(path string) error { return pods().write(path) }

// write writes the records in time order.
func (n *node) write(path string) error {
	list := n.records
	slices.SortStableFunc(list, func(a, b events.Record) int { return cmp.Compare(a.Time, b.Time) })
	var file bytes.Buffer
	w, err := capture.NewWriter(&file)
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := w.Write(r); err != nil {
			return fmt.Errorf("record at %d: %w", r.Time, err)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return writeFile(path, file.Bytes())
}
