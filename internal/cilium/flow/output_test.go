// SPDX-License-Identifier: Apache-2.0

package flow_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// The lines are what the hubble CLI of Cilium 1.20.1 prints for the same events.
func TestLines(t *testing.T) {
	c := mt.Capture{Source: 10, Packet: tcp4(mt.SYN)}
	tests := map[string]struct {
		record []byte
		want   string
	}{
		"trace": {
			mt.Trace{Capture: c, Point: 3, SrcLabel: 1001, DstLabel: 1, Reason: 0}.Bytes(),
			"10.0.0.1:40000 (ID:1001) -> 10.0.0.2:443 (host) to-stack FORWARDED (TCP Flags: SYN)",
		},
		"reply": {
			mt.Trace{Capture: c, Point: 0, SrcLabel: 1001, DstLabel: 2, Reason: 2}.Bytes(),
			"10.0.0.2:443 (world) <- 10.0.0.1:40000 (ID:1001) to-endpoint FORWARDED (TCP Flags: SYN)",
		},
		"direction unknown": {
			mt.Trace{Capture: c, Point: 5, SrcLabel: 6, DstLabel: 10, Reason: 5}.Bytes(),
			"10.0.0.1:40000 (remote-node) <> 10.0.0.2:443 (world-ipv6) from-endpoint FORWARDED (TCP Flags: SYN)",
		},
		"ICMP": {
			mt.Trace{Capture: mt.Capture{Packet: ether4(1, mt.ICMP(11, 3, nil))}, Point: 3, Reason: 0, SrcLabel: 1001, DstLabel: 1}.Bytes(),
			"10.0.0.1 (ID:1001) -> 10.0.0.2 (host) to-stack FORWARDED (ICMPv4 TimeExceeded(Code: 3))",
		},
		"unknown point": {
			mt.Trace{Capture: c, Point: 14, Reason: 0}.Bytes(),
			"10.0.0.1:40000 (unknown) -> 10.0.0.2:443 (unknown) 14 FORWARDED (TCP Flags: SYN)",
		},
		"drop": {
			mt.Drop{Capture: c, Reason: 133, SrcLabel: 3, DstLabel: 16777217}.Bytes(),
			"10.0.0.1:40000 (unmanaged) <> 10.0.0.2:443 (ID:16777217) Policy denied DROPPED (TCP Flags: SYN)",
		},
		"drop of unknown reason, traced": {
			mt.Drop{Capture: c, Version: 3, Reason: 250, IPTraceID: 7}.Bytes(),
			"10.0.0.1:40000 (unknown) <> 10.0.0.2:443 (unknown) 250, 0 DROPPED (IP Trace ID: 7; TCP Flags: SYN)",
		},
		"drop without a packet": {
			mt.Drop{Reason: 134}.Bytes(),
			" (unknown) <>  (unknown) Invalid packet DROPPED ()",
		},
		"ARP": {
			mt.Drop{Capture: mt.Capture{Packet: mt.Ethernet(mt.EtherARP, make([]byte, 28))}, Reason: 139}.Bytes(),
			"02:00:00:00:00:01 (unknown) <> 02:00:00:00:00:02 (unknown) Unsupported L3 protocol DROPPED (Ethernet)",
		},
		"verdict allow": {
			mt.PolicyVerdict{Capture: c, Direction: 1, Match: 2, RemoteLabel: 1001}.Bytes(),
			"10.0.0.1:40000 (ID:1001) -> 10.0.0.2:443 (unknown) policy-verdict:L3-L4 INGRESS ALLOWED (TCP Flags: SYN)",
		},
		"verdict redirect, authenticated": {
			mt.PolicyVerdict{Capture: c, Direction: 2, Match: 4, Verdict: 15001, AuthType: 1}.Bytes(),
			"10.0.0.1:40000 (unknown) -> 10.0.0.2:443 (unknown) policy-verdict:all EGRESS ALLOWED (TCP Flags: SYN; Auth: SPIRE)",
		},
		"verdict deny": {
			mt.PolicyVerdict{Capture: c, Direction: 2, Match: 0, Verdict: -133}.Bytes(),
			"10.0.0.1:40000 (unknown) <> 10.0.0.2:443 (unknown) policy-verdict:none EGRESS DENIED (TCP Flags: SYN)",
		},
		"verdict audit": {
			mt.PolicyVerdict{Capture: c, Direction: 1, Match: 7, Audited: true}.Bytes(),
			"10.0.0.1:40000 (unknown) -> 10.0.0.2:443 (unknown) policy-verdict:unknown INGRESS AUDITED (TCP Flags: SYN)",
		},
		"capture": {
			mt.DebugCapture{Capture: mt.Capture{Packet: ether6(6, mt.TCP(1, 2, mt.FIN, nil))}, Point: 11}.Bytes(),
			"[fd00::1]:1 (unknown) <> [fd00::2]:2 (unknown) DBG_CAPTURE_SNAT_POST VERDICT_UNKNOWN (TCP Flags: FIN)",
		},
		"socket": {
			mt.TraceSock{Point: 2, DstIP: dst4, DstPort: 443, L4Proto: 1}.Bytes(),
			" (unknown) <> 10.0.0.2:443 (unknown) post-xlate-fwd TRANSLATED (TCP)",
		},
		"socket of unknown protocol": {
			mt.TraceSock{Point: 9, DstIP: dst6, DstPort: 443}.Bytes(),
			" (unknown) <> fd00::2 (unknown) SOCK_XLATE_POINT_UNKNOWN VERDICT_UNKNOWN (Unknown)",
		},
		"debug": {
			mt.Debug{SubType: 15, Source: 10, Hash: 0x1f}.Bytes(),
			"ID: 10 DBG_CT_VERDICT MARK: 0x1f CPU: N/A (CT verdict: New, revnat=0)",
		},
		"debug without endpoint": {
			mt.Debug{SubType: 1}.Bytes(),
			"N/A DBG_GENERIC MARK: 0x0 CPU: N/A (No message, arg1=0 (0x0) arg2=0 (0x0) arg3=0 (0x0))",
		},
		"agent": {
			mt.Raw(130, 0xab), "AGENT_EVENT_UNKNOWN (type: agent, notification: 82ab)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			local := at.In(time.FixedZone("elsewhere", 3600))
			assert.Equal(t, "Mar  4 05:06:04.007: "+tt.want, string(decode(t, tt.record).AppendLine(nil, local)))
		})
	}
}

