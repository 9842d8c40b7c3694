// SPDX-License-Identifier: Apache-2.0

package configyaml

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
)

func TestMaskIsReadInEveryFormWithAllItsBits(t *testing.T) {
	for _, tc := range []struct {
		value any
		want  uint64
	}{
		{63, 0x3F}, {int64(63), 0x3F}, {uint64(0x8000000000000FFF), 0x8000000000000FFF}, {"0x8000000000000FFF", 0x8000000000000FFF},
		{"0X3f", 0x3F}, {" 63 ", 0x3F}, {"0xFFFFFFFFFFFFFFFF", math.MaxUint64}, {"18446744073709551615", math.MaxUint64}, {0, 0},
	} {
		got, err := Mask(tc.value)
		require.NoError(t, err, "%v", tc.value)
		require.Equal(t, tc.want, got, "%v", tc.value)
	}
	for _, text := range []string{`"0x8000000000000FFF"`, `'0x8000000000000fff'`} { // as an environment variable has it
		mask, err := Mask(text)
		require.NoError(t, err)
		require.Equal(t, uint64(0x8000000000000FFF), mask)
	}
	for _, value := range []any{-1, int64(-1), 9.223372036854779903e18, 1.0, "", "x", "0x", "-1", "1.5", "0x1FFFFFFFFFFFFFFFF", "0x_3F", `""`, true, nil, []any{1}} {
		_, err := Mask(value)
		require.ErrorContains(t, err, "hexadecimal", "%v", value)
	}
	_, err := Mask(9.223372036854779903e18)
	require.ErrorContains(t, err, "floating-point")
}

type section struct {
	Wait time.Duration `mapstructure:"wait"`
}

type Squashed struct {
	Max time.Duration `mapstructure:"max"`
}

type config struct {
	Name     string        `mapstructure:"name"`
	Pause    time.Duration `mapstructure:"pause"`
	Section  section       `mapstructure:"section"`
	Squashed `mapstructure:",squash"`
}

func TestABareNumberWhereADurationStandsIsSeconds(t *testing.T) {
	c := config{Name: "default", Pause: time.Hour}
	require.NoError(t, Unmarshal(confmap.NewFromStringMap(map[string]any{
		"pause": 5, "section": map[string]any{"wait": 0.25}, "max": "3m",
	}), &c))
	require.Equal(t, config{Name: "default", Pause: 5 * time.Second, Section: section{250 * time.Millisecond}, Squashed: Squashed{3 * time.Minute}}, c)

	require.ErrorContains(t, Unmarshal(confmap.NewFromStringMap(map[string]any{"section": map[string]any{"wait": 1e300}}), &c), "section.wait")
	require.ErrorContains(t, Unmarshal(confmap.NewFromStringMap(map[string]any{"pase": 1}), &c), "pase")
}

type Bounded = bounded

type bounded struct {
	Port  *uint16            `mapstructure:"port"`
	Ports []uint16           `mapstructure:"ports"`
	ByKey map[string]bounded `mapstructure:"by_key"`
	Size  int                `mapstructure:"size"`
	Mask  uint64             `mapstructure:"mask"`
	Share float64            `mapstructure:"share"`
	Wait  time.Duration      `mapstructure:"wait"`
	Inner `mapstructure:",squash"`
}

type Inner struct {
	Small int8 `mapstructure:"small"`
}

