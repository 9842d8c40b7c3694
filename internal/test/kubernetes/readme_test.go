// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"
)

// document reads a document that shows values of the chart. A line that ends with a backslash is joined with the next one.
func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../../" + name)
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\\\n", " ")
}

// documentsOfValues are the documents that show values of the chart.
var documentsOfValues = []string{"deploy/kubernetes/README.md", "docs/hubble.md"}

func TestKubernetesAcceptsTheObjectsOfTheValuesThatTheDocumentsShow(t *testing.T) {
	for _, name := range documentsOfValues {
		blocks := 0
		for _, m := range regexp.MustCompile("(?ms)^( *)```yaml\n(.*?)^ *```$").FindAllStringSubmatch(document(t, name), -1) {
			values := regexp.MustCompile("(?m)^"+m[1]).ReplaceAllString(m[2], "")
			if !strings.HasPrefix(values, "agent:\n") {
				continue
			}
			if !strings.Contains(values, "\ngateway:\n") { // an installation has other values already
				values += given(t, "sentinel")
			}
			require.NotEmpty(t, rendered(t, values), name)
			blocks++
		}
		require.Equal(t, 1, blocks, name)
	}
}

func TestKubernetesAcceptsTheObjectsOfTheShortestInstallation(t *testing.T) {
	line := regexp.MustCompile(`(?m)^helm install .* --set .*$`).FindString(document(t, "deploy/kubernetes/README.md"))
	values := map[string]any{}
	for _, m := range regexp.MustCompile(`--set (\S+)`).FindAllStringSubmatch(line, -1) {
		require.NoError(t, strvals.ParseInto(m[1], values))
	}
	require.NotEmpty(t, values)
	text, err := yaml.Marshal(values)
	require.NoError(t, err)
	require.Len(t, rendered(t, string(text)), 3)
}

func TestTheChartHasTheValuesThatTheDocumentsName(t *testing.T) {
	chart, err := loader.Load(chartFolder)
	require.NoError(t, err)
	for _, name := range documentsOfValues {
		named := regexp.MustCompile("`((?:agent|gateway)\\.[A-Za-z.]+)(?:: [^`]*)?`").FindAllStringSubmatch(document(t, name), -1)
		require.NotEmpty(t, named)
		for _, m := range named {
			at := any(chart.Values)
			for key := range strings.SplitSeq(m[1], ".") {
				section, _ := at.(map[string]any)
				require.Contains(t, section, key, "%s: %s", name, m[1])
				at = section[key]
			}
		}
	}
}
