// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const root = "../../.."

func TestTheListsOfComponentsAreCurrent(t *testing.T) {
	files, err := generate(root)
	require.NoError(t, err)
	require.Len(t, files, 5)
	for name, want := range files {
		have, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		require.Equal(t, want, string(have), "%s: run make generate", name)
	}
}

// The README of a component shows its distributions.
func TestAComponentNamesEveryDistributionThatHasIt(t *testing.T) {
	components, _, err := find(root)
	require.NoError(t, err)
	manifests, err := filepath.Glob(filepath.Join(root, "builder-config*.yaml"))
	require.NoError(t, err)
	have := map[string][]string{} // by folder
	for _, path := range manifests {
		if filepath.Base(path) == "builder-config.newest.yaml" { // it is only built to test the newest core
			continue
		}
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		type entry struct{ Gomod, Import string }
		var manifest struct {
			Dist                             struct{ Name string }
			Receivers, Exporters, Extensions []entry
		}
		require.NoError(t, yaml.Unmarshal(raw, &manifest))
		for _, e := range slices.Concat(manifest.Receivers, manifest.Exporters, manifest.Extensions) {
			module, _, _ := strings.Cut(e.Gomod, " ")
			if folder, own := strings.CutPrefix(cmp.Or(e.Import, module), "github.com/otelcol-winnet/otelcol-winnet/"); own {
				have[folder] = append(have[folder], manifest.Dist.Name)
			}
		}
	}
	for _, c := range components {
		require.ElementsMatch(t, have[c.folder], c.distributions, c.folder)
	}
}

// Each metric says which component it is of, as internal/pipeline/series sets it: two components of one type have a series each.
func TestEveryOwnMetricNamesItsComponent(t *testing.T) {
	components, _, err := find(root)
	require.NoError(t, err)
	metrics := 0
	for _, c := range components {
		raw, err := os.ReadFile(filepath.Join(root, c.folder, "metadata.yaml"))
		require.NoError(t, err)
		var file struct {
			Telemetry struct {
				Metrics map[string]struct{ Attributes []string }
			}
		}
		require.NoError(t, yaml.Unmarshal(raw, &file))
		for name, m := range file.Telemetry.Metrics {
			require.Contains(t, m.Attributes, strings.TrimSuffix(c.section, "s"), "%s of %s", name, c.folder)
			metrics++
		}
	}
	require.Greater(t, metrics, 50)
}

// Nothing but its folder is written by hand.
func TestANewComponentIsItsFolder(t *testing.T) {
	trial := t.TempDir()
	components, modules, err := find(root)
	require.NoError(t, err)
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(trial, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(trial, name), []byte(text), 0o644))
	}
	for _, c := range components {
		write(c.folder+"/metadata.yaml", "type: "+c.typ+"\nstatus: {distributions: ["+strings.Join(c.distributions, ", ")+"]}\n")
	}
	for _, folder := range modules {
		write(folder+"/go.mod", "")
	}
	before, err := generate(root)
	require.NoError(t, err)
	for name, text := range before {
		write(name, text)
	}
	same, err := generate(trial)
	require.NoError(t, err)
	require.Equal(t, before, same)

	write("extension/trialextension/metadata.yaml", "type: trial\nstatus: {distributions: [otelcol-winnet]}\n")
	write("extension/trialextension/go.mod", "")
	write("exporter/azure/trialexporter/metadata.yaml", "type: azure_trial\nstatus: {distributions: [otelcol-winnet]}\n")
	write("extension/elsewhereextension/metadata.yaml", "type: elsewhere\nstatus: {distributions: [another]}\n")
	write("extension/elsewhereextension/go.mod", "")
	after, err := generate(trial)
	require.NoError(t, err)
	const own = "github.com/otelcol-winnet/otelcol-winnet/"
	for name, text := range after {
		if name == "internal/test/forms/schema/components.go" {
			require.Contains(t, text, `{"extension/trialextension", "extensions", trialextension.NewFactory()},`)
			require.Contains(t, text, `"`+own+`exporter/azure/trialexporter"`)
			continue
		}
		if name == "docs/install.md" {
			require.Contains(t, text, ", [`trial`](../extension/trialextension/README.md) | `health_check`, ")
			require.Contains(t, text, ", [`azure_trial`](../exporter/azure/trialexporter/README.md) | `azure_monitor`, ")
			require.NotContains(t, text, "elsewhere")
			continue
		}
		_, extensions, _ := strings.Cut(text, "\nextensions:\n")
		require.Equal(t, name != "builder-config.yaml", strings.Contains(extensions, "extension/elsewhereextension"), name)
		require.Contains(t, extensions, "  - gomod: "+own+"extension/trialextension v")
		require.Regexp(t, "  - gomod: "+own+"exporter/azure v[0-9.]+\n    import: "+own+"exporter/azure/trialexporter\n    name: trialexporter\n", text)
	}
	require.Contains(t, after["docs/releasing.md"], "| `"+own+"extension/trialextension` (`trial`) | `extension/trialextension` | `extension/trialextension/v0.2.0` |\n")
	require.Contains(t, after["docs/releasing.md"], "`app_insights`, `sentinel`, `azure_trial`")
}