func TestDebugLineNamesTheCPU(t *testing.T) {
	f := decode(t, mt.Debug{SubType: 14, Source: 1}.Bytes())
	for cpu, want := range map[int32]string{0: "CPU: 00 (", 7: "CPU: 07 (", 42: "CPU: 42 ("} {
		f.CPU = cpu
		assert.Contains(t, string(f.AppendLine(nil, at)), want)
	}
}

func TestLostEvents(t *testing.T) {
	var f flow.Flow
	f.SetLost(flow.LostPerfEventRingBuffer, 7, 2, at, at.Add(time.Second))
	assert.Equal(t,
		"Mar  4 05:06:04.007 EVENTS LOST: PERF_EVENT_RING_BUFFER CPU(2) 7 (first: Mar  4 05:06:04.007, last: Mar  4 05:06:05.007)",
		string(f.AppendLine(nil, at)))
	assert.Equal(t,
		`{"lost_events":{"source":"PERF_EVENT_RING_BUFFER","num_events_lost":"7","cpu":2,"first":"2026-03-04T05:06:04.007Z",`+
			`"last":"2026-03-04T05:06:05.007Z"},"node_name":"n","time":"2026-03-04T05:06:04.007Z"}`,
		string(f.AppendHubbleJSON(nil, "n", at)))
	assert.Equal(t, uint64(7), f.LostProto().GetNumEventsLost())

	f.SetLost(flow.LostUnknown, 1, -1, time.Time{}, time.Time{})
	assert.Equal(t, "Mar  4 05:06:04.007 EVENTS LOST: UNKNOWN_LOST_EVENT_SOURCE CPU(0) 1", string(f.AppendLine(nil, at)))
	assert.Equal(t, `{"lost_events":{"num_events_lost":"1"},"time":"2026-03-04T05:06:04.007Z"}`, string(f.AppendHubbleJSON(nil, "", at)))
	assert.Nil(t, f.LostProto().GetCpu())
}

// newerFields are what Cilium 1.18's protobuf types, which this project links, do not have.
func newerFields(flow map[string]any) {
	delete(flow, "ip_trace_id")
	for _, of := range []map[string]any{flow, object(flow, "tunnel")} {
		delete(of, "vni")
		delete(object(object(of, "l4"), "SCTP"), "chunk_type")
	}
}

func object(m map[string]any, key string) map[string]any {
	o, _ := m[key].(map[string]any)
	return o
}

// The hand-written JSON is what protojson makes of the protobuf messages.
func TestJSONIsProtojsons(t *testing.T) {
	all := records()
	c := mt.Capture{Source: 10, Packet: tcp4(mt.SYN)}
	all["numbers without a name"] = mt.Trace{Capture: c, Point: 99, Reason: 77}.Bytes()
	all["reserved capture point"] = mt.DebugCapture{Capture: c, Point: 2}.Bytes()
	all["drop reason without a name"] = mt.Drop{Capture: c, Reason: 250, File: 200}.Bytes()
	all["auth type without a name"] = mt.PolicyVerdict{Capture: c, Verdict: -2147483648, AuthType: 9}.Bytes()
	all["SCTP"] = mt.Drop{Capture: mt.Capture{Packet: ether6(132, mt.SCTP(1, 2, 1))}, Reason: 133, File: 2}.Bytes()
	all["ICMPv6"] = mt.Drop{Capture: mt.Capture{Packet: ether6(58, mt.ICMP(135, 0, nil))}, Reason: 133, File: 2}.Bytes()
	all["no flags"] = mt.Drop{Capture: mt.Capture{Packet: tcp4(0)}, Reason: 133, File: 2}.Bytes()
	options := protojson.MarshalOptions{UseProtoNames: true}
	for name, b := range all {
		t.Run(name, func(t *testing.T) {
			f := decode(t, b)
			key, message := "flow", proto.Message(f.Proto("node \"1\"", at))
			switch f.Class {
			case flow.ClassDebug:
				f.CPU = 3
				key, message = "debug_event", f.DebugProto()
			case flow.ClassRaw:
				return
			}
			var line map[string]any
			require.NoError(t, json.Unmarshal(f.AppendHubbleJSON(nil, "node \"1\"", at), &line))
			got := object(line, key)
			newerFields(got)
			b, err := options.Marshal(message)
			require.NoError(t, err)
			var want map[string]any
			require.NoError(t, json.Unmarshal(b, &want))
			assert.Equal(t, want, got)
		})
	}
}

