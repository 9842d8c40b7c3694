// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

type section = map[string]any

// recommended is a whole configuration that a document shows.
const recommended = "receiver/ciliumwindowsreceiver/README.md"

// shipped are the configurations for production, and the recommended one.
func shipped(t *testing.T) map[string]section {
	paths, err := filepath.Glob(filepath.Join(root(t), "examples/*/*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	all := map[string]section{}
	for _, path := range append(paths, filepath.Join(root(t), "config.yaml")) {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		var config section
		require.NoError(t, yaml.Unmarshal(raw, &config), path)
		name, err := filepath.Rel(root(t), path)
		require.NoError(t, err)
		all[name] = config
	}
	text, err := os.ReadFile(filepath.Join(root(t), recommended))
	require.NoError(t, err)
	_, example, _ := strings.Cut(string(text), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	var config section
	require.NoError(t, yaml.Unmarshal([]byte(example), &config))
	require.Contains(t, config, "service", "it is whole")
	all[recommended] = config
	return all
}

// at gives what stands at a path of keys; nil where one is missing.
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

// largest is what the far end of each exporter takes in one request at most, in bytes; 0: anything.
func largest() map[string]int {
	return map[string]int{"kafka": 1_000_000, "otlp_http": 1 << 20, "otlp_grpc": 4 << 20, "azure_blob": 0, "azure_monitor": 0, "sentinel": 0}
}

func TestEveryShippedConfigurationHasTheSettingsThatLoseNothing(t *testing.T) {
	for name, config := range shipped(t) {
		t.Run(name, func(t *testing.T) {
			exporters, _ := config["exporters"].(section)
			require.NotEmpty(t, exporters)
			for id := range exporters {
				kind, _, _ := strings.Cut(id, "/")
				if kind == "file" {
					require.NotNil(t, at(exporters, id, "rotation", "max_megabytes"))
					continue
				}
				limit, known := largest()[kind]
				require.True(t, known, "an exporter that no test here knows: %s", kind)
				queue := func(keys ...string) any { return at(exporters, append([]string{id, "sending_queue"}, keys...)...) }
				require.Equal(t, "resilient_file_storage", queue("storage"))
				require.Equal(t, true, queue("block_on_overflow"))
				require.Equal(t, "bytes", queue("sizer"))
				require.Equal(t, "bytes", queue("batch", "sizer"))
				if size, _ := queue("batch", "max_size").(int); kind == "sentinel" {
					require.Zero(t, size, "it cuts requests itself, and the queue drops a record that is larger")
				} else {
					require.Positive(t, size)
					if limit > 0 {
						require.Less(t, size, limit)
					}
				}
				if strings.HasSuffix(id, "/metrics") {
					require.Equal(t, 1, queue("num_consumers"), "sums arrive in their order")
				}
				if kind != "azure_monitor" { // has no such key
					require.Equal(t, "0s", at(exporters, id, "retry_on_failure", "max_elapsed_time"))
				}
			}
			receivers, _ := config["receivers"].(section)
			for id := range receivers {
				if kind, _, _ := strings.Cut(id, "/"); kind != "otlp" {
					require.Equal(t, "0s", at(receivers, id, "retry", "max_elapsed_time"), id)
				}
			}
		})
	}
}

func TestNoShippedConfigurationHasTheProcessorBatch(t *testing.T) {
	for name, config := range shipped(t) {
		processors, _ := config["processors"].(section)
		for id := range processors {
			kind, _, _ := strings.Cut(id, "/")
			require.NotEqual(t, "batch", kind, name)
		}
	}
}

// Each record becomes a blob, some hundred in a second. With the exporter's own range of numbers names repeat, and blobs overwrite each
// other; when that fails, upstream has mended it, and docs/upstream.md must change.
func TestNamesOfBlobsDoNotRepeat(t *testing.T) {
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
			trip := roads()[1].begin(t, append(test.more, "yaml:exporters::azure_blob::sending_queue::batch: {sizer: items, min_size: 1, max_size: 1}")...)
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
