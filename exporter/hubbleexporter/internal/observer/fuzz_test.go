// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"context"
	"testing"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/convert"
)

// FuzzARequestNeverPanics asks for flows with any request.
func FuzzARequestNeverPanics(f *testing.F) {
	for _, req := range []*observerpb.GetFlowsRequest{
		{Number: 1, Since: timestamppb.New(start), Until: timestamppb.New(start.Add(time.Hour)), FieldMask: &fieldmaskpb.FieldMask{Paths: []string{"l4.TCP.flags", "source.labels", "is_reply.value"}}},
		{First: true, Whitelist: []*flowpb.FlowFilter{{
			SourceIp: []string{"10.0.0.0/8"}, SourcePod: []string{"shop/cart-"}, SourceFqdn: []string{"*.contoso.com"}, SourceLabel: []string{"k8s:app in (cart), !b"}, SourceService: []string{"shop/"},
			SourceWorkload: []*flowpb.Workload{{Name: "cart", Kind: "Deployment"}}, Verdict: []flowpb.Verdict{flowpb.Verdict_DROPPED}, EventType: []*flowpb.EventTypeFilter{{Type: 4, MatchSubType: true}},
		}}},
		{Blacklist: []*flowpb.FlowFilter{{
			HttpStatusCode: []string{"5+"}, HttpPath: []string{"/a.*"}, DnsQuery: []string{"a|b"}, Protocol: []string{"tcp", "VRRP"}, SourcePort: []string{"80", "0"}, TcpFlags: []*flowpb.TCPFlags{{SYN: true}},
			NodeName: []string{"c/*"}, Reply: []bool{true}, SourceIdentity: []uint32{1}, Uuid: []string{"u"}, IpVersion: []flowpb.IPVersion{flowpb.IPVersion_IPv6},
			TrafficDirection: []flowpb.TrafficDirection{flowpb.TrafficDirection_EGRESS}, Interface: []*flowpb.NetworkInterface{{Index: 1}}, TraceId: []string{"t"},
		}}},
		{Whitelist: []*flowpb.FlowFilter{expression(`_flow.source.labels.exists(l, l.matches("a+"))`, `_flow.l4.TCP.flags.SYN`)}},
	} {
		raw, err := proto.Marshal(req)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		req := &observerpb.GetFlowsRequest{}
		if CheckValues(raw, req.ProtoReflect().Descriptor()) != nil || proto.Unmarshal(raw, req) != nil {
			return
		}
		s, _ := newServer(t, 3, 3)
		s.Write([]*convert.Event{loss("node-1", 1)}, 0)
		ctx, cancel := context.WithCancel(t.Context())
		if req.GetFollow() {
			cancel()
		}
		defer cancel()
		client := &stream{ctx: ctx}
		_ = s.GetFlows(req, client) // any request may be refused
		require.LessOrEqual(t, len(client.answers), 4)
	})
}
