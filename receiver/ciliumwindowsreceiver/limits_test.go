// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"reflect"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/testkit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// limits are the outermost values of every key.
var limits = map[string]testkit.Limits{
	"events_map":                     {Taken: []string{"/a", `'BPF:\a'`}, Refused: []string{"''", "'/a/'", `'BPF:\'`, "' /a'"}},
	"observability_config_map":       {Taken: []string{"/a", `'BPF:\a'`}, Refused: []string{"''", "'/a/'", `'BPF:\'`, "' /a'"}},
	"check_cilium_on_windows":        {Taken: []string{"true", "false"}},
	"enabled_events":                 {Taken: []string{"[]", "[drop, Debug]"}, Refused: []string{"[FLOW]", "['']"}},
	"monitor_aggregation_level":      {Taken: []string{"none", "Maximum"}, Refused: []string{"highest", "''"}},
	"aggregation_interval":           {Taken: []string{"100ms", "24h"}, Refused: []string{"0s", "99ms", "24h0m0.001s"}},
	"aggregation_max_size_mib":       {Taken: []string{"1", "16384"}, Refused: []string{"0", "16385"}},
	"filters.allow":                  {Taken: []string{"[]", "[{verdict: [DROPPED]}]"}, Refused: []string{"[{verdict: [DENY]}]"}},
	"filters.deny":                   {Taken: []string{"[]", "[{verdict: [DROPPED]}]"}, Refused: []string{"[{verdict: [DENY]}]"}},
	"field_mask":                     {Taken: []string{"[]", "[verdict]"}, Refused: []string{"[source.pod]"}},
	"config_map.apply":               {Taken: []string{"off", "REQUIRED"}, Refused: []string{"maybe"}},
	"config_map.restore_on_shutdown": {Taken: []string{"true", "false"}},
	"wire_format":                    {Taken: []string{"'1.18'", "auto"}, Refused: []string{"'2.0'"}},
	"body":                           {Taken: []string{"summary", "hubble_json"}, Refused: []string{"json"}},
	"node_name":                      {Taken: []string{"node-1", "node-1.example.com", "''"}, Refused: []string{"a..b", "'a b'", "a/b"}},
	"metrics_interval":               {Taken: []string{"1s", "24h"}, Refused: []string{"0s", "999ms", "24h0m0.001s"}},
	"batch.max_records":              {Taken: []string{"1", "100000"}, Refused: []string{"0", "100001", "1.5"}},
	"batch.max_size_mib":             {Taken: []string{"1", "64"}, Refused: []string{"0", "65", "1.5"}},
	"batch.flush_interval":           {Taken: []string{"10ms", "1m", "60"}, Refused: []string{"0s", "9ms", "1m0.001s"}},
	"queue.max_size_mib":             {Taken: []string{"1", "16384"}, Refused: []string{"0", "16385"}},
	"retry.enabled":                  {Taken: []string{"true", "false"}, Refused: []string{"1"}},
	"retry.initial_interval":         {Taken: []string{"100ms", "0.1", "24h"}, Refused: []string{"0s", "99ms", "24h0m0.001s"}, With: "retry::max_interval: 24h\nretry::max_elapsed_time: 0"},
	"retry.max_interval":             {Taken: []string{"1s", "24h"}, Refused: []string{"0s", "999ms", "24h0m0.001s"}, With: "retry::max_elapsed_time: 0"},
	"retry.multiplier":               {Taken: []string{"1", "100"}, Refused: []string{"0", "0.99", "100.1"}},
	"retry.randomization_factor":     {Taken: []string{"0", "1"}, Refused: []string{"1.01", "-0.1"}},
	"retry.max_elapsed_time":         {Taken: []string{"0", "30s", "8760h"}, Refused: []string{"1s", "29.999s", "8760h0m0.001s"}},
	"replay.path":                    {Taken: []string{"a", "a*.etl", "[a, b]", "[]"}, Refused: []string{"'[a'", `"a\tb"`, `["a\nb"]`, "'%TEMP%/a'"}},
	"replay.exit_when_done":          {Taken: []string{"true", "false"}, With: "replay::path: a"},
	"replay.repeat":                  {Taken: []string{"0", "9223372036854775807"}, Refused: []string{"1.5"}},
	"replay.rate":                    {Taken: []string{"0", "0.001", "1e9"}, Refused: []string{"1.1e+09", "-0.1"}},
	"record.path":                    {Taken: []string{"a", "''", "'a b.pcapng'"}, Refused: []string{"/", "'a/'", `'a\'`, "'a '", "."}},
	"record.max_size_mib":            {Taken: []string{"1", "1048576"}, Refused: []string{"0", "1048577"}},
}

func TestEveryKeyHasLimits(t *testing.T) {
	testkit.RequireLimits(t, reflect.TypeFor[Config](), func(yaml string) error {
		_, err := load(t, yaml)
		return err
	}, limits, reflect.TypeFor[obsconfig.Layout](), reflect.TypeFor[metadata.MetricsConfig]())
}
