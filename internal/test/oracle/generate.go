// SPDX-License-Identifier: Apache-2.0

// The records to compare: every message type and layout version, with headers of meaningful and of nonsensical values,
// around the packets of generate_packet.go. Every third record is mutated.

package oracle

import (
	"math/rand/v2"

	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// Generator makes raw records of Cilium's events map. Equal seeds make equal records, on every machine.
type Generator struct {
	r *rand.Rand

	// Near draws the addresses of IPv6 from few.
	Near bool
}

// NewGenerator returns a generator.
func NewGenerator(seed uint64) *Generator { return &Generator{r: rand.New(rand.NewPCG(seed, 1))} }

// Next returns a record. Two of three are as a datapath writes them. The third has bytes changed or cut off.
func (g *Generator) Next() []byte {
	b := g.record()
	if g.r.IntN(3) == 0 {
		b = g.mutate(b)
	}
	return b
}

// mutate changes up to four bytes, more often in the headers than after them, and cuts some records short.
func (g *Generator) mutate(b []byte) []byte {
	for range g.r.IntN(4) + 1 {
		end := len(b)
		if g.chance(2) {
			end = min(end, 96)
		}
		b[g.r.IntN(end)] = byte(g.r.IntN(256))
	}
	if g.chance(4) {
		b = b[:g.r.IntN(len(b)+1)]
	}
	return b
}

// chance returns true once in n times.
func (g *Generator) chance(n int) bool { return g.r.IntN(n) == 0 }

// pick returns one of the values at random.
func pick[T any](g *Generator, values ...T) T { return values[g.r.IntN(len(values))] }

// identity returns a security identity: none, a reserved one, a workload's, a CIDR's, or any number.
func (g *Generator) identity() uint32 {
	return pick(g, 0, uint32(g.r.IntN(18)), 128, 1001, 16777217, g.r.Uint32())
}

// endpoint returns an endpoint id. There are few, so that the source is sometimes the destination.
func (g *Generator) endpoint() uint16 { return uint16(g.r.IntN(5)) * 7 }

// record returns a record as a datapath writes it.
func (g *Generator) record() []byte {
	packet, flags := g.packet()
	if g.chance(10) {
		packet = nil
	}
	c := captureOf(packet)
	c.Source, c.Hash = g.endpoint(), g.r.Uint32()
	c.OrigLen += uint32(g.r.IntN(100))
	if n := len(packet); n > 0 && n < 128 && g.chance(6) {
		c.PadTo = 128 // as the Windows datapath does
	}
	switch g.r.IntN(32) {
	case 0, 1, 2, 3, 4, 5, 6:
		return g.drop(c, flags)
	case 7, 8, 9, 10, 11, 12, 13, 14, 15, 16:
		return g.trace(c, flags)
	case 17, 18, 19, 20, 21, 22:
		return g.verdict(c, flags)
	case 23, 24, 25:
		return mt.DebugCapture{Capture: c, Point: uint8(g.r.IntN(13)), Arg1: g.r.Uint32N(100000), Arg2: 1}.Bytes()
	case 26, 27:
		return mt.Debug{
			SubType: uint8(g.r.IntN(72)), Source: uint16(g.r.IntN(3)), Hash: pick(g, 0, g.r.Uint32()),
			Arg1: g.r.Uint32() >> g.r.IntN(32), Arg2: g.r.Uint32() >> g.r.IntN(32), Arg3: g.r.Uint32(),
		}.Bytes()
	case 28, 29, 30:
		return mt.TraceSock{
			Long: g.chance(2), Point: uint8(g.r.IntN(6)), DstIP: pick(g, g.ip4(), g.ip6()), DstPort: g.port(),
			L4Proto: uint8(g.r.IntN(4)), Cookie: g.r.Uint64(), Cgroup: g.r.Uint64N(3),
		}.Bytes()
	}
	return g.other(packet)
}

func captureOf(packet []byte) mt.Capture {
	return mt.Capture{Packet: packet, OrigLen: uint32(len(packet))}
}

func (g *Generator) drop(c mt.Capture, flags uint8) []byte {
	version := uint8(g.r.IntN(4))
	if g.chance(10) {
		version, c.Extension = 4, g.added()
	}
	if version < 2 && flags != 0 && !g.chance(8) { // these versions have no flags that describe the packet
		c.Packet = mt.Ethernet(mt.EtherIPv4, g.ip(false))
		c.PadTo = 0
	}
	return mt.Drop{
		Capture: c, Version: version, Reason: uint8(g.r.IntN(256)), SrcLabel: g.identity(), DstLabel: g.identity(),
		DstID: uint32(g.endpoint()), Line: uint16(g.r.IntN(3000)), File: pick[uint8](g, 0, 1, 2, 3, 6, 7, 101, 103, 115, 117, 200),
		ExtError: int8(g.r.IntN(256)), IfIndex: g.r.Uint32N(9), Flags: flags, IPTraceID: g.r.Uint64N(3),
	}.Bytes()
}

// added is what a later version of a notification has behind the fields that are known.
func (g *Generator) added() []byte {
	b := make([]byte, 4*g.r.IntN(5))
	for i := range b {
		b[i] = byte(g.r.IntN(256))
	}
	return b
}

func (g *Generator) trace(c mt.Capture, flags uint8) []byte {
	t := mt.Trace{
		Capture: c, Version: uint8(g.r.IntN(3)), Point: uint8(g.r.IntN(15)), SrcLabel: g.identity(), DstLabel: g.identity(),
		DstID: g.endpoint(), Reason: uint8(g.r.IntN(10)), Flags: flags, IfIndex: g.r.Uint32N(3), IPTraceID: g.r.Uint64N(3),
	}
	if g.chance(10) {
		t.Version, t.Extension = 3, g.added()
	}
	if g.chance(5) {
		t.Reason |= 0x80 // encrypted
	}
	if g.chance(3) {
		t.OrigIP = g.ip4()
		if flags&1 != 0 {
			t.OrigIP = g.ip6()
		}
	}
	return t.Bytes()
}

func (g *Generator) verdict(c mt.Capture, flags uint8) []byte {
	later := g.chance(10)
	if later {
		c.Extension = g.added()
	}
	b := mt.PolicyVerdict{
		Capture: c, Long: g.chance(2), SubType: uint8(g.r.IntN(8) / 7), RemoteLabel: g.identity(),
		Verdict: pick(g, 0, 0, -133, -181, -129, 15001, int32(g.r.Uint32())), DstPort: g.port(), Proto: mt.ProtoTCP,
		Direction: uint8(g.r.IntN(4)), Match: uint8(g.r.IntN(8)), IPv6: flags&1 != 0, L3Device: flags&2 != 0,
		Audited: g.chance(4), AuthType: uint8(g.r.IntN(4)), Cookie: g.r.Uint32N(2),
	}.Bytes()
	if later {
		b[14] = 2
	}
	return b
}

// other returns a record of a type that Hubble's parsers do not accept.
func (g *Generator) other(packet []byte) []byte {
	switch g.r.IntN(4) {
	case 0:
		return mt.Recorder{Ingress: g.chance(2), RuleID: 7, TimeBoot: g.r.Uint64(), Packet: packet}.Bytes()
	case 1:
		return mt.PacketMonitor{Packet: packet, PacketType: uint16(g.r.IntN(4)), Reason: g.r.Uint32N(300)}.Bytes()
	case 2:
		return mt.Raw(pick[uint8](g, 129, 130), g.payload()...)
	}
	return mt.Raw(uint8(8+g.r.IntN(90)), g.payload()...)
}
