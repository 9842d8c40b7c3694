// SPDX-License-Identifier: Apache-2.0

package obsconfig_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
)

// receiver stands for the receiver's configuration around the section.
type receiver struct {
	ConfigMap obsconfig.Config `mapstructure:"config_map"`
}

// load reads a config_map section over the defaults, as the collector does, and validates it.
func load(t *testing.T, text string) (obsconfig.Config, error) {
	t.Helper()
	yaml, err := confmap.NewRetrievedFromYAML([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	conf, err := yaml.AsConf()
	if err != nil {
		t.Fatal(err)
	}
	return read(conf)
}

func read(conf *confmap.Conf) (obsconfig.Config, error) {
	c := receiver{ConfigMap: obsconfig.DefaultConfig()}
	if err := configyaml.Unmarshal(conf, &c); err != nil {
		return c.ConfigMap, err
	}
	// The collector validates every section that can, and puts its key before the error.
	return c.ConfigMap, errors.Join(c.ConfigMap.Validate(), c.ConfigMap.Layout.Validate())
}

func p[T any](v T) *T { return &v }

func TestTheSectionIsReadFromYAML(t *testing.T) {
	for _, c := range []struct {
		name, yaml string
		want       obsconfig.Config
	}{
		{"nothing", `{}`,
			obsconfig.Config{Apply: "best_effort", RestoreOnShutdown: true, Layout: obsconfig.Layout{Preset: "bitmask"}}},
		{"the documented example", `config_map: {apply: best_effort, restore_on_shutdown: true, layout: bitmask}`,
			obsconfig.Config{Apply: "best_effort", RestoreOnShutdown: true, Layout: obsconfig.Layout{Preset: "bitmask"}}},
		{"other scalars, any case", `config_map: {apply: Required, restore_on_shutdown: false, layout: Per_Event}`,
			obsconfig.Config{Apply: "required", Layout: obsconfig.Layout{Preset: "per_event"}}},
		{"a mapping leaves nothing of the default preset", `
config_map:
  layout:
    value_size: 4
    events:
      TRACE: {index: 0, bit: 0x4}
      debug: {index: 3, enabled: 7, disabled: 9}
      CAPTURE: {index: 4}
    aggregation: {index: 1, none: 10, maximum: 13}`,
			obsconfig.Config{Apply: "best_effort", RestoreOnShutdown: true, Layout: obsconfig.Layout{
				ValueSize: 4,
				Events: map[string]obsconfig.Cell{
					"TRACE":   {Index: 0, Bit: p(uint(4))},
					"debug":   {Index: 3, Enabled: p(uint64(7)), Disabled: p(uint64(9))},
					"CAPTURE": {Index: 4},
				},
				Aggregation: &obsconfig.Aggregation{Index: 1, None: p(uint64(10)), Maximum: p(uint64(13))},
			}}},
		{"a preset changed", `config_map: {layout: {preset: PER_EVENT, aggregation: {index: 8}}}`,
			obsconfig.Config{Apply: "best_effort", RestoreOnShutdown: true, Layout: obsconfig.Layout{
				Preset: "per_event", Aggregation: &obsconfig.Aggregation{Index: 8},
			}}},
	} {
		got, err := load(t, c.yaml)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v; want %+v", c.name, got, c.want)
		}
	}
}

func TestAWrongSectionIsRefusedWithKeyValueAndWhatIsAllowed(t *testing.T) {
	for _, c := range []struct {
		name, yaml string
		parts      []string
	}{
		{"mode", `config_map: {apply: maybe}`, []string{`apply: "maybe" is not allowed; want required, best_effort or off`}},
		{"preset", `config_map: {layout: bits}`, []string{`preset: "bits" is not allowed; want bitmask, per_event, or a mapping with events`}},
		{"an empty mapping", `config_map: {layout: {value_size: 4}}`, []string{"events: want at least one, or a preset: bitmask or per_event"}},
		{"an unknown key", `config_map: {layout: {indices: 4}}`, []string{"layout", "indices"}},
		{"an unknown key of an event", `config_map: {layout: {events: {TRACE: {idx: 4}}}}`, []string{"layout", "idx"}},
		{"a list", `config_map: {layout: [1, 2]}`, []string{"layout"}},
		{"a number", `config_map: {layout: 3}`, []string{"layout"}},
		{"value size", `config_map: {layout: {preset: bitmask, value_size: 3}}`, []string{"value_size: 3 is not allowed; want 1, 2, 4 or 8, or 0"}},
		{"a large value size", `config_map: {layout: {preset: bitmask, value_size: 16}}`, []string{"value_size: 16 is not allowed"}},
		{"event", `config_map: {layout: {events: {TRACES: {index: 1}}}}`, []string{`events: event "TRACES": want one of DROP, TRACE, POLICY_VERDICT, DEBUG, CAPTURE`}},
		{"one event twice", `config_map: {layout: {events: {TRACE: {index: 1}, trace: {index: 2}}}}`, []string{"events: TRACE and trace are the same event"}},
		{"a negative index", `config_map: {layout: {events: {TRACE: {index: -1}}}}`, []string{"index"}},
		{"bit", `config_map: {layout: {events: {TRACE: {bit: 64}}}}`, []string{"events.TRACE.bit: 64 is not allowed; want 0 to 63"}},
		{"a bit for the value size", `config_map: {layout: {preset: bitmask, value_size: 1, events: {TRACE: {bit: 8}}}}`, []string{"events.TRACE.bit: 8 is not allowed; want 0 to 7"}},
		{"bit and value", `config_map: {layout: {events: {TRACE: {bit: 4, enabled: 1}}}}`, []string{"events.TRACE: bit stands for a value"}},
		{"no difference", `config_map: {layout: {events: {TRACE: {enabled: 0}}}}`, []string{"events.TRACE: enabled and disabled are both 0; want two values"}},
		{"a value too large", `config_map: {layout: {value_size: 2, events: {TRACE: {enabled: 65536}}}}`, []string{"events.TRACE.enabled: 65536 does not fit a value of 2 bytes"}},
		{"a level too large", `config_map: {layout: {preset: bitmask, value_size: 1, aggregation: {index: 1, medium: 256}}}`, []string{"aggregation.medium: 256 does not fit a value of 1 bytes"}},
		{"two events in one place", `config_map: {layout: {events: {TRACE: {index: 1}, DEBUG: {index: 1, bit: 2}}}}`, []string{"events.TRACE and events.DEBUG overlap at index 1; want another index, or another bit"}},
		{"one bit for two events", `config_map: {layout: {events: {TRACE: {bit: 2}, DEBUG: {bit: 2}}}}`, []string{"events.TRACE and events.DEBUG overlap at index 0"}},
		{"the level on an event", `config_map: {layout: {preset: bitmask, aggregation: {index: 0}}}`, []string{"events.DROP and aggregation overlap at index 0"}},
	} {
		_, err := load(t, c.yaml)
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		for _, part := range c.parts {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", c.name, err, part)
			}
		}
	}
}

