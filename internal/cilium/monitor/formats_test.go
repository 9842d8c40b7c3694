// SPDX-License-Identifier: Apache-2.0

package monitor_test

import (
	"bytes"
	"net/netip"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// ipv4Packet is an Ethernet frame with an IPv4 packet, as long as wanted.
func ipv4Packet(length int) []byte {
	payload := make([]byte, length-14-20-8)
	payload[0] = 1
	return mt.Ethernet(mt.EtherIPv4, mt.IPv4(netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), mt.ProtoUDP,
		mt.UDP(1000, 2000, payload)))
}

// The policy verdict's length is not in its version. Its record's length decides, then the setting, then its bytes.
func TestPolicyVerdictLength(t *testing.T) {
	const auto, v118, v119 = monitor.WireFormatAuto, monitor.WireFormat118, monitor.WireFormat119
	packet := ipv4Packet(60)
	lldp := mt.Ethernet(0x88cc, bytes.Repeat([]byte{3}, 106)) // 120 bytes in which nothing tells where a packet begins
	tests := map[string]struct {
		verdict mt.PolicyVerdict
		format  monitor.WireFormat
		extra   int // bytes after the record, as a perf ring pads
		want    int
	}{
		"exact, old":                         {mt.PolicyVerdict{Capture: mt.Capture{Packet: packet}}, v119, 0, 32},
		"exact, new":                         {mt.PolicyVerdict{Capture: mt.Capture{Packet: packet}, Long: true}, v118, 0, 40},
		"no packet, old":                     {mt.PolicyVerdict{}, v119, 0, 32},
		"no packet, new":                     {mt.PolicyVerdict{Long: true}, v118, 0, 40},
		"packet announced but absent, old":   {mt.PolicyVerdict{Capture: mt.Capture{CapLen: 128}}, auto, 0, 32},
		"packet announced but absent, new":   {mt.PolicyVerdict{Capture: mt.Capture{CapLen: 128}, Long: true}, auto, 0, 40},
		"padded to 128, old":                 {mt.PolicyVerdict{Capture: mt.Capture{Packet: packet, PadTo: 128}}, v119, 0, 32},
		"padded to 128, new":                 {mt.PolicyVerdict{Capture: mt.Capture{Packet: packet, PadTo: 128}, Long: true}, v118, 0, 40},
		"120 bytes padded to 128, old":       {mt.PolicyVerdict{Capture: mt.Capture{Packet: ipv4Packet(120), PadTo: 128}}, auto, 0, 32},
		"120 bytes of no IP, setting 1.18":   {mt.PolicyVerdict{Capture: mt.Capture{Packet: lldp, PadTo: 128}}, v118, 0, 32},
		"120 bytes of no IP, setting 1.19":   {mt.PolicyVerdict{Capture: mt.Capture{Packet: lldp}, Long: true}, v119, 0, 40},
		"120 bytes of no IP, new":            {mt.PolicyVerdict{Capture: mt.Capture{Packet: lldp}, Long: true}, auto, 0, 40},
		"120 bytes, old, setting 1.19":       {mt.PolicyVerdict{Capture: mt.Capture{Packet: ipv4Packet(120), PadTo: 128}}, v119, 0, 32},
		"120 bytes exact, new, setting 1.18": {mt.PolicyVerdict{Capture: mt.Capture{Packet: ipv4Packet(120)}, Long: true}, v118, 0, 40},
		"120 bytes exact, new":               {mt.PolicyVerdict{Capture: mt.Capture{Packet: ipv4Packet(120)}, Long: true}, auto, 0, 40},
		"perf ring, old":                     {mt.PolicyVerdict{Capture: mt.Capture{Packet: packet}}, auto, 4, 32},
		"perf ring, new":                     {mt.PolicyVerdict{Capture: mt.Capture{Packet: packet}, Long: true}, auto, 4, 40},
		"length not stated, setting 1.18":    {mt.PolicyVerdict{Capture: mt.Capture{Packet: packet, NoCapLen: true}}, v118, 0, 32},
		"length not stated, setting 1.19":    {mt.PolicyVerdict{Capture: mt.Capture{Packet: packet, NoCapLen: true}, Long: true}, v119, 0, 40},
		"length not stated, by bytes, old":   {mt.PolicyVerdict{Capture: mt.Capture{Packet: packet, NoCapLen: true}}, auto, 0, 32},
		"length not stated, by bytes, new":   {mt.PolicyVerdict{Capture: mt.Capture{Packet: packet, NoCapLen: true}, Long: true}, auto, 0, 40},
		"length not stated, L3 device, new":  {mt.PolicyVerdict{Capture: mt.Capture{Packet: packet[14:], NoCapLen: true}, Long: true, L3Device: true}, auto, 0, 40},
		"length not stated, L3 device, old":  {mt.PolicyVerdict{Capture: mt.Capture{Packet: packet[14:], NoCapLen: true}, L3Device: true}, auto, 0, 32},
		"with an extension, which 1.19 made": {mt.PolicyVerdict{Capture: mt.Capture{Packet: packet, ExtVersion: 1, Extension: make([]byte, 4)}, Long: true}, v118, 0, 44},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := append(tt.verdict.Bytes(), make([]byte, tt.extra)...)
			n := decode(t, monitor.Decoder{WireFormat: tt.format}, b)
			assert.Equal(t, tt.want, n.HeaderLen)
			if len(tt.verdict.Packet) > 0 {
				assert.Equal(t, tt.verdict.Packet, n.Packet[:len(tt.verdict.Packet)])
			}
		})
	}
}

