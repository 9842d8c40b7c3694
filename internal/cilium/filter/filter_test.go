// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// dropped is a denied TCP connection.
func dropped() *flow.Flow {
	f := &flow.Flow{
		Type: monitor.TypeDrop, SubType: 133, Verdict: flow.VerdictDropped, DropReason: 133, Direction: flow.DirectionIngress,
		SourceIdentity: 1001, DestinationIdentity: 2,
	}
	f.IP = flow.IP{Version: 4, Source: netip.MustParseAddr("10.0.0.1"), Destination: netip.MustParseAddr("10.1.0.2")}
	f.L4 = flow.L4{Protocol: flow.L4TCP, SourcePort: 40000, DestinationPort: 443}
	return f
}

func wants(t *testing.T, c Config, f *flow.Flow) bool {
	t.Helper()
	filter, err := New(&c)
	require.NoError(t, err)
	return filter.Wants(f)
}

func TestEveryKeyMatchesOneOfItsValues(t *testing.T) {
	for name, c := range map[string]struct{ yes, no Rule }{
		"verdict":              {Rule{Verdict: []string{"FORWARDED", "dropped"}}, Rule{Verdict: []string{"FORWARDED"}}},
		"event_type":           {Rule{EventType: []string{"trace", "drop"}}, Rule{EventType: []string{"trace"}}},
		"sub type":             {Rule{EventType: []string{"drop:133"}}, Rule{EventType: []string{"drop:181"}}},
		"sub type by name":     {Rule{EventType: []string{"Drop:Policy denied"}}, Rule{EventType: []string{"1:0"}}},
		"source_ip":            {Rule{SourceIP: []string{"10.0.0.1"}}, Rule{SourceIP: []string{"10.0.0.2"}}},
		"network":              {Rule{SourceIP: []string{"fd00::/8", "10.0.0.0/24"}}, Rule{SourceIP: []string{"10.0.1.0/24"}}},
		"mapped address":       {Rule{SourceIP: []string{"::ffff:10.0.0.1"}}, Rule{SourceIP: []string{"::ffff:10.0.0.2"}}},
		"mapped network":       {Rule{SourceIP: []string{"::ffff:10.0.0.0/120"}}, Rule{SourceIP: []string{"::ffff:10.0.1.0/120"}}},
		"destination_ip":       {Rule{DestinationIP: []string{"10.1.0.2"}}, Rule{DestinationIP: []string{"10.0.0.1"}}},
		"source_ip_xlated":     {Rule{Verdict: []string{"DROPPED"}}, Rule{SourceIPXlated: []string{"0.0.0.0/0"}}},
		"source_port":          {Rule{SourcePort: []uint16{1, 40000}}, Rule{SourcePort: []uint16{443}}},
		"destination_port":     {Rule{DestinationPort: []uint16{443}}, Rule{DestinationPort: []uint16{0}}},
		"protocol":             {Rule{Protocol: []string{"TCP"}}, Rule{Protocol: []string{"udp", "icmp"}}},
		"source_identity":      {Rule{SourceIdentity: []uint32{1001}}, Rule{SourceIdentity: []uint32{2}}},
		"destination_identity": {Rule{DestinationIdentity: []uint32{2}}, Rule{DestinationIdentity: []uint32{0}}},
		"drop_reason_desc":     {Rule{DropReasonDesc: []string{"policy_denied"}}, Rule{DropReasonDesc: []string{"POLICY_DENY"}}},
		"traffic_direction":    {Rule{TrafficDirection: []string{"ingress"}}, Rule{TrafficDirection: []string{"EGRESS"}}},
		"reply":                {Rule{Reply: []bool{false}}, Rule{Reply: []bool{true}}},
		"ip_version":           {Rule{IPVersion: []string{"ipv4"}}, Rule{IPVersion: []string{"IPv6"}}},
	} {
		require.True(t, wants(t, Config{Allow: []Rule{c.yes}}, dropped()), name)
		require.False(t, wants(t, Config{Allow: []Rule{c.no}}, dropped()), name)
		require.False(t, wants(t, Config{Deny: []Rule{c.yes}}, dropped()), name)
		require.True(t, wants(t, Config{Deny: []Rule{c.no}}, dropped()), name)
	}
}

