// SPDX-License-Identifier: Apache-2.0

// Package opener remembers who opened a connection, for packets that do not show it. Flows go in, in the order of their events; the
// direction of a flow's connection comes out where an earlier flow of the connection showed it.
//
// A trace where a packet comes in, such as from-endpoint, precedes connection tracking. It does not say whether the packet is a reply, so
// the direction of its connection is open. Other events of the connection tell it: those after connection tracking, policy verdicts, and a
// packet that opens a connection or answers one that does. What they tell holds for the shortest time that Cilium itself remembers a
// connection. The memory is fixed: a connection that others have pushed out is not known.
package opener

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/recent"
)

// Window is how long the word of an event holds: the shortest time that Cilium remembers a connection by its defaults (bpf-ct-timeout-*).
const Window = 60 * time.Second

// Memory remembers the openers of 65,536 connections, in 1.6 MiB. One goroutine uses it.
type Memory struct {
	connections *recent.Table[connection]
	key         []byte
}

// connection is the state of a connection, from the last event that showed it.
type connection struct {
	said  int64 // time of that event, ns since 1970
	lower bool  // the lower of the two ends opened the connection
}

// New makes an empty memory.
func New() *Memory { return &Memory{connections: recent.New[connection]()} }

// Forget forgets all connections. The next flows are those of another node.
func (m *Memory) Forget() { m.connections.Forget() }

// Direct sets the direction of a flow that does not show whether it is a reply, where an earlier event of its connection did. at is the
// flow's time in nanoseconds since 1970. Call it for every flow, in the order in which they came.
func (m *Memory) Direct(f *flow.Flow, at int64) {
	if !f.L4.Protocol.HasPorts() || f.IP.SourceXlated.IsValid() {
		return
	}
	reply := f.SaysReply()
	if reply == flow.Unknown && (f.Direction != flow.DirectionUnknown || f.PacketDirection == flow.DirectionUnknown || f.EndpointID == 0) {
		return
	}
	sentByLower := m.identify(f)
	print := m.connections.Hash(m.key)
	c := m.connections.Get(print)
	if reply != flow.Unknown {
		if c == nil {
			c = m.connections.Put(print)
		}
		*c = connection{said: at, lower: sentByLower == (reply == flow.No)}
		return
	}
	if c == nil {
		return
	}
	if d := at - c.said; d > int64(Window) || d < -int64(Window) {
		return
	}
	if c.lower == sentByLower {
		f.Direction = f.PacketDirection
	} else {
		f.Direction = f.PacketDirection.Reverse()
	}
}

// identify sets m.key to the key of the flow's connection, which is the same in both directions: the lower end comes first. It reports
// whether the lower end sent the packet.
func (m *Memory) identify(f *flow.Flow) (sentByLower bool) {
	from, to := netip.AddrPortFrom(f.IP.Source, f.L4.SourcePort), netip.AddrPortFrom(f.IP.Destination, f.L4.DestinationPort)
	sentByLower = from.Compare(to) <= 0
	if !sentByLower {
		from, to = to, from
	}
	m.key = append(m.key[:0], byte(f.L4.Protocol))
	for _, end := range [...]netip.AddrPort{from, to} {
		address := end.Addr().As16()
		m.key = append(m.key, address[:]...)
		m.key = binary.LittleEndian.AppendUint16(m.key, end.Port())
	}
	return sentByLower
}
