// SPDX-License-Identifier: Apache-2.0

// Events that an analyst looks for, planted into the traffic.

package traffic

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// The planted events, each of a client of its own.
const (
	BeaconClient = "10.66.0.1"
	BeaconName   = "cdn.badguys.example" // asked for every BeaconEvery, half a second more or less
	BeaconEvery  = time.Minute

	TunnelClient  = "10.66.0.2"
	TunnelDomain  = "t.tunnel.example" // below it, TunnelQueries names with data in them, one a second
	TunnelQueries = 200

	BurstClient  = "10.66.0.3" // asks for BurstQueries names that do not exist, in two minutes
	BurstQueries = 300

	TransferClient = "10.66.0.4" // fetches the zone TransferZone
	TransferZone   = ownDomain

	NewClient = "10.66.0.5" // works all the time, and then asks once for NewName
	NewName   = "login-contoso.example"
)

// Plant adds the planted events to an hour of traffic, from now on.
func (g *Generator) Plant() {
	r := rand.New(rand.NewPCG(66, 0))
	ask := func(client, text string, at int64, qtype, result uint16) {
		g.planted(r, client, text, at, qtype, result)
	}
	at := func(d time.Duration) int64 { return g.now + int64(d) }
	for i := range int(time.Hour / BeaconEvery) {
		when := at(time.Duration(i)*BeaconEvery + time.Duration(r.Int64N(int64(time.Second))))
		g.add(&once{when, func() { ask(BeaconClient, BeaconName, when, typeA, noError) }})
	}
	for i := range TunnelQueries {
		when := at(20*time.Minute + time.Duration(i)*time.Second)
		name := fmt.Sprintf("%016x%016x%016x.%016x%016x.%s", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64(), TunnelDomain)
		g.add(&once{when, func() { ask(TunnelClient, name, when, typeA, noError) }})
	}
	for i := range BurstQueries {
		when := at(30*time.Minute + time.Duration(i)*2*time.Minute/BurstQueries)
		name := name{foreign, r.Uint64()}.text()
		g.add(&once{when, func() { ask(BurstClient, name, when, typeA, nxDomain) }})
	}
	when := at(40 * time.Minute)
	g.add(&once{when, func() { g.transfer(r, when) }})
	for i := range 100 {
		when := at(time.Duration(i) * 30 * time.Second)
		g.add(&once{when, func() { ask(NewClient, name{own, uint64(i) % 7}.text(), when, typeA, noError) }})
	}
	last := at(50 * time.Minute)
	g.add(&once{last, func() { ask(NewClient, NewName, last, typeA, noError) }})
}

// once is an actor that acts once.
type once struct {
	at int64
	do func()
}

func (o *once) next() int64 { return o.at }
func (o *once) act()        { o.do(); o.at = never }

// never is a time after all traffic.
const never = 1<<63 - 1

// planted adds a query and its answer. The server asks another one.
func (g *Generator) planted(r *rand.Rand, client, text string, at int64, qtype, result uint16) {
	g.queries++
	x := exchange{
		g: g, client: client, name: text, qtype: qtype, result: result, port: uint32(49152 + r.IntN(16384)), id: uint16(r.Uint32()), guid: guid(r),
	}
	if result == noError {
		x.answers = []record{{typeA, 60, []byte{203, 0, 113, 9}}}
	}
	relayed := uint16(r.Uint32())
	x.received(at)
	x.relayed(at+300_000, relayed)
	x.returned(at+12_000_000, relayed, 1)
	x.answered(at+12_300_000, 12)
}

// transfer adds the transfer of a zone.
func (g *Generator) transfer(r *rand.Rand, at int64) {
	x := exchange{g: g, client: TransferClient, name: TransferZone, qtype: typeAXFR, id: uint16(r.Uint32()), tcp: 1}
	for i, id := range []uint16{270, 271} {
		v := x.values(x.packet(x.id, uint16(i)*(flagQR|flagAA), nil, false), TransferClient)
		v.texts[textZone], v.texts[textScope] = TransferZone, "Default"
		g.emit(id, at+int64(i)*2_000_000, v)
	}
}
