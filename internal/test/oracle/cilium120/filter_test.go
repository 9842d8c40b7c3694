// SPDX-License-Identifier: Apache-2.0

package cilium120

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
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
	switch r.IntN(20) {
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
	default:
		r.nameKey(ours, theirs)
	}
}

// nameKey adds a key that the names of ends answer.
func (r ruleMaker) nameKey(ours filter.Rule, theirs *flowpb.FlowFilter) {
	names := []string{"shop/", "shop/cart-1", "data/db", "/", "/front", "cart", "web/front-5", "x/y/z", "bare", "/bare", "shop", "jobs/b"}
	labels := []string{
		"app", "app=cart", "k8s:app=db", "app.kubernetes.io/name=db", "any:odd", "!odd", "cni:tier", "k8s:tier", "tier>1", "tier<2,app", "app in (db,cart)", "app notin (cart)",
		"app!=db", "reserved:host", "reserved:world,!reserved:host", "cidr:10.0.0.0/8", "cidr:10.0.0.0/16", "cidr:0.0.0.0/0", "number in (1001,)", "version = 1", "",
		"io.cilium.k8s.policy.cluster=prod",
	}
	workloads := []*flowpb.Workload{{Kind: "StatefulSet"}, {Name: "cart"}, {Kind: "StatefulSet", Name: "cart"}, {Kind: "Deployment"}, {Name: "db"}, {}}
	clusters := []string{"prod", "other"}
	ofWorkloads := func(workloads []*flowpb.Workload) (s []string) {
		for _, w := range workloads {
			s = append(s, w.Kind+"/"+w.Name)
		}
		return s
	}
	switch r.IntN(10) {
	case 0:
		theirs.SourcePod = some(r, names...)
		ours["source_pod"] = theirs.SourcePod
	case 1:
		theirs.DestinationPod = some(r, names...)
		ours["destination_pod"] = theirs.DestinationPod
	case 2:
		theirs.SourceService = some(r, names...)
		ours["source_service"] = theirs.SourceService
	case 3:
		theirs.DestinationService = some(r, names...)
		ours["destination_service"] = theirs.DestinationService
	case 4:
		theirs.SourceLabel = some(r, labels...)
		ours["source_label"] = theirs.SourceLabel
	case 5:
		theirs.DestinationLabel = some(r, labels...)
		ours["destination_label"] = theirs.DestinationLabel
	case 6:
		theirs.SourceWorkload = some(r, workloads...)
		ours["source_workload"] = ofWorkloads(theirs.SourceWorkload)
	case 7:
		theirs.DestinationWorkload = some(r, workloads...)
		ours["destination_workload"] = ofWorkloads(theirs.DestinationWorkload)
	case 8:
		theirs.SourceClusterName = some(r, clusters...)
		ours["source_cluster_name"] = theirs.SourceClusterName
	case 9:
		theirs.DestinationClusterName = some(r, clusters...)
		ours["destination_cluster_name"] = theirs.DestinationClusterName
	}
}

// A selector is read or refused as Hubble does, and selects the same ends.
func TestLabelSelectorsAreHubbles(t *testing.T) {
	words := []string{
		"app", "k8s:app", "cni:tier", "any:odd", "cidr:10.0.0.0/8", "in", "notin", "=", "==", "!=", "!", ">", "<", "(", ")", ",", " ", "\t", "cart", "db", "1", "-1", "a:b:c", ":",
		"app.kubernetes.io/name", "Up/case", "", "x/y/z", ".", "k8s.app", "reserved:host", "$host", "ä", "\u00a0", strings.Repeat("a", 60), strings.Repeat("a", 70),
	}
	var ends []*flowpb.Endpoint
	for _, identity := range []uint32{0, 1, 2, 4, 6, 128, 1001, 20417, 16777217} {
		ends = append(ends, &flowpb.Endpoint{Labels: oracle.Cluster{}.Labels(identity)})
	}
	r := rand.New(rand.NewPCG(7, 8))
	taken, selected := 0, 0
	for range 300_000 {
		var text string
		for range 1 + r.IntN(7) {
			text += words[r.IntN(len(words))]
			if r.IntN(3) == 0 {
				text += " "
			}
		}
		theirs, theirErr := filters.BuildFilterList(context.Background(), []*flowpb.FlowFilter{{SourceLabel: []string{text}}}, []filters.OnBuildFilter{&filters.LabelsFilter{}})
		ours, err := filter.New(&filter.Config{Allow: []filter.Rule{{"source_label": {text}}}})
		require.Equal(t, theirErr == nil, err == nil, "%q: ours %v, Hubble's %v", text, err, theirErr)
		if err != nil {
			continue
		}
		taken++
		for _, end := range ends {
			want := theirs.MatchOne(&v1.Event{Event: &flowpb.Flow{Source: end}})
			got := ours.Wants(&flow.Flow{Ends: flow.Ends{Source: &flow.Endpoint{Labels: end.Labels}}})
			require.Equal(t, want, got, "%q of %v", text, end.Labels)
			if got {
				selected++
			}
		}
	}
	require.Greater(t, taken, 10_000)
	require.Greater(t, selected, 10_000)
	t.Logf("300,000 selectors, %d of them allowed; they select %d ends", taken, selected)
}

// A key of Hubble's filters is one of rules, or is refused with the reason.
func TestEveryKeyOfHubblesFiltersIsKnown(t *testing.T) {
	fields := (&flowpb.FlowFilter{}).ProtoReflect().Descriptor().Fields()
	require.Greater(t, fields.Len(), 35)
	for i := range fields.Len() {
		if err := (filter.Rule{}).CheckKey(string(fields.Get(i).Name())); err != nil {
			require.NotContains(t, err.Error(), "there is no such key", fields.Get(i).Name())
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
		if len(all)%4 != 0 {
			e.ours.Resolve(oracle.Cluster{}.Names(), 0)
		}
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
