// SPDX-License-Identifier: Apache-2.0

package cilium120

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	v1 "github.com/cilium/cilium/pkg/hubble/api/v1"
	"github.com/cilium/cilium/pkg/hubble/filters"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/oracle"
)

// ruleMaker makes a rule of this project and the same rule for Hubble, with one to three keys and values that occur in
// generated flows.
type ruleMaker struct{ *rand.Rand }

// some draws one or two of the values.
func some[T any](r ruleMaker, values ...T) []T {
	drawn := []T{values[r.IntN(len(values))]}
	if r.IntN(3) == 0 {
		drawn = append(drawn, values[r.IntN(len(values))])
	}
	return drawn
}

// texts gives values as they stand in a configuration.
func texts[T any](values []T) (s []string) {
	for _, v := range values {
		s = append(s, fmt.Sprint(v))
	}
	return s
}

func (r ruleMaker) rule() (ours filter.Rule, theirs *flowpb.FlowFilter) {
	ours, theirs = filter.Rule{}, &flowpb.FlowFilter{}
	for range 1 + r.IntN(3) {
		r.key(ours, theirs)
	}
	return ours, theirs
}

func (r ruleMaker) key(ours filter.Rule, theirs *flowpb.FlowFilter) {
	ips := []string{"10.0.0.0/16", "10.1.2.0/24", "fd00::/8", "10.0.0.0/8", "10.0.1.17", "::/0", "0.0.0.0/0"}
	ports := []uint16{0, 53, 80, 443, 8472}
	identities := []uint32{0, 1, 2, 7, 11, 1001}
	switch r.IntN(14) {
	case 0:
		verdicts := some(r, flow.VerdictUnknown, flow.VerdictForwarded, flow.VerdictDropped, flow.VerdictAudit, flow.VerdictRedirected, flow.VerdictTraced)
		ours["verdict"], theirs.Verdict = texts(verdicts), nil
		for _, v := range verdicts {
			theirs.Verdict = append(theirs.Verdict, flowpb.Verdict(v))
		}
	case 1:
		ours["event_type"], theirs.EventType = nil, nil
		for _, typ := range some[int32](r, 1, 2, 3, 4, 5, 7) {
			f := &flowpb.EventTypeFilter{Type: typ}
			name := monitor.MessageType(typ).String()
			if r.IntN(2) == 0 {
				f.MatchSubType, f.SubType = true, int32(r.IntN(12))
				name += fmt.Sprintf(":%d", f.SubType)
			}
			ours["event_type"] = append(ours["event_type"], name)
			theirs.EventType = append(theirs.EventType, f)
		}
	case 2:
		theirs.SourceIp = some(r, ips...)
		ours["source_ip"] = theirs.SourceIp
	case 3:
		theirs.DestinationIp = some(r, ips...)
		ours["destination_ip"] = theirs.DestinationIp
	case 4:
		theirs.SourceIpXlated = some(r, ips...)
		ours["source_ip_xlated"] = theirs.SourceIpXlated
	case 5:
		theirs.SourcePort = texts(some(r, ports...))
		ours["source_port"] = theirs.SourcePort
	case 6:
		theirs.DestinationPort = texts(some(r, ports...))
		ours["destination_port"] = theirs.DestinationPort
	case 7:
		theirs.Protocol = some(r, "tcp", "UDP", "sctp", "icmp", "icmpv4", "ICMPv6", "vrrp", "igmp")
		ours["protocol"] = theirs.Protocol
	case 8:
		theirs.SourceIdentity = some(r, identities...)
		ours["source_identity"] = texts(theirs.SourceIdentity)
	case 9:
		theirs.DestinationIdentity = some(r, identities...)
		ours["destination_identity"] = texts(theirs.DestinationIdentity)
	case 10:
		delete(ours, "drop_reason_desc")
		theirs.DropReasonDesc = nil
		for _, reason := range some[uint32](r, 0, 133, 181, 129+30, 207, 140) {
			if name, ok := flowpb.DropReason_name[int32(reason)]; ok {
				ours["drop_reason_desc"] = append(ours["drop_reason_desc"], name)
				theirs.DropReasonDesc = append(theirs.DropReasonDesc, flowpb.DropReason(reason))
			}
		}
	case 11:
		directions := some(r, flow.DirectionUnknown, flow.DirectionIngress, flow.DirectionEgress)
		ours["traffic_direction"], theirs.TrafficDirection = texts(directions), nil
		for _, d := range directions {
			theirs.TrafficDirection = append(theirs.TrafficDirection, flowpb.TrafficDirection(d))
		}
	case 12:
		theirs.Reply = some(r, true, false)
		ours["reply"] = texts(theirs.Reply)
	case 13:
		ours["ip_version"], theirs.IpVersion = []string{"IPv4"}, []flowpb.IPVersion{flowpb.IPVersion_IPv4}
		if r.IntN(2) == 0 {
			ours["ip_version"], theirs.IpVersion = []string{"ipv6"}, []flowpb.IPVersion{flowpb.IPVersion_IPv6}
		}
	}
}

// Hubble's filters accept the same flows and messages, read by Hubble, as this project's filters.
func TestFiltersAreHubbles(t *testing.T) {
	type event struct {
		ours   flow.Flow
		theirs *v1.Event
	}
	var all []event
	var n monitor.Notification
	for g := oracle.NewGenerator(3); len(all) < 1500; {
		if (monitor.Decoder{}).Decode(g.Next(), &n) != nil {
			continue
		}
		var e event
		e.ours.Decode(&n)
		var line observerpb.ExportEvent
		require.NoError(t, protojson.Unmarshal(e.ours.AppendHubbleJSON(nil, "", time.Unix(0, 0)), &line))
		switch {
		case line.GetFlow() != nil:
			e.theirs = &v1.Event{Event: line.GetFlow()}
		case line.GetDebugEvent() != nil:
			e.theirs = &v1.Event{Event: line.GetDebugEvent()}
		default:
			continue // Hubble does not distinguish these types
		}
		all = append(all, e)
	}
	r := ruleMaker{rand.New(rand.NewPCG(1, 2))}
	var wanted int
	for range 1000 {
		var config filter.Config
		var allow, deny []*flowpb.FlowFilter
		for range r.IntN(3) {
			ours, theirs := r.rule()
			if len(theirs.String()) == 0 {
				continue
			}
			config.Allow, allow = append(config.Allow, ours), append(allow, theirs)
		}
		for range r.IntN(3) {
			ours, theirs := r.rule()
			if len(theirs.String()) == 0 {
				continue
			}
			config.Deny, deny = append(config.Deny, ours), append(deny, theirs)
		}
		ours, err := filter.New(&config)
		require.NoError(t, err)
		allowed, err := filters.BuildFilterList(context.Background(), allow, filters.DefaultFilters(slog.Default()))
		require.NoError(t, err)
		denied, err := filters.BuildFilterList(context.Background(), deny, filters.DefaultFilters(slog.Default()))
		require.NoError(t, err)
		for i := range all {
			want := filters.Apply(allowed, denied, all[i].theirs)
			if want != ours.Wants(&all[i].ours) {
				t.Fatalf("%+v: Hubble wants it: %v: %v", config, want, all[i].theirs.Event)
			}
			if want {
				wanted++
			}
		}
	}
	t.Logf("1,000 filters, %d events each; %d of all decisions want the event", len(all), wanted)
}
