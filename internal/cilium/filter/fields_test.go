// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// values has for each key a value that the flow of TestEveryKeyGoesFromYAMLToAMatch has, and one that it does not have.
var values = map[string]struct{ has, hasNot string }{
	"verdict": {"DROPPED", "FORWARDED"}, "event_type": {"drop", "trace"}, "source_ip": {"10.0.0.0/8", "10.0.0.2"}, "destination_ip": {"10.1.0.2", "10.1.0.3"},
	"source_ip_xlated": {"192.0.2.1", "10.0.0.1"}, "source_port": {"40000", "443"}, "destination_port": {"443", "40000"}, "protocol": {"tcp", "udp"},
	"source_identity": {"1001", "2"}, "destination_identity": {"2", "1001"}, "drop_reason_desc": {"POLICY_DENIED", "POLICY_DENY"},
	"source_pod": {"shop/cart", "shop/db"}, "destination_pod": {"db-0", "cart"}, "source_label": {"app=cart", "app=db"}, "destination_label": {"k8s:app", "cni:app"},
	"source_workload": {"Deployment/cart", "db"}, "destination_workload": {"db", "Deployment/"}, "source_service": {"shop/", "default/"}, "destination_service": {"db", "cart"},
	"source_cluster_name": {"prod", "other"}, "destination_cluster_name": {"other", "prod"},
	"traffic_direction": {"INGRESS", "EGRESS"}, "reply": {"false", "true"}, "ip_version": {"IPv4", "IPv6"},
}

func TestEveryKeyGoesFromYAMLToAMatch(t *testing.T) {
	f := dropped()
	f.IP.SourceXlated = netip.MustParseAddr("192.0.2.1")
	decides := func(yaml string, f *flow.Flow) bool {
		c, err := load(t, yaml)
		require.NoError(t, err, yaml)
		return wants(t, c, f)
	}
	for _, key := range fields() {
		v, ok := values[key.name]
		require.True(t, ok, "%s needs values here", key.name)
		require.True(t, decides("allow: [{"+key.name+": ["+v.has+"]}]", f), key.name)
		require.False(t, decides("allow: [{"+key.name+": "+v.hasNot+"}]", f), key.name)
		require.False(t, decides("deny: [{"+key.name+": ["+v.hasNot+", "+v.has+"]}]", f), key.name)
		require.Equal(t, key.name == "event_type", decides("allow: [{"+key.name+": "+v.has+"}]", &flow.Flow{Class: flow.ClassDebug, Type: f.Type}),
			"%s: what is no flow matches by its type only", key.name)
	}
	require.Len(t, values, len(fields()), "each key once")
}

func TestTheReadmeDocumentsEveryKeyOfRulesAndNoOther(t *testing.T) {
	var documented, known []string
	section := kit.Section(t, "../../../receiver/ciliumwindowsreceiver/README.md", "### Filters")
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z_, ]+) \| .+ \|$`).FindAllStringSubmatch(section, -1) {
		documented = append(documented, strings.Split(row[1], ", ")...)
	}
	for _, f := range fields() {
		known = append(known, f.name)
	}
	slices.Sort(documented)
	slices.Sort(known)
	require.Equal(t, known, documented)
}

func TestTheSchemaHasEveryKeyOfRulesAndNoOther(t *testing.T) {
	var known []string
	for _, f := range fields() {
		known = append(known, f.name)
	}
	slices.Sort(known)
	for _, list := range []string{"allow", "deny"} {
		require.Equal(t, known, kit.SchemaKeys(t, "../../../receiver/ciliumwindowsreceiver/config.schema.yaml", list), list)
	}
}
