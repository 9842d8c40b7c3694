// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

const uid = "EventOriginalUid"

// UIDs counts the records of each identifier.
func UIDs(sink *consumertest.LogsSink) map[string]int {
	counts := map[string]int{}
	EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { counts[Text(lr, uid)]++ })
	return counts
}

// ByUID returns the records by identifier, and requires that no two records have the same one.
func ByUID(t testing.TB, sink *consumertest.LogsSink) map[string]plog.LogRecord {
	t.Helper()
	all := map[string]plog.LogRecord{}
	EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		id := Text(lr, uid)
		require.Regexp(t, "^[0-9a-f]{32}$", id)
		require.NotContains(t, all, id)
		all[id] = lr
	})
	return all
}
