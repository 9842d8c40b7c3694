// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

var (
	client = netip.MustParseAddr("10.0.0.9") // not the lower address
	server = netip.MustParseAddr("10.0.0.2")
)

// connections has a test's Connections with their clock, and what they have written.
type connections struct {
	*Connections
	t       *testing.T
	clock   *hold.Clock
	written []flow.Connection
	reports int // flows of no connection
	counted int
}

func newTestConnections(t *testing.T, change func(*ConnectionSettings)) *connections {
	s := ConnectionSettings{
		Silence: time.Minute, TCPSilence: 5 * time.Minute, FirstInterim: 5 * time.Minute, Interim: time.Hour, Max: 100_000,
		Identify: func(raw []byte) (id hold.ID) { copy(id[:], raw); return id },
	}
	if change != nil {
		change(&s)
	}
	clock := &hold.Clock{}
	return &connections{Connections: NewConnections(s, clock), t: t, clock: clock}
}

// release writes what is due.
func (c *connections) release() {
	for c.Due() {
		c.written = append(c.written, *c.Pop(true))
	}
}

// stop writes everything.
func (c *connections) stop() {
	for c.Held() > 0 {
		c.written = append(c.written, *c.Pop(false))
	}
}

// event adds an event as a receiver does, at a time after the start.
func (c *connections) event(f *flow.Flow, after time.Duration) Verdict {
	c.release()
	at := start.Add(after).UnixNano()
	c.clock.Event(at)
	held := c.Held()
	verdict, before := c.Add(f, []byte(after.String()), at, at+1)
	switch verdict {
	case Report:
		c.reports++
	case Next:
		c.written = append(c.written, *before)
	case Counted:
		c.counted++
	}
	want := held
	if verdict == Held {
		want++
	}
	if want != c.Held() {
		require.Equal(c.t, want, c.Held())
	}
	return verdict
}

// pass lets time pass with events of no connection.
func (c *connections) pass(after time.Duration) {
	for range 2*hold.Strays + 1 {
		c.clock.Event(start.Add(after).UnixNano())
	}
	c.release()
}

// packet returns a trace of a TCP packet of the connection from a port of the client, that counts the packet.
func packet(port uint16, reply bool, flags uint16, bytes uint32) *flow.Flow {
	f := &flow.Flow{
		Class: flow.ClassPacket, Type: monitor.TypeTrace, SubType: monitor.TraceToEndpoint, ObservationPoint: flow.ToEndpoint, Reply: flow.No,
		Direction: flow.DirectionEgress, OrigLen: bytes, Primary: true, SourceIdentity: 1001, DestinationIdentity: 2002, Verdict: flow.VerdictForwarded,
	}
	f.IP = flow.IP{Version: 4, Protocol: 6, Source: client, Destination: server}
	f.L4 = flow.L4{Protocol: flow.L4TCP, HasFlags: true, Flags: flags, SourcePort: port, DestinationPort: 443}
	if reply {
		turn(f)
	}
	return f
}

// turn makes a packet one of the other side.
func turn(f *flow.Flow) {
	f.Reply = flow.Yes
	f.IP.Source, f.IP.Destination = f.IP.Destination, f.IP.Source
	f.L4.SourcePort, f.L4.DestinationPort = f.L4.DestinationPort, f.L4.SourcePort
	f.SourceIdentity, f.DestinationIdentity = f.DestinationIdentity, f.SourceIdentity
}

// datagram is packet for UDP.
func datagram(port uint16, reply bool, bytes uint32) *flow.Flow {
	f := packet(port, reply, 0, bytes)
	f.IP.Protocol = 17
	f.L4.Protocol, f.L4.HasFlags = flow.L4UDP, false
	return f
}

const (
	syn = flow.TCPSyn
	ack = flow.TCPAck
	psh = flow.TCPPsh | flow.TCPAck
	fin = flow.TCPFin | flow.TCPAck
	rst = flow.TCPRst | flow.TCPAck
)

