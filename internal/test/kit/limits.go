// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Limits are values of a key, as written in YAML: the smallest and largest that are accepted, and the next ones, which
// are refused.
type Limits struct {
	Taken, Refused []string
	// Needed is set if the section has no meaning without the key. The section is then refused without a value.
	Needed bool
	// With sets other keys for the test, one on each line.
	With string
}

// WithSharedLimits returns a receiver's own limits and those of the sections that both receivers have.
func WithSharedLimits(own map[string]Limits) map[string]Limits {
	all := map[string]Limits{
		"batch.max_records":          {Taken: []string{"1", "100000"}, Refused: []string{"0", "100001", "1.5"}},
		"batch.max_size_mib":         {Taken: []string{"1", "64"}, Refused: []string{"0", "65", "1.5"}},
		"batch.flush_interval":       {Taken: []string{"10ms", "1m", "60"}, Refused: []string{"0s", "9ms", "1m0.001s"}},
		"queue.max_size_mib":         {Taken: []string{"1", "16384"}, Refused: []string{"0", "16385"}},
		"memory.max_mib":             {Taken: []string{"0", "65536"}, Refused: []string{"-1", "65537", "1.5", "1"}},
		"retry.enabled":              {Taken: []string{"true", "false"}, Refused: []string{"1"}},
		"retry.initial_interval":     {Taken: []string{"100ms", "0.1", "24h"}, Refused: []string{"0s", "99ms", "24h0m0.001s"}, With: "retry::max_interval: 24h\nretry::max_elapsed_time: 0"},
		"retry.max_interval":         {Taken: []string{"1s", "24h"}, Refused: []string{"0s", "999ms", "24h0m0.001s"}, With: "retry::max_elapsed_time: 0"},
		"retry.multiplier":           {Taken: []string{"1", "100"}, Refused: []string{"0", "0.99", "100.1"}},
		"retry.randomization_factor": {Taken: []string{"0", "1"}, Refused: []string{"1.01", "-0.1"}},
		"retry.max_elapsed_time":     {Taken: []string{"0", "30s", "8760h"}, Refused: []string{"1s", "29.999s", "8760h0m0.001s"}},
		"heartbeat":                  {Taken: []string{"0", "1s", "24h"}, Refused: []string{"1ms", "999ms", "24h0m0.001s"}},
		"status_records":             {Taken: []string{"true", "false"}},
		"when_missing":               {Taken: []string{"fail", "wait"}, Refused: []string{"''", "Wait", "ignore"}},
		"pseudonymize.fields":        {Needed: true, Taken: []string{"[SrcIpAddr, DstIpAddr]", "SrcIpAddr"}, Refused: []string{"[Nothing]", "['']"}, With: "pseudonymize::key: 0123456789abcdef0123456789abcdef"},
		"pseudonymize.key":           {Needed: true, Taken: []string{"0123456789abcdef0123456789abcdef"}, With: "pseudonymize::fields: [SrcIpAddr]"},
		"replay.path":                {Needed: true, Taken: []string{"a", "a*.etl", "[a, b]"}, Refused: []string{"[]", "''", "['']", "'[a'", `"a\tb"`, `["a\nb"]`, "'%TEMP%/a'"}},
		"replay.exit_when_done":      {Taken: []string{"true", "false"}, With: "replay::path: a"},
		"replay.follow":              {Taken: []string{"true", "false"}, With: "replay::path: a"},
		"storage":                    {Taken: []string{"file_storage", "file_storage/a"}, Refused: []string{"'a b'", "a/"}, With: "replay::path: a"},
		"replay.repeat":              {Taken: []string{"0", "9223372036854775807"}, Refused: []string{"1.5"}, With: "replay::path: a"},
		"replay.rate":                {Taken: []string{"0", "0.001", "1e9"}, Refused: []string{"1.1e+09", "-0.1"}, With: "replay::path: a"},
		"record.path":                {Needed: true, Taken: []string{"a", "'a b.etl'"}, Refused: []string{"''", "/", "'a/'", `'a\'`, "'a '", "."}},
		"record.max_size_mib":        {Taken: []string{"1", "1048576"}, Refused: []string{"0", "1048577"}, With: "record::path: a"},
	}
	maps.Copy(all, own)
	return all
}