func TestJSONHasOneForm(t *testing.T) {
	f := decode(t, mt.Drop{Capture: mt.Capture{Packet: tcp4(mt.SYN)}, Version: 3, Reason: 133, Line: 5, File: 1, SrcLabel: 7}.Bytes())
	line := f.AppendHubbleJSON(nil, "n", at)
	assert.Equal(t, `{"flow":{"time":"2026-03-04T05:06:04.007Z","verdict":"DROPPED","drop_reason":133,`+
		`"ethernet":{"source":"02:00:00:00:00:01","destination":"02:00:00:00:00:02"},`+
		`"IP":{"source":"10.0.0.1","destination":"10.0.0.2","ipVersion":"IPv4"},`+
		`"l4":{"TCP":{"source_port":40000,"destination_port":443,"flags":{"SYN":true}}},`+
		`"source":{"identity":7},"destination":{},"Type":"L3_L4","node_name":"n","event_type":{"type":1,"sub_type":133},`+
		`"file":{"name":"bpf_host.c","line":5},"drop_reason_desc":"POLICY_DENIED","Summary":"TCP Flags: SYN"},`+
		`"node_name":"n","time":"2026-03-04T05:06:04.007Z"}`, string(line))
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, line))
	assert.Equal(t, compact.String(), string(line))
}

func TestJSONTimesAndNames(t *testing.T) {
	f := decode(t, mt.Raw(77, 1))
	base := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for ns, want := range map[int]string{0: "07Z", 120_000_000: "07.120Z", 1_000: "07.000001Z", 1: "07.000000001Z", 500: "07.000000500Z"} {
		assert.Contains(t, string(f.AppendHubbleJSON(nil, "", base.Add(time.Duration(ns)))), `"time":"2026-03-04T05:06:`+want+`"`)
	}
	var line struct {
		Node string `json:"node_name"`
	}
	name := "tab\t quote\" slash\\ é ☃ " + strings.Repeat("x", 3)
	require.NoError(t, json.Unmarshal(f.AppendHubbleJSON(nil, name, base), &line))
	assert.Equal(t, name, line.Node)
}

func TestNames(t *testing.T) {
	assert.Equal(t, "POLICY_DENY", flow.DropReasonName(181))
	assert.Equal(t, "206", flow.DropReasonName(206))
	assert.Equal(t, "DROP_FRAG_NOT_FOUND_WORLD", flow.DropReasonName(207))
	for identity, want := range map[uint32]string{0: "unknown", 1: "host", 2: "world", 7: "kube-apiserver", 9: "world-ipv4", 14: "aggregate-remote-node"} {
		name, ok := flow.IdentityName(identity)
		assert.True(t, ok)
		assert.Equal(t, want, name)
	}
	_, ok := flow.IdentityName(15)
	assert.False(t, ok)

	subTypes := map[string]flow.Flow{
		"Policy denied":         {Type: monitor.TypeDrop, SubType: 133},
		"to-network":            {Type: monitor.TypeTrace, SubType: 11},
		"DBG_CAPTURE_AFTER_V46": {Type: monitor.TypeCapture, SubType: 6},
		"pre-xlate-rev":         {Type: monitor.TypeTraceSock, SubType: 3},
		"8":                     {Type: monitor.TypeTraceSock, SubType: 8},
		"DBG_ENCAP":             {Type: monitor.TypeDebug, SubType: 3},
		"":                      {Type: monitor.TypePolicyVerdict},
	}
	for want, f := range subTypes {
		assert.Equal(t, want, f.SubTypeName())
	}
}

func TestStampsAreThoseOfTheTimePackage(t *testing.T) {
	at := time.Date(1999, 12, 31, 23, 59, 59, 999_999_999, time.FixedZone("", 3600))
	f := &flow.Flow{Class: flow.ClassDebug}
	for range 20_000 {
		if want, got := at.UTC().Format(time.StampMilli), string(f.AppendLine(nil, at)[:len(time.StampMilli)]); want != got {
			t.Fatalf("%s; want %s", got, want)
		}
		at = at.Add(7*time.Hour + 13*time.Minute + 11*time.Second + 1_234_567)
	}
}
