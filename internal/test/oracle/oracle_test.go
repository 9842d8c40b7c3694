// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

func TestEqualSeedsMakeEqualRecordsOfEveryTypeAndLayout(t *testing.T) {
	type layout struct {
		typ     monitor.MessageType
		version uint8
		header  int
	}
	a, b := NewGenerator(7), NewGenerator(7)
	seen := map[layout]int{}
	var broken, empty int
	var n monitor.Notification
	for range 20_000 {
		record := a.Next()
		require.Equal(t, record, b.Next())
		if len(record) == 0 {
			empty++
			continue
		}
		if (monitor.Decoder{}).Decode(record, &n) != nil {
			broken++
			continue
		}
		seen[layout{n.Type, n.Version, n.HeaderLen}]++
	}
	for _, l := range []layout{
		{monitor.TypeDrop, 0, 36}, {monitor.TypeDrop, 1, 36}, {monitor.TypeDrop, 2, 40}, {monitor.TypeDrop, 3, 48},
		{monitor.TypeTrace, 0, 32}, {monitor.TypeTrace, 1, 48}, {monitor.TypeTrace, 2, 56},
		{monitor.TypePolicyVerdict, 1, 32}, {monitor.TypePolicyVerdict, 1, 40}, {monitor.TypeCapture, 1, 24}, {monitor.TypeDebug, 0, 20},
		{monitor.TypeTraceSock, 0, 38}, {monitor.TypeTraceSock, 0, 40}, {monitor.TypeRecorder, 0, 24}, {monitor.TypePacketMonitorDrop, 1, 57},
	} {
		require.Greater(t, seen[l], 50, "%+v", l)
	}
	require.Greater(t, broken, 500)
	require.Positive(t, empty)
}

func TestTheGeneratorMakesEveryPacketThatIsRead(t *testing.T) {
	g := NewGenerator(8)
	seen := map[string]int{}
	var n monitor.Notification
	var f flow.Flow
	for range 50_000 {
		if (monitor.Decoder{}).Decode(g.Next(), &n) != nil {
			continue
		}
		f.Decode(&n)
		seen["type "+f.Type.String()]++
		inside := ""
		if f.Tunnel.Protocol != flow.TunnelNone {
			inside = " in " + f.Tunnel.Protocol.String()
		}
		seen[f.L4.Protocol.String()+inside]++
		for what, is := range map[string]bool{
			"VLAN": f.VLANCount == 1, "two VLANs": f.VLANCount == 2, "extension header": f.IP.Extensions == 1, "extension headers": f.IP.Extensions > 1,
			"IPv4 fragment": f.IP.Version == 4 && f.IP.Fragment, "IPv6 fragment": f.IP.Version == 6 && f.IP.Fragment,
			"no packet": f.Class == flow.ClassPacket && f.Layer == flow.LayerNone, "no Ethernet": f.IP.Version != 0 && !f.HasEthernet,
			"truncated": f.Problem == flow.ProblemTruncated, "malformed": f.Problem == flow.ProblemMalformed, "chunk": f.L4.HasChunk,
			"group": f.L4.Group.IsValid(), "translated": f.IP.SourceXlated.IsValid(), "ARP": f.Layer == flow.LayerEthernet,
		} {
			if is {
				seen[what+inside]++
			}
		}
	}
	want := []string{"no packet", "no Ethernet", "translated", "chunk", "group", "truncated", "malformed", "ARP"}
	for _, typ := range []monitor.MessageType{
		monitor.TypeDrop, monitor.TypeDebug, monitor.TypeCapture, monitor.TypeTrace, monitor.TypePolicyVerdict, monitor.TypeRecorder,
		monitor.TypeTraceSock, monitor.TypePacketMonitorDrop, monitor.TypeAccessLog, monitor.TypeAgent, 42,
	} {
		want = append(want, "type "+typ.String())
	}
	for _, inside := range []string{"", " in VXLAN", " in GENEVE"} {
		for _, what := range []string{
			"TCP", "UDP", "SCTP", "ICMPv4", "ICMPv6", "VRRP", "IGMP", "VLAN", "two VLANs", "extension header", "extension headers",
			"IPv4 fragment", "IPv6 fragment",
		} {
			want = append(want, what+inside)
		}
	}
	for _, what := range want {
		require.GreaterOrEqual(t, seen[what], 3, what)
	}
}

func TestADifferenceThatTheTableDoesNotListIsFound(t *testing.T) {
	g := NewGenerator(1)
	var said []byte
	o := NewComparer(Cilium118, func([]byte) ([]byte, error) { return said, nil }, Knowledge{})
	record := g.verdict(captureOf(g.ip(false)), flagL3Device)
	said = []byte(`{"verdict":"ERROR"}`)
	require.NoError(t, o.Add(record))
	require.Len(t, o.Report.Unexplained, 1)
	require.Contains(t, o.Report.Unexplained[0], "verdict: ours ")
	require.Contains(t, o.Unseen(), "VLAN")
	said = []byte("no JSON")
	require.Error(t, o.Add(record))
}

func TestEveryDifferenceHasAReason(t *testing.T) {
	names := map[string]bool{}
	for _, d := range Differences {
		require.False(t, names[d.Name], d.Name)
		names[d.Name] = true
		require.Greater(t, len(d.Reason), 30, d.Name)
		require.NotEmpty(t, d.Fields, d.Name)
		require.NotZero(t, d.Versions, d.Name)
	}
}

// The document has a row for each difference. A row of several names has semicolons between them.
func TestTheDocumentHasEveryDifference(t *testing.T) {
	document, err := os.ReadFile("../../../docs/hubble.md")
	require.NoError(t, err)
	_, section, _ := strings.Cut(string(document), "\n## How packets are read differently\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var rows, names []string
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, " | "); len(cells) > 1 && cells[0] != "| entry" {
			for _, cell := range cells[1:] {
				require.NotEmpty(t, strings.Trim(cell, " |\n"), line)
			}
			rows = append(rows, strings.Split(strings.TrimPrefix(cells[0], "| "), "; ")...)
		}
	}
	for _, d := range Differences {
		names = append(names, d.Name)
	}
	require.ElementsMatch(t, names, rows)
}

// Cilium 1.20's test of the same list is in cilium120.
func TestTheCollectorHasTheNamesOfCilium120(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(Names120), "\n")
	require.Greater(t, len(lines), 80)
	files := map[uint8]bool{}
	for _, line := range lines {
		var kind, name string
		var number uint32
		_, err := fmt.Sscan(line, &kind, &number, &name)
		require.NoError(t, err, line)
		switch kind {
		case "drop_reason":
			require.Equal(t, name, flow.DropReasonName(number))
		case "file":
			files[uint8(number)] = true
			f := flow.Flow{Format: monitor.WireFormat120, Version: 3, Drop: monitor.Drop{File: uint8(number)}}
			require.Equal(t, name, f.FileName(), "%d", number)
		default:
			t.Fatal(line)
		}
	}
	for id := range 256 {
		if f := (flow.Flow{Format: monitor.WireFormat120, Version: 3, Drop: monitor.Drop{File: uint8(id)}}); !files[uint8(id)] {
			require.Equal(t, fmt.Sprintf("unknown(%d)", id), f.FileName())
		}
	}
}