func TestARuleWantsAllItsKeysAListOneOfItsRulesAndDenyWins(t *testing.T) {
	tcp, udp := Rule{Protocol: []string{"tcp"}}, Rule{Protocol: []string{"udp"}}
	require.True(t, wants(t, Config{}, dropped()))
	require.True(t, wants(t, Config{Allow: []Rule{udp, tcp}}, dropped()))
	require.False(t, wants(t, Config{Allow: []Rule{{Protocol: []string{"tcp"}, SourcePort: []uint16{1}}}}, dropped()))
	require.False(t, wants(t, Config{Allow: []Rule{tcp}, Deny: []Rule{udp, tcp}}, dropped()))
}

func TestWhatIsNoFlowMatchesByItsTypeAndLossesAlwaysPass(t *testing.T) {
	debug := &flow.Flow{Class: flow.ClassDebug, Type: monitor.TypeDebug, SubType: 2}
	require.True(t, wants(t, Config{Allow: []Rule{{EventType: []string{"debug"}}}}, debug))
	require.True(t, wants(t, Config{Allow: []Rule{{EventType: []string{"debug:2"}}}}, debug))
	require.False(t, wants(t, Config{Allow: []Rule{{Verdict: []string{"VERDICT_UNKNOWN"}}}}, debug))
	require.False(t, wants(t, Config{Allow: []Rule{{SourceIdentity: []uint32{0}}}}, debug))
	require.True(t, wants(t, Config{Allow: []Rule{{Protocol: []string{"tcp"}}}}, &flow.Flow{Class: flow.ClassLost}))
}

func TestWhatIsNotAllowedIsNamed(t *testing.T) {
	for want, r := range map[string]Rule{
		`rule 1: verdict: "DENIED": want one of VERDICT_UNKNOWN, FORWARDED`:       {Verdict: []string{"DENIED"}},
		`event_type: "flow": want drop, debug`:                                    {EventType: []string{"flow"}},
		`event_type: "trace:to-mars": trace has no sub type "to-mars"`:            {EventType: []string{"trace:to-mars"}},
		`source_ip: "10.0.0.0/33" is neither an IP address nor a network`:         {SourceIP: []string{"10.0.0.0/33"}},
		`protocol: "http": want one of tcp`:                                       {Protocol: []string{"http"}},
		`drop_reason_desc: "DENIED": want a drop reason of Cilium's`:              {DropReasonDesc: []string{"DENIED"}},
		`traffic_direction: "in": want one of TRAFFIC_DIRECTION_UNKNOWN, INGRESS`: {TrafficDirection: []string{"in"}},
		`ip_version: "4": want one of IPv4, IPv6`:                                 {IPVersion: []string{"4"}},
		`it has no key`: {},
	} {
		require.ErrorContains(t, (&Config{Deny: []Rule{r}}).Validate(), want)
	}
	require.ErrorContains(t, (&Config{Allow: []Rule{{Reply: []bool{true}}, {}}}).Validate(), "allow: rule 2")
}

func BenchmarkWants(b *testing.B) {
	f, err := New(&Config{
		Allow: []Rule{{Verdict: []string{"FORWARDED"}}, {Verdict: []string{"DROPPED"}, SourceIP: []string{"10.0.0.0/8"}}},
		Deny:  []Rule{{DestinationPort: []uint16{53}, Protocol: []string{"udp"}}},
	})
	require.NoError(b, err)
	e := dropped()
	b.ReportAllocs()
	for b.Loop() {
		f.Wants(e)
	}
}
