// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/installation"
)

// TestTheInstallersAcceptTheSettingsThatTheInstalledConfigurationAccepts: the installers check a setting before the configuration is there, by forms of
// their own. One that they accept and the exporters refuse would end an upgrade after the old version was removed.
func TestTheInstallersAcceptTheSettingsThatTheInstalledConfigurationAccepts(t *testing.T) {
	const rule = "dcr-0123456789abcdef0123456789abcdef"
	for _, c := range []struct {
		setting, variable, value string
		accepted                 bool
	}{
		{"APPLICATIONINSIGHTS_CONNECTION_STRING", "", "InstrumentationKey=11111111-2222-3333-4444-555555555555;IngestionEndpoint=https://x.in.applicationinsights.azure.com/;LiveEndpoint=https://y/", true},
		{"APPLICATIONINSIGHTS_CONNECTION_STRING", "", "instrumentationkey = k ; ; EndpointSuffix=applicationinsights.azure.cn", true},
		{"APPLICATIONINSIGHTS_CONNECTION_STRING", "", "garbage", false},
		{"APPLICATIONINSIGHTS_CONNECTION_STRING", "", "IngestionEndpoint=https://x.in.applicationinsights.azure.com/", false},
		{"APPLICATIONINSIGHTS_CONNECTION_STRING", "", "InstrumentationKey=k;InstrumentationKey=k", false},
		{"APPLICATIONINSIGHTS_CONNECTION_STRING", "", "InstrumentationKey=k;IngestionEndpoint=http://far.example/", false},
		{"APPLICATIONINSIGHTS_CONNECTION_STRING", "", "InstrumentationKey=k;IngestionEndpoint=https://x.example/a", false},
		{"APPLICATIONINSIGHTS_CONNECTION_STRING", "", "InstrumentationKey=k;Authorization=aad", false},
		{"APPLICATIONINSIGHTS_CONNECTION_STRING", "", "InstrumentationKey=k;EndpointSuffix=a b/c", false},
		{"APPLICATIONINSIGHTS_CONNECTION_STRING", "", "InstrumentationKey=k;EndpointSuffix=" + strings.Repeat("a", 4096), false},
		{"AZURE_DCE_ENDPOINT", "", "https://x-1234.eastus-1.ingest.monitor.azure.com", true},
		{"AZURE_DCE_ENDPOINT", "", "https://x.example:8443/", true},
		{"AZURE_DCE_ENDPOINT", "", "not a url", false},
		{"AZURE_DCE_ENDPOINT", "", "http://far.example", false},
		{"AZURE_DCE_ENDPOINT", "", "https://x.example?a=b", false},
		{"AZURE_DCR_ID", "", rule, true},
		{"AZURE_DCR_ID", "", "abc", false},
		{"AZURE_DCR_ID", "", rule + "0", false},
		{"HEALTH_PORT", "OTELCOL_WINNET_HEALTH_PORT", "23133", true},
		{"METRICS_PORT", "OTELCOL_WINNET_METRICS_PORT", "28888", true},
		{"METRICS_PORT", "OTELCOL_WINNET_METRICS_PORT", "none", false},
	} {
		t.Run(fmt.Sprintf("%s=%.60s", c.setting, c.value), func(t *testing.T) {
			args := []string{"check", "--set", c.setting + "=" + c.value}
			switch c.setting { // each needs the other one
			case "AZURE_DCE_ENDPOINT":
				args = append(args, "--set", "AZURE_DCR_ID="+rule)
			case "AZURE_DCR_ID":
				args = append(args, "--set", "AZURE_DCE_ENDPOINT=https://x.example")
			}
			err := installation.Run(args, io.Discard)

			env := filepath.Join(t.TempDir(), "environment")
			name := c.setting
			if c.variable != "" {
				name = c.variable
			}
			require.NoError(t, os.WriteFile(env, fmt.Appendf(nil, "OTELCOL_WINNET_RECEIVERS=[ciliumwindows/cilium]\nOTELCOL_WINNET_EXPORTERS=[app_insights, sentinel]\n%s=%s\n", name, c.value), 0o600))
			out, refused := exec.Command(collector(t), "validate", "--env-file", env, "--config", filepath.Join(root(t), "deploy/windows/config.yaml")).CombinedOutput()
			require.Equal(t, c.accepted, refused == nil, "validate: %s", out)
			require.Equal(t, c.accepted, err == nil, "setup check: %v", err)
		})
	}
}