func TestANumberThatItsPlaceHasNoRoomForIsRefusedAndNotCut(t *testing.T) {
	for _, tc := range []struct {
		yaml map[string]any
		want string
	}{
		{map[string]any{"port": 65616}, "port: 65616 is not allowed; want a whole number from 0 to 65535"},
		{map[string]any{"ports": []any{80, -1}}, "ports[1]: -1 is not allowed; want a whole number from 0 to 65535"},
		{map[string]any{"by_key": map[string]any{"a": map[string]any{"ports": []any{uint64(math.MaxUint64)}}}}, "by_key.a.ports[0]: 18446744073709551615 is not allowed"},
		{map[string]any{"size": 1.5}, "size: 1.5 is not allowed; want a whole number of at most 64 bits"},
		{map[string]any{"size": uint64(math.MaxInt64) + 1}, "size: 9223372036854775808 is not allowed"},
		{map[string]any{"size": 1e19}, "size: 1e+19 is not allowed"},
		{map[string]any{"small": int64(128)}, "small: 128 is not allowed; want a whole number from -128 to 127"},
		{map[string]any{"mask": -1}, "mask: -1 is not allowed; want a whole number from 0 to 18446744073709551615"},
		{map[string]any{"mask": math.NaN()}, "mask: NaN is not allowed"},
	} {
		require.ErrorContains(t, Unmarshal(confmap.NewFromStringMap(tc.yaml), &bounded{}), tc.want)
	}
	var c bounded
	port := uint16(65535)
	require.NoError(t, Unmarshal(confmap.NewFromStringMap(map[string]any{
		"port": 65535, "ports": []any{0, 80}, "by_key": map[string]any{"a": map[string]any{"small": -128}}, "size": 1e3,
		"mask": uint64(math.MaxUint64), "share": 1.5, "wait": 1.5, "small": 127,
	}), &c))
	require.Equal(t, bounded{
		Port: &port, Ports: []uint16{0, 80}, ByKey: map[string]bounded{"a": {Inner: Inner{-128}}}, Size: 1000,
		Mask: math.MaxUint64, Share: 1.5, Wait: 1500 * time.Millisecond, Inner: Inner{127},
	}, c)
	require.Error(t, Unmarshal(confmap.NewFromStringMap(map[string]any{"ports": "80", "by_key": 5}), &c), "what is no number is the decoder's to refuse")
}

func TestAKeyWithoutAValueIsItsDefault(t *testing.T) {
	defaults := config{Name: "default", Pause: time.Hour, Section: section{time.Minute}, Squashed: Squashed{time.Second}}
	for _, yaml := range []map[string]any{
		{"name": nil, "pause": nil, "section": nil, "max": nil}, {"section": map[string]any{"wait": nil}}, {},
	} {
		c := defaults
		require.NoError(t, Unmarshal(confmap.NewFromStringMap(yaml), &c))
		require.Equal(t, defaults, c)
	}
}

func TestWhatTheDecoderRefusesIsRefusedWithKeyValueAndWhatIsAllowed(t *testing.T) {
	type all struct {
		Bounded `mapstructure:",squash"`
		On      bool              `mapstructure:"on"`
		Name    string            `mapstructure:"name"`
		Names   map[string]string `mapstructure:"names"`
	}
	for _, tc := range []struct {
		key   string
		value any
		want  string
	}{
		{"on", "yes", `on: "yes" is not allowed; want true or false`},
		{"on", 1, `on: 1 is not allowed; want true or false`},
		{"size", "5", `size: "5" is not allowed; want a whole number, without quotes`},
		{"size", []any{1, nil}, `size: [1,null] is not allowed; want a whole number`},
		{"share", map[string]any{"a": 1}, `share: {"a":1} is not allowed; want a number, without quotes`},
		{"wait", "5 parsecs", `wait: "5 parsecs" is not allowed; want a duration such as 200ms, 5s or 1h30m, or a number of seconds`},
		{"wait", math.NaN(), `wait: NaN`},
		{"name", 5, `name: 5 is not allowed; want text; a number or another value of YAML in quotes`},
		{"port", "80", `port: "80" is not allowed; want a whole number, without quotes`},
		{"ports", []any{80, "x"}, `ports[1]: "x" is not allowed; want a whole number, without quotes`},
		{"ports", []any{80, nil}, `ports[1]: it is missing or empty, for example because a variable is not set; want a value, or "null" in quotes for that text`},
		{"ports", strings.Repeat("x", 1000), `xxx… is not allowed; want a whole number, without quotes`},
		{"portss", 1, `portss: there is no such key; want one of by_key, mask, name, names, on, port, ports, share, size, small, wait`},
	} {
		require.ErrorContains(t, Unmarshal(confmap.NewFromStringMap(map[string]any{tc.key: tc.value}), &all{}), tc.want)
	}
}