// withNames gives the ends of a flow names, of the client and the server.
func withNames(f *flow.Flow, client, server *flow.Endpoint, service *flow.Service) *flow.Flow {
	f.Ends = flow.Ends{Source: client, Destination: server, DestinationService: service}
	if f.Reply == flow.Yes {
		f.Ends = flow.Ends{Source: server, Destination: client, SourceService: service}
	}
	return f
}

func TestAConnectionKeepsTheFirstNamesOfItsSides(t *testing.T) {
	cart, db, other, service := &flow.Endpoint{PodName: "cart"}, &flow.Endpoint{PodName: "db"}, &flow.Endpoint{PodName: "other"}, &flow.Service{Name: "db"}
	named := func(s *ConnectionSettings) { s.Named = true }
	c := newTestConnections(t, named)
	c.event(withNames(packet(40000, true, syn|ack, 66), nil, db, nil), 0) // the server's comes first, and of the client nothing is known yet
	c.event(withNames(packet(40000, false, ack, 66), cart, other, service), time.Second)
	c.event(withNames(packet(40000, false, psh, 66), other, other, nil), 2*time.Second)
	c.event(packet(40000, false, rst, 66), 3*time.Second)
	c.event(withNames(packet(40000, false, syn, 66), other, db, nil), 4*time.Second) // the ports are used again
	c.event(packet(40001, false, syn, 66), 5*time.Second)
	c.stop()
	require.Len(t, c.written, 3)
	for i, want := range [][2]flow.Side{
		{{Endpoint: cart}, {Endpoint: db, Service: service}}, {{Endpoint: other}, {Endpoint: db}}, {},
	} {
		require.Same(t, want[0].Endpoint, c.written[i].Source.Endpoint)
		require.Same(t, want[0].Service, c.written[i].Source.Service)
		require.Same(t, want[1].Endpoint, c.written[i].Destination.Endpoint)
		require.Same(t, want[1].Service, c.written[i].Destination.Service)
	}

	c = newTestConnections(t, nil)
	c.event(withNames(packet(40000, false, syn, 66), cart, db, service), 0)
	c.stop()
	require.Nil(t, c.written[0].Source.Endpoint)
	require.Empty(t, c.states.names)
}

func TestAConnectionThatBothSidesFinishIsOneRecordWithTheLastAck(t *testing.T) {
	c := newTestConnections(t, nil)
	for i, p := range []*flow.Flow{
		packet(40000, false, syn, 66), packet(40000, true, syn|ack, 66), packet(40000, false, ack, 54), packet(40000, false, psh, 500),
		packet(40000, true, psh, 1500), packet(40000, true, fin, 54), packet(40000, false, fin, 54), packet(40000, true, ack, 54),
	} {
		again := *p // the same packet at another point
		again.Primary, again.ObservationPoint = false, 3
		c.event(p, time.Duration(i)*time.Second)
		c.event(&again, time.Duration(i)*time.Second+time.Millisecond)
	}
	require.Empty(t, c.written)
	c.pass(17 * time.Second)
	require.Empty(t, c.written, "late packets may come")
	c.pass(28 * time.Second)
	require.Len(t, c.written, 1)
	got := c.written[0]
	require.Equal(t, flow.Side{Address: client, Port: 40000, Identity: 1001, Packets: 4, Bytes: 66 + 54 + 500 + 54, Flags: syn | psh | fin}, got.Source)
	require.Equal(t, flow.Side{Address: server, Port: 443, Identity: 2002, Packets: 4, Bytes: 66 + 1500 + 54 + 54, Flags: syn | psh | fin}, got.Destination)
	require.True(t, got.Opened)
	require.Equal(t, flow.EndFin, got.End)
	require.EqualValues(t, 16, got.Events)
	require.EqualValues(t, 8, got.Packets())
	require.Equal(t, start, got.First.UTC())
	require.Equal(t, start.Add(7001*time.Millisecond), got.Last.UTC())
	require.Equal(t, start.Add(1), got.Received.UTC())
	require.Equal(t, "0s", string(got.ID[:2]))
	require.True(t, got.Egress)
	require.False(t, got.Ingress)
	require.Zero(t, got.Session, "it is the only record")
	require.Zero(t, c.Held())
	require.Equal(t, 15, c.counted)
}

func TestHowAConnectionEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		packets []*flow.Flow
		pass    time.Duration // after the last packet
		kept    time.Duration // before it
		want    flow.End
	}{
		"refused":                    {[]*flow.Flow{packet(1, false, syn, 66), packet(1, true, rst, 54)}, 21 * time.Second, 9 * time.Second, flow.EndRst},
		"reset after FIN of both":    {[]*flow.Flow{packet(1, false, fin, 54), packet(1, true, fin, 54), packet(1, false, rst, 54)}, 21 * time.Second, 9 * time.Second, flow.EndFin},
		"reset after FIN of one":     {[]*flow.Flow{packet(1, false, fin, 54), packet(1, true, rst, 54)}, 21 * time.Second, 9 * time.Second, flow.EndRst},
		"not answered":               {[]*flow.Flow{packet(1, false, syn, 66), packet(1, false, syn, 66)}, 71 * time.Second, 59 * time.Second, flow.EndSilence},
		"TCP without FIN":            {[]*flow.Flow{packet(1, false, psh, 66), packet(1, true, ack, 66)}, 311 * time.Second, 299 * time.Second, flow.EndSilence},
		"FIN of one side is no end":  {[]*flow.Flow{packet(1, false, fin, 66), packet(1, true, ack, 66)}, 311 * time.Second, 299 * time.Second, flow.EndSilence},
		"datagrams":                  {[]*flow.Flow{datagram(1, false, 66), datagram(1, true, 66)}, 71 * time.Second, 59 * time.Second, flow.EndSilence},
		"a packet of an earlier FIN": {[]*flow.Flow{packet(1, false, fin, 66)}, 71 * time.Second, 59 * time.Second, flow.EndSilence},
	} {
		t.Run(name, func(t *testing.T) {
			for _, silent := range []bool{false, true} { // time passes with events, or without
				c := newTestConnections(t, nil)
				last := time.Duration(len(tc.packets)-1) * time.Second
				if silent {
					c.pass(0)
				}
				for i, p := range tc.packets {
					c.event(p, time.Duration(i)*time.Second)
				}
				wait := func(d time.Duration) {
					if silent {
						c.clock.Silence(d)
						c.release()
					} else {
						c.pass(last + d)
					}
				}
				wait(tc.kept)
				require.Empty(t, c.written)
				if silent {
					wait(tc.pass - tc.kept)
				} else {
					wait(tc.pass)
				}
				require.Len(t, c.written, 1, "silent: %v", silent)
				require.Equal(t, tc.want, c.written[0].End)
				require.EqualValues(t, len(tc.packets), c.written[0].Events)
			}
		})
	}
}

// The clock does not show how late the packet is: few events have come, and no silence is reported, as in a replay and during an outage.
func TestAPacketLaterThanTheLingerAfterAnEndBeginsAConnection(t *testing.T) {
	for late, want := range map[time.Duration]int{Linger - time.Second: 1, Linger + 2*time.Second: 2} {
		c := newTestConnections(t, nil)
		c.event(packet(1, false, syn, 66), 0)
		c.event(packet(1, true, rst, 54), time.Second)
		c.event(packet(1, true, ack, 66), time.Second+late)
		require.Equal(t, want, len(c.written)+c.Held(), "%v later", late)
	}
}

func TestALongConnectionHasARecordAfterFiveMinutesAndThenOneAnHour(t *testing.T) {
	c := newTestConnections(t, nil)
	const every = 20 * time.Second
	total := 3*time.Hour + 10*time.Minute
	n := 0
	for at := time.Duration(0); at <= total; at += every {
		c.event(packet(1, n%2 == 1, psh, 100), at)
		n++
	}
	c.pass(total + 10*time.Minute)
	require.Len(t, c.written, 5)
	var packets int64
	for i, w := range c.written {
		packets += w.Packets()
		require.Equal(t, w.Events, w.Packets())
		require.Equal(t, w.First.Add(1), w.Received, "the delivery of its first event")
		require.Equal(t, i > 0, w.Again)
		require.Equal(t, c.written[0].ID, w.Session)
		require.Equal(t, client, w.Source.Address, "it is known who opened it")
		want := flow.EndInterim
		if i == 4 {
			want = flow.EndSilence
		}
		require.Equal(t, want, w.End)
	}
	require.EqualValues(t, n, packets)
	require.Equal(t, 5*time.Minute-every, c.written[0].Last.Sub(c.written[0].First))
	require.Equal(t, time.Hour-every, c.written[1].Last.Sub(c.written[1].First))
}

