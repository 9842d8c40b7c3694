// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// load reads YAML as the collector does, validation included.
func load(t testing.TB, yaml string) (*Config, error) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	return cfg, kit.LoadConfig(t, cfg, yaml)
}

func TestDefaultsAreTheDocuments(t *testing.T) {
	cfg, err := load(t, "")
	require.NoError(t, err)
	require.Equal(t, "/ebpf/global/cilium_events", cfg.EventsMap)
	require.Equal(t, "/ebpf/global/cilium_observability_config", cfg.ObservabilityConfigMap)
	require.Equal(t, obsconfig.Config{Apply: "best_effort", RestoreOnShutdown: true, Layout: obsconfig.Layout{Preset: "bitmask"}}, cfg.ConfigMap)
	s, err := cfg.read()
	require.NoError(t, err)
	require.Equal(t, []monitor.Kind{monitor.KindDrop, monitor.KindTrace, monitor.KindPolicyVerdict}, s.Events)
	require.Equal(t, obsconfig.LevelMaximum, s.Level)
	require.Equal(t, 5*time.Second, s.aggregation.Interval)
	require.Equal(t, networklog.BodySummary, s.body)
	require.Nil(t, s.mask)
	require.Equal(t, time.Minute, cfg.MetricsInterval)
}

func TestEveryKeyIsRead(t *testing.T) {
	cfg, err := load(t, `
events_map: /ebpf/global/other
observability_config_map: BPF:\other
enabled_events: [drop, Debug, CAPTURE]
monitor_aggregation_level: Low
aggregation_interval: 2.5
aggregation_max_size_mib: 3
filters:
  allow: [{verdict: [DROPPED], source_ip: [10.0.0.0/8], source_port: [443]}, {event_type: ["trace:to-stack"], reply: [false]}]
  deny: [{destination_identity: [1]}]
field_mask: [verdict, l4.TCP.flags]
metrics_interval: 90
metrics: {cilium.network.io: {enabled: false}}
config_map: {apply: required, restore_on_shutdown: false, layout: {events: {TRACE: {index: 3}}}}
wire_format: "1.18"
body: hubble_json
node_name: node-1
batch: {max_records: 10, flush_interval: 1.5}
queue: {max_size_mib: 2}
retry: {initial_interval: 2}
replay: {path: a*.pcapng, repeat: 0, rate: 12.5}
`)
	require.NoError(t, err)
	s, err := cfg.read()
	require.NoError(t, err)
	require.Equal(t, []monitor.Kind{monitor.KindDrop, monitor.KindDebug, monitor.KindCapture}, s.Events)
	require.Equal(t, obsconfig.LevelLow, s.Level)
	require.Equal(t, networklog.BodyHubbleJSON, s.body)
	require.NotNil(t, s.filter)
	require.Len(t, cfg.Filters.Allow, 2)
	require.Equal(t, []filter.Rule{{"destination_identity": {"1"}}}, cfg.Filters.Deny)
	require.Equal(t, aggregate.Settings{Interval: 2500 * time.Millisecond, MaxConnections: 8192, MaxBytes: 8192 * 224}, s.aggregation)
	require.True(t, s.mask.Has("l4.TCP.flags.SYN"))
	require.False(t, s.mask.Has("IP"))
	require.Equal(t, 90*time.Second, cfg.MetricsInterval)
	require.False(t, cfg.Metrics.CiliumNetworkIo.Enabled)
	require.True(t, cfg.Metrics.CiliumEventCount.Enabled)
	require.Equal(t, obsconfig.ModeRequired, cfg.ConfigMap.Apply)
	require.Contains(t, cfg.ConfigMap.Layout.Events, "TRACE")
	require.Equal(t, pipeline.BatchConfig{MaxRecords: 10, MaxSizeMiB: 3, FlushInterval: 1500 * time.Millisecond}, cfg.Batch)
	require.Equal(t, 2*time.Second, cfg.Retry.InitialInterval)

	for _, version := range []string{"1.14", "1.15", "1.16", "1.17", "1.18", "1.19", "1.20"} {
		for _, yaml := range []string{"wire_format: " + version, "wire_format: '" + version + "'"} { // without quotes, YAML reads a number
			cfg, err := load(t, yaml)
			require.NoError(t, err, yaml)
			require.Equal(t, version, cfg.WireFormat)
		}
	}
	_, err = load(t, "wire_format: 1.185")
	require.ErrorContains(t, err, `"1.185"`, "it is not rounded to a release")
}

