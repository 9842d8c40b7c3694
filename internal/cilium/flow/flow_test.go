// SPDX-License-Identifier: Apache-2.0

package flow_test

import (
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

var (
	at   = time.Date(2026, 3, 4, 5, 6, 4, 7_000_000, time.UTC)
	src4 = netip.MustParseAddr("10.0.0.1")
	dst4 = netip.MustParseAddr("10.0.0.2")
	src6 = netip.MustParseAddr("fd00::1")
	dst6 = netip.MustParseAddr("fd00::2")
)

// decode makes a flow of a record.
func decode(t testing.TB, b []byte) *flow.Flow {
	t.Helper()
	var n monitor.Notification
	require.NoError(t, monitor.Decoder{}.Decode(b, &n))
	f := new(flow.Flow)
	f.Decode(&n)
	return f
}

func tcp4(flags uint16) []byte {
	return mt.Ethernet(mt.EtherIPv4, mt.IPv4(src4, dst4, mt.ProtoTCP, mt.TCP(40000, 443, flags, nil)))
}

// What Cilium's own parser (pkg/hubble/parser/threefour, v1.18.11 and v1.20.1, without getters) made of these records, as
// protojson; only traffic_direction is as this package derives it, named in a comment where it differs.
func TestFlowsAreHubbles(t *testing.T) {
	const (
		ethernet = `"ethernet":{"source":"02:00:00:00:00:01","destination":"02:00:00:00:00:02"},`
		ip       = `"IP":{"source":"10.0.0.1","destination":"10.0.0.2","ipVersion":"IPv4"},`
		syn      = `"l4":{"TCP":{"source_port":40000,"destination_port":443,"flags":{"SYN":true}}},`
		ends     = `"source":{"identity":1001},"destination":{"identity":1002},"Type":"L3_L4",`
		summary  = `"Summary":"TCP Flags: SYN"}`
	)
	c := mt.Capture{Source: 10, Hash: 0x11223344, Packet: tcp4(mt.SYN)}
	drop := mt.Drop{Capture: c, Reason: 133, SrcLabel: 1001, DstLabel: 1002, DstID: 7, Line: 321, File: 2, ExtError: -3, IfIndex: 12}
	trace := mt.Trace{Capture: c, SrcLabel: 1001, DstLabel: 1002, DstID: 5, Reason: 1, IfIndex: 12}
	verdict := mt.PolicyVerdict{Capture: c, RemoteLabel: 1002, DstPort: 443, Proto: 6, Direction: 1, Match: 2}
	tests := map[string]struct {
		record []byte
		want   string
	}{
		"drop v0": { // Hubble: INGRESS, for want of an endpoint table
			record: with(drop, func(d *mt.Drop) {}),
			want: `{"verdict":"DROPPED","drop_reason":133,` + ethernet + ip + syn + ends +
				`"event_type":{"type":1,"sub_type":133},"traffic_direction":"EGRESS","file":{"name":"bpf_lxc.c","line":321},"drop_reason_desc":"POLICY_DENIED",` + summary,
		},
		"drop v2, L3 device": {
			record: with(drop, func(d *mt.Drop) { d.Version, d.Flags, d.Packet = 2, 2, tcp4(mt.SYN)[14:] }),
			want: `{"verdict":"DROPPED","drop_reason":133,` + ip + syn + ends +
				`"event_type":{"type":1,"sub_type":133},"traffic_direction":"EGRESS","file":{"name":"bpf_lxc.c","line":321},"drop_reason_desc":"POLICY_DENIED",` + summary,
		},
		"drop v3 at its destination": {
			record: with(drop, func(d *mt.Drop) { d.Version, d.IPTraceID, d.DstID, d.File, d.Reason = 3, 99, 10, 104, 207 }),
			want: `{"verdict":"DROPPED","drop_reason":207,` + ethernet + ip + syn + ends +
				`"event_type":{"type":1,"sub_type":207},"traffic_direction":"INGRESS","file":{"name":"nodeport.h","line":321},` +
				`"ip_trace_id":{"trace_id":"99"},"drop_reason_desc":"DROP_FRAG_NOT_FOUND_WORLD",` + summary,
		},
		"trace from the endpoint": { // Hubble, without an endpoint table: INGRESS
			record: with(trace, func(tr *mt.Trace) { tr.Point = 5 }),
			want: `{"verdict":"FORWARDED",` + ethernet + ip + syn + ends +
				`"event_type":{"type":4,"sub_type":5},"traffic_direction":"EGRESS","trace_observation_point":"FROM_ENDPOINT",` +
				`"trace_reason":"ESTABLISHED","is_reply":false,"interface":{"index":12},` + summary,
		},
		"reply to the endpoint": {
			record: with(trace, func(tr *mt.Trace) { tr.Version, tr.Reason, tr.DstID = 1, 2, 10 }),
			want: `{"verdict":"FORWARDED",` + ethernet + ip + syn + ends +
				`"reply":true,"event_type":{"type":4},"traffic_direction":"EGRESS","trace_observation_point":"TO_ENDPOINT",` +
				`"trace_reason":"REPLY","is_reply":true,"interface":{"index":12},` + summary,
		},
		"translated source": {
			record: with(trace, func(tr *mt.Trace) {
				tr.Version, tr.Point, tr.Reason, tr.OrigIP = 1, 11, 0, netip.MustParseAddr("10.9.9.9")
			}),
			want: `{"verdict":"FORWARDED",` + ethernet +
				`"IP":{"source":"10.9.9.9","source_xlated":"10.0.0.1","destination":"10.0.0.2","ipVersion":"IPv4"},` + syn + ends +
				`"event_type":{"type":4,"sub_type":11},"traffic_direction":"EGRESS","trace_observation_point":"TO_NETWORK",` +
				`"trace_reason":"NEW","is_reply":false,"interface":{"index":12},` + summary,
		},
		"encrypted, to the proxy": { // Hubble: INGRESS, for want of an endpoint table
			record: with(trace, func(tr *mt.Trace) {
				tr.Version, tr.Point, tr.Reason, tr.DstID, tr.IPTraceID = 2, 1, 0x81, 15001, 7
			}),
			want: `{"verdict":"FORWARDED",` + ethernet +
				`"IP":{"source":"10.0.0.1","destination":"10.0.0.2","ipVersion":"IPv4","encrypted":true},` + syn + ends +
				`"event_type":{"type":4,"sub_type":1},"trace_observation_point":"TO_PROXY","trace_reason":"ESTABLISHED",` +
				`"ip_trace_id":{"trace_id":"7"},"is_reply":false,"interface":{"index":12},"proxy_port":15001,` + summary,
		},
		"trace of unknown reason": {
			record: with(trace, func(tr *mt.Trace) { tr.Version, tr.Point, tr.Reason = 1, 7, 5 }),
			want: `{"verdict":"FORWARDED",` + ethernet + ip + syn + ends +
				`"event_type":{"type":4,"sub_type":7},"trace_observation_point":"FROM_HOST","interface":{"index":12},` + summary,
		},
		"encrypted overlay up to 1.18": {
			record: with(trace, func(tr *mt.Trace) { tr.Version, tr.Point, tr.Reason = 1, 3, 8 }),
			want: `{"verdict":"FORWARDED",` + ethernet + ip + syn + ends +
				`"event_type":{"type":4,"sub_type":3},"traffic_direction":"EGRESS","trace_observation_point":"TO_STACK",` +
				`"trace_reason":"ENCRYPT_OVERLAY","interface":{"index":12},` + summary,
		},
		"verdict allow": {
			record: with(verdict, func(v *mt.PolicyVerdict) {}),
			want: `{"verdict":"FORWARDED",` + ethernet + ip + syn +
				`"source":{"identity":1002},"destination":{},"Type":"L3_L4","event_type":{"type":5},"traffic_direction":"INGRESS",` +
				`"policy_match_type":2,"is_reply":false,` + summary,
		},
		"verdict deny": {
			record: with(verdict, func(v *mt.PolicyVerdict) { v.Long, v.Verdict, v.Direction = true, -133, 2 }),
			want: `{"verdict":"DROPPED","drop_reason":133,` + ethernet + ip + syn +
				`"source":{},"destination":{"identity":1002},"Type":"L3_L4","event_type":{"type":5},"traffic_direction":"EGRESS",` +
				`"policy_match_type":2,"drop_reason_desc":"POLICY_DENIED",` + summary,
		},
		"verdict redirect": {
			record: with(verdict, func(v *mt.PolicyVerdict) { v.Verdict, v.AuthType = 15001, 1 }),
			want: `{"verdict":"REDIRECTED","auth_type":"SPIRE",` + ethernet + ip + syn +
				`"source":{"identity":1002},"destination":{},"Type":"L3_L4","event_type":{"type":5},"traffic_direction":"INGRESS",` +
				`"policy_match_type":2,"is_reply":false,` + summary,
		},
		"verdict audit": {
			record: with(verdict, func(v *mt.PolicyVerdict) { v.Audited = true }),
			want: `{"verdict":"AUDIT",` + ethernet + ip + syn +
				`"source":{"identity":1002},"destination":{},"Type":"L3_L4","event_type":{"type":5},"traffic_direction":"INGRESS",` +
				`"policy_match_type":2,"is_reply":false,` + summary,
		},
		"capture at delivery": {
			record: with(mt.DebugCapture{Capture: c, Point: 4, Arg1: 12}, func(d *mt.DebugCapture) {}),
			want: `{` + ethernet + ip + syn + `"source":{},"destination":{},"Type":"L3_L4","event_type":{"type":3,"sub_type":4},` +
				`"debug_capture_point":"DBG_CAPTURE_DELIVERY","interface":{"index":12},` + summary,
		},
		"capture at the proxy": {
			record: with(mt.DebugCapture{Capture: c, Point: 8, Arg1: 0x50000000}, func(d *mt.DebugCapture) {}),
			want: `{` + ethernet + ip + syn + `"source":{},"destination":{},"Type":"L3_L4","event_type":{"type":3,"sub_type":8},` +
				`"debug_capture_point":"DBG_CAPTURE_PROXY_PRE","proxy_port":80,` + summary,
		},
		"socket after translation": {
			record: mt.TraceSock{Point: 2, DstIP: dst4, DstPort: 443, L4Proto: 1, Cookie: 5, Cgroup: 6}.Bytes(),
			want: `{"verdict":"TRANSLATED","IP":{"destination":"10.0.0.2","ipVersion":"IPv4"},"l4":{"TCP":{"destination_port":443}},` +
				`"source":{},"destination":{},"Type":"SOCK","event_type":{"type":7,"sub_type":2},` +
				`"sock_xlate_point":"SOCK_XLATE_POINT_POST_DIRECTION_FWD","socket_cookie":"5","cgroup_id":"6","Summary":"TCP"}`,
		},
		"socket on the way back": {
			record: mt.TraceSock{Long: true, Point: 3, DstIP: dst6, DstPort: 53, L4Proto: 2}.Bytes(),
			want: `{"verdict":"TRACED","IP":{"source":"fd00::2","ipVersion":"IPv6"},"l4":{"UDP":{"source_port":53}},` +
				`"source":{},"destination":{},"Type":"SOCK","event_type":{"type":7,"sub_type":3},` +
				`"sock_xlate_point":"SOCK_XLATE_POINT_PRE_DIRECTION_REV","Summary":"UDP"}`,
		},
		"no packet": {
			record: with(drop, func(d *mt.Drop) { d.Packet, d.File, d.SrcLabel, d.Reason = nil, 9, 0, 0 }),
			want: `{"verdict":"DROPPED","source":{},"destination":{"identity":1002},"Type":"L3_L4","event_type":{"type":1},` +
				`"file":{"name":"unknown(9)","line":321}}`,
		},
		"VXLAN": { // Hubble: none, for want of a trace reason
			record: with(trace, func(tr *mt.Trace) {
				tr.Version, tr.Flags, tr.Point, tr.Reason = 2, 4, 4, 5
				tr.Packet = mt.Ethernet(mt.EtherIPv4, mt.IPv4(netip.MustParseAddr("192.168.0.1"), netip.MustParseAddr("192.168.0.2"),
					mt.ProtoUDP, mt.UDP(50000, 8472, mt.VXLAN(1234, tcp4(mt.SYN)))))
			}),
			want: `{"verdict":"FORWARDED",` + ethernet + ip + syn +
				`"tunnel":{"protocol":"VXLAN","IP":{"source":"192.168.0.1","destination":"192.168.0.2","ipVersion":"IPv4"},` +
				`"l4":{"UDP":{"source_port":50000,"destination_port":8472}},"vni":1234},` + ends +
				`"event_type":{"type":4,"sub_type":4},"traffic_direction":"EGRESS","trace_observation_point":"TO_OVERLAY","interface":{"index":12},` + summary,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := decode(t, tt.record)
			var line struct {
				Flow map[string]any `json:"flow"`
				Node string         `json:"node_name"`
				Time string         `json:"time"`
			}
			require.NoError(t, json.Unmarshal(f.AppendHubbleJSON(nil, "node-1", at), &line))
			assert.Equal(t, "node-1", line.Node)
			assert.Equal(t, "2026-03-04T05:06:04.007Z", line.Time)
			assert.Equal(t, "node-1", line.Flow["node_name"])
			assert.Equal(t, line.Time, line.Flow["time"])
			delete(line.Flow, "node_name")
			delete(line.Flow, "time")
			var want map[string]any
			require.NoError(t, json.Unmarshal([]byte(tt.want), &want))
			assert.Equal(t, want, line.Flow)
		})
	}
}