func TestTheErrorForASecretOfTheWrongKindHasTheKindAndNotTheValue(t *testing.T) {
	type section struct {
		Key  configopaque.String            `mapstructure:"key"`
		Keys []configopaque.String          `mapstructure:"keys"`
		Map  map[string]configopaque.String `mapstructure:"map"`
	}
	type all struct {
		Section section   `mapstructure:"section"`
		Pointer *section  `mapstructure:"pointer"`
		List    []section `mapstructure:"list"`
	}
	const secret = 73577357735773577
	under := func(key string, v any) map[string]any { return map[string]any{"section": map[string]any{key: v}} }
	for want, conf := range map[string]map[string]any{
		"section.key: a list is not allowed; want text":        under("key", []any{secret}),
		"section.key: a map is not allowed; want text":         under("key", map[string]any{"a": secret}),
		"section.key: a number is not allowed; want text":      under("key", secret),
		"section.key: true or false is not allowed; want text": under("key", true),
		"section.keys[0]: a list is not allowed; want text":    under("keys", []any{[]any{secret}}),
		"section.keys: a map is not allowed; want a list":      under("keys", map[string]any{"a": secret}),
		"section.map.a: a number is not allowed; want text":    under("map", map[string]any{"a": secret}),
		"section.map: a number is not allowed; want a section": under("map", secret),
		"section: a text is not allowed; want a section":       {"section": fmt.Sprint(secret)},
		"section: a number is not allowed; want a section":     {"section": float64(secret)},
		"pointer.key: a number is not allowed; want text":      {"pointer": map[string]any{"key": secret}},
		"list[0].key: a map is not allowed; want text":         {"list": []any{map[string]any{"key": map[string]any{"a": secret}}}},
		"list: a text is not allowed; want a list":             {"list": fmt.Sprint(secret)},
	} {
		err := Unmarshal(confmap.NewFromStringMap(conf), &all{})
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "7357")
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"a", "a b", "é", "DNS-1_x", `a\b`} {
		require.NoError(t, Name(name))
	}
	for name, want := range map[string]string{
		"": "it is empty", " ": "no blanks at its ends", "a ": "no blanks", "a\nb": "U+000A, which does not print", "\u2028": "U+2028",
		"a\x00": "U+0000", "\u00a0": "U+00A0", "a\u200bb": "U+200B", "a\xff": "not UTF-8", "a\x1b[31m": "U+001B",
	} {
		require.ErrorContains(t, Name(name), want, "%q", name)
	}
	for _, name := range []string{"dc1", "dc1.", "dc1.corp.example.com", "dc_1", "é.example", strings.Repeat("a", 255)} {
		require.NoError(t, HostName(name))
	}
	for _, name := range []string{"", ".", "a..b", ".a", "a b", "a\n", "a/b", `a\b`, "a\u200b", strings.Repeat("a", 256)} {
		require.ErrorContains(t, HostName(name), "is not the name of a host", "%q", name)
	}
	for _, path := range []string{"/ebpf/global/cilium_events", `BPF:\x`, "x"} {
		require.NoError(t, PinnedMap(path))
	}
	for _, path := range []string{"", "/ebpf/", `BPF:\`, " /a", "/a\n"} {
		require.Error(t, PinnedMap(path), "%q", path)
	}
}

func TestAPathAtWhichNoFileCanStandIsRefused(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there.etl")
	require.NoError(t, os.WriteFile(there, nil, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.etl"), 0o700))
	for _, path := range []string{there, filepath.Join(dir, "new.etl"), filepath.Join(dir, "no", "folder", "yet.etl"), "a b.etl", `D:\traces\a.etl`, `\\?\D:\traces\a.etl`} {
		require.NoError(t, NewFile(path))
	}
	for path, want := range map[string]string{
		dir: "is a folder; want the name of a file to write", filepath.Join(dir, "folder.etl"): "is a folder", dir + "/": "is a folder",
		`D:\traces\`: "is a folder", ".": "is a folder", "..": "is a folder", " ": "no blanks", "a.etl ": "no blanks",
		"D:\traces\neu.etl": "it reads D:<TAB>races<LF>eu.etl", "a\x00.etl": `\0 is NUL`, "%TEMP%/a.etl": "want ${env:TEMP}", "a\u200b.etl": "U+200B, which does not print", os.DevNull: "",
		"traces/*.etl": `"traces/*.etl" holds "*", which no file's name has on Windows; want the name of a file to write`, "dns_?.etl": `holds "?"`, "a|b.etl": `holds "|"`,
	} {
		require.ErrorContains(t, NewFile(path), want, "%q", path)
	}
}