// The records before a silence belong together, and so do those after it.
func TestAConnectionThatGoesOnAfterASilenceIsAnotherSession(t *testing.T) {
	c := newTestConnections(t, nil)
	const every = 20 * time.Second
	at, n := time.Duration(0), 0
	talk := func(d time.Duration) {
		for end := at + d; at < end; at += every {
			c.event(packet(1, n%2 == 1, psh, 100), at)
			n++
		}
	}
	talk(6 * time.Minute)
	at += 6 * time.Minute // a silence
	talk(6 * time.Minute)
	c.pass(at + 10*time.Minute)
	require.Len(t, c.written, 4)
	var ends []flow.End
	for i, w := range c.written {
		ends = append(ends, w.End)
		require.Equal(t, i%2 == 1, w.Again)
		require.Equal(t, c.written[i/2*2].ID, w.Session)
	}
	require.Equal(t, []flow.End{flow.EndInterim, flow.EndSilence, flow.EndInterim, flow.EndSilence}, ends)
	require.NotEqual(t, c.written[0].Session, c.written[2].Session)
}

func TestARecordCountsNoMoreEventsThanItsColumnHolds(t *testing.T) {
	c := newTestConnections(t, nil)
	c.event(datagram(1, false, 100), 0)
	e := c.store.Oldest()
	e.Count += math.MaxInt32 - 2
	require.Equal(t, Counted, c.event(datagram(1, false, 100), time.Second))
	require.Equal(t, Next, c.event(datagram(1, false, 100), 2*time.Second))
	require.EqualValues(t, math.MaxInt32, c.written[0].Events)
	require.Equal(t, flow.EndInterim, c.written[0].End)
}

func TestPortsThatAreUsedAgainAreAnotherConnection(t *testing.T) {
	c := newTestConnections(t, nil)
	c.event(packet(1, false, syn, 66), 0)
	c.event(packet(1, true, rst, 54), time.Second)
	require.Equal(t, Next, c.event(packet(1, false, syn, 66), 2*time.Second))
	require.Equal(t, Counted, c.event(packet(1, false, syn, 66), 3*time.Second), "it is sent again")
	c.stop()
	require.Equal(t, []flow.End{flow.EndRst, flow.EndStop}, []flow.End{c.written[0].End, c.written[1].End})
	require.Equal(t, []int64{2, 2}, []int64{c.written[0].Events, c.written[1].Events})
	require.False(t, c.written[1].Again)
}

func TestPortsThatAreUsedAgainAfterFinOfOneSideAreAnotherConnection(t *testing.T) {
	for _, finisher := range []bool{false, true} {
		c := newTestConnections(t, nil)
		for i := range 3 {
			at := time.Duration(i) * 20 * time.Second
			c.event(packet(1, false, syn, 60), at)
			c.event(packet(1, true, syn|ack, 60), at+time.Millisecond)
			c.event(packet(1, false, psh, 100), at+2*time.Millisecond)
			c.event(packet(1, finisher, fin, 40), at+3*time.Millisecond)
			require.Equal(t, Counted, c.event(packet(1, false, syn, 60), at), "the same SYN at another point, late")
		}
		c.stop()
		require.Len(t, c.written, 3)
		for i, w := range c.written {
			require.Equal(t, 3*time.Millisecond, w.Last.Sub(w.First))
			require.EqualValues(t, 5, w.Events)
			require.False(t, w.Again)
			if i < 2 {
				require.Equal(t, flow.EndFin, w.End)
			}
		}
	}
}

