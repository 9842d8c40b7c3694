// SPDX-License-Identifier: Apache-2.0

// Packets that are sent again with the same bytes, and what becomes of them.

package primary_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/primary"
)

type record = interface{ Bytes() []byte }

// sums are how many records have a mark, and how many have none because it cannot be known.
type sums struct{ packets, drops, unmarked int64 }

// sum asks for records that come after pauses.
func (l *line) sum(pause time.Duration, records ...record) (s sums) {
	l.t.Helper()
	before := l.marker.Unmarked()
	for _, r := range records {
		l.at = l.at.Add(pause)
		m := l.marks(r)
		if m.Packet == primary.Yes {
			s.packets++
		}
		if m.Drop == primary.Yes {
			s.drops++
		}
	}
	s.unmarked = l.marker.Unmarked() - before
	return s
}

// heartbeat has the same bytes whenever it is sent: IPv6 has no identification.
func heartbeat() []byte {
	return mt.Ethernet(mt.EtherIPv6, mt.IPv6(netip.MustParseAddr("fd00:10:244:1::12"), netip.MustParseAddr("fd00:10:244:2::40"), mt.ProtoUDP,
		mt.UDP(40000, 9000, make([]byte, 32))))
}

func TestAPacketThatItsPodMayNotSendIsAnotherThanThoseThatPassed(t *testing.T) {
	packet := heartbeat()
	for name, passed := range map[string][]record{
		"to-overlay": {trace(toOverlay, pod, packet)}, "to-network": {trace(toNetwork, host, packet)},
		"to-stack and to-network": {trace(toStack, pod, packet), trace(toNetwork, host, packet)}, "to-endpoint": {trace(toEndpoint, otherPod, packet)},
	} {
		for _, incoming := range []bool{false, true} { // as at the level none
			for _, pause := range []time.Duration{0, time.Second, time.Minute} {
				l, got := newLine(t), sums{}
				send := func(records ...record) {
					l.at = l.at.Add(pause)
					if incoming {
						l.marks(trace(fromEndpoint, pod, packet))
					}
					s := l.sum(0, records...)
					got = sums{got.packets + s.packets, got.drops + s.drops, got.unmarked + s.unmarked}
				}
				for range 60 {
					send(passed...)
				}
				for range 60 {
					send(mt.PolicyVerdict{Capture: mt.Capture{Source: pod, Packet: packet}, Verdict: -133}, drop(pod, packet))
				}
				send(passed...)
				l.marker.Silence(time.Hour)
				require.Equal(t, sums{packets: 121, drops: 60}, got, "%s, %v, %v", name, incoming, pause)
				require.Zero(t, l.marker.Unmarked())
			}
		}
	}
}