// RequireLimits requires that limits has exactly the keys of a configuration that are numbers, durations or text; that
// the values are accepted or refused as stated; and that values of a wrong kind are refused unless limits accepts them.
// load reads and validates YAML. An error must name the key and the value. Sections of the types in whole are left out.
func RequireLimits(t *testing.T, config reflect.Type, load func(yaml string) error, limits map[string]Limits, whole ...reflect.Type) {
	t.Helper()
	kinds := map[string][]string{} // values of a wrong kind, by key
	for _, key := range keys(config, "", whole) {
		f := typeAt(config, strings.Split(key, "."))
		if f.Kind() == reflect.Pointer {
			f = f.Elem()
		}
		if slices.Contains(whole, f) {
			continue
		}
		wrong := []string{"[[]]", "{a: 1}", "[a, null]"}
		switch {
		case f == reflect.TypeFor[time.Duration]():
			wrong = append(wrong, "-1s", "-1", "1000000h", ".nan", ".inf", "1e300", "5 parsecs", "''", "true")
		case f.Kind() == reflect.Bool:
			wrong = append(wrong, "maybe", "2", "'true'")
		case f.Kind() == reflect.String:
			wrong = append(wrong, "' '", `"a\tb"`, `"a\nb"`, `"\0"`, `"a\u200Bb"`, "5.5", "false")
		case f.Kind() == reflect.Slice:
			wrong = append(wrong, `["a\nb"]`)
		case f.Kind() == reflect.Map:
			wrong = append(wrong, "5", `["a\nb"]`)
		default:
			wrong = append(wrong, "-1", "9223372036854775807", "18446744073709551616", ".nan", ".inf", "1e300", "text", "''", "true")
		}
		kinds[key] = wrong
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(kinds)), slices.Collect(maps.Keys(limits)), "every key has its limits")
	for key, wrong := range kinds {
		l := limits[key]
		yaml := func(value string) string { return strings.ReplaceAll(key, ".", "::") + ": " + value + "\n" + l.With }
		if err := load(yaml("")); l.Needed {
			require.ErrorContains(t, err, "want", "%s without a value", key)
		} else {
			require.NoError(t, err, "%s without a value is its default", key)
		}
		for _, value := range l.Taken {
			require.NoError(t, load(yaml(value)), "%s: %s", key, value)
		}
		last := key[strings.LastIndex(key, ".")+1:]
		for _, value := range slices.Concat(l.Refused, wrong) {
			if slices.Contains(l.Taken, value) {
				continue
			}
			err := load(yaml(value))
			require.Error(t, err, "%s: %s", key, value)
			require.ErrorContains(t, err, last, value)
			require.Regexp(t, `want|is neither|is not|decimal|allowed|write the path`, err.Error(), "%s: %s", key, value)
			require.NotContains(t, err.Error(), "unconvertible", "the decoder's message does not name the value")
		}
		for _, value := range l.Refused {
			if text := strings.Trim(value, `"'[] `); text != "" && !strings.ContainsAny(text, `\{`) {
				require.ErrorContains(t, load(yaml(value)), text, "%s: the error names the value", key)
			}
		}
	}
}

// typeAt returns the type of the value at a path of keys.
func typeAt(t reflect.Type, path []string) reflect.Type {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		switch {
		case !f.IsExported():
		case name == "":
			if found := typeAt(f.Type, path); found != nil {
				return found
			}
		case name == path[0] && len(path) == 1:
			return f.Type
		case name == path[0]:
			return typeAt(f.Type, path[1:])
		}
	}
	return nil
}