func TestWhatIsOneConnectionInBothDirections(t *testing.T) {
	change := func(f *flow.Flow, do func(*flow.Flow)) *flow.Flow { do(f); return f }
	icmp := func(typ, code uint8, identifier uint16, reply bool) *flow.Flow {
		f := packet(0, reply, 0, 98)
		f.IP.Protocol, f.L4 = 1, flow.L4{Protocol: flow.L4ICMPv4, Type: typ, Code: code, Identifier: identifier}
		return f
	}
	for name, same := range map[string][2]*flow.Flow{
		"an answer":            {packet(1, false, ack, 1), packet(1, true, ack, 1)},
		"another trace point":  {packet(1, false, ack, 1), change(packet(1, false, ack, 1), func(f *flow.Flow) { f.ObservationPoint, f.Primary = 3, false })},
		"another direction":    {packet(1, false, ack, 1), change(packet(1, false, ack, 1), func(f *flow.Flow) { f.Direction = flow.DirectionIngress })},
		"in and out of tunnel": {packet(1, false, ack, 1), change(packet(1, true, ack, 1), func(f *flow.Flow) { f.Tunnel = flow.Tunnel{Protocol: flow.TunnelVXLAN, VNI: 7} })},
		"its policy verdict":   {packet(1, false, syn, 1), change(packet(1, false, syn, 1), func(f *flow.Flow) { f.Type = monitor.TypePolicyVerdict })},
		"echo and its reply":   {icmp(8, 0, 7, false), icmp(0, 0, 7, true)},
	} {
		c := newTestConnections(t, nil)
		require.Equal(t, Held, c.event(same[0], 0), name)
		require.Equal(t, Counted, c.event(same[1], 0), name)
	}
	for name, other := range map[string]*flow.Flow{
		"a port":     packet(2, false, ack, 1),
		"a protocol": datagram(1, false, 1),
		"an address": change(packet(1, false, ack, 1), func(f *flow.Flow) { f.IP.Source = netip.MustParseAddr("fd00::1") }),
		"echoes":     icmp(8, 0, 7, false),
	} {
		c := newTestConnections(t, nil)
		require.Equal(t, Held, c.event(packet(1, false, ack, 1), 0))
		require.Equal(t, Held, c.event(other, 0), name)
	}
	c := newTestConnections(t, nil)
	c.event(icmp(8, 0, 7, false), 0)
	require.Equal(t, Held, c.event(icmp(8, 0, 8, false), 0), "another identifier")
	require.Equal(t, Held, c.event(icmp(3, 1, 9, false), 0), "no echo")
	require.Equal(t, Counted, c.event(icmp(3, 1, 10, false), 0), "its bytes are no identifier")
	require.Equal(t, Held, c.event(icmp(3, 2, 9, false), 0), "another code")
}

func TestWhatMustBeWholeBelongsToNoConnection(t *testing.T) {
	for name, do := range map[string]func(*flow.Flow){
		"drop":                    func(f *flow.Flow) { f.Type = monitor.TypeDrop },
		"packet monitor's drop":   func(f *flow.Flow) { f.Type = monitor.TypePacketMonitorDrop },
		"denied":                  func(f *flow.Flow) { f.Type, f.Verdict = monitor.TypePolicyVerdict, flow.VerdictDropped },
		"audited":                 func(f *flow.Flow) { f.Type, f.Verdict = monitor.TypePolicyVerdict, flow.VerdictAudit },
		"socket trace":            func(f *flow.Flow) { f.Type = monitor.TypeTraceSock },
		"capture":                 func(f *flow.Flow) { f.Type = monitor.TypeCapture },
		"recorder":                func(f *flow.Flow) { f.Type = monitor.TypeRecorder },
		"debug":                   func(f *flow.Flow) { *f = flow.Flow{Type: monitor.TypeDebug} },
		"unknown":                 func(f *flow.Flow) { *f = flow.Flow{Type: 42} },
		"no IP":                   func(f *flow.Flow) { f.IP = flow.IP{} },
		"malformed":               func(f *flow.Flow) { f.Problem = flow.ProblemMalformed },
		"a point without a name":  func(f *flow.Flow) { f.ObservationPoint = 200 },
		"a layout of a later one": func(f *flow.Flow) { f.VersionUnknown = true },
	} {
		c := newTestConnections(t, nil)
		for range 3 {
			f := packet(1, false, ack, 1)
			do(f)
			require.Equal(t, Report, c.event(f, 0), name)
		}
	}
}

