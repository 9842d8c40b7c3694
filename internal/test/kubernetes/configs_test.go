// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// binary is the path of a built collector, which the variable names.
func binary(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	require.NotEmpty(t, path, "%s does not name a built collector; make test-kubernetes builds it", variable)
	return path
}

// validate runs the command validate of a built collector on a configuration, with the variables that the pod has.
func validate(t *testing.T, component, config string) (out string, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(config), 0o600))
	name := map[string]string{"agent": "WINNET_COLLECTOR", "gateway": "WINNET_GATEWAY"}[component]
	if component == "agent" && (strings.Contains(config, "k8s_names") || strings.Contains(config, "hubble:")) {
		name = "WINNET_NODE"
	}
	cmd := exec.Command(binary(t, name), "validate", "--config", path)
	cmd.Env = append(os.Environ(), "NODE_NAME=node-1", "NODE_IP=127.0.0.1", "POD_IP=127.0.0.1", "GATEWAY_ENDPOINT=127.0.0.1:4317",
		"AZURE_DCE_ENDPOINT=https://contoso.ingest.monitor.azure.com", "AZURE_DCR_ID=dcr-00112233445566778899aabbccddeeff",
		"AZURE_CLIENT_ID=id", "AZURE_TENANT_ID=tenant", "AZURE_FEDERATED_TOKEN_FILE="+path,
		"APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=00000000-0000-0000-0000-000000000001")
	raw, err := cmd.CombinedOutput()
	return string(raw), err
}

func TestTheCollectorsAcceptTheConfigurationsOfEverySetOfValues(t *testing.T) {
	n := 0
	for _, set := range sets(t) {
		for _, o := range rendered(t, given(t, set)) {
			m, ok := o.(*corev1.ConfigMap)
			if !ok {
				continue
			}
			n++
			component := m.Labels["app.kubernetes.io/component"]
			t.Run(set+"/"+component, func(t *testing.T) {
				config := m.Data["config.yaml"]
				require.NotEmpty(t, config)
				out, err := validate(t, component, config)
				require.NoError(t, err, "%s\n%s", out, config)
				out, err = validate(t, component, strings.Replace(config, "queue_size:", "queue_length:", 1))
				require.Error(t, err)
				require.Contains(t, out, "queue_length")
			})
		}
	}
	require.Equal(t, 12, n)
}

// section is a part of a configuration.
type section = map[string]any

// exporter is the configuration of an exporter without the given keys.
func exporter(t *testing.T, config, name string, without ...string) section {
	t.Helper()
	var parsed struct {
		Exporters map[string]section `json:"exporters"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(config), &parsed))
	found := parsed.Exporters[name]
	require.NotEmpty(t, found)
	for _, key := range without {
		require.Contains(t, found, key)
		delete(found, key)
	}
	return found
}

// The examples' configurations go through outages, stops and crashes in internal/test/roads, record by record. What holds for them holds for
// the pods, since these send in the same way.
func TestThePodsSendAsTheTestedExamplesDo(t *testing.T) {
	for _, test := range []struct {
		set, component, example, exporter string
		own                               []string
	}{
		{"sentinel", "agent", "examples/gateway/agent.yaml", "otlp_grpc", []string{"endpoint", "tls"}},
		{"sentinel", "gateway", "examples/gateway/gateway.yaml", "sentinel", nil},
		{"app-insights", "agent", "config.yaml", "app_insights", nil},
	} {
		t.Run(test.set+"/"+test.component, func(t *testing.T) {
			example, err := os.ReadFile(filepath.Join("../../..", test.example))
			require.NoError(t, err)
			for _, o := range rendered(t, given(t, test.set)) {
				if m, ok := o.(*corev1.ConfigMap); ok && m.Labels["app.kubernetes.io/component"] == test.component {
					require.Equal(t, exporter(t, string(example), test.exporter, test.own...), exporter(t, m.Data["config.yaml"], test.exporter, test.own...))
					return
				}
			}
			t.Fatal("no such ConfigMap")
		})
	}
}
