// SPDX-License-Identifier: Apache-2.0

package networklog

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

var (
	networkAt       = time.Date(2026, 3, 4, 5, 6, 4, 123_456_700, time.UTC)
	networkReceived = networkAt.Add(time.Second)
	networkSrc      = netip.MustParseAddr("10.0.0.1")
	networkDst      = netip.MustParseAddr("10.0.0.2")
	networkOptions  = Options{
		Device:  Device{NodeName: "node-1", HostName: "win1.corp.example", IPAddr: "192.0.2.7"},
		Version: "1.2.3",
	}
)

func networkFlow(t testing.TB, record []byte) *flow.Flow {
	t.Helper()
	var n monitor.Notification
	require.NoError(t, monitor.Decoder{}.Decode(record, &n))
	f := new(flow.Flow)
	f.Decode(&n)
	return f
}

func networkAppend(t testing.TB, options Options, f *flow.Flow) plog.LogRecord {
	t.Helper()
	lr := plog.NewLogRecord()
	NewMapper(options).Append(lr, f, uid.ID{}, networkAt, networkReceived)
	return lr
}

func networkTCP(flags uint16) []byte {
	return mt.Ethernet(mt.EtherIPv4, mt.IPv4(networkSrc, networkDst, mt.ProtoTCP, mt.TCP(40000, 443, flags, nil)))
}

// networkCommon are the attributes that every record has, with these values where the event says nothing else.
func networkCommon(typ string) map[string]any {
	return map[string]any{
		"EventProduct": "Cilium", "EventVendor": "Isovalent", "EventSchema": "NetworkSession", "EventSchemaVersion": "0.2.6",
		"EventType": "Flow", "EventCount": int64(1), "EventStartTime": "2026-03-04T05:06:04.1234567Z",
		"EventEndTime": "2026-03-04T05:06:04.1234567Z", "EventResult": "NA", "EventResultDetails": "NA",
		"EventSeverity": "Informational", "Dvc": "node-1", "DvcHostname": "win1", "DvcDomain": "corp.example",
		"DvcDomainType": "FQDN", "DvcIpAddr": "192.0.2.7", "cilium.event.type": typ,
	}
}

// networkPacket adds what the usual packet of these tests says.
func networkPacket(attrs map[string]any) map[string]any {
	for k, v := range map[string]any{
		"Src": "10.0.0.1", "SrcIpAddr": "10.0.0.1", "SrcPortNumber": int64(40000), "SrcMacAddr": "02:00:00:00:00:01",
		"Dst": "10.0.0.2", "DstIpAddr": "10.0.0.2", "DstPortNumber": int64(443), "DstMacAddr": "02:00:00:00:00:02",
		"NetworkProtocol": "TCP", "NetworkProtocolVersion": "IPv4", "NetworkBytes": int64(54), "NetworkPackets": int64(1),
		"SrcBytes": int64(54), "SrcPackets": int64(1), "NetworkDirection": "NA", "TcpFlagsAck": false, "TcpFlagsFin": false, "TcpFlagsPsh": false, "TcpFlagsRst": false,
		"TcpFlagsSyn": true, "TcpFlagsUrg": false,
	} {
		attrs[k] = v
	}
	return attrs
}

func networkWith(attrs map[string]any, more map[string]any) map[string]any {
	for k, v := range more {
		if v == nil {
			delete(attrs, k)
		} else {
			attrs[k] = v
		}
	}
	return attrs
}

