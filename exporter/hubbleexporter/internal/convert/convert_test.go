// SPDX-License-Identifier: Apache-2.0

package convert

//lint:file-ignore SA1019 Hubble fills deprecated fields, and its clients read them.

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

var at = time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)

// record is a record with its resource and its scope.
type record struct {
	resource pcommon.Resource
	scope    pcommon.InstrumentationScope
	log      plog.LogRecord
}

// newRecord returns a record of ciliumwindows with more attributes.
func newRecord(attributes map[string]any) record {
	r := record{pcommon.NewResource(), pcommon.NewInstrumentationScope(), plog.NewLogRecord()}
	r.scope.SetName("asim.network.events")
	r.log.SetTimestamp(pcommon.NewTimestampFromTime(at))
	all := map[string]any{"EventProduct": "Cilium", "EventSchema": "NetworkSession", "EventType": "Flow", "cilium.event.type": "trace"}
	for key, value := range attributes {
		all[key] = value
	}
	if err := r.log.Attributes().FromRaw(all); err != nil {
		panic(err)
	}
	return r
}

// event converts a record.
func (r record) event(t testing.TB) (*Event, Reason) {
	t.Helper()
	var c Converter
	resource := c.Resource(r.resource, r.scope)
	return c.Event(&resource, r.log)
}

// flow converts a record of a flow.
func (r record) flow(t testing.TB) *flowpb.Flow {
	t.Helper()
	e, reason := r.event(t)
	require.Equal(t, None, reason)
	return e.Hubble.Event.(*flowpb.Flow)
}

func requireJSON(t *testing.T, want string, m proto.Message) {
	t.Helper()
	got, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	require.NoError(t, err)
	require.JSONEq(t, want, string(got))
}

func TestNamesBecomeThoseOfTheEndpoints(t *testing.T) {
	r := newRecord(map[string]any{
		"cilium.source.namespace": "shop", "cilium.source.pod": "cart-7d9f", "cilium.source.workload.name": "cart", "cilium.source.workload.kind": "Deployment",
		"cilium.source.labels": []any{"k8s:app=cart"}, "cilium.source.cluster": "west", "cilium.source.identity": int64(20417),
		"cilium.destination.service.name": "db", "cilium.destination.service.namespace": "shop", "EventOriginalUid": "9c80df355f82014bc82ebcd115449d01",
	})
	r.resource.Attributes().PutStr("k8s.node.name", "node-1")
	requireJSON(t, `{"time":"2026-03-04T05:06:07.000000008Z","uuid":"9c80df35-5f82-014b-c82e-bcd115449d01","node_name":"node-1","Type":"L3_L4",
		"event_type":{"type":4},"destination":{},"destination_service":{"name":"db","namespace":"shop"},
		"source":{"identity":20417,"namespace":"shop","pod_name":"cart-7d9f","cluster_name":"west","labels":["k8s:app=cart"],"workloads":[{"name":"cart","kind":"Deployment"}]}}`,
		r.flow(t))
}

func TestTheBodyIsPreferred(t *testing.T) {
	r := newRecord(map[string]any{"cilium.verdict": "DROPPED"})
	r.log.Body().SetStr(`{"flow":{"verdict":"FORWARDED","drop_reason":207,"drop_reason_desc":"A_NAME_OF_A_LATER_RELEASE","later":{"x":1}},"node_name":"n"}`)
	f := r.flow(t)
	require.Equal(t, flowpb.Verdict_FORWARDED, f.Verdict)
	require.Equal(t, "n", f.NodeName)
	require.Equal(t, flowpb.DropReason(207), f.DropReasonDesc)

	r.log.Body().SetStr(`{"flow":{"verdict":`) // none
	require.Equal(t, flowpb.Verdict_DROPPED, r.flow(t).Verdict)
}

