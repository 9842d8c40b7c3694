// SPDX-License-Identifier: Apache-2.0

// Package opener remembers who opened a connection, for the packets that do not say it.
//
// A trace where a packet comes in, such as from-endpoint, is taken before connection tracking: it does not say whether the packet
// is a reply, and so not which way its connection goes. Other events of the connection do: those behind connection tracking,
// policy verdicts, and a packet that opens a connection or answers such a one. What one of them said holds for as long as
// Cilium itself remembers a connection at least. The memory is fixed; of a connection that others have pushed out nothing is known.
package opener

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/recent"
)

// Window is how long what an event says holds: for so long Cilium remembers a connection at least, by its defaults (bpf-ct-timeout-*).
const Window = 60 * time.Second

// Memory remembers openers: of 65,536 connections, in 1.6 MiB. It is used from one goroutine.
type Memory struct {
	connections *recent.Table[connection]
	key         []byte
}

// connection is what was said of one.
type connection struct {
	said  int64 // when an event said it last, ns since 1970
	lower bool  // the lower one of the two ends opened it
}

// New makes a memory of nothing.
func New() *Memory { return &Memory{connections: recent.New[connection]()} }

// Forget forgets all connections: what comes next is another node's.
func (m *Memory) Forget() { m.connections.Forget() }

// Direct sets the direction of a flow, of a time in nanoseconds since 1970, that does not say whether it is a reply, where an
// event before it did. It must be asked for every flow, in the order in which they came.
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

// identify makes m.key the key of the flow's connection, which is that of both directions: the lower end first. It reports
// whether that one sent the packet.
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
