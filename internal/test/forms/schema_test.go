// SPDX-License-Identifier: Apache-2.0

package forms

import (
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/forms/schema"
)

const root = "../../.."

func TestEveryComponentHasASchema(t *testing.T) {
	var with []string
	for _, pattern := range []string{"receiver/*", "exporter/*", "exporter/*/*", "extension/*"} {
		files, err := filepath.Glob(filepath.Join(root, pattern, "metadata.yaml"))
		require.NoError(t, err)
		for _, file := range files {
			folder, err := filepath.Rel(root, filepath.Dir(file))
			require.NoError(t, err)
			with = append(with, filepath.ToSlash(folder))
		}
	}
	var listed []string
	for _, c := range schema.Components() {
		listed = append(listed, c.Folder)
	}
	require.ElementsMatch(t, with, listed)
}

func TestTheSchemasAreWhatMetadataYAMLMakes(t *testing.T) {
	for _, c := range schema.Components() {
		want, err := schema.Generate(root, c)
		require.NoError(t, err)
		have, err := os.ReadFile(filepath.Join(root, c.Folder, "config.schema.yaml"))
		require.NoError(t, err)
		require.Equal(t, string(want), string(have), "%s: run make generate", c.Folder)
	}
}

// Both ways: no key of the code is missing in the schema, and the schema has none that the code has not.
func TestASchemaHasTheKeysTypesAndDefaultsOfTheCode(t *testing.T) {
	for _, c := range schema.Components() {
		t.Run(filepath.Base(c.Folder), func(t *testing.T) {
			config := reflect.ValueOf(c.Factory.CreateDefaultConfig()).Elem()
			w := walk{t: t}
			w.compare(document(t, c), config.Type(), config, "")
			require.Positive(t, w.keys)
		})
	}
}

// walk holds a schema against a type, and counts the keys.
type walk struct {
	t    *testing.T
	keys int
}

// systemDefaults are the keys whose default differs between systems.
var systemDefaults = []string{"directory", "compaction.directory"}

func (w *walk) compare(s map[string]any, typ reflect.Type, v reflect.Value, path string) {
	w.t.Helper()
	typ, v = schema.Plain(typ, v)
	if typ == reflect.TypeFor[configopaque.MapList]() { // one of these, by its own decoder
		require.Len(w.t, variants(s, "object"), 1, path)
		return
	}
	want := schema.Type(typ)
	if readsFlags := path == "enable_flags" || path == "providers[].enable_flags"; !readsFlags {
		require.NotEmpty(w.t, variants(s, want), "%s: %v is no %s in the schema: %v", path, typ, want, s)
	}
	if want != "object" || typ.Kind() == reflect.Map {
		w.compareDefault(s, v, path)
	}
	switch {
	case want == "array":
		w.compare(variants(s, want)[0]["items"].(map[string]any), typ.Elem(), reflect.Value{}, path+"[]")
	case typ.Kind() == reflect.Map && typ.Elem().Kind() == reflect.Struct:
		w.compare(variants(s, want)[0]["additionalProperties"].(map[string]any), typ.Elem(), reflect.Value{}, path+".*")
	case want == "object" && typ.Kind() == reflect.Struct:
		section := variants(s, want)[0]
		if text, ok := s["default"].(string); ok { // a text that stands for a section
			read := reflect.New(typ)
			require.NoError(w.t, read.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)), path)
			require.Equal(w.t, v.Interface(), read.Elem().Interface(), "the default of %s", path)
			v = reflect.Value{}
		}
		require.Equal(w.t, false, section["additionalProperties"], path)
		properties, _ := section["properties"].(map[string]any)
		var names []string
		for _, f := range schema.Fields(typ, v) {
			names = append(names, f.Key)
			below, ok := properties[f.Key].(map[string]any)
			require.True(w.t, ok, "%s.%s is not in the schema", path, f.Key)
			w.keys++
			w.compare(below, f.Type, f.Value, strings.TrimPrefix(path+"."+f.Key, "."))
		}
		require.ElementsMatch(w.t, names, slices.Collect(maps.Keys(properties)), path)
	}
}

// compareDefault requires that a schema says the default of a key, where it has one.
func (w *walk) compareDefault(s map[string]any, v reflect.Value, path string) {
	want, have := schema.Default(v), s["default"]
	if !v.IsValid() || slices.Contains(systemDefaults, path) {
		return
	}
	if text, ok := have.(string); ok && v.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(text)
		require.NoError(w.t, err, path)
		have = d.String()
	}
	raw, err := json.Marshal(want)
	require.NoError(w.t, err)
	said, err := json.Marshal(have)
	require.NoError(w.t, err)
	require.JSONEq(w.t, string(raw), string(said), "the default of %s", path)
}

// variants are the schemas of a type among the alternatives of one.
func variants(s map[string]any, typ string) (all []map[string]any) {
	if typ == "" || s["type"] == typ {
		return []map[string]any{s}
	}
	alternatives, _ := s["anyOf"].([]any)
	for _, one := range alternatives {
		all = append(all, variants(one.(map[string]any), typ)...)
	}
	return all
}

