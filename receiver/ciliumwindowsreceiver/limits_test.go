// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"reflect"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// limits are the smallest and largest allowed values of every key of this receiver, and the first that are refused.
var limits = map[string]kit.Limits{
	"events_map":                     {Taken: []string{"/a", `'BPF:\a'`}, Refused: []string{"''", "'/a/'", `'BPF:\'`, "' /a'"}},
	"observability_config_map":       {Taken: []string{"/a", `'BPF:\a'`}, Refused: []string{"''", "'/a/'", `'BPF:\'`, "' /a'"}},
	"check_cilium_on_windows":        {Taken: []string{"true", "false"}},
	"enabled_events":                 {Taken: []string{"[]", "[drop, Debug]"}, Refused: []string{"[FLOW]", "['']"}},
	"monitor_aggregation_level":      {Taken: []string{"none", "Maximum"}, Refused: []string{"highest", "''"}},
	"aggregation_interval":           {Taken: []string{"100ms", "24h"}, Refused: []string{"0s", "99ms", "24h0m0.001s"}},
	"aggregation_max_size_mib":       {Taken: []string{"1", "16384"}, Refused: []string{"0", "16385"}},
	"workers":                        {Taken: []string{"1", "32"}, Refused: []string{"0", "33", "1.5"}},
	"volume":                         {Taken: []string{"full", "balanced", "lean"}, Refused: []string{"small", "''"}},
	"archive":                        {Taken: []string{"true", "false"}},
	"attributes":                     {Taken: []string{"all", "slim", "minimal"}, Refused: []string{"some", "''"}},
	"device.in":                      {Taken: []string{"record", "resource"}, Refused: []string{"body", "''"}},
	"connections.enabled":            {Taken: []string{"true", "false"}},
	"connections.silence":            {Taken: []string{"1s", "24h"}, Refused: []string{"0s", "999ms", "24h0m0.001s"}},
	"connections.tcp_silence":        {Taken: []string{"1s", "24h"}, Refused: []string{"0s", "999ms", "24h0m0.001s"}},
	"connections.first_interim":      {Taken: []string{"1s", "24h"}, Refused: []string{"0s", "999ms", "24h0m0.001s"}},
	"connections.interim":            {Taken: []string{"1s", "24h"}, Refused: []string{"0s", "999ms", "24h0m0.001s"}},
	"filters.allow":                  {Taken: []string{"[]", "[{verdict: [DROPPED]}]"}, Refused: []string{"[{verdict: [DENY]}]"}},
	"filters.deny":                   {Taken: []string{"[]", "[{verdict: [DROPPED]}]"}, Refused: []string{"[{verdict: [DENY]}]"}},
	"field_mask":                     {Taken: []string{"[]", "[verdict]"}, Refused: []string{"[source.pod]"}},
	"names":                          {Taken: []string{"k8s_names", "k8s_names/replay", "''"}, Refused: []string{"'a b'", "a/"}},
	"config_map.apply":               {Taken: []string{"off", "REQUIRED"}, Refused: []string{"maybe"}},
	"config_map.restore_on_shutdown": {Taken: []string{"true", "false"}},
	"wire_format":                    {Taken: []string{"'1.18'", "auto"}, Refused: []string{"'2.0'"}},
	"body":                           {Taken: []string{"summary", "hubble_json", "none"}, Refused: []string{"json"}},
	"node_name":                      {Taken: []string{"node-1", "node-1.example.com", "''"}, Refused: []string{"a..b", "'a b'", "a/b"}},
	"metrics_max_series":             {Taken: []string{"1", "100000"}, Refused: []string{"0", "100001", "1.5"}},
	"metrics_interval":               {Taken: []string{"1s", "24h"}, Refused: []string{"0s", "999ms", "24h0m0.001s"}},
}

func TestEveryKeyHasLimits(t *testing.T) {
	kit.RequireLimits(t, reflect.TypeFor[Config](), func(yaml string) error {
		_, err := load(t, yaml)
		return err
	}, kit.WithSharedLimits(limits), reflect.TypeFor[obsconfig.Layout](), reflect.TypeFor[metadata.MetricsConfig]())
}
