// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// cleared is a process without the settings, until the test ends.
func cleared(t *testing.T) {
	t.Helper()
	for _, name := range []string{dataVariable, exportersVariable, "APPLICATIONINSIGHTS_CONNECTION_STRING", "AZURE_DCE_ENDPOINT", "AZURE_DCR_ID"} {
		t.Setenv(name, "")
	}
}

func TestAFileThatNoInstallerHasWrittenGetsTheFolderAndTheExporters(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "[file]",
		"X=1":                "[file]",
		"AZURE_DCR_ID=dcr-1": "[file]",
		"APPLICATIONINSIGHTS_CONNECTION_STRING=" + secret:                                                       "[app_insights]",
		"AZURE_DCE_ENDPOINT=https://one.example\nAZURE_DCR_ID=dcr-1":                                            "[sentinel]",
		"AZURE_DCE_ENDPOINT=https://one.example\nAZURE_DCR_ID=dcr-1\nAPPLICATIONINSIGHTS_CONNECTION_STRING=I=1": "[app_insights, sentinel]",
	} {
		t.Run(want, func(t *testing.T) {
			cleared(t)
			path := filepath.Join(t.TempDir(), "environment")
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			warnings, err := Load(path)
			require.NoError(t, err)
			if text == "AZURE_DCR_ID=dcr-1" {
				require.Contains(t, warnings, path+": AZURE_DCR_ID has no effect without AZURE_DCE_ENDPOINT in the configuration of the installers: no record goes to Microsoft Sentinel")
			}
			require.NoError(t, SetDefaults(filepath.Dir(path)))
			require.Equal(t, want, os.Getenv(exportersVariable))
			require.Equal(t, filepath.Dir(path), os.Getenv(dataVariable))
		})
	}
}

func TestWhatTheFileSaysWinsOverTheDefaults(t *testing.T) {
	cleared(t)
	path := filepath.Join(t.TempDir(), "environment")
	require.NoError(t, os.WriteFile(path, []byte("OTELCOL_WINNET_DATA=elsewhere\nOTELCOL_WINNET_EXPORTERS=[otlp_grpc]\nAPPLICATIONINSIGHTS_CONNECTION_STRING=I=1\n"), 0o600))
	_, err := Load(path)
	require.NoError(t, err)
	require.NoError(t, SetDefaults(filepath.Dir(path)))
	require.Equal(t, "[otlp_grpc]", os.Getenv(exportersVariable))
	require.Equal(t, "elsewhere", os.Getenv(dataVariable))
}

func TestAFolderFromTheShellIsMadeAbsolute(t *testing.T) {
	cleared(t)
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, SetDefaults("."))
	require.Equal(t, dir, os.Getenv(dataVariable))
}
