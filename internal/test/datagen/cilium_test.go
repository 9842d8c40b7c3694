// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

func TestCiliumCaptureHasEveryLayout(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cilium_events.pcapng")
	made, err := writeCilium(path)
	require.NoError(t, err)
	c, err := capture.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()

	found := counts{ByID: map[id]int{}}
	type layout struct {
		typ    monitor.MessageType
		number int // version, or length of the header
	}
	seenLayouts, seenLayers, seenPoints := map[layout]int{}, map[gopacket.LayerType]int{}, map[uint8]int{}
	seenFlags := map[monitor.PacketFlags]int{}
	var padded, empty, translated, denied, redirected int
	var n monitor.Notification
	last := int64(0)
	for {
		r, err := c.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		require.GreaterOrEqual(t, r.Time, last)
		require.WithinRange(t, time.Unix(0, r.Time), start(), start().Add(10*time.Minute+20*time.Second))
		last = r.Time
		found.Events++
		found.ByID[id(r.Data[0])]++
		require.NoError(t, monitor.Decoder{}.Decode(r.Data, &n))
		var flags monitor.PacketFlags
		switch n.Type {
		case monitor.TypeDrop:
			seenLayouts[layout{n.Type, int(n.Version)}]++
			flags = n.Drop.Flags
		case monitor.TypeTrace:
			seenLayouts[layout{n.Type, int(n.Version)}]++
			seenPoints[n.SubType]++
			flags = n.Trace.Flags
			if n.Trace.OrigIP.IsValid() {
				translated++
			}
		case monitor.TypePolicyVerdict:
			seenLayouts[layout{n.Type, n.HeaderLen}]++
			if n.Verdict.Verdict < 0 {
				denied++
			}
			if n.Verdict.Verdict > 0 {
				redirected++
			}
			if n.Verdict.L3Device {
				flags |= monitor.FlagL3Device
			}
			if n.Verdict.IPv6 {
				flags |= monitor.FlagIPv6
			}
		case monitor.TypeTraceSock:
			seenLayouts[layout{n.Type, n.HeaderLen}]++
		case monitor.TypePacketMonitorDrop:
			if n.Pktmon.PacketType == monitor.PacketMonitorIP {
				flags |= monitor.FlagL3Device
			}
		case monitor.TypeDebug, monitor.TypeCapture, monitor.TypeRecorder, monitor.TypeAgent, monitor.TypeAccessLog:
			seenLayouts[layout{n.Type, int(n.SubType)}]++
		default:
			found.Unknown++
		}
		seenFlags[flags]++
		if len(n.Packet) == 0 {
			empty++
			continue
		}
		if len(r.Data) > n.HeaderLen+int(n.OrigLen) {
			padded++
		}
		requireSoundPacket(t, n.Packet, n.OrigLen, flags, seenLayers)
	}
	require.Equal(t, made, found)
	require.GreaterOrEqual(t, found.Events, 1000)
	require.Equal(t, 1, found.Unknown)
	for typ, numbers := range map[monitor.MessageType][]int{
		monitor.TypeDrop: {0, 1, 2, 3}, monitor.TypeTrace: {0, 1, 2}, monitor.TypePolicyVerdict: {32, 40}, monitor.TypeTraceSock: {38, 40},
		monitor.TypeDebug: {1, 15, 40, 68, 200}, monitor.TypeCapture: {4, 5, 6, 7, 8, 9, 10, 11}, monitor.TypeRecorder: {0, 1},
	} {
		for _, number := range numbers {
			require.NotZero(t, seenLayouts[layout{typ, number}], "%s %d", typ, number)
		}
	}
	for point := range uint8(14) {
		require.NotZero(t, seenPoints[point], "observation point %d", point)
	}
	for _, l := range []gopacket.LayerType{
		layers.LayerTypeTCP, layers.LayerTypeUDP, layers.LayerTypeDNS, layers.LayerTypeICMPv4, layers.LayerTypeICMPv6, layers.LayerTypeSCTP,
		layers.LayerTypeIPv4, layers.LayerTypeIPv6, layers.LayerTypeDot1Q, layers.LayerTypeARP, layers.LayerTypeEthernet,
	} {
		require.NotZero(t, seenLayers[l], l.String())
	}
	for _, f := range []monitor.PacketFlags{
		monitor.FlagVXLAN, monitor.FlagGeneve, monitor.FlagVXLAN | monitor.FlagIPv6, monitor.FlagGeneve | monitor.FlagIPv6,
		monitor.FlagL3Device, monitor.FlagL3Device | monitor.FlagIPv6,
	} {
		require.NotZero(t, seenFlags[f], "packet flags %#x", f)
	}
	for what, n := range map[string]int{"padded": padded, "empty": empty, "translated": translated, "denied": denied, "redirected": redirected} {
		require.NotZero(t, n, what)
	}
}

// requireSoundPacket fails if a packet that was captured whole has a wrong length or checksum.
func requireSoundPacket(t *testing.T, packet []byte, length uint32, flags monitor.PacketFlags, seen map[gopacket.LayerType]int) {
	t.Helper()
	first := gopacket.Decoder(layers.LayerTypeEthernet)
	switch {
	case flags.L3Device() && packet[0]>>4 == 6:
		first = layers.LayerTypeIPv6
	case flags.L3Device():
		first = layers.LayerTypeIPv4
	}
	if uint32(len(packet)) < length {
		return // cut by the datapath
	}
	p := gopacket.NewPacket(packet[:length], first, gopacket.NoCopy)
	if l := p.ErrorLayer(); l != nil {
		require.NoError(t, l.Error(), "%x", packet)
	}
	var network gopacket.NetworkLayer
	for _, l := range p.Layers() {
		seen[l.LayerType()]++
		if n, ok := l.(gopacket.NetworkLayer); ok {
			network = n
		}
		if c, ok := l.(checksummed); ok {
			require.NoError(t, c.SetNetworkLayerForChecksum(network))
		}
		if s, ok := l.(*layers.SCTP); ok { // gopacket does not verify it
			b := append(slices.Clone(s.Contents), s.Payload...)
			clear(b[8:12])
			require.Equal(t, binary.LittleEndian.Uint32(s.Contents[8:]), crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
		}
	}
	err, mismatches := p.VerifyChecksums()
	require.NoError(t, err)
	require.Empty(t, mismatches, "%x", packet)
}