func TestAConnectionHasWhyPoliciesAllowedItAndWhoIsCertainToHaveOpenedIt(t *testing.T) {
	c := newTestConnections(t, nil)
	verdict := packet(1, false, syn, 66)
	verdict.Type, verdict.PolicyMatch, verdict.Policy.Cookie, verdict.Primary, verdict.DestinationIdentity = monitor.TypePolicyVerdict, 2, 17, false, 0
	c.event(verdict, 0)
	verdict.Direction, verdict.PolicyMatch, verdict.Policy.Cookie, verdict.Verdict = flow.DirectionIngress, 4, 18, flow.VerdictRedirected
	c.event(verdict, time.Second)
	c.event(packet(1, false, syn, 66), 2*time.Second)
	c.stop()
	got := c.written[0]
	require.Equal(t, [2]flow.Policy{{Known: true, Match: 2, Cookie: 17}, {Known: true, Match: 4, Cookie: 18, Redirect: true}}, got.Policies)
	require.True(t, got.Egress && got.Ingress && got.Opened)
	require.Equal(t, uint32(2002), got.Destination.Identity, "the trace has it")
	require.EqualValues(t, 1, got.Packets(), "the trace counts the packet")

	c = newTestConnections(t, nil)
	answer := datagram(1, true, 66)
	c.event(answer, 0)
	c.stop()
	require.Equal(t, client, c.written[0].Source.Address, "connection tracking calls the first packet a reply")
	c = newTestConnections(t, nil)
	answer.Reply = flow.Unknown
	c.event(answer, 0)
	c.stop()
	require.Equal(t, server, c.written[0].Source.Address, "the sender of the first packet")
	require.False(t, c.written[0].Opened)
}

func TestAPacketOfAnotherTimeStretchesNoConnection(t *testing.T) {
	for _, leap := range []time.Duration{10 * time.Minute, 24 * time.Hour, -10 * time.Minute, -24 * time.Hour} {
		c := newTestConnections(t, nil)
		c.pass(0)
		c.event(datagram(1, false, 100), 0)
		c.event(datagram(1, true, 100), time.Second)
		c.event(datagram(1, true, 100), leap)
		c.event(datagram(1, false, 100), 2*time.Second)
		c.event(datagram(1, false, 100), 3*time.Second)
		c.stop()
		var events int64
		for _, w := range c.written {
			events += w.Events
			require.LessOrEqual(t, w.Last.Sub(w.First), time.Second)
		}
		require.EqualValues(t, 5, events)
		require.Len(t, c.written, 3, "%v", leap)
	}
}

func TestMemoryThatIsFullWritesRecordsEarlyAndCountsThem(t *testing.T) {
	c := newTestConnections(t, func(s *ConnectionSettings) { s.Max = 100 })
	for port := range uint16(300) {
		c.event(datagram(1+port, false, 100), time.Duration(port)*time.Millisecond)
		require.LessOrEqual(t, c.Held(), 100)
	}
	require.EqualValues(t, 200, c.Early())
	require.Len(t, c.written, 200)
	for _, w := range c.written {
		require.Equal(t, flow.EndMemory, w.End)
	}
}

// Ports that are used again and again take no more room than one connection.
func TestALongConnectionIsNotWrittenEarlyForShortOnesThatHaveEnded(t *testing.T) {
	c := newTestConnections(t, func(s *ConnectionSettings) { s.Max = 100 })
	for i := range 5_000 {
		at := time.Duration(i) * time.Millisecond
		c.event(packet(1, i%2 == 0, psh, 100), at)
		c.event(packet(2, false, syn, 66), at)
		c.event(packet(2, true, rst, 66), at)
	}
	require.Zero(t, c.Early())
	require.Equal(t, 2, c.Held())
	require.Len(t, c.written, 4999, "each SYN ends the connection before it")
}

