// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// RequireGolden requires the records of a golden file, but for the times at which they were observed. It writes the file before if update is set.
func RequireGolden(t testing.TB, path string, update bool, got plog.Logs) {
	t.Helper()
	if update {
		require.NoError(t, golden.WriteLogsToFile(path, got))
	}
	want, err := golden.ReadLogs(path)
	require.NoError(t, err)
	require.NoError(t, plogtest.CompareLogs(want, got, plogtest.IgnoreObservedTimestamp()), path)
}
