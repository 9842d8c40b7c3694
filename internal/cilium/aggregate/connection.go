// SPDX-License-Identifier: Apache-2.0

// What is remembered of one connection. What changes with each packet is in the entry of the store, which the lookup has read. The rest is
// in a state.

package aggregate

import (
	"encoding/binary"
	"net/netip"
	"time"
	"unsafe"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// The key of a connection is the same in both directions: protocol, IP version and kind, the lower side's port and the upper side's, their
// addresses. A side is an address with its port.
const (
	protocolAt        = 0
	versionAt         = 1
	portsAt           = 2
	addressesAt       = portsAt + 2*2
	connectionKeySize = addressesAt + 2*16

	echoBit = 1 << 7 // in the byte of the version: ICMP echoes, whose ports are the identifier
)

// The sides.
const (
	lower = 0
	upper = 1
)

// identify sets c.key to the key of the flow's connection and returns the side that sent the packet. ok is false for flows that belong to
// none: everything but traces and policy verdicts that let a packet pass, and what is not known in full. For ICMP messages other than echoes,
// type and code take the place of the ports.
func (c *Connections) identify(f *flow.Flow) (side int, ok bool) {
	switch f.Type {
	case monitor.TypeTrace:
		ok = f.ObservationPoint.Known()
	case monitor.TypePolicyVerdict:
		ok = f.Verdict == flow.VerdictForwarded || f.Verdict == flow.VerdictRedirected
	}
	if !ok || f.IP.Version == 0 || f.Problem != flow.ProblemNone || f.VersionUnknown {
		return 0, false
	}
	from, to, kind := f.L4.SourcePort, f.L4.DestinationPort, f.IP.Version
	if f.L4.Protocol == flow.L4ICMPv4 || f.L4.Protocol == flow.L4ICMPv6 {
		if _, echo := f.Echo(); echo {
			kind |= echoBit
			from = f.L4.Identifier
		} else {
			from = uint16(f.L4.Type)<<8 | uint16(f.L4.Code)
		}
		to = from
	}
	a, b := f.IP.Source, f.IP.Destination
	if order := a.Compare(b); order > 0 || order == 0 && from > to {
		a, b, from, to, side = b, a, to, from, upper
	}
	k := &c.key
	k[protocolAt], k[versionAt] = f.IP.Protocol, kind
	binary.LittleEndian.PutUint16(k[portsAt:], from)
	binary.LittleEndian.PutUint16(k[portsAt+2:], to)
	first, second := a.As16(), b.As16()
	copy(k[addressesAt:], first[:])
	copy(k[addressesAt+16:], second[:])
	return side, true
}

// The fields of an entry: Sum and Begun are the bytes that the lower and the upper side sent; Received has the numbers of their packets in its
// lower and upper half; Count has the number of events in its lower half, and in its upper half the number of the state with the bit
// identified. Tag has TCP's flags of the two sides and the bits below. First and Last are the times of the events, and Mark is the moment of
// the last.
const (
	flagBits = 6 // those that ASIM knows, the lowest of flow.TCPFin and so on
	flagMask = 1<<flagBits - 1

	opened  = 1 << 12 // it is known who opened the connection
	egress  = 1 << 13 // reported as outgoing
	ingress = 1 << 14 // reported as incoming
	again   = 1 << 15 // another record came before

	identified = 1 << 63 // in Count: the identities of both sides are known
)

func sideFlags(tag uint16, side int) uint16 { return tag >> (flagBits * side) & flagMask }

// closed reports whether FIN came from both sides, or RST from one.
func closed(tag uint16) bool {
	a, b := sideFlags(tag, lower), sideFlags(tag, upper)
	return a&b&flow.TCPFin != 0 || (a|b)&flow.TCPRst != 0
}

// finishing reports whether FIN came from a side.
func finishing(tag uint16) bool {
	return (sideFlags(tag, lower)|sideFlags(tag, upper))&flow.TCPFin != 0
}

func events(e *hold.Entry) int64   { return int64(uint32(e.Count)) }
func stateOf(e *hold.Entry) uint32 { return uint32(uint64(e.Count) &^ identified >> 32) }

// setCount sets the number of events to 0 and the number of the state.
func setCount(e *hold.Entry, state uint32) { e.Count = int64(state) << 32 }

// state is what is remembered of a connection beside its entry.
type state struct {
	id, session hold.ID // of the first event of this record, and of the first record
	received    int64   // when that event was delivered, ns since 1970
	epoch       uint32  // in which it came
	translated  [2]netip16
	identity    [2]uint32
	policies    [2]flow.Policy // of an outgoing, and of an incoming connection
	proxyPort   uint16
	typ, code   uint8 // ICMP
	l4          flow.L4Protocol
	tunnel      flow.TunnelProtocol
	first       uint8 // side that sent the first packet
	opener      uint8 // side that opened the connection, if that is known
	encrypted   bool
}

// netip16 is an address in 16 bytes; zero for none.
type netip16 [16]byte

func (a netip16) address() (addr netip.Addr) {
	if a != (netip16{}) {
		addr = netip.AddrFrom16(a).Unmap()
	}
	return addr
}

const stateSize = int(unsafe.Sizeof(state{}))

// begin makes an entry that of a new connection, which a flow has begun.
func (c *Connections) begin(e *hold.Entry, f *flow.Flow, side int, raw []byte, received int64) {
	s := c.states.at(stateOf(e))
	*s = state{received: received, epoch: c.epochs.Enter(), l4: f.L4.Protocol, typ: f.L4.Type, code: f.L4.Code, first: uint8(side)}
	c.name(s, raw)
	s.session = s.id
	if c.Named {
		*c.states.namesAt(stateOf(e)) = sideNames{}
	}
	e.Tag = 0
	setCount(e, stateOf(e))
}

// goOn begins the next record of a connection.
func (c *Connections) goOn(e *hold.Entry, raw []byte, received int64) {
	s := c.states.at(stateOf(e))
	s.received, s.epoch = received, c.epochs.Enter()
	c.name(s, raw)
	e.Tag |= again
	setCount(e, stateOf(e))
}

func (c *Connections) name(s *state, raw []byte) {
	s.id = hold.ID{}
	if c.Identify != nil {
		s.id = c.Identify(raw)
	}
}

// add adds a flow to the entry of its connection.
func (c *Connections) add(e *hold.Entry, f *flow.Flow, side int, at int64) {
	e.Count++
	e.First, e.Last, e.Mark = min(e.First, at), max(e.Last, at), c.clock.Mark()
	if f.Primary {
		if side == lower {
			e.Sum += int64(f.OrigLen)
			e.Received++
		} else {
			e.Begun += int64(f.OrigLen)
			e.Received += 1 << 32
		}
	}
	if f.L4.HasFlags {
		e.Tag |= f.L4.Flags & flagMask << (flagBits * side)
	}
	switch f.Direction {
	case flow.DirectionEgress:
		e.Tag |= egress
	case flow.DirectionIngress:
		e.Tag |= ingress
	}
	c.learn(e, f, side)
	if c.Named {
		c.states.namesAt(stateOf(e)).learn(f, side)
	}
}

// learn remembers the names of a flow's ends, unless others are known already.
func (n *sideNames) learn(f *flow.Flow, side int) {
	from, to := &n[side], &n[1-side]
	if from.endpoint == nil {
		from.endpoint = f.Source
	}
	if from.service == nil {
		from.service = f.SourceService
	}
	if to.endpoint == nil {
		to.endpoint = f.Destination
	}
	if to.service == nil {
		to.service = f.DestinationService
	}
}

// learn remembers what a flow shows of its connection. Most flows show nothing new, and the state is not read.
func (c *Connections) learn(e *hold.Entry, f *flow.Flow, side int) {
	if e.Tag&opened != 0 && uint64(e.Count)&identified != 0 && f.Type == monitor.TypeTrace &&
		!f.IP.SourceXlated.IsValid() && f.ProxyPort == 0 && f.Tunnel.Protocol == flow.TunnelNone && !f.IP.Encrypted {
		return
	}
	s := c.states.at(stateOf(e))
	if e.Tag&opened == 0 {
		switch f.SaysReply() {
		case flow.No:
			e.Tag |= opened
			s.opener = uint8(side)
		case flow.Yes:
			e.Tag |= opened
			s.opener = uint8(1 - side)
		}
	}
	if s.identity[side] == 0 {
		s.identity[side] = f.SourceIdentity
	}
	if s.identity[1-side] == 0 {
		s.identity[1-side] = f.DestinationIdentity
	}
	if s.identity[lower] != 0 && s.identity[upper] != 0 {
		e.Count = int64(uint64(e.Count) | identified)
	}
	if f.IP.SourceXlated.IsValid() && s.translated[side] == (netip16{}) {
		s.translated[side] = f.IP.SourceXlated.As16()
	}
	if f.ProxyPort != 0 {
		s.proxyPort = uint16(f.ProxyPort)
	}
	if f.Tunnel.Protocol != flow.TunnelNone {
		s.tunnel = f.Tunnel.Protocol
	}
	s.encrypted = s.encrypted || f.IP.Encrypted
	if f.Type == monitor.TypePolicyVerdict {
		p := &s.policies[0]
		if f.Direction == flow.DirectionIngress {
			p = &s.policies[1]
		}
		*p = flow.Policy{
			Known: true, Match: f.PolicyMatch, Auth: f.Policy.AuthType, Redirect: f.Verdict == flow.VerdictRedirected, Cookie: f.Policy.Cookie,
		}
	}
}

// echoRequests has the types of echo requests. Their code is 0.
var echoRequests = map[flow.L4Protocol]uint8{flow.L4ICMPv4: 8, flow.L4ICMPv6: 128}

// source returns the side that opened a connection, or sent its first packet if that is not known.
func (c *Connections) source(e *hold.Entry) int {
	s := c.states.at(stateOf(e))
	if e.Tag&opened != 0 {
		return int(s.opener)
	}
	return int(s.first)
}

// take sets c.gone to the record of a connection.
func (c *Connections) take(e *hold.Entry, end flow.End) {
	key, s := c.store.Key(e), c.states.at(stateOf(e))
	c.epochs.Leave(s.epoch)
	source := c.source(e)
	bytes := [2]int64{e.Sum, e.Begun}
	packets := [2]uint32{uint32(e.Received), uint32(e.Received >> 32)}
	side := func(i int) flow.Side {
		side := flow.Side{
			Address:    netip.AddrFrom16([16]byte(key[addressesAt+16*i:])).Unmap(),
			Translated: s.translated[i].address(), Identity: s.identity[i],
			Packets: int64(packets[i]), Bytes: bytes[i], Flags: sideFlags(e.Tag, i),
		}
		if s.l4.HasPorts() {
			side.Port = binary.LittleEndian.Uint16(key[portsAt+2*i:])
		}
		return side
	}
	c.gone = flow.Connection{
		Source: side(source), Destination: side(1 - source), Opened: e.Tag&opened != 0,
		IPVersion: key[versionAt] &^ echoBit, Protocol: key[protocolAt], L4: s.l4, Type: s.typ, Code: s.code,
		Egress: e.Tag&egress != 0, Ingress: e.Tag&ingress != 0, Policies: s.policies, ProxyPort: s.proxyPort, Tunnel: s.tunnel, Encrypted: s.encrypted,
		ID: s.id, Received: time.Unix(0, s.received), Events: events(e), First: time.Unix(0, e.First), Last: time.Unix(0, e.Last), End: end,
	}
	if c.Named {
		names := c.states.namesAt(stateOf(e))
		from, to := names[source], names[1-source]
		c.gone.Source.Endpoint, c.gone.Source.Service = from.endpoint, from.service
		c.gone.Destination.Endpoint, c.gone.Destination.Service = to.endpoint, to.service
	}
	if key[versionAt]&echoBit != 0 {
		c.gone.Type = echoRequests[s.l4]
	}
	if e.Tag&again != 0 || !end.Ended() {
		c.gone.Session, c.gone.Again = s.session, e.Tag&again != 0
	}
}