func TestASYNThatIsDeniedWhenItIsSentAgainCountsEachTime(t *testing.T) {
	syn := mt.Ethernet(mt.EtherIPv6, mt.IPv6(netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fd00::2"), mt.ProtoTCP, mt.TCP(50001, 443, mt.SYN, nil)))
	require.Equal(t, sums{packets: 4, drops: 3},
		newLine(t).sum(time.Second, trace(toOverlay, pod, syn), drop(pod, syn), drop(pod, syn), drop(pod, syn)))
}

// A drop behind the pod's own program is of the packet that passed just before, else it cannot be known.
func TestADropThatMayBeBehindAPacketThatPassedHasNoMarkWhenItComesLate(t *testing.T) {
	packet := heartbeat()
	unnamed := drop(pod, packet)
	unnamed.File = 0
	write := drop(pod, packet)
	write.Reason = 141
	for name, tt := range map[string]struct {
		lost   record
		passes record
	}{
		"in the host's program":               {drop(host, packet), trace(toStack, pod, packet)},
		"in that of the pod it is for":        {dropIn(otherPod, packet), trace(toStack, pod, packet)},
		"in a program without a name":         {unnamed, trace(toNetwork, host, packet)},
		"where the pod's program fails to":    {write, trace(toOverlay, pod, packet)},
		"that the packet monitor tells of":    {watched(3, packet), trace(toOverlay, pod, packet)},
		"behind what the packet monitor told": {drop(pod, packet), watched(3, packet)},
	} {
		_, told := tt.passes.(mt.PacketMonitor)
		drops := int64(1)
		if told {
			drops = 0 // beside the packet monitor's own
		}
		l := newLine(t)
		l.marks(tt.passes)
		assert.Equal(t, sums{drops: drops}, l.sum(0, tt.lost), "%s: just behind it", name)
		for _, pause := range []time.Duration{2 * primary.Span, 300 * time.Millisecond, 4 * time.Second} {
			l = newLine(t)
			l.marks(tt.passes)
			assert.Equal(t, sums{drops: drops, unmarked: 1}, l.sum(pause, tt.lost), "%s: after %v", name, pause)
		}
		if told {
			continue
		}
		l = newLine(t)
		got := l.sum(0, tt.passes, tt.passes, tt.lost, tt.lost)
		assert.Equal(t, sums{packets: 2, drops: 2}, got, "%s: two side by side", name)
		l = newLine(t)
		got = l.sum(300*time.Millisecond, tt.passes, tt.passes, tt.lost, tt.lost)
		assert.EqualValues(t, 4, got.packets+got.unmarked, "%s: four", name)
		assert.EqualValues(t, 2, got.packets, "%s: of which two are certain", name)
		assert.EqualValues(t, 2, got.drops, name)
	}
}

// At the level none it is seen that another packet has come in.
func TestADropBehindAnotherArrivalIsOfAnotherPacket(t *testing.T) {
	packet := heartbeat()
	for _, cpu := range []int32{-1, 3} {
		l := newLine(t)
		l.cpu = cpu
		passes := []record{trace(fromNetwork, 0, packet), trace(toStack, host, packet)}
		denied := []record{trace(fromNetwork, 0, packet), dropIn(pod, packet)}
		require.Equal(t, sums{packets: 1}, l.sum(0, passes...))
		for range 3 {
			l.at = l.at.Add(time.Second)
			require.Equal(t, sums{packets: 1, drops: 1}, l.sum(0, denied...), "%d", cpu)
		}
		l.at = l.at.Add(time.Second)
		require.Equal(t, sums{packets: 1}, l.sum(0, passes...))
		require.Equal(t, sums{drops: 1, unmarked: 1}, l.sum(0, denied...), "it may be the one that passed a moment ago")
	}
	l := newLine(t)
	l.cpu = 0
	l.sum(0, trace(fromNetwork, 0, packet), trace(toStack, host, packet))
	l.at = l.at.Add(time.Second)
	l.marks(trace(fromNetwork, 0, packet))
	l.cpu = 1
	require.Equal(t, sums{drops: 1, unmarked: 1}, l.sum(0, dropIn(pod, packet)), "another processor may not have told yet that it was passed on")
}

// Another way than that of the one before: the policy, or the route, has changed.
func TestAPacketThatIsSentAgainAnotherWayIsCountedOrHasNoMark(t *testing.T) {
	packet := heartbeat()
	ways := map[string]record{
		"to-stack": trace(toStack, pod, packet), "to-overlay": trace(toOverlay, pod, packet), "to-network": trace(toNetwork, host, packet),
		"to-endpoint": trace(toEndpoint, otherPod, packet), "to-proxy": trace(toProxy, pod, packet), "refused": drop(pod, packet),
		"dropped": drop(host, packet), "watched": watched(3, packet),
	}
	for before, a := range ways {
		for after, b := range ways {
			for _, cpus := range [][2]int32{{-1, -1}, {0, 0}, {0, 1}} {
				l := newLine(t)
				l.cpu = cpus[0]
				got := l.sum(time.Second, a, a, a)
				l.cpu = cpus[1]
				more := l.sum(time.Second, b, b, b)
				assert.EqualValues(t, 6, got.packets+got.unmarked+more.packets+more.unmarked, "%s, then %s, %v", before, after, cpus)
			}
		}
	}
}

// Each of these comes in, and no later point reports it.
func TestPacketsThatLookTheSameAndOnlyComeInAreAllCounted(t *testing.T) {
	packet := heartbeat()
	for _, point := range []uint8{fromEndpoint, fromNetwork} {
		l := newLine(t)
		require.Equal(t, sums{packets: 1}, l.sum(0, trace(point, pod, packet), trace(toEndpoint, otherPod, packet)))
		l.cpu = 7
		for range 600 {
			l.sum(time.Second, trace(point, pod, packet))
		}
		require.Equal(t, sums{packets: 1}, l.sum(time.Second, trace(point, pod, packet), trace(toEndpoint, otherPod, packet)))
		l.marker.Silence(time.Hour)
		require.EqualValues(t, 600, l.marker.Unmarked())
	}
}

// A model knows which packet each record is of. Records come as the processors may give them: each its own in order, and each at
// most a few milliseconds behind another.
func TestTheMarksAreWhatAModelSaysThatWasSentOrTheRestIsCounted(t *testing.T) {
	packet := heartbeat()
	type step struct {
		cpu    int32
		record record
	}
	in := func(cpu int32, point uint8, endpoint uint16) step { return step{cpu, trace(point, endpoint, packet)} }
	courses := []struct {
		steps   []step
		dropped bool
	}{
		{[]step{in(0, fromEndpoint, pod), in(0, toOverlay, pod)}, false},
		{[]step{in(0, fromEndpoint, pod), in(0, toStack, pod), in(1, toNetwork, host)}, false},
		{[]step{in(0, fromEndpoint, pod), in(0, toStack, pod), in(1, fromStack, otherPod), in(1, toEndpoint, otherPod)}, false},
		{[]step{in(0, fromEndpoint, pod), {0, drop(pod, packet)}}, true},
		{[]step{in(0, fromEndpoint, pod), in(0, toStack, pod), {1, drop(host, packet)}}, true},
		{[]step{in(0, fromEndpoint, pod), {0, dropIn(otherPod, packet)}}, true},
		{[]step{in(0, fromEndpoint, pod), in(0, toOverlay, pod), {1, watched(3, packet)}, {1, watched(4, packet)}}, true},
		{[]step{in(0, fromEndpoint, pod), {0, drop(pod, packet)}, {0, watched(3, packet)}}, true},
		{[]step{in(0, fromEndpoint, pod)}, false}, // no later point reports it
	}
	for seed := range uint64(40) {
		for _, incoming := range []bool{false, true} { // the level none, and the others
			dice := rand.New(rand.NewPCG(seed, 1))
			l := newLine(t)
			var sent, dropped int64
			var got sums
			for range 60 {
				course := courses[dice.IntN(len(courses)-1)]
				if incoming && dice.IntN(10) == 0 {
					course = courses[len(courses)-1]
				}
				var queues [2][]step
				for range 1 + dice.IntN(2) { // side by side
					sent++
					if course.dropped {
						dropped++
					}
					for _, s := range course.steps {
						if tr, ok := s.record.(mt.Trace); incoming || !ok || tr.Point != fromEndpoint && tr.Point != fromStack {
							queues[s.cpu] = append(queues[s.cpu], s)
						}
					}
				}
				for len(queues[0])+len(queues[1]) > 0 {
					from := dice.IntN(2)
					if len(queues[from]) == 0 {
						from = 1 - from
					}
					l.cpu = int32(from)
					s := l.sum(0, queues[from][0].record)
					queues[from] = queues[from][1:]
					got.packets, got.drops = got.packets+s.packets, got.drops+s.drops
				}
				l.at = l.at.Add(time.Duration(60+dice.IntN(3000)) * time.Millisecond)
			}
			l.marker.Silence(time.Hour)
			got.unmarked = l.marker.Unmarked()
			require.LessOrEqual(t, got.packets, sent, "%d, %v", seed, incoming)
			require.LessOrEqual(t, got.drops, dropped, "%d, %v", seed, incoming)
			require.GreaterOrEqual(t, got.packets+got.unmarked, sent, "%d, %v", seed, incoming)
			require.GreaterOrEqual(t, got.drops+got.unmarked, dropped, "%d, %v", seed, incoming)
			require.Greater(t, got.packets, sent/3, "%d, %v", seed, incoming)
		}
	}
}
