// SPDX-License-Identifier: Apache-2.0

package monitor_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// A perf ring of Linux aligns each record: what stands after its end is left from another one.
func TestWhatAPerfRingAddsChangesNothing(t *testing.T) {
	source, target := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("fd00::1:2")
	records := map[string][]byte{
		"debug":        mt.Debug{SubType: 3, Arg1: 1, Arg2: 2, Arg3: 3}.Bytes(),
		"sock old":     mt.TraceSock{DstIP: source, L4Proto: 1, DstPort: 443}.Bytes(),
		"sock new":     mt.TraceSock{DstIP: source, L4Proto: 1, DstPort: 443, Long: true}.Bytes(),
		"sock old, v6": mt.TraceSock{DstIP: target, L4Proto: 2, DstPort: 53}.Bytes(),
		"sock new, v6": mt.TraceSock{DstIP: target, L4Proto: 2, DstPort: 53, Long: true}.Bytes(),
		"verdict old":  mt.PolicyVerdict{DstPort: 80}.Bytes(),
		"verdict new":  mt.PolicyVerdict{DstPort: 80, Long: true, Cookie: 7}.Bytes(),
		"drop":         mt.Drop{Version: 2}.Bytes(),
		"trace":        mt.Trace{Version: 1}.Bytes(),
		"capture":      mt.DebugCapture{Point: 4}.Bytes(),
	}
	for length := 43; length <= 134; length++ {
		c := mt.Capture{Packet: ipv4Packet(length)}
		extended := c
		extended.ExtVersion, extended.Extension = 1, make([]byte, 8)
		for name, record := range map[string][]byte{
			"drop 1":           mt.Drop{Version: 1, Capture: c}.Bytes(),
			"drop 2":           mt.Drop{Version: 2, Capture: c}.Bytes(),
			"drop 3":           mt.Drop{Version: 3, Capture: c}.Bytes(),
			"drop 3, extended": mt.Drop{Version: 3, Capture: extended}.Bytes(),
			"trace 0":          mt.Trace{Version: 0, Capture: c}.Bytes(),
			"trace 1":          mt.Trace{Version: 1, Capture: c}.Bytes(),
			"trace 2":          mt.Trace{Version: 2, Capture: c}.Bytes(),
			"verdict old":      mt.PolicyVerdict{Capture: c}.Bytes(),
			"verdict new":      mt.PolicyVerdict{Capture: c, Long: true, Cookie: 7}.Bytes(),
			"capture":          mt.DebugCapture{Capture: c}.Bytes(),
			"recorder":         mt.Recorder{Packet: c.Packet}.Bytes(),
		} {
			records[fmt.Sprintf("%s with a packet of %d bytes", name, length)] = record
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for name, record := range records {
		// The kernel fills words of 8 bytes with the record and its length of 4.
		padded := append([]byte(nil), record...)
		for (len(padded)+4)%8 != 0 {
			padded = append(padded, byte(1+random.IntN(255)))
		}
		want, got := decode(t, monitor.Decoder{}, record), decode(t, monitor.Decoder{}, padded)
		if want.HeaderLen == len(record) { // it carries no packet, so where one would begin does not matter
			want.HeaderLen, got.HeaderLen = 0, 0
		}
		want.Raw, got.Raw = nil, nil
		require.Equal(t, want, got, "%s: %d bytes, %d with padding", name, len(record), len(padded))
	}
}