func TestAPrintedConfigurationReadsBackTheSame(t *testing.T) {
	for _, text := range []string{
		`config_map: {layout: per_event}`,
		`config_map: {layout: {value_size: 4, events: {TRACE: {bit: 4}, DEBUG: {index: 3, enabled: 7}}, aggregation: {index: 1, none: 10}}}`,
		`config_map: {layout: {events: {TRACE: {bit: 4}}}}`,
	} {
		c, err := load(t, text)
		if err != nil {
			t.Fatal(err)
		}
		conf := confmap.New()
		if err := conf.Marshal(receiver{ConfigMap: c}); err != nil {
			t.Fatal(err)
		}
		again, err := read(conf)
		if err != nil {
			t.Errorf("%s\nis printed as\n%v: %v", text, conf.ToStringMap(), err)
		}
		if !reflect.DeepEqual(again, c) {
			t.Errorf("%s\nis printed as\n%v\nread as %+v; want %+v", text, conf.ToStringMap(), again, c)
		}
	}
}

func TestLevelsAreParsedInAnyCase(t *testing.T) {
	for name, want := range map[string]obsconfig.Level{
		"none": obsconfig.LevelNone, "Low": obsconfig.LevelLow, "MEDIUM": obsconfig.LevelMedium, "maximum": obsconfig.LevelMaximum, "max": obsconfig.LevelMaximum,
	} {
		if got, err := obsconfig.ParseLevel(name); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "lowest", "maxmimum", "3"} {
		_, err := obsconfig.ParseLevel(name)
		if err == nil || !strings.Contains(err.Error(), "want one of none, low, medium, maximum") || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("%q: %v; want an error with the value and what is allowed", name, err)
		}
	}
	for level, want := range map[obsconfig.Level]string{obsconfig.LevelNone: "none", obsconfig.LevelMaximum: "maximum", 9: "Level(9)"} {
		if got := level.String(); got != want {
			t.Errorf("level %d is %q; want %q", level, got, want)
		}
	}
}
