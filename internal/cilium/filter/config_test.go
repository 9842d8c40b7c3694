// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
)

// load reads a filters section as the collector does, validation included.
func load(t *testing.T, yaml string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filters.yaml")
	require.NoError(t, os.WriteFile(path, []byte(yaml), 0o600))
	conf, err := confmaptest.LoadConf(path)
	require.NoError(t, err)
	var c Config
	if err := configyaml.Unmarshal(conf, &c); err != nil {
		return c, err
	}
	return c, confmap.Validate(&c)
}

func TestAKeyTakesOneValueOrAList(t *testing.T) {
	list, err := load(t, `allow: [{verdict: [DROPPED], event_type: ["4"], source_ip: [10.0.0.0/8], destination_ip: ["fd00::1"], source_ip_xlated: [10.0.0.1],
source_port: [80], destination_port: [443], protocol: [tcp], source_identity: [2], destination_identity: [1001], drop_reason_desc: [POLICY_DENIED],
traffic_direction: [INGRESS], reply: [false], ip_version: [IPv4]}]`)
	require.NoError(t, err)
	one, err := load(t, `allow: [{verdict: DROPPED, event_type: 4, source_ip: 10.0.0.0/8, destination_ip: "fd00::1", source_ip_xlated: 10.0.0.1,
source_port: 80, destination_port: 443, protocol: tcp, source_identity: 2, destination_identity: 1001, drop_reason_desc: POLICY_DENIED,
traffic_direction: INGRESS, reply: false, ip_version: IPv4}]`)
	require.NoError(t, err)
	require.Equal(t, list, one)
	require.Equal(t, []string{"false"}, one.Allow[0]["reply"])
}

func TestAKeyOfHubblesThatTheDatapathCannotAnswerSaysWhyAndWhatToUse(t *testing.T) {
	for yaml, want := range map[string]string{
		"allow: [{source_fqdn: [example.com]}]":     "source_fqdn: DNS names are not in the datapath's events; only Cilium's agent knows them. Use source_identity or source_ip",
		"allow: [{namespace: [shop]}]":              "namespace: it is a flag of hubble observe; Hubble's filters have no such key. Use source_pod and destination_pod with a namespace and a slash: shop/",
		"allow: [{source_workload: [{name: web}]}]": `{"name":"web"} is not allowed; want text or a whole number`,
		"allow: [{http_method: [GET]}]":             "http_method: HTTP and DNS are what Cilium's proxy reads",
		"allow: [{node_name: [node-1]}]":            "node_name: every event is of the one node",
		"allow: [{tcp_flags: [{SYN: true}]}]":       "tcp_flags: it is no key of this receiver's filters; filter the records by TcpFlags… in a processor",
		"allow: [{encrypted: [true]}]":              "encrypted: it is no key of this receiver's filters; filter the records by cilium.encrypted in a processor",
		"allow: [{source_pot: 1}]":                  "source_pot: there is no such key; want one of verdict, event_type",
		"allow: [{source_port: 65616}]":             "source_port: \"65616\" is not allowed; want a whole number from 0 to 65535",
		"allow: [{source_ip: }]":                    "allow[0].source_ip: it is missing or empty, for example because a variable is not set; want a value",
		"allow: [{source_ip: {a: b}}]":              `allow[0].source_ip: {"a":"b"} is not allowed; want a list`,
		"allow: [{source_port: 0.5}]":               "allow[0].source_port[0]: 0.5 is not allowed; want text or a whole number",
	} {
		_, err := load(t, yaml)
		require.ErrorContains(t, err, want, yaml)
	}
}

func TestKeysThatNeedNamesAreRefusedWithoutThem(t *testing.T) {
	c, err := load(t, `{allow: [{verdict: DROPPED}, {source_pod: shop/, destination_label: app}], deny: [{source_service: shop/}]}`)
	require.NoError(t, err)
	const why = "it needs the names of a flow's ends, which the datapath's events do not have; set names to an extension that knows them, or use "
	require.EqualError(t, c.CheckUnnamed(), "allow: rule 2: source_pod: "+why+"source_identity or source_ip\n"+
		"destination_label: "+why+"destination_identity or destination_ip\ndeny: rule 1: source_service: "+why+"source_identity or source_ip")
	c, err = load(t, `allow: [{verdict: DROPPED}]`)
	require.NoError(t, err)
	require.NoError(t, c.CheckUnnamed())
}

// hubbleKeys are the keys of FlowFilter in flow.proto of Cilium 1.20.1.
var hubbleKeys = []string{
	"uuid", "source_ip", "source_ip_xlated", "source_pod", "source_fqdn", "source_label", "source_service", "source_workload", "source_cluster_name",
	"destination_ip", "destination_pod", "destination_fqdn", "destination_label", "destination_service", "destination_workload",
	"destination_cluster_name", "traffic_direction", "verdict", "drop_reason_desc", "interface", "event_type", "http_status_code", "protocol",
	"source_port", "destination_port", "reply", "dns_query", "source_identity", "destination_identity", "http_method", "http_path", "http_url",
	"http_header", "tcp_flags", "node_name", "node_labels", "ip_version", "trace_id", "ip_trace_id", "encrypted", "experimental",
}

// CheckKey looks into fields first, so an entry of notHere for a key of fields would never be seen.
func TestNoKeyIsBothOfferedAndRefused(t *testing.T) {
	require.NotEmpty(t, notHere)
	for _, f := range fields() {
		require.NotContains(t, notHere, f.name)
	}
}

func TestNoKeyOfHubblesIsUnknown(t *testing.T) {
	for _, key := range hubbleKeys {
		_, err := load(t, "allow: [{"+key+": []}]")
		if err != nil {
			require.NotContains(t, err.Error(), "there is no such key", key)
		}
	}
}