// with builds a record that differs from a usual one.
func with[T interface{ Bytes() []byte }](usual T, change func(*T)) []byte {
	change(&usual)
	return usual.Bytes()
}

func TestPacketMonitorDrops(t *testing.T) {
	tests := map[string]mt.PacketMonitor{
		"Ethernet": {PacketType: 1, Packet: tcp4(mt.RST)},
		"IPv4":     {PacketType: 3, Packet: tcp4(mt.RST)[14:]},
		"IPv6":     {PacketType: 3, Packet: mt.IPv6(src6, dst6, mt.ProtoTCP, mt.TCP(40000, 443, mt.RST, nil))},
	}
	for name, p := range tests {
		t.Run(name, func(t *testing.T) {
			p.Reason = 65
			f := decode(t, p.Bytes())
			assert.Equal(t, flow.VerdictDropped, f.Verdict)
			assert.Equal(t, uint32(1<<30|65), f.SubType)
			assert.Equal(t, uint32(65), f.Pktmon.DropReason)
			assert.Zero(t, f.DropReason, "Cilium's reasons are others")
			assert.Equal(t, flow.L4TCP, f.L4.Protocol)
			assert.Equal(t, uint16(443), f.L4.DestinationPort)
		})
	}
	other := decode(t, mt.PacketMonitor{PacketType: 2, Packet: tcp4(mt.RST)}.Bytes())
	assert.Equal(t, flow.LayerNone, other.Layer, "Wi-Fi frames are not read")
}