func TestFieldsOfLaterReleasesAreSentOn(t *testing.T) {
	r := newRecord(nil)
	r.log.Body().SetStr(`{"flow":{"ip_trace_id":{"trace_id":"18446744073709551615"},"l4":{"VRRP":{"type":1,"vrid":7}},"tunnel":{"protocol":"VXLAN","vni":5}}}`)
	f := r.flow(t)
	require.NotEmpty(t, f.ProtoReflect().GetUnknown())
	require.NotEmpty(t, f.GetL4().ProtoReflect().GetUnknown())
	require.Equal(t, []byte{0x20, 5}, []byte(f.GetTunnel().ProtoReflect().GetUnknown()))
}

func TestTheLineHasTheFlagsThatTheSchemaLacks(t *testing.T) {
	r := newRecord(map[string]any{"NetworkProtocol": "TCP", "SrcPortNumber": int64(1), "TcpFlagsSyn": true, "SrcIpAddr": "10.0.0.1"})
	r.log.Body().SetStr("Mar  4 05:06:07.000: 10.0.0.1:1 (ID:1) -> 10.0.0.2:2 (ID:2) to-stack FORWARDED (TCP Flags: SYN, ECE, CWR)")
	f := r.flow(t)
	require.True(t, f.GetL4().GetTCP().GetFlags().GetECE())
	require.Equal(t, "TCP Flags: SYN, ECE, CWR", f.Summary)
}

func TestOtherRecordsAreIgnored(t *testing.T) {
	status, dns, sum, pseudonyms, archived, agent := newRecord(nil), newRecord(nil), newRecord(map[string]any{"EventType": "NetworkSession"}), newRecord(nil), newRecord(nil), newRecord(map[string]any{"cilium.event.type": "agent"})
	status.scope.SetName("winnet.status")
	dns.scope.SetName("asim.dns.events")
	pseudonyms.resource.Attributes().PutBool("winnet.pseudonymized", true)
	archived.resource.Attributes().PutStr("winnet.tier", "archive")
	foreign := record{pcommon.NewResource(), pcommon.NewInstrumentationScope(), plog.NewLogRecord()}
	large := newRecord(map[string]any{"cilium.source.labels": []any{strings.Repeat("x", MaxSize)}})
	larger := newRecord(nil)
	larger.log.Body().SetStr(`{"flow":{"Summary":"` + strings.Repeat("x", MaxSize) + `"}}`)
	for want, r := range map[Reason][]record{
		Status: {status}, NotCilium: {dns, foreign}, Sum: {sum}, Pseudonymized: {pseudonyms}, Archive: {archived}, Undecoded: {agent}, TooLarge: {large, larger},
	} {
		for _, r := range r {
			_, reason := r.event(t)
			require.Equal(t, want, reason)
		}
	}
	c := Converter{Archived: true}
	resource := c.Resource(archived.resource, archived.scope)
	_, reason := c.Event(&resource, archived.log)
	require.Equal(t, None, reason)
}

func TestARecordWithoutAnIdentifierGetsARandomOne(t *testing.T) {
	require.Len(t, newRecord(nil).flow(t).Uuid, 36)
	require.NotEqual(t, newRecord(nil).flow(t).Uuid, newRecord(nil).flow(t).Uuid)
}

