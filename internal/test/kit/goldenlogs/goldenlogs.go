// SPDX-License-Identifier: Apache-2.0

// Package goldenlogs compares records with a golden file. It is apart from kit, so that who needs that does not require this package's modules.
package goldenlogs

import (
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Require requires the records of a golden file, but for the times at which they were observed. It writes the file before if update is set.
func Require(t testing.TB, path string, update bool, got plog.Logs) {
	t.Helper()
	if update {
		require.NoError(t, golden.WriteLogsToFile(path, got))
	}
	want, err := golden.ReadLogs(path)
	require.NoError(t, err)
	require.NoError(t, plogtest.CompareLogs(want, got, plogtest.IgnoreObservedTimestamp()), path)
}