func TestNetworkRecords(t *testing.T) {
	c := mt.Capture{Source: 10, Packet: networkTCP(mt.SYN)}
	icmp6 := mt.Ethernet(mt.EtherIPv6, mt.IPv6(netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fd00::2"), mt.ProtoICMP6,
		mt.ICMP(1, 4, nil)))
	vxlan := mt.Ethernet(mt.EtherIPv4, mt.IPv4(netip.MustParseAddr("192.168.0.1"), netip.MustParseAddr("192.168.0.2"),
		mt.ProtoUDP, mt.UDP(50000, 8472, mt.VXLAN(77, networkTCP(mt.SYN)))))
	tests := map[string]struct {
		record   []byte
		want     map[string]any
		body     string
		severity plog.SeverityNumber
	}{
		"drop": {
			record: mt.Drop{Capture: c, Version: 3, Reason: 133, SrcLabel: 1001, DstLabel: 2, DstID: 10, Line: 321, File: 2,
				IPTraceID: 1<<63 + 99}.Bytes(),
			want: networkWith(networkPacket(networkCommon("drop")), map[string]any{
				"EventResult": "Failure", "EventResultDetails": "Unknown", "EventOriginalResultDetails": "Policy denied",
				"EventSeverity": "Low", "DvcAction": "Drop", "DvcOriginalAction": "DROPPED", "NetworkDirection": "Inbound",
				"cilium.event.sub_type": "Policy denied", "cilium.verdict": "DROPPED", "cilium.drop_reason": "POLICY_DENIED",
				"cilium.drop_reason_code": int64(133), "cilium.source.identity": int64(1001),
				"cilium.destination.identity": int64(2), "cilium.destination.identity_name": "world",
				"cilium.endpoint.id": int64(10), "cilium.file": "bpf_lxc.c", "cilium.line": int64(321),
				"cilium.ip_trace_id": "9223372036854775907",
			}),
			body:     "Mar  4 05:06:04.123: 10.0.0.1:40000 (ID:1001) <> 10.0.0.2:443 (world) Policy denied DROPPED (IP Trace ID: 9223372036854775907; TCP Flags: SYN)",
			severity: plog.SeverityNumberWarn,
		},
		"drop with a detail and no packet": {
			record: mt.Drop{Reason: 169, ExtError: -5, File: 1}.Bytes(),
			want: networkWith(networkCommon("drop"), map[string]any{
				"EventResult": "Failure", "EventResultDetails": "Unknown", "EventOriginalResultDetails": "FIB lookup failed, -5",
				"EventSeverity": "Low", "DvcAction": "Drop", "DvcOriginalAction": "DROPPED", "NetworkDirection": "NA",
				"cilium.event.sub_type": "FIB lookup failed", "cilium.verdict": "DROPPED", "cilium.drop_reason": "FIB_LOOKUP_FAILED",
				"cilium.drop_reason_code": int64(169), "cilium.file": "bpf_host.c", "cilium.line": int64(0),
			}),
			body:     "Mar  4 05:06:04.123:  (unknown) <>  (unknown) FIB lookup failed DROPPED ()",
			severity: plog.SeverityNumberWarn,
		},
		"trace": {
			record: mt.Trace{Capture: c, Version: 1, Point: 11, SrcLabel: 1001, DstLabel: 1, Reason: 0x80, IfIndex: 4,
				OrigIP: netip.MustParseAddr("10.9.9.9")}.Bytes(),
			want: networkWith(networkPacket(networkCommon("trace")), map[string]any{
				"EventResult": "Success", "DvcAction": "Allow", "DvcOriginalAction": "FORWARDED", "NetworkDirection": "Outbound",
				"Src": "10.9.9.9", "SrcIpAddr": "10.9.9.9", "SrcNatIpAddr": "10.0.0.1", "cilium.event.sub_type": "to-network",
				"cilium.verdict": "FORWARDED", "cilium.source.identity": int64(1001), "cilium.destination.identity": int64(1),
				"cilium.destination.identity_name": "host", "cilium.endpoint.id": int64(10), "cilium.is_reply": false,
				"cilium.trace.observation_point": "TO_NETWORK", "cilium.trace.reason": "NEW", "cilium.interface.index": int64(4),
				"cilium.encrypted": true,
			}),
			body:     "Mar  4 05:06:04.123: 10.9.9.9:40000 (ID:1001) -> 10.0.0.2:443 (host) to-network FORWARDED (TCP Flags: SYN)",
			severity: plog.SeverityNumberInfo,
		},
		"verdict deny": {
			record: mt.PolicyVerdict{Capture: c, Verdict: -181, Direction: 2, Match: 1, RemoteLabel: 2, AuthType: 1}.Bytes(),
			want: networkWith(networkPacket(networkCommon("policy-verdict")), map[string]any{
				"EventResult": "Failure", "EventResultDetails": "Unknown", "EventOriginalResultDetails": "Policy denied by denylist",
				"EventSeverity": "Low", "DvcAction": "Deny", "DvcOriginalAction": "DROPPED", "NetworkDirection": "Outbound",
				"cilium.verdict": "DROPPED", "cilium.drop_reason": "POLICY_DENY", "cilium.drop_reason_code": int64(181),
				"cilium.destination.identity": int64(2), "cilium.destination.identity_name": "world",
				"cilium.endpoint.id": int64(10), "cilium.policy.match_type": "L3-Only", "cilium.policy.verdict": "deny",
				"cilium.auth_type": "SPIRE",
			}),
			body:     "Mar  4 05:06:04.123: 10.0.0.1:40000 (unknown) <> 10.0.0.2:443 (world) policy-verdict:L3-Only EGRESS DENIED (TCP Flags: SYN; Auth: SPIRE)",
			severity: plog.SeverityNumberWarn,
		},
		"verdict audit": {
			record: mt.PolicyVerdict{Capture: c, Audited: true, Direction: 1, RemoteLabel: 1001}.Bytes(),
			want: networkWith(networkPacket(networkCommon("policy-verdict")), map[string]any{
				"EventResult": "Success", "EventSeverity": "Low", "DvcAction": "Allow", "DvcOriginalAction": "AUDIT",
				"NetworkDirection": "Inbound", "cilium.verdict": "AUDIT", "cilium.source.identity": int64(1001),
				"cilium.endpoint.id": int64(10), "cilium.is_reply": false, "cilium.policy.match_type": "none",
				"cilium.policy.verdict": "audit",
			}),
			body:     "Mar  4 05:06:04.123: 10.0.0.1:40000 (ID:1001) -> 10.0.0.2:443 (unknown) policy-verdict:none INGRESS AUDITED (TCP Flags: SYN)",
			severity: plog.SeverityNumberWarn,
		},
		"tunnel": {
			record: mt.Trace{Capture: mt.Capture{Packet: vxlan, OrigLen: 1500}, Version: 2, Point: 4, Reason: 5, Flags: 4}.Bytes(),
			want: networkWith(networkPacket(networkCommon("trace")), map[string]any{
				"EventResult": "Success", "DvcAction": "Allow", "DvcOriginalAction": "FORWARDED", "NetworkBytes": int64(1500), "SrcBytes": int64(1500),
				"cilium.event.sub_type": "to-overlay", "cilium.verdict": "FORWARDED",
				"cilium.trace.observation_point": "TO_OVERLAY", "cilium.tunnel.protocol": "VXLAN", "cilium.tunnel.vni": int64(77),
				"cilium.tunnel.source.ip": "192.168.0.1", "cilium.tunnel.destination.ip": "192.168.0.2",
				"cilium.tunnel.source.port": int64(50000), "cilium.tunnel.destination.port": int64(8472),
			}),
			body:     "Mar  4 05:06:04.123: 10.0.0.1:40000 (unknown) <> 10.0.0.2:443 (unknown) to-overlay FORWARDED (TCP Flags: SYN)",
			severity: plog.SeverityNumberInfo,
		},
		"capture of ICMPv6": {
			record: mt.DebugCapture{Capture: mt.Capture{Packet: icmp6}, Point: 8, Arg1: 0x50000000}.Bytes(),
			want: networkWith(networkCommon("capture"), map[string]any{
				"Src": "fd00::1", "SrcIpAddr": "fd00::1", "SrcMacAddr": "02:00:00:00:00:01", "Dst": "fd00::2", "DstIpAddr": "fd00::2",
				"DstMacAddr": "02:00:00:00:00:02", "NetworkProtocol": "IPv6-ICMP", "NetworkProtocolVersion": "IPv6",
				"NetworkBytes": int64(62), "NetworkPackets": int64(1), "SrcBytes": int64(62), "SrcPackets": int64(1), "NetworkDirection": "NA",
				"NetworkIcmpType": "Destination Unreachable", "NetworkIcmpCode": int64(4),
				"cilium.event.sub_type": "DBG_CAPTURE_PROXY_PRE", "cilium.proxy_port": int64(80),
			}),
			body:     "Mar  4 05:06:04.123: fd00::1 (unknown) <> fd00::2 (unknown) DBG_CAPTURE_PROXY_PRE VERDICT_UNKNOWN (ICMPv6 DestinationUnreachable(PortUnreachable))",
			severity: plog.SeverityNumberInfo,
		},
		"debug": {
			record: mt.Debug{SubType: 15, Source: 10, Hash: 31, Arg1: 1, Arg2: 2, Arg3: 3}.Bytes(),
			want: networkWith(networkCommon("debug"), map[string]any{
				"cilium.event.sub_type": "DBG_CT_VERDICT", "cilium.endpoint.id": int64(10), "cilium.debug.hash": int64(31),
				"cilium.debug.arg1": int64(1), "cilium.debug.arg2": int64(2), "cilium.debug.arg3": int64(3),
				"EventMessage": "CT verdict: Established, revnat=512",
			}),
			body:     "Mar  4 05:06:04.123: ID: 10 DBG_CT_VERDICT MARK: 0x1f CPU: N/A (CT verdict: Established, revnat=512)",
			severity: plog.SeverityNumberDebug,
		},
		"socket": {
			record: mt.TraceSock{Point: 2, DstIP: networkDst, DstPort: 443, L4Proto: 1, Cookie: 1<<63 + 5, Cgroup: 1<<64 - 6}.Bytes(),
			want: networkWith(networkCommon("trace-sock"), map[string]any{
				"Dst": "10.0.0.2", "DstIpAddr": "10.0.0.2", "DstPortNumber": int64(443), "NetworkProtocol": "TCP",
				"NetworkProtocolVersion": "IPv4", "NetworkDirection": "NA", "DvcOriginalAction": "TRANSLATED",
				"cilium.verdict": "TRANSLATED", "cilium.event.sub_type": "post-xlate-fwd", "cilium.socket.cookie": "9223372036854775813",
				"cilium.cgroup.id": "18446744073709551610",
			}),
			body:     "Mar  4 05:06:04.123:  (unknown) <> 10.0.0.2:443 (unknown) post-xlate-fwd TRANSLATED (TCP)",
			severity: plog.SeverityNumberInfo,
		},
		"packet monitor": {
			record: mt.PacketMonitor{Packet: networkTCP(mt.SYN), PacketType: 1, Reason: 65, Location: 7, ComponentID: 8, EdgeID: 9, GroupID: 1<<63 + 10}.Bytes(),
			want: networkWith(networkPacket(networkCommon("pktmon-drop")), map[string]any{
				"EventResult": "Failure", "EventResultDetails": "Unknown",
				"EventOriginalResultDetails": "packet monitor drop reason 65", "EventSeverity": "Low", "DvcAction": "Drop",
				"DvcOriginalAction": "DROPPED", "cilium.verdict": "DROPPED", "cilium.pktmon.drop_reason": int64(65),
				"cilium.pktmon.drop_location": int64(7), "cilium.pktmon.component_id": int64(8), "cilium.pktmon.edge_id": int64(9),
				"cilium.pktmon.group_id": "9223372036854775818",
			}),
			body:     "Mar  4 05:06:04.123: 10.0.0.1:40000 (unknown) <> 10.0.0.2:443 (unknown) UNKNOWN DROPPED (TCP Flags: SYN)",
			severity: plog.SeverityNumberWarn,
		},
		"unknown": {
			record:   mt.Raw(77, 0xab),
			want:     networkWith(networkCommon("unknown(77)"), map[string]any{"cilium.raw": "4dab"}),
			body:     "Mar  4 05:06:04.123: AGENT_EVENT_UNKNOWN (type: unknown(77), notification: 4dab)",
			severity: plog.SeverityNumberInfo,
		},
		"broken packet in a VLAN": {
			record: mt.Drop{Capture: mt.Capture{Packet: mt.Ethernet(0x88a8, mt.VLAN(5, mt.EtherVLAN, mt.VLAN(6, mt.EtherIPv4,
				networkTCP(mt.SYN)[14:36])))}, Reason: 133, File: 1}.Bytes(),
			want: networkWith(networkPacket(networkCommon("drop")), map[string]any{
				"EventResult": "Failure", "EventResultDetails": "Unknown", "EventOriginalResultDetails": "Policy denied",
				"EventSeverity": "Low", "DvcAction": "Drop", "DvcOriginalAction": "DROPPED", "cilium.event.sub_type": "Policy denied",
				"cilium.verdict": "DROPPED", "cilium.drop_reason": "POLICY_DENIED", "cilium.drop_reason_code": int64(133),
				"cilium.file": "bpf_host.c", "cilium.line": int64(0), "SrcVlanId": "6", "DstVlanId": "5",
				"cilium.packet.problem": "truncated TCP", "NetworkBytes": int64(44), "SrcBytes": int64(44), "SrcPortNumber": nil, "DstPortNumber": nil,
				"TcpFlagsAck": nil, "TcpFlagsFin": nil, "TcpFlagsPsh": nil, "TcpFlagsRst": nil, "TcpFlagsSyn": nil, "TcpFlagsUrg": nil,
			}),
			body:     "Mar  4 05:06:04.123: 10.0.0.1 (unknown) <> 10.0.0.2 (unknown) Policy denied DROPPED (IPv4)",
			severity: plog.SeverityNumberWarn,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			lr := networkAppend(t, networkOptions, networkFlow(t, tt.record))
			assert.Equal(t, tt.want, lr.Attributes().AsRaw())
			assert.Equal(t, tt.body, lr.Body().Str())
			assert.Equal(t, tt.severity, lr.SeverityNumber())
			assert.Equal(t, pcommon.NewTimestampFromTime(networkAt), lr.Timestamp())
			assert.Equal(t, pcommon.NewTimestampFromTime(networkReceived), lr.ObservedTimestamp())
		})
	}
}

