// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

type section = map[string]any

// upstreamFaults is the document whose configurations are not recommendations: they show faults.
const upstreamFaults = "docs/upstream.md"

// onKubernetes is the folder of the chart. Its agent and its gateway send as examples/gateway does, and without a gateway as config.yaml: a test
// of internal/test/kubernetes compares them, so they go through no hour of their own.
const onKubernetes = "deploy/kubernetes"

// servesClients reports whether a configuration sends to nobody: clients come to it. internal/test/hubble tests such ones.
func servesClients(exporters section) bool {
	_, hubble := exporters["hubble"]
	return hubble && len(exporters) == 1
}

// configuration is a configuration that the project ships: a file, a text within one (such as a ConfigMap), or a block
// in a document that configures exporters.
type configuration struct {
	text   string
	parsed section
}

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")

// shipped finds every configuration with exporters in YAML files and in documents. Its key is the file's path; a second
// configuration in a file has its number appended. A recipe of examples/ has only receivers and is not a configuration by itself.
func shipped(t *testing.T) map[string]configuration {
	t.Helper()
	all := map[string]configuration{}
	add := func(path string) {
		name, err := filepath.Rel(root(t), path)
		require.NoError(t, err)
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		texts := []string{string(raw)}
		if filepath.Ext(path) == ".md" {
			texts = nil
			for _, block := range yamlBlock.FindAllStringSubmatch(string(raw), -1) {
				texts = append(texts, block[1])
			}
		}
		n := 0
		for _, text := range texts {
			for _, config := range collectors(t, name, text) {
				if n++; n == 1 {
					all[filepath.ToSlash(name)] = config
				} else {
					all[fmt.Sprintf("%s#%d", filepath.ToSlash(name), n)] = config
				}
			}
		}
	}
	require.NoError(t, filepath.WalkDir(root(t), func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && (name == "dist" || name == "out" || name == ".git" || name == "testdata"):
			return filepath.SkipDir
		case entry.IsDir() && path == filepath.Join(root(t), onKubernetes):
			return filepath.SkipDir
		case slices.Contains([]string{".yaml", ".yml", ".md"}, filepath.Ext(name)) && path != filepath.Join(root(t), upstreamFaults):
			add(path)
		}
		return nil
	}))
	// A document that shows a file's configuration shows what goes through the file's hour.
	for name, config := range all {
		if strings.Contains(name, ".md") {
			for other, file := range all {
				if strings.HasSuffix(other, ".yaml") && reflect.DeepEqual(file.parsed, config.parsed) {
					delete(all, name)
				}
			}
		}
	}
	require.NotEmpty(t, all)
	return all
}

// collectors finds the configurations in a text: the text itself, or texts within it. The builder's is not one.
func collectors(t *testing.T, name, text string) (found []configuration) {
	if !strings.Contains(text, "exporters:") {
		return nil
	}
	for decoder := yaml.NewDecoder(strings.NewReader(text)); ; {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err, name)
		var parsed section
		if node.Decode(&parsed) == nil && parsed["dist"] != nil {
			continue
		}
		if exporters, ok := parsed["exporters"].(section); ok && len(exporters) > 0 {
			if !servesClients(exporters) {
				found = append(found, configuration{text, parsed})
			}
			continue
		}
		var within func(*yaml.Node)
		within = func(n *yaml.Node) {
			if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "\n") {
				found = append(found, collectors(t, name, n.Value)...)
			}
			for _, child := range n.Content {
				within(child)
			}
		}
		within(&node)
	}
}

// fileOf returns the path of a file with a shipped configuration.
func fileOf(t *testing.T, name string) string {
	t.Helper()
	config, found := shipped(t)[name]
	require.True(t, found, "there is no configuration %s", name)
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(config.text), 0o600))
	return path
}

func TestConfigurationsAreFoundInFilesDocumentsAndManifests(t *testing.T) {
	const config = "exporters: {debug: {}}\nservice: {}\n"
	for text, want := range map[string]int{
		config: 1,
		"kind: ConfigMap\ndata:\n  config.yaml: |\n    exporters: {debug: {}}\n    service: {}\n": 1,
		config + "---\n" + config:                 2,
		"dist: {}\nexporters: [{gomod: x}]\n":     0,
		"receivers: {asimdns: }\n":                0,
		"keys: exporters:_and_no_configuration\n": 0,
	} {
		require.Len(t, collectors(t, "text", text), want, text)
	}
}

// at returns the value at a path of keys, or nil if a key is missing.
func at(s section, keys ...string) any {
	var v any = s
	for _, key := range keys {
		next, ok := v.(section)
		if !ok {
			return nil
		}
		v = next[key]
	}
	return v
}