func TestAValueThatIsNotAllowedIsRefusedWithKeyValueAndAlternatives(t *testing.T) {
	for yaml, want := range map[string][]string{
		"enabled_events: [DROP, FLOW]":                                      {"enabled_events", "FLOW", "POLICY_VERDICT"},
		"monitor_aggregation_level: highest":                                {"monitor_aggregation_level", "highest", "maximum"},
		"monitor_aggregation_level: maxmimum":                               {"monitor_aggregation_level", "maxmimum"},
		"aggregation_interval: 0":                                           {"aggregation_interval: 0s is not allowed; want 100ms to 24h"},
		"aggregation_max_size_mib: 0":                                       {"aggregation_max_size_mib: 0 is not allowed; want 1 to"},
		"filters: {allow: [{verdict: [DENY]}]}":                             {"filters: allow: rule 1: verdict: \"DENY\": want one of"},
		"filters: {deny: [{port: [443]}]}":                                  {"port"},
		"filters: {deny: [{destination_port: [65616]}]}":                    {"filters: deny: rule 1: destination_port: \"65616\" is not allowed", "65535"},
		"filters: {deny: [{source_identity: [4294967296]}]}":                {"filters: deny: rule 1: source_identity: \"4294967296\" is not allowed"},
		"config_map: {layout: {events: {TRACE: {index: 4294967296}}}}":      {"config_map.layout.events.TRACE.index: 4294967296 is not allowed"},
		"wire_format: '2.0'":                                                {"wire_format", "2.0", `"1.14" to "1.20"`},
		"body: json":                                                        {"body", "json", "hubble_json"},
		"config_map: {apply: maybe}":                                        {"config_map", "apply", "maybe", "best_effort"},
		"config_map: {layout: matrix}":                                      {"config_map", "layout", "matrix", "per_event"},
		"events_map: ''":                                                    {"events_map", "empty"},
		"observability_config_map: ''":                                      {"observability_config_map", "empty"},
		"batch: {max_records: 0}":                                           {"batch: max_records: 0 is not allowed; want 1 to"},
		"field_mask: [verdict, source.pod, IP.port]":                        {"field_mask", `"source.pod": "pod" is no field of source`, "pod_name", `"port" is no field of IP`},
		"metrics_max_series: 0":                                             {"metrics_max_series: 0 is not allowed; want 1 to 100000"},
		"metrics: {cilium.network.io: {attributes: [source.k8s.pod.name]}}": {"attributes that are names of ends, such as source.k8s.pod.name, are not allowed without names"},
		"filters: {allow: [{source_pod: shop/}]}":                           {"filters: allow: rule 1: source_pod: it needs the names of a flow's ends", "set names to an extension", "use source_identity or source_ip"},
		"names: not a name":                                                 {"names: \"not a name\" is not allowed; want the name of an extension"},
		"metrics_interval: 0.1":                                             {"metrics_interval: 100ms is not allowed; want 1s to 24h"},
		"metrics: {cilium.network.io: {attributes: [pod]}}":                 {"metrics", "cilium.network.io", "pod", "network.transport"},
		"metrics: {cilium.network.io: {aggregation_strategy: avg}}":         {"cilium.network.io: aggregation_strategy: \"avg\" is not allowed", "sum"},
		"metrics: {cilium.network.iops: {enabled: true}}":                   {"cilium.network.iops"},
		`replay: {path: "D:\traces\neu.pcapng"}`:                            {"replay: path: it reads D:<TAB>races<LF>eu.pcapng", `\t is TAB, \n is LF`},
		`record: {path: "C:\new.pcapng"}`:                                   {"record: path: it reads C:<LF>ew.pcapng", `\n is LF`},
		"record: {path: '%ProgramData%/cilium.pcapng'}":                     {"record: path: ", "want ${env:ProgramData}"},
		`events_map: "\ebpf\next"`:                                          {"events_map: it reads <ESC>bpf"},
		"replay: {path: x, rate: -2}":                                       {"replay: rate: -2 is not allowed"},
		"enabled_event: [DROP]":                                             {"enabled_event"},
	} {
		_, err := load(t, yaml)
		kit.RequireRefused(t, err, yaml, want)
	}
}

func TestTheReadmeDocumentsEveryKeyAndNoOther(t *testing.T) {
	kit.RequireDocumented(t, reflect.TypeFor[Config](), reflect.TypeFor[obsconfig.Layout](), reflect.TypeFor[metadata.MetricsConfig]())
}

func TestTheExamplesAndMetricsOfTheDocumentsAreTheReceivers(t *testing.T) {
	kit.RequireDocuments(t, metadata.Type.String(), 5, func() any { return createDefaultConfig() })
}

// An unset environment variable leaves a key without a value, or with an empty text.
func TestASectionOfFilesThatNamesNoneIsRefused(t *testing.T) {
	kit.RequireFilesNamed(t, func(yaml string) error { _, err := load(t, yaml); return err }, "a.pcapng")
}

func TestAConfigurationThatIsWrittenIsTakenAgain(t *testing.T) {
	for _, yaml := range []string{"", "{replay: {path: [a, b], repeat: 3}, record: {path: c, max_size_mib: 7}}"} {
		cfg, again := kit.Rewritten(t, load, yaml, createDefaultConfig().(*Config))
		require.Equal(t, cfg.Replay, again.Replay)
		require.Equal(t, cfg.Record, again.Record)
	}
}