// IEEE 802.1Q: a tag with the id 0 has a priority and is of no VLAN.
func TestNetworkPriorityTagIsNoVLAN(t *testing.T) {
	inner := networkTCP(mt.SYN)[14:]
	for _, frame := range [][]byte{
		mt.Ethernet(mt.EtherVLAN, mt.VLAN(0x6000, mt.EtherIPv4, inner)),
		mt.Ethernet(mt.EtherVLAN, mt.VLAN(0x6007, mt.EtherVLAN, mt.VLAN(0, mt.EtherIPv4, inner))),
	} {
		attrs := networkAppend(t, networkOptions, networkFlow(t, mt.Drop{Capture: mt.Capture{Packet: frame}}.Bytes())).Attributes().AsRaw()
		assert.NotContains(t, attrs, "SrcVlanId")
		assert.Equal(t, "10.0.0.1", attrs["SrcIpAddr"])
	}
}

func TestNetworkLostEvents(t *testing.T) {
	var f flow.Flow
	f.SetLost(flow.LostPerfEventRingBuffer, 12, 3, time.Time{}, time.Time{})
	lr := networkAppend(t, networkOptions, &f)
	assert.Equal(t, networkWith(networkCommon("lost"), map[string]any{
		"EventSeverity": "Medium", "cilium.cpu": int64(3), "cilium.lost.count": int64(12),
		"cilium.lost.source": "PERF_EVENT_RING_BUFFER",
	}), lr.Attributes().AsRaw())
	assert.Equal(t, plog.SeverityNumberWarn, lr.SeverityNumber())

	f.SetLost(flow.LostPerfEventRingBuffer, 12, 3, networkAt.Add(-4*time.Second), networkAt)
	attrs := networkAppend(t, networkOptions, &f).Attributes().AsRaw()
	assert.Equal(t, "2026-03-04T05:06:00.1234567Z", attrs["EventStartTime"], "of the first loss of the interval")
	assert.Equal(t, "2026-03-04T05:06:04.1234567Z", attrs["EventEndTime"])
}