func TestOneValueWhereAListStandsIsAListOfOne(t *testing.T) {
	type names []string
	type word string
	type lists struct {
		Names   names     `mapstructure:"names"`
		Words   []word    `mapstructure:"words"`
		Bools   []bool    `mapstructure:"bools"`
		Ports   []uint16  `mapstructure:"ports"`
		IDs     []int     `mapstructure:"ids"`
		Texts   []string  `mapstructure:"texts"`
		Shares  []float64 `mapstructure:"shares"`
		Section struct {
			Texts []string `mapstructure:"texts"`
		} `mapstructure:"section"`
	}
	var c lists
	require.NoError(t, Unmarshal(confmap.NewFromStringMap(map[string]any{
		"names": "DnsQuery", "words": "cilium.verdict", "bools": false, "ports": 443, "ids": -1, "texts": 4, "shares": 0.5, "section": map[string]any{"texts": "drop"},
	}), &c))
	want := lists{Words: []word{"cilium.verdict"}, Names: names{"DnsQuery"}, Bools: []bool{false}, Ports: []uint16{443}, IDs: []int{-1}, Texts: []string{"4"}, Shares: []float64{0.5}}
	want.Section.Texts = []string{"drop"}
	require.Equal(t, want, c)

	c = lists{}
	require.NoError(t, Unmarshal(confmap.NewFromStringMap(map[string]any{"bools": []any{true, false}, "texts": []any{"drop", 4}}), &c))
	require.Equal(t, lists{Bools: []bool{true, false}, Texts: []string{"drop", "4"}}, c)

	c = lists{}
	require.NoError(t, Unmarshal(confmap.NewFromStringMap(map[string]any{"texts": "a.example, b.example", "names": "A,B"}), &c))
	require.Equal(t, lists{Texts: []string{"a.example", "b.example"}, Names: names{"A", "B"}}, c, "no blank is part of a name")
	c = lists{}
	require.NoError(t, Unmarshal(confmap.NewFromStringMap(map[string]any{"texts": ""}), &c))
	require.Empty(t, c.Texts)

	require.ErrorContains(t, Unmarshal(confmap.NewFromStringMap(map[string]any{"ids": "257"}), &c), `ids[0]: "257" is not allowed; want a whole number, without quotes`)
	require.ErrorContains(t, Unmarshal(confmap.NewFromStringMap(map[string]any{"ports": 65616}), &c), "ports[0]: 65616 is not allowed")
	require.Error(t, Unmarshal(confmap.NewFromStringMap(map[string]any{"texts": 0.10}), &c), "its text is not known any more")
	require.Error(t, Unmarshal(confmap.NewFromStringMap(map[string]any{"bools": map[string]any{}}), &c))
}

// variables gives the values of variables as the collector's provider of the environment does: text, which is YAML.
type variables map[string]string

func (v variables) Retrieve(_ context.Context, uri string, _ confmap.WatcherFunc) (*confmap.Retrieved, error) {
	return confmap.NewRetrievedFromYAML([]byte(v[strings.TrimPrefix(uri, "env:")]))
}
func (variables) Scheme() string                 { return "env" }
func (variables) Shutdown(context.Context) error { return nil }

func TestASectionThatAVariableLeavesEmptyIsToldFromOneThatIsWrittenSo(t *testing.T) {
	vars := variables{"EMPTY": "", "BLANK": " \n", "NULL": "null", "KEYS": "{path: a}", "NONE": "{}"}
	for yaml, want := range map[string]bool{
		"{other: 1}": false, "{section: }": false, "{section: null}": false, "{section: ~}": false, "{section: {}}": false,
		"{section: {path: a}}": true, "{section: {path: }}": true, "{section: {path: '${env:UNSET}'}}": true,
		"{section: '${env:UNSET}'}": true, "{section: '${env:EMPTY}'}": true, "{section: '${env:BLANK}'}": true,
		"{section: '${env:NULL}'}": false, "{section: '${env:KEYS}'}": true, "{section: '${env:NONE}'}": false,
	} {
		vars["CONFIG"] = "{other: {deep: [1]}, outer: " + yaml + "}"
		resolver, err := confmap.NewResolver(confmap.ResolverSettings{
			URIs:              []string{"env:CONFIG"},
			ProviderFactories: []confmap.ProviderFactory{confmap.NewProviderFactory(func(confmap.ProviderSettings) confmap.Provider { return vars })},
		})
		require.NoError(t, err)
		conf, err := resolver.Resolve(context.Background())
		require.NoError(t, err, yaml)
		outer, err := conf.Sub("outer")
		require.NoError(t, err)
		require.Equal(t, want, HasKeys(outer, "section"), yaml)
	}
}

// texts is a map whose keys are those of a table.
type texts map[string][]string

func (texts) CheckKey(name string) error {
	if name == "pod" {
		return errors.New("pods are not known; use ip")
	}
	return nil
}

type word string

func (w *word) UnmarshalText(text []byte) error {
	*w = word(strings.ToLower(string(text)))
	return nil
}

