// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/documents"
)

type section = map[string]any

// withVariables is the environment of a user of any example.
func withVariables() []string {
	return append(withConnectionString(), "EVENTHUBS_NAMESPACE=contoso", "EVENTHUBS_HUB=dns",
		"EVENTHUBS_CONNECTION_STRING=Endpoint=sb://contoso.servicebus.windows.net/", "AZURE_STORAGE_CONNECTION_STRING=DefaultEndpointsProtocol=https",
		"AZURE_DCE_ENDPOINT=https://contoso.ingest.monitor.azure.com", "AZURE_DCR_ID=dcr-00000000000000000000000000000000", "WINNET_PSEUDONYMIZATION_KEY=00112233445566778899aabbccddeeff")
}

// node returns the path of the built collector of a node.
func node(t *testing.T) string {
	path := os.Getenv("WINNET_NODE")
	if path == "" {
		t.Skip("not run: WINNET_NODE does not name a built collector of a node; make test-e2e builds one")
	}
	return path
}

// groups gives the group of each type of component that a collector has: asimdns is one of receivers.
func groups(t *testing.T, binary string) map[string]string {
	t.Helper()
	out, err := exec.Command(binary, "components").Output()
	require.NoError(t, err)
	var listed map[string]any
	require.NoError(t, yaml.Unmarshal(out, &listed))
	all := map[string]string{}
	for group, entries := range listed {
		list, ok := entries.([]any)
		if !ok || group == "providers" || group == "converters" {
			continue
		}
		for _, entry := range list {
			name, _ := entry.(section)["name"].(string)
			all[name] = group
		}
	}
	return all
}

// typeOf gives the type of a component's name: asimdns of asimdns/client.
func typeOf(name string) string { base, _, _ := strings.Cut(name, "/"); return base }

// whole makes a configuration of what a block shows: one, sections of one, components by their names, or a part of the component whose
// README it is in. nil stands for a manifest of Kubernetes or of the builder, or the chart's values, which have tests of their own.
func whole(t *testing.T, groupOf map[string]string, file string, shown section) section {
	t.Helper()
	values := shown["agent"] != nil || shown["gateway"] != nil
	if shown["apiVersion"] != nil || shown["dist"] != nil || values {
		return nil
	}
	config := section{}
	names := map[string]bool{"receivers": true, "processors": true, "exporters": true, "extensions": true, "service": true}
	for key, value := range shown {
		group := groupOf[typeOf(key)]
		switch {
		case names[key]:
			config[key] = value
		case group != "":
			of, _ := config[group].(section)
			if of == nil {
				of = section{}
				config[group] = of
			}
			of[key] = value
		default: // a key of the component whose README it is
			own := map[string]string{"receiver/asimdnsreceiver/README.md": "asimdns", "receiver/ciliumwindowsreceiver/README.md": "ciliumwindows"}[file]
			require.NotEmpty(t, own, "%s: no component and no section is called %s", file, key)
			config["receivers"] = section{own: shown}
			return complete(config)
		}
	}
	return complete(config)
}

// complete adds what a configuration lacks to be one: pipelines, what they name, and the extensions that exporters name.
func complete(config section) section {
	if service, ok := config["service"].(section); ok && service["pipelines"] != nil && config["exporters"] != nil {
		return config
	}
	add := func(group, name string, value any) {
		of, _ := config[group].(section)
		if of == nil {
			of = section{}
			config[group] = of
		}
		if _, has := of[name]; !has {
			of[name] = value
		}
	}
	add("receivers", "ciliumwindows/added", nil)
	add("exporters", "debug/added", nil)
	add("extensions", "azureauth", section{"managed_identity": section{}, "scopes": []string{"https://monitor.azure.com/.default"}})
	add("extensions", "resilient_file_storage", section{"directory": "."})
	keys := func(group string) (all []string) {
		for name := range maps.Keys(config[group].(section)) {
			all = append(all, name)
		}
		return all
	}
	service, _ := config["service"].(section)
	service = maps.Clone(service)
	if service == nil {
		service = section{}
	}
	service["extensions"] = keys("extensions")
	pipelines, _ := service["pipelines"].(section)
	if pipelines == nil {
		pipelines = section{"logs": section{}}
	}
	needed := map[string]section{"file": {"path": "records.jsonl"}}
	completed := section{}
	for name, shown := range pipelines {
		pipeline := maps.Clone(shown.(section))
		for _, group := range []string{"receivers", "exporters"} {
			named, _ := pipeline[group].([]any)
			if named == nil {
				pipeline[group] = keys(group)
			}
			for _, component := range named { // one that a recipe has from its destination
				add(group, component.(string), needed[component.(string)])
			}
		}
		completed[name] = pipeline
	}
	service["pipelines"] = completed
	config["service"] = service
	return config
}