func TestNetworkAggregates(t *testing.T) {
	f := networkFlow(t, mt.Trace{Capture: mt.Capture{Packet: networkTCP(mt.ACK)}, Point: 3}.Bytes())
	f.Aggregate = flow.Aggregate{Count: 9, Bytes: 12345, First: networkAt.Add(-5 * time.Second)}
	attrs := networkAppend(t, networkOptions, f).Attributes().AsRaw()
	assert.Equal(t, int64(9), attrs["EventCount"])
	assert.Equal(t, int64(9), attrs["NetworkPackets"])
	assert.Equal(t, int64(12345), attrs["NetworkBytes"])
	assert.Equal(t, int64(9), attrs["SrcPackets"])
	assert.Equal(t, int64(12345), attrs["SrcBytes"])
	assert.NotContains(t, attrs, "DstBytes", "a record never sums both ways")
	assert.NotContains(t, attrs, "DstPackets")
	assert.NotContains(t, attrs, "cilium.packet.primary")
	f.Primary = true
	assert.Equal(t, true, networkAppend(t, networkOptions, f).Attributes().AsRaw()["cilium.packet.primary"])
	assert.Equal(t, "2026-03-04T05:05:59.1234567Z", attrs["EventStartTime"])
	assert.Equal(t, "2026-03-04T05:06:04.1234567Z", attrs["EventEndTime"])
}