func TestRawEventsKeepTheirBytes(t *testing.T) {
	for _, typ := range []byte{77, 129, 130} {
		f := decode(t, mt.Raw(typ, 1, 2))
		assert.Equal(t, flow.ClassRaw, f.Class)
		assert.Equal(t, []byte{typ, 1, 2}, f.Raw)
		assert.Nil(t, f.Proto("n", at))
	}
}

// records are one record of every type and version.
func records() map[string][]byte {
	c := mt.Capture{Source: 10, Packet: tcp4(mt.SYN | mt.ACK)}
	tunnel := mt.Ethernet(mt.EtherIPv6, mt.IPv6(src6, dst6, mt.ProtoUDP, mt.UDP(1, 6081, mt.Geneve(9, mt.EtherTEB,
		[]byte{1, 1, 2, 0}, tcp4(mt.PSH)))))
	return map[string][]byte{
		"drop v0":       mt.Drop{Capture: c, Reason: 133, File: 2}.Bytes(),
		"drop v2":       mt.Drop{Capture: c, Version: 2, Reason: 181, File: 101}.Bytes(),
		"drop v3":       mt.Drop{Capture: c, Version: 3, Reason: 133, File: 101, IPTraceID: 3}.Bytes(),
		"trace v0":      mt.Trace{Capture: c, Point: 3}.Bytes(),
		"trace v1":      mt.Trace{Capture: c, Version: 1, Point: 11, OrigIP: dst4}.Bytes(),
		"trace v2":      mt.Trace{Capture: c, Version: 2, Point: 11, Reason: 2}.Bytes(),
		"tunnel":        mt.Trace{Capture: mt.Capture{Packet: tunnel}, Version: 2, Flags: 8, Point: 4}.Bytes(),
		"verdict 32":    mt.PolicyVerdict{Capture: c, Verdict: -133, Direction: 1, Match: 4}.Bytes(),
		"verdict 40":    mt.PolicyVerdict{Capture: c, Long: true, Direction: 2, Match: 1, AuthType: 1}.Bytes(),
		"debug":         mt.Debug{SubType: 15, Source: 10, Hash: 31, Arg1: 1}.Bytes(),
		"capture":       mt.DebugCapture{Capture: c, Point: 10, Arg1: 4}.Bytes(),
		"trace sock 38": mt.TraceSock{Point: 2, DstIP: dst4, DstPort: 443, L4Proto: 1}.Bytes(),
		"trace sock 40": mt.TraceSock{Long: true, Point: 4, DstIP: dst6, DstPort: 443, L4Proto: 2}.Bytes(),
		"recorder":      mt.Recorder{Packet: c.Packet}.Bytes(),
		"pktmon":        mt.PacketMonitor{Packet: c.Packet, PacketType: 1, Reason: 5}.Bytes(),
		"agent":         mt.Raw(130, 1, 2, 3),
		"l7":            mt.Raw(129, 1, 2, 3),
		"unknown":       mt.Raw(77, 1, 2, 3),
	}
}