// No record stops the exporter, whatever its attributes and its body are. An event that it gives can be sent.
func FuzzARecordNeverPanics(f *testing.F) {
	f.Add("cilium.event.type", "drop", "EventOriginalResultDetails", "Policy denied, 3", `{"flow":{"l4":{"SCTP":{"chunk_type":"INIT"}}}}`, int64(-1))
	f.Add("NetworkIcmpType", "Echo", "NetworkProtocol", "ICMP", `{"debug_event":{"cpu":1}}`, int64(3))
	f.Add("cilium.tunnel.protocol", "VXLAN", "cilium.tunnel.source.ip", "::", `{"lost_events":{"num_events_lost":"3"}}`, int64(1)<<40)
	f.Add("EventOriginalType", "debug", "cilium.event.sub_type", "DBG_GENERIC", "(TCP Flags: SYN", int64(9))
	f.Fuzz(func(t *testing.T, key, value, key2, value2, body string, n int64) {
		r := newRecord(map[string]any{
			key: value, key2: value2, "NetworkIcmpCode": n, "DstPortNumber": n, "cilium.cpu": n, "cilium.source.identity": n, "cilium.ip_trace_id": n,
			"cilium.tunnel.vni": n, "cilium.source.labels": []any{value, n, nil}, "cilium.is_reply": value,
		})
		r.log.Body().SetStr(body)
		r.log.SetTimestamp(pcommon.Timestamp(uint64(n)))
		e, reason := r.event(t)
		if reason != None {
			require.Nil(t, e)
			return
		}
		_, err := proto.Marshal(e.Hubble.Event.(proto.Message))
		require.NoError(t, err)
	})
}

func TestALossInJSONIsOfTheNodeOfItsLine(t *testing.T) {
	for body, want := range map[string]string{
		`{"lost_events":{"num_events_lost":"3"},"node_name":"node-2"}`: "node-2", `{"lost_events":{"num_events_lost":"3"}}`: "node-1", `{"node_name":"node-2"}`: "node-1",
	} {
		r := newRecord(map[string]any{"Dvc": "node-1", "cilium.trace.observation_point": "TO_ENDPOINT"})
		r.log.Body().SetStr(body)
		e, reason := r.event(t)
		require.Equal(t, None, reason)
		require.Equal(t, want, e.Node, body)
	}
}

// The hubble command prints texts as they are.
func TestNoTextReachesATerminalRaw(t *testing.T) {
	evil := "e\x1b[31mvil\u202e"
	const want = `e\u001b[31mvil\u202e`
	keys := map[string]any{
		"Dvc": evil, "SrcIpAddr": evil, "DstIpAddr": "10.0.0.1", "SrcMacAddr": evil, "cilium.source.labels": []any{evil}, "cilium.file": evil,
		"cilium.event.type": "drop", "cilium.verdict": "DROPPED", "NetworkProtocolVersion": "IPv4",
	}
	for _, end := range []string{"cilium.source.", "cilium.destination."} {
		for _, name := range []string{"cluster", "namespace", "pod", "workload.name", "workload.kind", "service.name", "service.namespace"} {
			keys[end+name] = evil
		}
	}
	f := newRecord(keys).flow(t)
	require.Equal(t, want, f.NodeName)
	require.Equal(t, want, f.Source.PodName)
	require.Equal(t, []string{want}, f.Source.Labels)
	require.Equal(t, want, f.IP.Source)
	require.NotContains(t, f.String(), `\x1b`)

	quoted, err := json.Marshal(evil)
	require.NoError(t, err)
	r := newRecord(nil)
	body := `{"flow":{"source":{"pod_name":%[1]s,"labels":[%[1]s],"workloads":[{"name":%[1]s}]},"l4":{"IGMP":{"group_address":%[1]s}}},"node_name":%[1]s}`
	r.log.Body().SetStr(fmt.Sprintf(body, quoted))
	f = r.flow(t)
	require.Equal(t, want, f.NodeName)
	require.Equal(t, want, f.Source.PodName)
	require.Equal(t, []string{want}, f.Source.Labels)
	require.Equal(t, want, f.Source.Workloads[0].Name)
	require.Contains(t, string(f.L4.ProtoReflect().GetUnknown()), want)
	r.log.Body().SetStr(`{"flow":{"source":{"pod_name":"` + evil[len(evil)-3:] + `"}}}`) // nothing in it that JSON escapes
	require.Equal(t, `\u202e`, r.flow(t).Source.PodName)
	r.log.Body().SetStr(`{"debug_event":{"message":"a\u001b"}}`)
	e, reason := r.event(t)
	require.Equal(t, None, reason)
	require.Equal(t, `a\u001b`, e.Hubble.Event.(*flowpb.DebugEvent).Message)
}