func TestTheSchemasAcceptTheShippedConfigurations(t *testing.T) {
	files := []string{filepath.Join(root, "config.yaml"), filepath.Join(root, "config.replay.yaml")}
	examples, err := filepath.Glob(filepath.Join(root, "examples/*/*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, examples)
	t.Setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=00000000-0000-0000-0000-000000000001")
	t.Setenv("AZURE_DCE_ENDPOINT", "https://contoso.ingest.monitor.azure.com")
	t.Setenv("AZURE_DCR_ID", "dcr-00000000000000000000000000000000")
	used := map[string]int{}
	for _, file := range append(files, examples...) {
		config := load(t, file)
		for _, c := range schema.Components() {
			compiled := compile(t, c)
			sections, _ := config[c.Kind].(map[string]any)
			for id, section := range sections {
				if typ, _, _ := strings.Cut(id, "/"); typ != c.Factory.Type().String() || section == nil {
					continue
				}
				require.NoError(t, compiled.Validate(plain(t, section)), "%s: %s", file, id)
				used[c.Factory.Type().String()]++
			}
		}
	}
	require.Len(t, used, len(schema.Components()), "a component is in no shipped configuration")
}

func TestTheSchemasAcceptEveryFormOfAValue(t *testing.T) {
	for typ, right := range map[string][]string{
		"asimdns": {"enable_flags: security", "enable_flags: [default, audit]", "enable_flags: 0xFFFFFFFFFFFFFFFF", `enable_flags: "0x3F"`, "deduplication_window: 300",
			"excluded_event_ids: 3008", "replay: {path: a.etl}", "replay: {path: [a.etl, b.etl]}", "filters: {exclude: [{DnsQuery: a.example, EventOriginalType: [256, 257]}]}"},
		"ciliumwindows": {"monitor_aggregation_level: Maximum", "wire_format: 1.18", "enabled_events: drop", "config_map: {apply: REQUIRED, layout: PER_EVENT}",
			"config_map: {layout: {preset: bitmask, events: {TRACE: {index: 6, bit: 4}}}}", "filters: {deny: [{source_port: 53, reply: true}]}"},
		"resilient_file_storage": {"directory: x", "timeout: 2s", "compaction: {on_start: true}"},
	} {
		i := slices.IndexFunc(schema.Components(), func(c schema.Component) bool { return c.Factory.Type().String() == typ })
		compiled := compile(t, schema.Components()[i])
		for _, text := range right {
			config := map[string]any{}
			require.NoError(t, yaml.Unmarshal([]byte(text), &config))
			require.NoError(t, compiled.Validate(plain(t, config)), "%s: %s", typ, text)
		}
	}
}

func TestTheSchemasRefuseWhatTheComponentsRefuse(t *testing.T) {
	for typ, wrong := range map[string][]string{
		"asimdns":                {"sessionname: x", "filters: {exclude: [{dnsquery: x}]}", "filters: {include: [{DnsName: x}]}", "profile: linux", "batch: {max_records: 0}", "packet: {parse: sometimes}", "aggregation: {window: soon}", "providers: [{guid: x}]"},
		"ciliumwindows":          {"event_map: x", "body: json", "queue: {max_size_mib: many}", "filters: {allow: [{pod: x}]}", "config_map: {layout: {presets: x}}", "metrics: {cilium.event.count: {on: true}}"},
		"sentinel":               {"rule_id: dcr-1", "{}", "endpoint: https://x", "streams: {other: x}", "timeout: 30", "tls: {certificate: x}"},
		"app_insights":           {"{}", "connection_string: 5", "dead_letter: {max_size_mib: 0}", "sending_queue: {size: 5}"},
		"resilient_file_storage": {"check_values: 1", "max_memory_mib: -1", "compaction: {at_start: true}"},
	} {
		i := slices.IndexFunc(schema.Components(), func(c schema.Component) bool { return c.Factory.Type().String() == typ })
		compiled := compile(t, schema.Components()[i])
		base := map[string]any{}
		if typ == "sentinel" {
			base = map[string]any{"endpoint": "https://x", "rule_id": "dcr-00000000000000000000000000000000"}
			require.NoError(t, compiled.Validate(base))
		}
		if typ == "app_insights" {
			base = map[string]any{"connection_string": "InstrumentationKey=x"}
			require.NoError(t, compiled.Validate(base))
		}
		for _, text := range wrong {
			config := map[string]any{}
			require.NoError(t, yaml.Unmarshal([]byte(text), &config))
			if len(config) > 0 && text != "endpoint: https://x" {
				for key, value := range base {
					if _, ok := config[key]; !ok {
						config[key] = value
					}
				}
			}
			require.Error(t, compiled.Validate(plain(t, config)), "%s: %s", typ, text)
		}
	}
}

// document reads a component's schema as it is in the repository.
func document(t *testing.T, c schema.Component) (s map[string]any) {
	raw, err := os.ReadFile(filepath.Join(root, c.Folder, "config.schema.yaml"))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(raw, &s))
	return plain(t, s).(map[string]any)
}

func compile(t *testing.T, c schema.Component) *jsonschema.Schema {
	s := document(t, c)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource(s["$id"].(string), s))
	compiled, err := compiler.Compile(s["$id"].(string))
	require.NoError(t, err)
	return compiled
}

// load reads a configuration as the collector does.
func load(t *testing.T, file string) map[string]any {
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs:              []string{"file:" + file},
		ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory(), envprovider.NewFactory()},
		DefaultScheme:     "env",
	})
	require.NoError(t, err)
	conf, err := resolver.Resolve(context.Background())
	require.NoError(t, err, file)
	return conf.ToStringMap()
}

// plain gives a value in the types that JSON is read into.
func plain(t *testing.T, v any) any {
	raw, err := json.Marshal(v)
	require.NoError(t, err, fmt.Sprint(v))
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	require.NoError(t, err)
	return value
}
