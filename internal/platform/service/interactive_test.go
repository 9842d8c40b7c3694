// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// runOnly is a collector that only runs a function.
type runOnly func()

func (runOnly) SetArgs([]string)                       {}
func (c runOnly) ExecuteContext(context.Context) error { c(); return nil }

func TestAnEnvironmentFileWithTheSettingsAloneIsEnough(t *testing.T) {
	for _, name := range []string{"OTELCOL_WINNET_DATA", "OTELCOL_WINNET_EXPORTERS", "OTELCOL_WINNET_RECEIVERS", "APPLICATIONINSIGHTS_CONNECTION_STRING", "AZURE_DCE_ENDPOINT", "AZURE_DCR_ID"} {
		t.Setenv(name, "")
	}
	path := filepath.Join(t.TempDir(), "environment")
	require.NoError(t, os.WriteFile(path, []byte("APPLICATIONINSIGHTS_CONNECTION_STRING=I=1\nOTELCOL_WINNET_RECEIVERS=[asimdns/dns-server]\n"), 0o600))
	ran := false
	require.NoError(t, interactive(func(...zap.Option) Command {
		return runOnly(func() {
			ran = true
			require.Equal(t, "[app_insights]", os.Getenv("OTELCOL_WINNET_EXPORTERS"))
			require.Equal(t, filepath.Dir(path), os.Getenv("OTELCOL_WINNET_DATA"))
		})
	}, []string{"--env-file", path, "--config", "config.yaml"}))
	require.True(t, ran)
}
