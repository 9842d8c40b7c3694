// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func TestAValueThatCanOnlyBeAMistakeIsRefusedWithKeyAndValue(t *testing.T) {
	load := func(values map[string]any) error {
		c := createDefaultConfig().(*Config)
		require.NoError(t, confmap.NewFromStringMap(values).Unmarshal(c))
		return c.Validate()
	}
	require.ErrorContains(t, (&Config{}).Validate(), "compaction: it has no value; want a section, or leave it out")
	dir := t.TempDir()
	require.NoError(t, load(map[string]any{"directory": dir}))
	require.NoError(t, load(map[string]any{"directory": `C:\new\traces`, "create_directory": true}))
	for _, name := range []string{"100%_of%x", "50% of it", "$queue", "${queue}", "日本", "trace\u00a0one", "a."} {
		require.NoError(t, load(map[string]any{"directory": filepath.Join(dir, name), "create_directory": true}), name)
	}
	for _, name := range []string{"%ProgramData%", "of-%TEMP%", "%QUEUES%"} {
		folder := filepath.Join(dir, name)
		require.Error(t, load(map[string]any{"directory": folder, "create_directory": true}), name)
		require.NoError(t, os.Mkdir(folder, 0o700))
		require.NoError(t, load(map[string]any{"directory": folder}), "an existing folder may have any name")
	}
	for _, tc := range []struct {
		key   string
		value any
		want  string
	}{
		{"directory", "C:\new\traces", `directory: "C:\new\traces" is not allowed: within YAML's double quotes a backslash begins an escape`},
		{"directory", "%ProgramData%/otelcol", "nothing expands %ProgramData% here; want ${env:ProgramData}"},
		{"directory", " ", `directory: " " is not allowed; want the path of a folder`},
		{"directory", `D:\%queues%\otelcol`, "nothing expands %queues% here; want ${env:queues}"},
		{"directory", "D:/otelcol-%COMPUTERNAME%", "nothing expands %COMPUTERNAME% here; want ${env:COMPUTERNAME}"},
		{"timeout", "0s", "timeout: 0s is not allowed"},
		{"timeout", "-1s", "timeout: -1s is not allowed"},
		{"timeout", 5, "timeout: 5ns is not allowed; want 1ms to 1h0m0s"},
		{"timeout", "2562047h", "timeout: 2562047h0m0s is not allowed"},
		{"compaction", map[string]any{"on_rebound": true, "check_interval": 5}, "compaction.check_interval: 5ns is not allowed; want at least 100ms"},
		{"compaction", map[string]any{"rebound_needed_threshold_mib": 1 << 43}, "compaction.rebound_needed_threshold_mib: 8796093022208 is not allowed; want 0 to 1048576"},
		{"compaction", map[string]any{"rebound_trigger_threshold_mib": -1}, "compaction.rebound_trigger_threshold_mib: -1 is not allowed"},
		{"max_damaged_files", -1, "max_damaged_files: -1 is not allowed"},
		{"max_memory_mib", -1, "max_memory_mib: -1 is not allowed"},
	} {
		require.ErrorContains(t, load(map[string]any{"directory": dir, "create_directory": true, tc.key: tc.value}), tc.want)
	}
}
