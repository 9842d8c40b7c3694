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
	f.Source = &flow.Endpoint{
		ClusterName: "prod", Namespace: "shop", PodName: "cart-7d9f", Workloads: []flow.Workload{{Kind: "Deployment", Name: "cart"}},
		Labels: []string{"cidr:10.0.0.0/8", "cni:tier=2", "k8s:app.kubernetes.io/name=cart", "k8s:app=cart", "reserved:host"},
	}
	f.Destination = &flow.Endpoint{
		ClusterName: "other", Namespace: "default", PodName: "db-0", Workloads: []flow.Workload{{Kind: "StatefulSet", Name: "db"}}, Labels: []string{"k8s:app=db"},
	}
	f.SourceService, f.DestinationService = &flow.Service{Namespace: "shop", Name: "cart"}, &flow.Service{Namespace: "default", Name: "db"}
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

		"source_pod":              {Rule{"source_pod": {"shop/cart-"}}, Rule{"source_pod": {"shop/art"}}},
		"pods of a namespace":     {Rule{"source_pod": {"shop/"}}, Rule{"source_pod": {"sho/"}}},
		"pods of any namespace":   {Rule{"source_pod": {"/cart"}}, Rule{"source_pod": {"/db"}}},
		"pods of the default one": {Rule{"destination_pod": {"db"}}, Rule{"source_pod": {"cart"}}},
		"any pod":                 {Rule{"source_pod": {"/"}}, Rule{"source_pod": {"x", "y"}}},
		"destination_pod":         {Rule{"destination_pod": {"x", "default/db-0"}}, Rule{"destination_pod": {"shop/cart"}}},
		"source_service":          {Rule{"source_service": {"shop/c"}}, Rule{"source_service": {"cart"}}},
		"destination_service":     {Rule{"destination_service": {"db"}}, Rule{"destination_service": {"shop/"}}},
		"source_workload":         {Rule{"source_workload": {"Deployment/cart"}}, Rule{"source_workload": {"StatefulSet/cart"}}},
		"any kind of workload":    {Rule{"source_workload": {"cart"}}, Rule{"source_workload": {"car"}}},
		"any name of a workload":  {Rule{"destination_workload": {"StatefulSet/"}}, Rule{"destination_workload": {"Deployment/"}}},
		"source_cluster_name":     {Rule{"source_cluster_name": {"prod"}}, Rule{"source_cluster_name": {"pro"}}},
		"destination_cluster":     {Rule{"destination_cluster_name": {"prod", "other"}}, Rule{"destination_cluster_name": {"prod"}}},
		"source_label":            {Rule{"source_label": {"app=cart"}}, Rule{"source_label": {"app=db"}}},
		"destination_label":       {Rule{"destination_label": {"app=db"}}, Rule{"destination_label": {"app=cart"}}},
		"label with a source":     {Rule{"source_label": {"k8s:app=cart"}}, Rule{"source_label": {"cni:app=cart"}}},
		"reserved label":          {Rule{"source_label": {"reserved:host"}}, Rule{"source_label": {"reserved:world"}}},
		"label with a domain":     {Rule{"source_label": {"app.kubernetes.io/name == cart"}}, Rule{"source_label": {"k8s:kubernetes.io/name"}}},
		"several labels":          {Rule{"source_label": {"app,tier"}}, Rule{"source_label": {"app,zone"}}},
		"missing label":           {Rule{"source_label": {"!zone"}}, Rule{"source_label": {"!app"}}},
		"one of":                  {Rule{"source_label": {"app in (db, cart)"}}, Rule{"source_label": {"app in (db,,car)"}}},
		"none of":                 {Rule{"source_label": {"zone notin (a)", "app"}}, Rule{"source_label": {"app notin (cart)"}}},
		"not":                     {Rule{"source_label": {"zone!=a"}}, Rule{"source_label": {"app!=cart"}}},
		"numbers":                 {Rule{"source_label": {"tier>1,tier<3"}}, Rule{"source_label": {"tier>2", "app>1", "zone<1"}}},
		"network in a network":    {Rule{"source_label": {"cidr:10.0.0.0/7"}}, Rule{"source_label": {"cidr:10.0.0.0/9"}}},
		"every end":               {Rule{"source_label": {""}}, Rule{"source_label": {"app,!app"}}},
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
		`source_pod: it is empty; want the beginning of a name`:                                                  {"source_pod": {""}},
		`source_cluster_name: it is empty; want the name of a cluster`:                                           {"source_cluster_name": {""}},
		`source_label: "=cart" is no label selector: "any." is no key of a label with its source`:                {"source_label": {"=cart"}},
		`source_label: "app cart" is no label selector: it has "cart" where an operator is expected`:             {"source_label": {"app cart"}},
		`source_label: "app," is no label selector: it has its end where a key is expected`:                      {"source_label": {"app,"}},
		`source_label: "app in cart" is no label selector: it has "cart" where a parenthesis is expected`:        {"source_label": {"app in cart"}},
		`source_label: "app in (cart" is no label selector: a parenthesis is not closed`:                         {"source_label": {"app in (cart"}},
		`source_label: "app in (a b)" is no label selector: it has "b" where a comma or a parenthesis is expect`: {"source_label": {"app in (a b)"}},
		`source_label: "!app=cart" is no label selector: it has "=" where a comma or its end is expected`:        {"source_label": {"!app=cart"}},
		`source_label: "a:b:c" is no label selector: "a.b:c" is no key of a label with its source`:               {"source_label": {"a:b:c"}},
		`source_label: "app=(" is no label selector: it has "(" where a value is expected`:                       {"source_label": {"app=("}},
		`source_label: "app=-a" is no label selector: "-a" is no value of a label`:                               {"source_label": {"app=-a"}},
		`source_label: "app>a" is no label selector: "a" is no whole number, which > needs`:                      {"source_label": {"app>a"}},
		`source_label: "app(" is no label selector: it has`:                                                      {"source_label": {"app("}},
		`namespace: it is a flag of hubble observe`:                                                              {"namespace": {"shop"}},
	} {
		require.ErrorContains(t, (&Config{Deny: []Rule{r}}).Validate(), want)
	}
	require.ErrorContains(t, (&Config{Allow: []Rule{{"reply": {"true"}}, {}}}).Validate(), "allow: rule 2")
}