func TestTheSteadyPathDoesNotAllocate(t *testing.T) {
	for name, b := range records() {
		t.Run(name, func(t *testing.T) {
			var n monitor.Notification
			var f flow.Flow
			assert.Zero(t, testing.AllocsPerRun(100, func() {
				if err := (monitor.Decoder{}).Decode(b, &n); err != nil {
					t.Fatal(err)
				}
				f.Decode(&n)
			}))
			if name == "unknown" {
				return // its name is made of its number
			}
			buf := make([]byte, 0, 4096)
			assert.Zero(t, testing.AllocsPerRun(100, func() {
				buf = f.AppendLine(buf[:0], at)
				buf = f.AppendHubbleJSON(buf[:0], "node-1", at)
			}), "line and JSON")
		})
	}
}

func TestMutatedRecordsNeverPanic(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var n monitor.Notification
	var f flow.Flow
	for _, original := range records() {
		for range 5000 {
			b := append([]byte(nil), original...)
			for range 1 + r.IntN(4) {
				b[1+r.IntN(len(b)-1)] = byte(r.Uint32())
			}
			b = b[:1+r.IntN(len(b))]
			if (monitor.Decoder{}).Decode(b, &n) != nil {
				continue
			}
			f.Decode(&n)
			require.True(t, json.Valid(f.AppendHubbleJSON(nil, "n", at)), hex.EncodeToString(b))
			f.AppendLine(nil, at)
			f.Proto("n", at)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"drop v3", "trace v2", "tunnel", "verdict 32"} {
		b.Run(name, func(b *testing.B) {
			record := records()[name]
			var n monitor.Notification
			var f flow.Flow
			b.ReportAllocs()
			for b.Loop() {
				if err := (monitor.Decoder{}).Decode(record, &n); err != nil {
					b.Fatal(err)
				}
				f.Decode(&n)
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	f := decode(b, records()["trace v2"])
	buf := make([]byte, 0, 4096)
	b.Run("line", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = f.AppendLine(buf[:0], at)
		}
	})
	b.Run("json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = f.AppendHubbleJSON(buf[:0], "node-1", at)
		}
	})
}