func TestTraceSockLayout(t *testing.T) {
	v4, v6 := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("fd00::1:2")
	tests := map[string]struct {
		sock   mt.TraceSock
		format monitor.WireFormat
		extra  int
	}{
		"exact, old":                    {mt.TraceSock{DstIP: v4, L4Proto: 1}, monitor.WireFormat119, 0},
		"exact, new":                    {mt.TraceSock{DstIP: v6, L4Proto: 2, Long: true}, monitor.WireFormat118, 0},
		"perf ring, setting 1.18":       {mt.TraceSock{DstIP: v4, L4Proto: 1}, monitor.WireFormat118, 6},
		"perf ring, setting 1.19":       {mt.TraceSock{DstIP: v4, L4Proto: 1, Long: true}, monitor.WireFormat119, 4},
		"perf ring, by the bytes, old":  {mt.TraceSock{DstIP: v4, L4Proto: 1}, monitor.WireFormatAuto, 6},
		"perf ring, by the bytes, new":  {mt.TraceSock{DstIP: v4, L4Proto: 2, Long: true}, monitor.WireFormatAuto, 4},
		"perf ring, by the bytes, IPv6": {mt.TraceSock{DstIP: v6, L4Proto: 2}, monitor.WireFormatAuto, 6},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := append(tt.sock.Bytes(), make([]byte, tt.extra)...)
			n := decode(t, monitor.Decoder{WireFormat: tt.format}, b)
			assert.Equal(t, tt.sock.DstIP, n.Sock.DstIP)
			assert.Equal(t, tt.sock.L4Proto, n.Sock.L4Proto)
		})
	}
}

func TestWireFormatIsAnyMinorReleaseFrom114To120(t *testing.T) {
	for i, name := range []string{"auto", "1.14", "1.15", "1.16", "1.17", "1.18", "1.19", "1.20"} {
		w, err := monitor.ParseWireFormat(name)
		require.NoError(t, err)
		assert.Equal(t, monitor.WireFormat(i), w)
		assert.Equal(t, name, w.String())
	}
	w, err := monitor.ParseWireFormat("")
	require.NoError(t, err)
	assert.Equal(t, monitor.WireFormatAuto, w)
	for _, name := range []string{"1.13", "1.21", "1.2", "2.0", "1.18.11"} {
		_, err = monitor.ParseWireFormat(name)
		assert.EqualError(t, err, `wire format "`+name+`": want auto or a minor release of Cilium, "1.14" to "1.20"`)
	}
}

func TestTheDocumentsNameTheOldestAndTheNewestRelease(t *testing.T) {
	var known []string
	for format := monitor.WireFormat114; ; format++ {
		if _, err := monitor.ParseWireFormat(format.String()); err != nil {
			break
		}
		known = append(known, format.String())
	}
	oldest, newest := known[0], known[len(known)-1]
	for file, texts := range map[string][]string{
		"README.md":     {"in the layouts of Cilium " + oldest + " to " + newest + ",", "writes the events, `" + oldest + "` to `" + newest + "`,"},
		"metadata.yaml": {"writes the events, " + oldest + " to " + newest + ","},
	} {
		have, err := os.ReadFile("../../../receiver/ciliumwindowsreceiver/" + file)
		require.NoError(t, err)
		for _, text := range texts {
			require.Contains(t, string(have), text, file)
		}
	}
}

// Where neither the length nor the bytes tell, every release has its own layout.
func TestAReleaseDecidesWhatTheBytesLeaveOpen(t *testing.T) {
	lldp := mt.Ethernet(0x88cc, bytes.Repeat([]byte{3}, 106))
	verdict := mt.PolicyVerdict{Capture: mt.Capture{Packet: lldp, NoCapLen: true}, Long: true}.Bytes()
	sock := append(mt.TraceSock{DstIP: netip.MustParseAddr("10.1.2.3"), L4Proto: 1, Long: true}.Bytes(), make([]byte, 4)...)
	for format := monitor.WireFormat114; format <= monitor.WireFormat120; format++ {
		verdictLen, sockLen := 32, 38
		if format >= monitor.WireFormat119 {
			verdictLen, sockLen = 40, 40
		}
		d := monitor.Decoder{WireFormat: format}
		assert.Equal(t, verdictLen, decode(t, d, verdict).HeaderLen, "%s", format)
		assert.Equal(t, sockLen, decode(t, d, sock).HeaderLen, "%s", format)
	}
}

func TestKinds(t *testing.T) {
	want := map[monitor.MessageType]string{
		0: "", 1: "DROP", 2: "DEBUG", 3: "CAPTURE", 4: "TRACE", 5: "POLICY_VERDICT", 6: "CAPTURE", 7: "TRACE", 8: "", 77: "",
		100: "DROP", 129: "", 130: "", 255: "",
	}
	for typ, kind := range want {
		assert.Equal(t, kind, typ.Kind().String(), "type %d", typ)
	}
	for _, name := range []string{"DROP", "trace", "Policy_Verdict", "debug", "CAPTURE"} {
		_, err := monitor.ParseKind(name)
		assert.NoError(t, err, name)
	}
	_, err := monitor.ParseKind("drops")
	assert.EqualError(t, err, `event "drops": want one of DROP, TRACE, POLICY_VERDICT, DEBUG, CAPTURE`)
}

func TestMessageTypeNames(t *testing.T) {
	want := map[monitor.MessageType]string{
		0: "unknown(0)", 1: "drop", 2: "debug", 3: "capture", 4: "trace", 5: "policy-verdict", 6: "recorder", 7: "trace-sock",
		100: "pktmon-drop", 129: "l7", 130: "agent", 200: "unknown(200)",
	}
	for typ, name := range want {
		assert.Equal(t, name, typ.String())
	}
}
