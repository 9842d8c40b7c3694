// SPDX-License-Identifier: Apache-2.0

// Which record counts that a packet was dropped.

package primary_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/primary"
)

func watched(component uint16, packet []byte) mt.PacketMonitor {
	return mt.PacketMonitor{Packet: packet, PacketType: 1, ComponentID: component}
}

func TestEveryDroppedPacketIsOneDenial(t *testing.T) {
	packet := tcp(40000, mt.SYN, 1)
	verdict := mt.PolicyVerdict{Capture: mt.Capture{Source: pod, Packet: packet}, Verdict: -133}
	type records = []interface{ Bytes() []byte }
	for name, way := range map[string]struct {
		records
		denial int // which of them counts it; -1 for none
	}{
		"a verdict and a drop":             {records{trace(fromEndpoint, pod, packet), verdict, drop(pod, packet)}, 2},
		"a drop behind a counted trace":    {records{trace(toStack, pod, packet), drop(host, packet)}, 1},
		"behind traces at every point":     {records{trace(toStack, pod, packet), trace(toOverlay, pod, packet), trace(toNetwork, pod, packet), trace(toNetwork, host, packet), trace(2, host, packet), drop(host, packet)}, 5},
		"what is delivered":                {records{trace(toStack, pod, packet), trace(toEndpoint, pod, packet)}, -1},
		"the packet monitor's alone":       {records{watched(3, packet), watched(4, packet)}, 0},
		"the packet monitor's behind it":   {records{drop(pod, packet), watched(3, packet), watched(4, packet)}, 0},
		"the packet monitor's before it":   {records{watched(3, packet), watched(4, packet), drop(pod, packet)}, 0},
		"the packet monitor's, behind all": {records{trace(toStack, pod, packet), trace(toNetwork, host, packet), verdict, drop(host, packet), watched(4, packet)}, 3},
	} {
		for _, cpu := range []int32{-1, 3} { // not known, and known
			l := newLine(t)
			l.cpu = cpu
			for range 300 { // it is sent again; more often than a count of it holds
				for i, record := range way.records {
					want := primary.No
					if i == way.denial {
						want = primary.Yes
					}
					require.Equal(t, want, l.denial(record), "%s: %T", name, record)
				}
			}
			require.Zero(t, l.marker.Unmarked(), name)
		}
	}
}

// A program tells once of what it drops, so that the packet's bytes are not needed to know that it is a denial.
func TestADropOfAPacketThatCannotBeToldApartIsADenial(t *testing.T) {
	none := drop(pod, nil)
	none.OrigLen, none.NoCapLen = 60, true
	l := newLine(t)
	assert.Equal(t, primary.Marks{Packet: primary.Unknown, Drop: primary.Yes}, l.marks(none))
	assert.Equal(t, primary.Marks{Packet: primary.Unknown, Drop: primary.Yes}, l.marks(none))
	assert.Equal(t, primary.Marks{Drop: primary.Yes}, l.marks(drop(pod, nil)), "without a length there is nothing to sum")
	assert.Equal(t, primary.Unknown, l.denial(watched(3, tcp(40000, mt.SYN, 1))), "it may be the one of before")
	assert.Equal(t, primary.Unknown, l.denial(none), "or this one that of the packet monitor")
	l.at = l.at.Add(2 * primary.Window)
	assert.Equal(t, primary.Yes, l.denial(none))
	l.at = l.at.Add(2 * primary.Window)
	assert.Equal(t, primary.Yes, l.denial(watched(3, tcp(40000, mt.SYN, 2))))
	assert.EqualValues(t, 5, l.marker.Unmarked())
}

// The hosts' numbers of a connection go over their end.
func TestSequenceNumbersThatBeginAnewAreOtherPackets(t *testing.T) {
	l := newLine(t)
	for _, sequence := range []uint32{1<<32 - 2000, 1<<32 - 1000, 0, 1000, 2000} {
		require.Equal(t, primary.Yes, l.mark(trace(toStack, pod, tcp(40000, mt.ACK, sequence))))
		require.Equal(t, primary.No, l.mark(trace(toNetwork, host, tcp(40000, mt.ACK, sequence))))
		require.Equal(t, primary.Marks{Drop: primary.Yes}, l.marks(drop(host, tcp(40000, mt.ACK, sequence))))
	}
}

// Each node counts a packet once. Records of two nodes must not come to one marker.
func TestAPacketAtEveryPointIsCountedOnceByEachNode(t *testing.T) {
	packet := tcp(40000, mt.ACK, 1)
	for range 2 {
		l := newLine(t)
		yes := 0
		for _, point := range []uint8{monitor.TraceFromEndpoint, toStack, monitor.TraceFromStack, toOverlay, toNetwork, monitor.TraceFromOverlay, monitor.TraceToHost, monitor.TraceFromHost, monitor.TraceToCrypto, toEndpoint} {
			if l.mark(trace(point, pod, packet)) == primary.Yes {
				yes++
			}
		}
		require.Equal(t, 1, yes)
		require.Zero(t, l.marker.Unmarked())
	}
}