// largest returns the largest request that the far end of each exporter accepts, in bytes; 0 means any size.
func largest() map[string]int {
	return map[string]int{"kafka": 1_000_000, "otlp_http": 1 << 20, "otlp_grpc": 4 << 20, "azure_blob": 0, "app_insights": 0, "sentinel": 0}
}

func TestEveryShippedConfigurationHasTheSettingsThatLoseNothing(t *testing.T) {
	for name, config := range shipped(t) {
		t.Run(name, func(t *testing.T) {
			exporters, _ := config.parsed["exporters"].(section)
			require.NotEmpty(t, exporters)
			for id := range exporters {
				kind, _, _ := strings.Cut(id, "/")
				if name == "config.replay.yaml" { // a job starts over: its own hour tests that
					require.Contains(t, []string{"file", "debug"}, kind)
					continue
				}
				if kind == "file" {
					require.NotNil(t, at(exporters, id, "rotation", "max_megabytes"))
					continue
				}
				limit, known := largest()[kind]
				require.True(t, known, "no test here knows this exporter: %s", kind)
				queue := func(keys ...string) any { return at(exporters, append([]string{id, "sending_queue"}, keys...)...) }
				if queue("wait_for_result") == true { // a gateway without storage: whoever sends to it has the records until they are delivered
					require.Nil(t, queue("storage"))
					require.NotEqual(t, "0s", at(exporters, id, "retry_on_failure", "max_elapsed_time"), "the sender hears of a batch that could not be sent")
					continue
				}
				require.Equal(t, "resilient_file_storage", queue("storage"))
				require.Equal(t, true, queue("block_on_overflow"))
				require.Equal(t, "bytes", queue("sizer"))
				require.Equal(t, "bytes", queue("batch", "sizer"))
				if size, _ := queue("batch", "max_size").(int); kind == "sentinel" || kind == "app_insights" {
					require.Zero(t, size, "the exporters limit requests themselves, and the queue would drop a larger record")
				} else {
					require.Positive(t, size)
					if limit > 0 {
						require.Less(t, size, limit)
					}
				}
				if strings.HasSuffix(id, "/metrics") {
					require.Equal(t, 1, queue("num_consumers"), "sums arrive in order")
				}
				require.Equal(t, "0s", at(exporters, id, "retry_on_failure", "max_elapsed_time"))
			}
			receivers, _ := config.parsed["receivers"].(section)
			for id := range receivers {
				require.Nil(t, at(receivers, id, "retry"), "a receiver retries without end by default: %s", id)
				if kind, _, _ := strings.Cut(id, "/"); kind == "kafka" {
					require.Equal(t, section{"after": true, "on_error": false, "on_permanent_error": false}, at(receivers, id, "message_marking"))
					require.Equal(t, false, at(receivers, id, "autocommit", "enable"))
					require.Equal(t, "earliest", at(receivers, id, "initial_offset"))
					require.Equal(t, "0s", at(receivers, id, "error_backoff", "max_elapsed_time"))
				}
			}
		})
	}
}

func TestNoShippedConfigurationHasTheProcessorBatch(t *testing.T) {
	for name, config := range shipped(t) {
		processors, _ := config.parsed["processors"].(section)
		for id := range processors {
			kind, _, _ := strings.Cut(id, "/")
			require.NotEqual(t, "batch", kind, name)
		}
	}
}

// Each record becomes a blob, some hundred each second. With the exporter's own range of numbers, names repeat and
// blobs overwrite each other. If that case fails, upstream has fixed it, and docs/upstream.md must change.
func TestNamesOfBlobsDoNotRepeat(t *testing.T) {
	t.Parallel()
	const n = 3000
	for name, test := range map[string]struct {
		more    []string
		repeats bool
	}{
		"as shipped":                 {nil, false},
		"the exporter's own numbers": {[]string{"yaml:exporters::azure_blob::blob_name_format::serial_num_range: 10000"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trip := roadOf("examples/azure-blob/config.yaml").begin(t, append(test.more, "yaml:exporters::azure_blob::sending_queue::batch: {sizer: items, min_size: 1, max_size: 1}")...)
			c := trip.run(recording(t, "a", n, n), 0)
			c.untilAccepted(n)
			c.until("the queue is empty", func() bool { return c.metric("otelcol_exporter_queue_size") == 0 })
			c.interrupt()
			blobs := trip.far.(*blobFar)
			blobs.mu.Lock()
			defer blobs.mu.Unlock()
			for name := range blobs.blobs {
				require.Regexp(t, `^/winnet/winnet/20\d\d/\d\d/\d\d/\d\d_\d\d_\d\d_DC01-2006_\d+\.json$`, name, "time, the host's name as it is, and a number")
			}
			require.Equal(t, n, len(blobs.blobs)+blobs.replaced)
			require.Equal(t, test.repeats, blobs.replaced > 0, "%d of %d blobs were overwritten", blobs.replaced, n)
		})
	}
}