// either is a word or a section.
type either struct {
	Word word         `mapstructure:"word"`
	Size int          `mapstructure:"size"`
	At   map[word]int `mapstructure:"at"`
}

func (e *either) UnmarshalText(text []byte) error {
	*e = either{}
	return e.Word.UnmarshalText(text)
}

type sections struct {
	Rules   []texts `mapstructure:"rules"`
	Either  either  `mapstructure:"either" configyaml:"replace"`
	Entries []entry `mapstructure:"entries"`
}

type entry struct {
	Name  string        `mapstructure:"name"`
	Level uint8         `mapstructure:"level"`
	Wait  time.Duration `mapstructure:"wait"`
	IDs   []int         `mapstructure:"ids"`
}

func read(t *testing.T, yaml string, target any) error {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(yaml))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	return Unmarshal(conf, target)
}

func TestEveryFormOfAValueIsTakenBelowListsAndMapsToo(t *testing.T) {
	var c sections
	require.NoError(t, read(t, `{rules: [{ids: 5, names: "a, b", flags: [true, x, 7]}, {ip: [10.0.0.1]}], entries: [{name: a, level: , wait: 5, ids: 7}, {wait: 1m}]}`, &c))
	require.Equal(t, []texts{{"ids": {"5"}, "names": {"a", "b"}, "flags": {"true", "x", "7"}}, {"ip": {"10.0.0.1"}}}, c.Rules)
	require.Equal(t, []entry{{Name: "a", Wait: 5 * time.Second, IDs: []int{7}}, {Wait: time.Minute}}, c.Entries)

	for yaml, want := range map[string]string{
		"{rules: [{ip: }]}":                     `rules[0].ip: it is missing or empty, for example because a variable is not set; want a value, or "null" in quotes for that text`,
		"{rules: [{ip: [10.0.0.1, ]}, {a: ~}]}": "rules[1].a: it is missing or empty",
		"{rules: [{ip: 2.5}]}":                  "rules[0].ip[0]: 2.5 is not allowed; want text or a whole number; another value of YAML in quotes",
		"{rules: [{ip: {a: b}}]}":               `rules[0].ip: {"a":"b"} is not allowed; want a list, such as [a, b]`,
		"{rules: [{pod: {a: b}}]}":              "rules[0].pod: pods are not known; use ip",
		"{rules: [5]}":                          "rules[0]: 5 is not allowed; want a section of keys and values",
		"{rules: {ip: a}}":                      `rules: {"ip":"a"} is not allowed; want a list, such as [a, b]`,
		"{entries: [{wait: 1.0e+300}]}":         "entries[0].wait: 1e+300 seconds is not a duration",
		"{entries: [{nam: a}]}":                 "entries[0].nam: there is no such key; want one of ids, level, name, wait",
		"{either: 5}":                           "either: 5 is not allowed; want text, or a section of keys and values",
		"{either: {wort: x}}":                   "either.wort: there is no such key; want one of at, size, word",
	} {
		require.ErrorContains(t, read(t, yaml, &sections{}), want, yaml)
	}
}

func TestAMappingReplacesADefaultWhereItIsSaidSo(t *testing.T) {
	defaults := sections{Either: either{Word: "default", Size: 3}}
	for yaml, want := range map[string]either{
		"{}": {Word: "default", Size: 3}, "{either: }": {Word: "default", Size: 3}, "{either: OTHER}": {Word: "other"},
		"{either: {size: 4}}": {Size: 4}, "{either: {word: Third}}": {Word: "third"}, "{either: {}}": {},
	} {
		c := defaults
		require.NoError(t, read(t, yaml, &c), yaml)
		require.Equal(t, want, c.Either, yaml)
	}
}

// file is a section that does nothing without a path.
type file struct {
	Path     string `mapstructure:"path"`
	Size     int    `mapstructure:"size"`
	Optional `mapstructure:",squash"`
}

func (f *file) Enabled() bool { return f.Path != "" }

func TestASectionThatDoesNothingIsNotWritten(t *testing.T) {
	type all struct {
		Name string `mapstructure:"name"`
		In   file   `mapstructure:"in"`
		Out  file   `mapstructure:"out"`
	}
	conf := confmap.New()
	require.NoError(t, Marshal(conf, all{Name: "a", In: file{Size: 1}, Out: file{Path: "b", Size: 2}}))
	require.Equal(t, map[string]any{"name": "a", "out": map[string]any{"path": "b", "size": 2}}, conf.ToStringMap())
}
