// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

// RequireDocuments requires that a receiver takes at least so many examples of its README.md and those of docs/configuration.md, and that its README.md
// names metrics as the collector serves them. The test's folder is the receiver's.
func RequireDocuments(t testing.TB, typ string, least int, config func() any) {
	t.Helper()
	require.GreaterOrEqual(t, requireExamples(t, "README.md", typ, config), least)
	require.NotZero(t, requireExamples(t, "../../docs/configuration.md", typ, config))
	MetricNames(t, ".", typ)
}

// requireExamples requires that a receiver accepts and validates every example of its configuration in a Markdown file:
// each receiver of the type under `receivers`, and the value of the type's own name. In a file of the test's folder,
// which is the receiver's own, every other block of YAML except Kubernetes' manifests is a part of its configuration.
// It returns the number of examples.
func requireExamples(t testing.TB, file string, typ string, config func() any) int {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	n := 0
	for i, block := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
		path := filepath.Join(t.TempDir(), strconv.Itoa(i)+".yaml")
		require.NoError(t, os.WriteFile(path, []byte(block[1]), 0o600))
		conf, err := confmaptest.LoadConf(path)
		require.NoError(t, err, block[1])
		for name, example := range examples(conf.ToStringMap(), typ, filepath.Dir(file) == ".") {
			section, _ := example.(map[string]any) // a receiver may have only its name
			require.True(t, section != nil || example == nil, "%s: %s is not a mapping in\n%s", file, name, block[1])
			cfg := config()
			require.NoError(t, confmap.NewFromStringMap(section).Unmarshal(cfg), "%s: %s in\n%s", file, name, block[1])
			require.NoError(t, confmap.Validate(cfg), "%s: %s in\n%s", file, name, block[1])
			n++
		}
	}
	return n
}

// examples returns the configurations of a type in a block of YAML, by the receivers' names.
func examples(block map[string]any, typ string, own bool) map[string]any {
	found := map[string]any{}
	receivers, whole := block["receivers"].(map[string]any)
	if !whole {
		receivers = block
	}
	for name, section := range receivers {
		if base, _, _ := strings.Cut(name, "/"); base == typ {
			found[name] = section
		}
	}
	if _, manifest := block["apiVersion"]; len(found) == 0 && own && !whole && !manifest {
		found["the block"] = block
	}
	return found
}
