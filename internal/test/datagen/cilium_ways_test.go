// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// The counts of sent and denied packets match the capture's events.
func TestTheWaysHaveSoundPacketsAndTheCountsMatchThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cilium_ways.pcapng")
	made, err := writeWays(path)
	require.NoError(t, err)
	c, err := capture.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	points, layers := map[uint8]int{}, map[gopacket.LayerType]int{}
	var records, drops, translated int
	var n monitor.Notification
	for {
		r, err := c.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		records++
		require.NoError(t, monitor.Decoder{}.Decode(r.Data, &n))
		var flags monitor.PacketFlags
		switch n.Type {
		case monitor.TypeTrace:
			points[n.SubType]++
			flags = n.Trace.Flags
			if n.SubType == monitor.TraceToNetwork && n.Trace.OrigIP.IsValid() {
				translated++
			}
		case monitor.TypeDrop:
			flags = n.Drop.Flags
			drops++
		}
		requireSoundPacket(t, n.Packet, n.OrigLen, flags, layers)
	}
	require.Equal(t, made.Events, records)
	for point := range uint8(14) {
		if point != monitor.TraceFromProxy && point != monitor.TraceFromCrypto {
			require.NotZero(t, points[point], "observation point %d", point)
		}
	}
	require.Positive(t, translated)
	var packets, dropped int
	for _, s := range made.Sent {
		require.Positive(t, s.Packets)
		require.GreaterOrEqual(t, s.Bytes, s.Packets*54)
		packets += s.Packets
		if s.DroppedPackets > 0 {
			require.Equal(t, s.Bytes, s.DroppedBytes)
			require.Equal(t, s.Packets, s.DroppedPackets)
		}
		dropped += s.DroppedPackets
	}
	require.Equal(t, drops, dropped)
	require.Less(t, packets, records)
}
