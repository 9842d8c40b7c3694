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
		"verdict":              {Rule{"verdict": {"FORWARDED", "dropped"}}, Rule{"verdict": {"FORWARDED"}}},
		"event_type":           {Rule{"event_type": {"trace", "drop"}}, Rule{"event_type": {"trace"}}},
		"sub type":             {Rule{"event_type": {"drop:133"}}, Rule{"event_type": {"drop:181"}}},
		"sub type by name":     {Rule{"event_type": {"Drop:Policy denied"}}, Rule{"event_type": {"1:0"}}},
		"source_ip":            {Rule{"source_ip": {"10.0.0.1"}}, Rule{"source_ip": {"10.0.0.2"}}},
		"network":              {Rule{"source_ip": {"fd00::/8", "10.0.0.0/24"}}, Rule{"source_ip": {"10.0.1.0/24"}}},
		"mapped address":       {Rule{"source_ip": {"::ffff:10.0.0.1"}}, Rule{"source_ip": {"::ffff:10.0.0.2"}}},
		"mapped network":       {Rule{"source_ip": {"::ffff:10.0.0.0/120"}}, Rule{"source_ip": {"::ffff:10.0.1.0/120"}}},
		"destination_ip":       {Rule{"destination_ip": {"10.1.0.2"}}, Rule{"destination_ip": {"10.0.0.1"}}},
		"source_ip_xlated":     {Rule{"verdict": {"DROPPED"}}, Rule{"source_ip_xlated": {"0.0.0.0/0"}}},
		"source_port":          {Rule{"source_port": {"1", "40000"}}, Rule{"source_port": {"443"}}},
		"destination_port":     {Rule{"destination_port": {"443"}}, Rule{"destination_port": {"0"}}},
		"protocol":             {Rule{"protocol": {"TCP"}}, Rule{"protocol": {"udp", "icmp"}}},
		"source_identity":      {Rule{"source_identity": {"1001"}}, Rule{"source_identity": {"2"}}},
		"destination_identity": {Rule{"destination_identity": {"2"}}, Rule{"destination_identity": {"0"}}},
		"drop_reason_desc":     {Rule{"drop_reason_desc": {"policy_denied"}}, Rule{"drop_reason_desc": {"POLICY_DENY"}}},
		"traffic_direction":    {Rule{"traffic_direction": {"ingress"}}, Rule{"traffic_direction": {"EGRESS"}}},
		"reply":                {Rule{"reply": {"false"}}, Rule{"reply": {"true"}}},
		"ip_version":           {Rule{"ip_version": {"ipv4"}}, Rule{"ip_version": {"IPv6"}}},
	} {
		require.True(t, wants(t, Config{Allow: []Rule{c.yes}}, dropped()), name)
		require.False(t, wants(t, Config{Allow: []Rule{c.no}}, dropped()), name)
		require.False(t, wants(t, Config{Deny: []Rule{c.yes}}, dropped()), name)
		require.True(t, wants(t, Config{Deny: []Rule{c.no}}, dropped()), name)
	}
}

func TestARuleWantsAllItsKeysAListOneOfItsRulesAndDenyWins(t *testing.T) {
	tcp, udp := Rule{"protocol": {"tcp"}}, Rule{"protocol": {"udp"}}
	require.True(t, wants(t, Config{}, dropped()))
	require.True(t, wants(t, Config{Allow: []Rule{udp, tcp}}, dropped()))
	require.False(t, wants(t, Config{Allow: []Rule{{"protocol": {"tcp"}, "source_port": {"1"}}}}, dropped()))
	require.False(t, wants(t, Config{Allow: []Rule{tcp}, Deny: []Rule{udp, tcp}}, dropped()))
}

func TestWhatIsNoFlowMatchesByItsTypeAndLossesAlwaysPass(t *testing.T) {
	debug := &flow.Flow{Class: flow.ClassDebug, Type: monitor.TypeDebug, SubType: 2}
	require.True(t, wants(t, Config{Allow: []Rule{{"event_type": {"debug"}}}}, debug))
	require.True(t, wants(t, Config{Allow: []Rule{{"event_type": {"debug:2"}}}}, debug))
	require.False(t, wants(t, Config{Allow: []Rule{{"verdict": {"VERDICT_UNKNOWN"}}}}, debug))
	require.False(t, wants(t, Config{Allow: []Rule{{"source_identity": {"0"}}}}, debug))
	require.True(t, wants(t, Config{Allow: []Rule{{"protocol": {"tcp"}}}}, &flow.Flow{Class: flow.ClassLost}))
}

func TestWhatIsNotAllowedIsNamed(t *testing.T) {
	for want, r := range map[string]Rule{
		`rule 1: verdict: "DENIED": want one of VERDICT_UNKNOWN, FORWARDED`:                                                     {"verdict": {"DENIED"}},
		`event_type: "flow": want drop, debug`:                                                                                  {"event_type": {"flow"}},
		`event_type: "trace:to-mars": trace has no sub type "to-mars"`:                                                          {"event_type": {"trace:to-mars"}},
		`source_ip: "10.0.0.0/33" is neither an IP address nor a network`:                                                       {"source_ip": {"10.0.0.0/33"}},
		`protocol: "http": want one of tcp`:                                                                                     {"protocol": {"http"}},
		`drop_reason_desc: "DENIED": want a drop reason of Cilium's`:                                                            {"drop_reason_desc": {"DENIED"}},
		`traffic_direction: "in": want one of TRAFFIC_DIRECTION_UNKNOWN, INGRESS`:                                               {"traffic_direction": {"in"}},
		`ip_version: "4": want one of IPv4, IPv6`:                                                                               {"ip_version": {"4"}},
		`port: there is no such key; want one of verdict, event_type, source_ip, destination_ip, source_ip_xlated, source_port`: {"port": {"443"}},
		`source_port: "65616" is not allowed; want a whole number from 0 to 65535`:                                              {"source_port": {"443", "65616"}},
		`source_identity: "-1" is not allowed; want a whole number from 0 to 4294967295`:                                        {"source_identity": {"-1"}},
		`reply: "no" is not allowed; want true or false`:                                                                        {"reply": {"no"}},
		`protocol: it has no value; want one or a list`:                                                                         {"protocol": {}},
		`it has no key`: {},
	} {
		require.ErrorContains(t, (&Config{Deny: []Rule{r}}).Validate(), want)
	}
	require.ErrorContains(t, (&Config{Allow: []Rule{{"reply": {"true"}}, {}}}).Validate(), "allow: rule 2")
}

func BenchmarkWants(b *testing.B) {
	f, err := New(&Config{
		Allow: []Rule{{"verdict": {"FORWARDED"}}, {"verdict": {"DROPPED"}, "source_ip": {"10.0.0.0/8"}}},
		Deny:  []Rule{{"destination_port": {"53"}, "protocol": {"udp"}}},
	})
	require.NoError(b, err)
	e := dropped()
	b.ReportAllocs()
	for b.Loop() {
		f.Wants(e)
	}
}
