// SPDX-License-Identifier: Apache-2.0

// Packets that are sent again with the same bytes, at every aggregation level.

package ciliumwindowsreceiver

import (
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

var sender, target = netip.MustParseAddr("fd00:10:244:1::12"), netip.MustParseAddr("fd00:10:244:2::40")

// heartbeat has the same bytes each time it is sent: IPv6 has no identification field.
func heartbeat() []byte {
	return monitortest.Ethernet(monitortest.EtherIPv6, monitortest.IPv6(sender, target, monitortest.ProtoUDP, monitortest.UDP(40000, 9000, make([]byte, 32))))
}

// wire writes the events that the programs emit for packets, 50 µs apart.
type wire struct {
	t    *testing.T
	file *os.File
	*capture.Writer
	at time.Time
}

func newWire(t *testing.T) *wire {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "again.pcapng"))
	require.NoError(t, err)
	w, err := capture.NewWriter(file)
	require.NoError(t, err)
	return &wire{t, file, w, time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)}
}

func (w *wire) tell(r interface{ Bytes() []byte }) {
	w.at = w.at.Add(50 * time.Microsecond)
	require.NoError(w.t, w.Write(events.Record{Time: w.at.UnixNano(), Data: r.Bytes()}))
}

func (w *wire) trace(point uint8, endpoint uint16, packet []byte) {
	reason := uint8(monitor.TraceReasonEstablished)
	if point == monitor.TraceFromEndpoint {
		reason = monitor.TraceReasonUnknown
	}
	w.tell(monitortest.Trace{Capture: monitortest.Capture{Source: endpoint, Packet: packet}, Version: 1, Point: point, SrcLabel: 20417, DstLabel: 47031, Reason: reason})
}

// deny writes the verdict and the drop of a packet in a program: 1 is the host's, 2 the pod's.
func (w *wire) deny(program uint8, endpoint uint16, packet []byte) {
	c := monitortest.Capture{Source: endpoint, Packet: packet}
	w.tell(monitortest.PolicyVerdict{Capture: c, Long: true, RemoteLabel: 47031, Verdict: -133, Direction: 2, IPv6: true, Cookie: 5})
	w.tell(monitortest.Drop{Capture: c, Version: 1, Reason: 133, SrcLabel: 20417, DstLabel: 47031, File: program})
}

func (w *wire) close() (path string) {
	require.NoError(w.t, w.Flush())
	require.NoError(w.t, w.file.Close())
	return w.file.Name()
}

// Sixty datagrams with the same bytes pass, one each second. Then a policy denies sixty more in the pod. A SYN passes
// once, and is denied when it is sent again.
func TestDeniedPacketsCountBesideThoseThatPassedWithTheSameBytes(t *testing.T) {
	syn := monitortest.Ethernet(monitortest.EtherIPv6, monitortest.IPv6(sender, target, monitortest.ProtoTCP, monitortest.TCP(50001, 443, monitortest.SYN, nil)))
	w := newWire(t)
	send := func(times int, denied bool, packet []byte) {
		for range times {
			w.trace(monitor.TraceFromEndpoint, 10, packet)
			if denied {
				w.deny(2, 10, packet)
			} else {
				w.trace(monitor.TraceToOverlay, 10, packet)
			}
			w.at = w.at.Add(time.Second)
		}
	}
	send(60, false, heartbeat())
	send(60, true, heartbeat())
	send(1, false, syn)
	send(3, true, syn)
	path := w.close()
	for _, level := range []string{"none", "low", "medium", "maximum"} {
		sink, r, _ := replayAll(t, replayOf(path, func(c *Config) { c.MonitorAggregationLevel = level }))
		counted, _ := countedBytes(sink)
		require.Equal(t, map[string]kit.Sent{
			sender.String() + " 40000 > " + target.String() + " 9000": {Packets: 120, Bytes: 11_280, DroppedPackets: 60, DroppedBytes: 5_640},
			sender.String() + " 50001 > " + target.String() + " 443":  {Packets: 4, Bytes: 296, DroppedPackets: 3, DroppedBytes: 222},
		}, counted, level)
		require.Zero(t, r.handler.marker.unmarked.Load(), level)
	}
}

// The packets take random ways and look the same. The sums are what was sent; what the sums lack is counted.
func TestTheSumsPlusTheUncountedAreWhatWasSentWhateverWayThePacketsTake(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	w, packet := newWire(t), heartbeat()
	const packets = 500
	var dropped int64
	for range packets {
		w.trace(monitor.TraceFromEndpoint, 10, packet)
		switch dice.IntN(4) {
		case 0:
			w.trace(monitor.TraceToOverlay, 10, packet)
		case 1:
			w.trace(monitor.TraceToStack, 10, packet)
			w.trace(monitor.TraceToNetwork, 89, packet)
		case 2:
			dropped++
			w.deny(2, 10, packet)
		case 3:
			dropped++
			w.trace(monitor.TraceToStack, 10, packet)
			w.deny(1, 89, packet)
		}
		w.at = w.at.Add(time.Duration(60+dice.IntN(3000)) * time.Millisecond)
	}
	path := w.close()
	for _, level := range []string{"none", "low", "medium", "maximum"} {
		sink, r, _ := replayAll(t, replayOf(path, func(c *Config) { c.MonitorAggregationLevel = level }))
		counted, _ := countedBytes(sink)
		require.Len(t, counted, 1)
		for _, got := range counted {
			unmarked := r.handler.marker.unmarked.Load()
			require.Equal(t, dropped, got.DroppedPackets, level)
			require.LessOrEqual(t, got.Packets, int64(packets), level)
			require.GreaterOrEqual(t, got.Packets+unmarked, int64(packets), level)
			require.Greater(t, got.Packets, int64(packets/2), level)
			require.Equal(t, got.Packets*int64(len(packet)), got.Bytes)
		}
	}
}
