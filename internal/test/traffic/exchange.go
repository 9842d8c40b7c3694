// SPDX-License-Identifier: Apache-2.0

// The events of one query, with values as in recorded events.

package traffic

import "encoding/binary"

// exchange is a query and its answer.
type exchange struct {
	g       *Generator
	client  string
	name    string // without the trailing dot
	qtype   uint16
	result  uint16
	answers []record
	local   bool // the own zones answer
	port    uint32
	id      uint16
	guid    string
	tcp     uint32
}

// packet returns a message about the question.
func (x *exchange) packet(id, flags uint16, answers []record, authority bool) []byte {
	return message(nil, id, flags, x.name, x.qtype, answers, authority)
}

// values returns the fields that most of the events have.
func (x *exchange) values(packet []byte, peer string) *values {
	v := &values{packet: packet}
	v.numbers[numTCP], v.numbers[numQType], v.numbers[numPort] = x.tcp, uint32(x.qtype), x.port
	v.numbers[numXID] = uint32(binary.BigEndian.Uint16(packet))
	v.numbers[numFlags] = uint32(binary.BigEndian.Uint16(packet[2:]))
	v.texts[textInterface], v.texts[textPeer], v.texts[textName], v.texts[textGUID], v.texts[textInfo] = serverAddress, peer, x.name+".", x.guid, "."
	v.texts[textPolicy], v.texts[textScope] = nullText, "Default"
	return v
}

// received adds the arrival of the query.
func (x *exchange) received(at int64) {
	v := x.values(x.packet(x.id, flagRD, nil, false), x.client)
	v.numbers[numRD] = 1
	x.g.emit(256, at, v)
}

// answered adds the response, after so many milliseconds.
func (x *exchange) answered(at int64, elapsed uint32) {
	flags := uint16(flagQR|flagRD|flagRA) | x.result
	if x.local {
		flags |= flagAA
	}
	v := x.values(x.packet(x.id, flags, x.answers, x.nothing()), x.client)
	v.numbers[numRCode], v.numbers[numElapsed] = uint32(x.result), elapsed
	v.texts[textZone] = "..Cache"
	if x.local {
		v.numbers[numAA], v.texts[textZone] = 1, ownDomain
	}
	if x.result == servFail {
		v.texts[textReason] = "System"
		x.g.emit(258, at, v)
		return
	}
	v.texts[textInfo] = "VirtualizationInstance:."
	x.g.emit(257, at, v)
}

// nothing reports whether the answer has no record, and so has the zone's SOA.
func (x *exchange) nothing() bool { return len(x.answers) == 0 && x.result != servFail }

// relayed adds the query to another server.
func (x *exchange) relayed(at int64, id uint16) {
	v := x.other(id, flagRD, nil, false)
	v.numbers[numRD], v.numbers[numQXID] = 1, uint32(x.id)
	x.g.emit(260, at, v)
}

// returned adds the other server's response.
func (x *exchange) returned(at int64, id uint16, depth uint32) {
	v := x.other(id, uint16(flagQR|flagRD|flagRA)|x.result, x.answers, x.nothing())
	v.numbers[numDepth] = depth
	x.g.emit(261, at, v)
}

// other returns the fields of an event between this server and another.
func (x *exchange) other(id, flags uint16, answers []record, authority bool) *values {
	v := x.values(x.packet(id, flags, answers, authority), forwarder)
	v.numbers[numPort], v.texts[textInterface], v.texts[textRecursion] = 0, "0.0.0.0", "."
	return v
}

// register adds what a client does to register its address: a question for the zone's SOA and a dynamic update (RFC 2136).
func (g *Generator) register(c *client, at int64) {
	g.queries++
	x := exchange{
		g: g, client: c.address, name: ownDomain, qtype: typeSOA, local: true, answers: []record{{typeSOA, 3600, soaData}},
		port: uint32(49152 + c.IntN(16384)), id: uint16(c.Uint32()), guid: guid(c.Rand),
	}
	x.received(at)
	at += 300_000
	x.answered(at, 0)
	x.id++
	for i, id := range []uint16{263, 264} {
		v := x.values(x.packet(x.id, opUpdate|uint16(i)*flagQR, nil, false), c.address)
		v.texts[textZone], v.texts[textScope] = ownDomain, "NULL"
		at += 2_000_000
		g.emit(id, at, v)
	}
}