func TestAPacketOfAKnownConnectionAllocatesNothing(t *testing.T) {
	c := newTestConnections(t, nil)
	f, raw := packet(1, false, ack, 100), []byte("raw")
	c.event(f, 0)
	at := start.UnixNano()
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		c.Due()
		at += 1000
		c.clock.Event(at)
		c.Add(f, raw, at, at)
	}))
}

// TestEveryEventIsInOneRecordOfAConnection checks the sums with random connections, orders, times, and little memory.
func TestEveryEventIsInOneRecordOfAConnection(t *testing.T) {
	type sum struct{ packets, bytes int64 }
	type way struct {
		from, to netip.AddrPort
		protocol uint8
	}
	for _, most := range []int{20, 100_000} {
		r := rand.New(rand.NewPCG(3, uint64(most)))
		c := newTestConnections(t, func(s *ConnectionSettings) { s.Max = most })
		want, got := map[way]sum{}, map[way]sum{}
		const events = 50_000
		var now time.Duration
		for range events {
			now += time.Duration(r.IntN(400)) * time.Millisecond
			at := now - time.Duration(r.IntN(3000))*time.Millisecond
			switch r.IntN(400) {
			case 0:
				at = time.Duration(r.Int64N(int64(200*time.Hour))) - 100*time.Hour
			case 1:
				now += time.Duration(r.IntN(1200)) * time.Second
			case 2:
				c.clock.Silence(time.Duration(r.IntN(100)) * time.Second)
			}
			flags := []uint16{syn, syn | ack, ack, psh, psh, psh, fin, rst}[r.IntN(8)]
			f := packet(uint16(1+r.IntN(60)), r.IntN(2) == 0, flags, uint32(54+r.IntN(1400)))
			if r.IntN(3) == 0 {
				f = datagram(uint16(1+r.IntN(60)), r.IntN(2) == 0, uint32(54+r.IntN(1400)))
			}
			f.Primary = r.IntN(3) > 0
			if r.IntN(50) == 0 {
				f.Type = monitor.TypeDrop
			}
			if c.event(f, at) != Report && f.Primary {
				k := way{netip.AddrPortFrom(f.IP.Source, f.L4.SourcePort), netip.AddrPortFrom(f.IP.Destination, f.L4.DestinationPort), f.IP.Protocol}
				want[k] = sum{want[k].packets + 1, want[k].bytes + int64(f.OrigLen)}
			}
		}
		require.Equal(t, c.Held(), int(c.states.next)-len(c.states.unused), "a state for each connection")
		require.Positive(t, c.Held())
		pending := c.Held()
		early := c.Early()
		before := len(c.written)
		c.stop()
		require.Equal(t, pending, len(c.written)-before)
		require.Equal(t, most == 20, early > 0)
		require.Equal(t, events, c.reports+len(c.written)+c.counted, "received = emitted + aggregated")
		var stoodFor int64
		for _, w := range c.written {
			stoodFor += w.Events
			require.False(t, w.Last.Before(w.First))
			require.LessOrEqual(t, w.Last.Sub(w.First), time.Hour+10*time.Minute)
			for _, side := range [][2]flow.Side{{w.Source, w.Destination}, {w.Destination, w.Source}} {
				if side[0].Packets > 0 {
					k := way{netip.AddrPortFrom(side[0].Address, side[0].Port), netip.AddrPortFrom(side[1].Address, side[1].Port), w.Protocol}
					got[k] = sum{got[k].packets + side[0].Packets, got[k].bytes + side[0].Bytes}
				}
			}
		}
		require.EqualValues(t, events, stoodFor+int64(c.reports))
		require.Equal(t, want, got, "bytes and packets both ways")
		if most > 20 {
			require.Less(t, len(c.written), events*2/5)
		}
	}
}
