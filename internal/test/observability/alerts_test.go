// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const folder = root + "/deploy/observability"

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(raw)
}

// alerts are the names of the alerts.
func alerts(t *testing.T) (names []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^ +- alert: (\w+)$`).FindAllStringSubmatch(read(t, folder+"/alerts.yaml"), -1) {
		names = append(names, m[1])
	}
	require.NotEmpty(t, names)
	return names
}

// promtool runs Prometheus' own tool in the folder.
func promtool(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil && os.Getenv("WINNET_COLLECTOR") == "" {
		t.Skip("not run: there is no promtool; make test-observability gets one on Debian")
	}
	require.NoError(t, err)
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestTheAlertRulesFireWhenTheyShould(t *testing.T) {
	out, err := promtool(t, folder, "check", "rules", "alerts.yaml")
	require.NoError(t, err, out)
	out, err = promtool(t, folder, "test", "rules", "alerts_test.yaml")
	require.NoError(t, err, out)

	// A rule that never fires fails its test.
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "alerts_test.yaml"), []byte(read(t, folder+"/alerts_test.yaml")), 0o600))
	blunt := strings.ReplaceAll(read(t, folder+"/alerts.yaml"), "> 0.8", "> 1.8")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "alerts.yaml"), []byte(blunt), 0o600))
	out, err = promtool(t, dir, "test", "rules", "alerts_test.yaml")
	require.Error(t, err)
	require.Contains(t, out, "OtelcolWinnetReceiverQueueFull")
}

func TestEveryAlertHasATestThatFiresAndOneThatDoesNotAndARowInTheDocument(t *testing.T) {
	var file struct {
		Tests []struct {
			Rules []struct {
				Name string `yaml:"alertname"`
				Want []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, folder+"/alerts_test.yaml")), &file))
	var fired, quiet []string
	for _, test := range file.Tests {
		for _, rule := range test.Rules {
			if len(rule.Want) > 0 {
				fired = append(fired, rule.Name)
			} else {
				quiet = append(quiet, rule.Name)
			}
		}
	}
	document := read(t, folder+"/README.md")
	for _, name := range alerts(t) {
		require.Contains(t, fired, name)
		require.Contains(t, quiet, name)
		require.Contains(t, document, "\n| `"+name+"` |")
	}
}

// The receivers' metrics are those of their documents. The collector's own are those of a run, which the dashboard's test reads.
func TestEveryMetricOfTheReceiversThatIsAskedForExists(t *testing.T) {
	var documented []string
	for _, receiver := range []string{"asimdns", "ciliumwindows"} {
		for _, m := range regexp.MustCompile(`(?m)^### (otelcol_\w+)$`).FindAllStringSubmatch(read(t, root+"/receiver/"+receiver+"receiver/documentation.md"), -1) {
			documented = append(documented, m[1])
		}
	}
	own := regexp.MustCompile(`otelcol_receiver_(?:asimdns|ciliumwindows)_\w+`)
	for _, file := range []string{"alerts.yaml", "alerts_test.yaml", "dashboard.json"} {
		names := own.FindAllString(read(t, folder+"/"+file), -1)
		require.NotEmpty(t, names)
		for _, name := range slices.Compact(names) {
			require.Contains(t, documented, name, file)
		}
	}
}