func TestNetworkDeviceNames(t *testing.T) {
	f := networkFlow(t, mt.Raw(77))
	tests := map[string]struct {
		device Device
		want   map[string]any
	}{
		"node only":    {Device{NodeName: "n"}, map[string]any{"Dvc": "n"}},
		"short host":   {Device{HostName: "win1"}, map[string]any{"Dvc": "win1", "DvcHostname": "win1"}},
		"address only": {Device{IPAddr: "192.0.2.1"}, map[string]any{"Dvc": "192.0.2.1", "DvcIpAddr": "192.0.2.1"}},
		"nothing":      {Device{}, map[string]any{"Dvc": "unknown"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := map[string]any{}
			for k, v := range networkAppend(t, Options{Device: tt.device}, f).Attributes().AsRaw() {
				if strings.HasPrefix(k, "Dvc") {
					got[k] = v
				}
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestNetworkResourceAndScope(t *testing.T) {
	logs := plog.NewLogs()
	records := NewMapper(networkOptions).Begin(logs)
	records.AppendEmpty()
	rl := logs.ResourceLogs().At(0)
	assert.Equal(t, map[string]any{
		"service.name": "windows_cilium", "service.namespace": "asim_network_session", "host.name": "win1.corp.example",
		"k8s.node.name": "node-1",
	}, rl.Resource().Attributes().AsRaw())
	line, _, _ := strings.Cut(kit.Section(t, "../../../receiver/ciliumwindowsreceiver/README.md", "## The record"), "Scope:")
	kit.RequireResource(t, line, rl.Resource())
	scope := rl.ScopeLogs().At(0).Scope()
	assert.Equal(t, "asim.network.events", scope.Name())
	assert.Equal(t, "1.2.3", scope.Version())
	assert.Equal(t, 1, logs.LogRecordCount())
}

func TestNetworkBodyIsHubbleJSON(t *testing.T) {
	options := networkOptions
	options.Body = BodyHubbleJSON
	f := networkFlow(t, mt.Debug{SubType: 14}.Bytes())
	assert.Equal(t, string(f.AppendHubbleJSON(nil, "node-1", networkAt)), networkAppend(t, options, f).Body().Str())
}

func TestNetworkBodyNames(t *testing.T) {
	for name, want := range map[string]Body{"": BodySummary, "summary": BodySummary, "Hubble_JSON": BodyHubbleJSON, "none": BodyNone} {
		got, err := ParseBody(name)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := ParseBody("json")
	assert.EqualError(t, err, `body "json": want one of summary, hubble_json, none`)
	assert.Equal(t, "hubble_json", BodyHubbleJSON.String())
}

// networkSchemaFields is what ASIM's schema tester (ASimTester.csv, schema NetworkSession) says of the attributes that are
// written: their type and, where the schema has one, their list of values. EventProduct and EventVendor have lists too,
// which know of no Cilium: those two are the deviations that cannot be avoided.
var networkSchemaFields = map[string]struct {
	kind      string
	values    string
	mandatory bool
}{
	"SrcHostname": {"string", "", false}, "SrcAppName": {"string", "", false}, "SrcAppType": {"string", "Process|Service|Resource|URL|SaaS application|Other", false},
	"DstHostname": {"string", "", false}, "DstAppName": {"string", "", false}, "DstAppType": {"string", "Process|Service|Resource|URL|SaaS application|Other", false},
	"Dst": {"string", "", false}, "DstIpAddr": {"string", "", false}, "DstMacAddr": {"string", "", false},
	"DstPortNumber": {"int", "", false}, "DstVlanId": {"string", "", false}, "Dvc": {"string", "", true},
	"DvcAction": {"string", "Allow|Deny|Drop|Drop ICMP|Reset|Reset Source|Reset Destination|Encrypt| Decrypt|VPNroute", false},
	"DvcDomain": {"string", "", false}, "DvcDomainType": {"string", "Windows|FQDN|ResourceGroup", false},
	"DvcHostname": {"string", "", false}, "DvcIpAddr": {"string", "", false}, "DvcOriginalAction": {"string", "", false},
	"EventCount": {"int", "", true}, "EventEndTime": {"datetime", "", true}, "EventMessage": {"string", "", false},
	"EventOriginalResultDetails": {"string", "", false}, "EventProduct": {"string", "", true},
	"EventResult": {"string", "Success|Partial|Failure|NA", true},
	"EventResultDetails": {"string", "Failover|Invalid TCP|Invalid Tunnel|Maximum Retry|Reset|Routing issue|Simulation|" +
		"Terminated|Timeout|Transient error|Unknown|NA", false},
	"EventSchema": {"string", "NetworkSession", true}, "EventSchemaVersion": {"string", "", true},
	"EventSeverity":  {"string", "Informational|Low|Medium|High", false},
	"EventStartTime": {"datetime", "", true},
	"EventType":      {"string", "NetworkSession|L2NetworkSession|EndpointNetworkSession|Flow", true},
	"EventVendor":    {"string", "", true}, "NetworkBytes": {"int", "", false},
	"NetworkDirection": {"string", "Inbound|Outbound|Listen|Unknown|Local|External|NA", false},
	"NetworkIcmpCode":  {"int", "", false}, "NetworkIcmpType": {"string", "", false}, "NetworkPackets": {"int", "", false},
	"NetworkProtocol": {"string", "", false}, "NetworkProtocolVersion": {"string", "IPv4|IPv6", false},
	"Src": {"string", "", false}, "SrcIpAddr": {"string", "", false}, "SrcMacAddr": {"string", "", false},
	"SrcBytes": {"int", "", false}, "SrcPackets": {"int", "", false}, "SrcNatIpAddr": {"string", "", false}, "SrcPortNumber": {"int", "", false}, "SrcVlanId": {"string", "", false},
	"TcpFlagsAck": {"bool", "", false}, "TcpFlagsFin": {"bool", "", false}, "TcpFlagsPsh": {"bool", "", false},
	"TcpFlagsRst": {"bool", "", false}, "TcpFlagsSyn": {"bool", "", false}, "TcpFlagsUrg": {"bool", "", false},
}

func TestNetworkRecordsConformToTheSchema(t *testing.T) {
	c := mt.Capture{Source: 3, Packet: networkTCP(mt.SYN)}
	var all []*flow.Flow
	for verdict := range int32(3) {
		all = append(all, networkFlow(t, mt.PolicyVerdict{Capture: c, Verdict: verdict - 1, Direction: 1}.Bytes()))
	}
	for _, payload := range [][]byte{mt.ICMP(8, 0, nil), mt.ICMP(99, 0, nil)} {
		packet := mt.Ethernet(mt.EtherIPv4, mt.IPv4(networkSrc, networkDst, mt.ProtoICMP, payload))
		all = append(all, networkFlow(t, mt.DebugCapture{Capture: mt.Capture{Packet: packet}, Point: 4}.Bytes()))
	}
	for protocol := range 256 {
		packet := mt.IPv4(networkSrc, networkDst, uint8(protocol), make([]byte, 40))
		all = append(all, networkFlow(t, mt.Drop{Capture: mt.Capture{Packet: packet}, Version: 2, Flags: 2, Reason: uint8(protocol)}.Bytes()))
		all = append(all, networkFlow(t, mt.Trace{Capture: c, Version: 1, Point: uint8(protocol), Reason: uint8(protocol), OrigIP: networkDst}.Bytes()))
		all = append(all, networkFlow(t, append(mt.Debug{SubType: uint8(protocol)}.Bytes(), 0)))
		all = append(all, networkFlow(t, networkZero(byte(protocol))))
	}
	lost := new(flow.Flow)
	lost.SetLost(flow.LostObserverQueue, 1, -1, time.Time{}, time.Time{})
	all = append(all, lost)

	for _, f := range all {
		f.Resolve(everyone, 0)
		attrs := networkAppend(t, networkOptions, f).Attributes()
		for key, field := range networkSchemaFields {
			value, ok := attrs.Get(key)
			if !ok {
				require.False(t, field.mandatory, "%s is missing", key)
				continue
			}
			switch field.kind {
			case "int":
				require.Equal(t, pcommon.ValueTypeInt, value.Type(), key)
			case "bool":
				require.Equal(t, pcommon.ValueTypeBool, value.Type(), key)
			default:
				require.Equal(t, pcommon.ValueTypeStr, value.Type(), key)
				require.NotEmpty(t, value.Str(), key)
			}
			if field.kind == "datetime" {
				_, err := time.Parse(time.RFC3339Nano, value.Str())
				require.NoError(t, err, key)
			}
			if field.values != "" {
				require.True(t, slices.Contains(strings.Split(field.values, "|"), value.Str()), "%s %q", key, value.Str())
			}
		}
		for key, value := range attrs.All() {
			_, known := networkSchemaFields[key]
			require.True(t, known || strings.HasPrefix(key, "cilium."), "%s is not of the schema", key)
			require.False(t, value.Type() == pcommon.ValueTypeStr && value.Str() == "", "%s is empty", key)
		}
	}
}

// networkZero is a record of any type, long enough for all of them, otherwise zero.
func networkZero(typ byte) []byte {
	b := make([]byte, 80)
	b[0] = typ
	return b
}

func BenchmarkNetworkAppend(b *testing.B) {
	f := networkFlow(b, mt.Trace{Capture: mt.Capture{Source: 4, Packet: networkTCP(mt.ACK)}, Version: 2, Point: 11, SrcLabel: 1001, DstLabel: 2}.Bytes())
	for _, body := range []Body{BodySummary, BodyHubbleJSON} {
		b.Run(body.String(), func(b *testing.B) {
			options := networkOptions
			options.Body = body
			m := NewMapper(options)
			b.ReportAllocs()
			for b.Loop() {
				m.Append(plog.NewLogRecord(), f, uid.ID{}, networkAt, networkReceived)
			}
		})
	}
}

// An id has the same type in every record, whatever its size, so that a query need not ask for it.
func TestAnIdOf64BitsIsATextWhateverItsSize(t *testing.T) {
	for _, id := range []uint64{1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
		want := strconv.FormatUint(id, 10)
		for _, c := range []struct {
			record []byte
			keys   []string
		}{
			{mt.TraceSock{Point: 2, DstIP: networkDst, Cookie: id, Cgroup: id}.Bytes(), []string{"cilium.socket.cookie", "cilium.cgroup.id"}},
			{mt.PacketMonitor{GroupID: id}.Bytes(), []string{"cilium.pktmon.group_id"}},
			{mt.Drop{Version: 3, IPTraceID: id}.Bytes(), []string{"cilium.ip_trace_id"}},
			{mt.Trace{Version: 2, IPTraceID: id}.Bytes(), []string{"cilium.ip_trace_id"}},
		} {
			attrs := networkAppend(t, networkOptions, networkFlow(t, c.record)).Attributes().AsRaw()
			for _, key := range c.keys {
				require.Equal(t, want, attrs[key], key)
			}
		}
	}
}

func TestAFieldOfANotificationThatIsAnAddressOrABoolIsAnAttribute(t *testing.T) {
	drops := ownAttributes[monitor.TypeDrop]
	t.Cleanup(func() { ownAttributes[monitor.TypeDrop] = drops })
	from := netip.Addr{}
	row := func(key string, f flow.Field) attribute { return attribute{source{key, ""}, ownAttribute(f)} }
	ownAttributes[monitor.TypeDrop] = []attribute{
		row("from", flow.Field{Address: func(*flow.Flow) *netip.Addr { return &from }}),
		row("yes", flow.Field{Field: monitor.Field{Bool: true}, Value: func(f *flow.Flow) uint64 { return uint64(f.Drop.Line) }}),
		row("always", flow.Field{Field: monitor.Field{Bool: true, Always: true}, Value: func(*flow.Flow) uint64 { return 0 }}),
	}
	attrs := networkAppend(t, networkOptions, networkFlow(t, mt.Drop{}.Bytes())).Attributes().AsRaw()
	require.NotContains(t, attrs, "from")
	require.NotContains(t, attrs, "yes")
	require.Equal(t, false, attrs["always"])
	from = networkSrc
	attrs = networkAppend(t, networkOptions, networkFlow(t, mt.Drop{Line: 7}.Bytes())).Attributes().AsRaw()
	require.Equal(t, "10.0.0.1", attrs["from"])
	require.Equal(t, true, attrs["yes"])
}
