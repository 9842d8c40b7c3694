// SPDX-License-Identifier: Apache-2.0

// Package kit has helpers for the tests of both receivers. In come configurations, README files and the batches that a receiver has
// sent; out come records, attributes and configurations to compare, or a failed test.
package kit

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

// LoadConfig reads YAML into cfg, a receiver's default configuration, and validates it as the collector does.
func LoadConfig(t testing.TB, cfg any, yaml string) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(yaml), 0o600))
	conf, err := confmaptest.LoadConf(path)
	require.NoError(t, err)
	if err := conf.Unmarshal(cfg); err != nil {
		return err
	}
	return confmap.Validate(cfg)
}

// RequireRefused requires that a configuration was refused, by an error with these parts.
func RequireRefused(t testing.TB, err error, yaml string, parts []string) {
	t.Helper()
	require.Error(t, err, yaml)
	for _, part := range parts {
		require.ErrorContains(t, err, part, yaml)
	}
}

// Rewritten returns a configuration of YAML, and the one that results when it is written and taken again into the default, which it validates.
func Rewritten[C any](t *testing.T, load func(t testing.TB, yaml string) (C, error), yaml string, initial C) (cfg, again C) {
	t.Helper()
	cfg, err := load(t, yaml)
	require.NoError(t, err)
	conf := confmap.New()
	require.NoError(t, conf.Marshal(cfg))
	require.NoError(t, conf.Unmarshal(initial))
	require.NoError(t, confmap.Validate(initial))
	return cfg, initial
}

// RequireDocumented requires that the tables of keys in the section Configuration of the README.md in the test's folder
// have exactly the keys of a configuration. A section of one of the types in whole counts as one key.
func RequireDocumented(t testing.TB, config reflect.Type, whole ...reflect.Type) {
	t.Helper()
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\|").FindAllStringSubmatch(Section(t, "README.md", "## Configuration"), -1) {
		documented = append(documented, m[1])
	}
	require.ElementsMatch(t, keys(config, "", whole), documented)
}

// Section returns the text of a Markdown file under a heading such as "## Configuration", up to the next heading of its
// level.
func Section(t testing.TB, file, heading string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	_, section, ok := strings.Cut("\n"+string(text), "\n"+heading+"\n")
	require.True(t, ok, "%s has no section %s", file, heading)
	level, _, _ := strings.Cut(heading, " ")
	section, _, _ = strings.Cut(section, "\n"+level+" ")
	return section
}

// keys lists the YAML keys below t.
func keys(t reflect.Type, prefix string, whole []reflect.Type) []string {
	var all []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		switch {
		case !f.IsExported():
		case name == "": // squashed
			all = append(all, keys(f.Type, prefix, whole)...)
		case f.Type.Kind() == reflect.Struct && !slices.Contains(whole, f.Type):
			all = append(all, keys(f.Type, prefix+name+".", whole)...)
		default:
			all = append(all, prefix+name)
		}
	}
	return all
}