// ofNode matches a configuration with components that only the collector of a node and the gateway have.
var ofNode = regexp.MustCompile(`(?m)^ +(hubble|k8s_names)(/\S+)?:`)

func TestEveryBlockOfYAMLInADocumentIsTakenByTheCollector(t *testing.T) {
	groupOf := groups(t, node(t))
	maps.Copy(groupOf, groups(t, collector(t)))
	require.Equal(t, "receivers", groupOf["asimdns"])
	all, err := documents.All(root(t))
	require.NoError(t, err)
	taken := 0
	for _, b := range all {
		if b.Kind != "yaml" {
			continue
		}
		var shown section
		require.NoError(t, yaml.Unmarshal([]byte(b.Text), &shown), "%v", b)
		config := whole(t, groupOf, b.File, shown)
		if config == nil {
			require.True(t, b.Marked(), "%v: say beside it that it is not run here", b)
			continue
		}
		text, err := yaml.Marshal(config)
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		binary := collector(t)
		if ofNode.Match(text) {
			binary = node(t)
		}
		cmd := exec.Command(binary, "validate", "--config", path)
		cmd.Dir, cmd.Env = root(t), withVariables()
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%v: %s\n%s", b, out, text)
		taken++
	}
	require.Greater(t, taken, 25)
}

// A recipe goes over any destination: its receivers are taken with each of them.
func TestEveryRecipeIsTakenOverADestination(t *testing.T) {
	recipes, err := filepath.Glob(filepath.Join(root(t), "examples/*/recipe.yaml"))
	require.NoError(t, err)
	require.Greater(t, len(recipes), 10)
	for _, recipe := range recipes {
		args := []string{"validate", "--config", "examples/file/config.yaml", "--config", recipe}
		cmd := exec.Command(collector(t), args...)
		cmd.Dir, cmd.Env = root(t), withVariables()
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", recipe, out)
	}
}

// What stands in the README beside the destination's example is the example, but for the size of a batch.
func TestTheReadmeHasTheExportersOfTheExamples(t *testing.T) {
	read := func(file string) (config section) {
		raw, err := os.ReadFile(filepath.Join(root(t), file))
		require.NoError(t, err)
		require.NoError(t, yaml.Unmarshal(raw, &config))
		return config
	}
	blocks, err := documents.Blocks(root(t), "README.md")
	require.NoError(t, err)
	var first, second section
	for _, b := range blocks {
		var shown section
		if b.Kind != "yaml" {
			continue
		}
		require.NoError(t, yaml.Unmarshal([]byte(b.Text), &shown))
		if shown["service"] != nil {
			first = shown
		} else {
			second = shown
		}
	}
	require.Equal(t, read("examples/sentinel/config.yaml"), first)
	// split takes from an exporter what all have, the size of a batch apart.
	split := func(exporter section) (own, common section) {
		own, common = maps.Clone(exporter), section{}
		common["retry_on_failure"] = own["retry_on_failure"]
		queue := maps.Clone(own["sending_queue"].(section))
		delete(queue, "batch")
		common["sending_queue"] = queue
		delete(own, "retry_on_failure")
		delete(own, "sending_queue")
		return own, common
	}
	_, common := split(first["exporters"].(section)["sentinel"].(section))
	shown := 0
	for exporter, file := range map[string]string{
		"app_insights": "config.yaml", "otlp_http": "examples/azure-monitor-otlp/config.yaml", "kafka": "examples/event-hubs/config.yaml",
		"azure_blob": "examples/azure-blob/config.yaml", "otlp_grpc": "examples/otlp/agent.yaml", "file": "examples/file/config.yaml",
	} {
		example := read(file)["exporters"].(section)[exporter].(section)
		if exporter != "file" {
			var shared section
			example, shared = split(example)
			require.Equal(t, common, shared, exporter)
		}
		require.Equal(t, example, second[exporter], exporter)
		shown++
	}
	require.Len(t, second, shown)
}

func TestTheReadmeShowsWhatMakeRunPrints(t *testing.T) {
	log := filepath.Join(t.TempDir(), "run.log")
	out, code := runToItsEnd(t, "--config", "config.replay.yaml", "--config", fmt.Sprintf("yaml:service::telemetry::logs::output_paths: [stderr, '%s']", log))
	require.Zero(t, code, "%s", out)
	report := exec.Command("go", "run", "./internal/test/report", "run", log)
	report.Dir = root(t)
	printed, err := report.Output()
	require.NoError(t, err)
	blocks, err := documents.Blocks(root(t), "README.md")
	require.NoError(t, err)
	found := false
	for _, b := range blocks {
		if b.Kind == "text" && strings.HasPrefix(b.Text, "What was read") {
			found = true
			require.Contains(t, string(printed), "\n"+b.Text)
		}
	}
	require.True(t, found)
}