// Hubble asks any event for labels, so that an event that is no flow, and an end that is not known, lack all of them.
func TestAnEndThatIsNotKnownMatchesOnlyALabelThatIsMissing(t *testing.T) {
	for _, f := range []*flow.Flow{{Class: flow.ClassDebug, Type: monitor.TypeDebug}, {Type: monitor.TypeTrace}} {
		for _, of := range []end{source, destination} {
			for _, key := range namedFields(of) {
				value := map[string]string{of.name + "_pod": "/", of.name + "_service": "/", of.name + "_workload": "/", of.name + "_label": "app", of.name + "_cluster_name": "prod"}[key.name]
				require.False(t, wants(t, Config{Allow: []Rule{{key.name: {value}}}}, f), key.name)
			}
			require.True(t, wants(t, Config{Allow: []Rule{{of.name + "_label": {"!app"}}}}, f))
		}
	}
}

func TestMatchingLabelsDoesNotAllocate(t *testing.T) {
	f, err := New(&Config{Allow: []Rule{{"source_label": {"zone", "k8s:app in (a, cart)"}, "source_pod": {"shop/"}, "destination_workload": {"db"}}}})
	require.NoError(t, err)
	e := dropped()
	require.True(t, f.Wants(e))
	require.Zero(t, testing.AllocsPerRun(100, func() { f.Wants(e) }))
}

// A selector of any text is read or refused, and one that is read decides.
func FuzzLabelSelector(f *testing.F) {
	for _, text := range []string{"", "app", "!app", "k8s:app=cart", "a in (b,,c),d notin ()", "a>1", "cidr:10.0.0.0/8", "a=\x00", "(((", "!", ",,"} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		if selectors, err := labelSelector(text); err == nil {
			selectors[0].matches([]string{"k8s:app=cart", "", ":", "=", "$host", "reserved:=x", "cidr:x", "cidr:10.0.0.0/8"})
		}
	})
}

func BenchmarkWantsNames(b *testing.B) {
	f, err := New(&Config{Allow: []Rule{{"source_pod": {"data/", "shop/cart"}}, {"source_label": {"k8s:app=cart"}}}})
	require.NoError(b, err)
	e := dropped()
	b.ReportAllocs()
	for b.Loop() {
		f.Wants(e)
	}
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
