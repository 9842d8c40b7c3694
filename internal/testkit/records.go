// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// EachRecord calls do with every record that the sink has taken, and its resource.
func EachRecord(sink *consumertest.LogsSink, do func(plog.ResourceLogs, plog.LogRecord)) {
	for _, logs := range sink.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			for _, lr := range rl.ScopeLogs().At(0).LogRecords().All() {
				do(rl, lr)
			}
		}
	}
}

// FirstOfEach keeps the first record of each key.
func FirstOfEach(sink *consumertest.LogsSink, key func(plog.LogRecord) string) plog.Logs {
	kept := plog.NewLogs()
	seen := map[string]bool{}
	var records plog.LogRecordSlice
	EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		if kept.ResourceLogs().Len() == 0 {
			to := kept.ResourceLogs().AppendEmpty()
			rl.Resource().CopyTo(to.Resource())
			sl := to.ScopeLogs().AppendEmpty()
			rl.ScopeLogs().At(0).Scope().CopyTo(sl.Scope())
			records = sl.LogRecords()
		}
		if k := key(lr); !seen[k] {
			seen[k] = true
			lr.CopyTo(records.AppendEmpty())
		}
	})
	return kept
}

// Text gives an attribute as text, "" when the record does not have it.
func Text(lr plog.LogRecord, name string) string {
	v, ok := lr.Attributes().Get(name)
	if !ok {
		return ""
	}
	return v.AsString()
}

// Counts is what the generator says of a file of test data.
type Counts struct {
	Events int            `json:"events"`
	ByID   map[string]int `json:"by_id"` // by event id or message type
}

// Generated reads what the generator says of a file. The test's folder is two below the repository.
func Generated(t testing.TB, file string) Counts {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/counts.json")
	require.NoError(t, err)
	var all map[string]Counts
	require.NoError(t, json.Unmarshal(raw, &all))
	c := all[filepath.Base(file)]
	require.NotZero(t, c.Events, "no counts of %s", file)
	return c
}
