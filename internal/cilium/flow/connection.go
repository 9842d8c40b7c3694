// SPDX-License-Identifier: Apache-2.0

// What is known of a connection: the sums over its flows in both directions.

package flow

import (
	"net/netip"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Connection has the sums over the flows of one connection, in both directions, and what they have shown of it.
type Connection struct {
	Source, Destination Side // the source opened the connection if Opened, else it sent the first packet
	Opened              bool // it is certain which side opened the connection

	IPVersion       uint8
	Protocol        uint8      // number of the IP protocol
	L4              L4Protocol // L4None if Hubble has no name for the protocol
	Type, Code      uint8      // ICMP, ICMPv6; of an echo those of the request
	Egress, Ingress bool       // an endpoint of the node has reported the connection as outgoing, as incoming
	Policies        [2]Policy  // of an outgoing, and of an incoming connection
	ProxyPort       uint16     // 0 if no packet went to the proxy
	Tunnel          TunnelProtocol
	Encrypted       bool

	Events      int64     // that the record stands for
	First, Last time.Time // of those events
	Received    time.Time // when the first was delivered
	ID          [16]byte  // identifies that event; zero if it has none
	End         End
	Again       bool     // another record of the connection came before
	Session     [16]byte // ID of the connection's first record; zero if this is the only one
}

// Side is one side of a connection.
type Side struct {
	Address        netip.Addr
	Translated     netip.Addr // after source translation; invalid if there was none
	Port           uint16     // 0 for protocols without ports
	Identity       uint32     // security identity; 0 if unknown
	Packets, Bytes int64      // that this side sent, each counted once
	Flags          uint16     // TCP: all flags of its packets, see TCPFin
	Endpoint       *Endpoint  // nil if nothing is known of it, as is Service
	Service        *Service
}

// Policy is why a policy allowed a connection.
type Policy struct {
	Known    bool
	Match    uint8  // as Flow.PolicyMatch
	Auth     uint8  // as monitor.PolicyVerdict.AuthType
	Redirect bool   // to the proxy
	Cookie   uint32 // of the policy's entry; 0 if unknown
}

// AuthName names the authentication that the policy requires, as Hubble does.
func (p *Policy) AuthName() string { return nameOf(monitor.AuthTypeNames, uint64(p.Auth)) }

// Packets is the number of packets in both directions.
func (c *Connection) Packets() int64 { return c.Source.Packets + c.Destination.Packets }

// Bytes is the sum of the lengths of the packets on the wire.
func (c *Connection) Bytes() int64 { return c.Source.Bytes + c.Destination.Bytes }

// End is why the record of a connection was written.
type End uint8

// The ends. After the last four, another record of the connection may follow.
const (
	EndFin     End = iota // both sides have sent FIN, or one has and the ports are used again
	EndRst                // a side has sent RST
	EndSilence            // no packet came for some time
	EndInterim            // the connection goes on
	EndMemory             // its memory was needed
	EndClock              // the time of its packets was set back
	EndStop               // no more events come: the receiver stops, or the file ends
)

var endNames = [...]string{"fin", "rst", "silence", "interim", "memory", "clock", "stop"}

// String returns the end's name.
func (e End) String() string { return nameOf(endNames[:], uint64(e)) }

// Ended reports whether the connection has ended.
func (e End) Ended() bool { return e <= EndSilence }
