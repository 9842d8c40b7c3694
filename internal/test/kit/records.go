// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// EachRecord calls do with every record that the sink has taken, and its resource.
func EachRecord(sink *consumertest.LogsSink, do func(plog.ResourceLogs, plog.LogRecord)) {
	for _, logs := range sink.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					do(rl, lr)
				}
			}
		}
	}
}

// FirstOfEach keeps the first record of each key, of one resource, by scope.
func FirstOfEach(sink *consumertest.LogsSink, key func(plog.LogRecord) string) plog.Logs {
	kept := plog.NewLogs()
	to := kept.ResourceLogs().AppendEmpty()
	seen, scopes := map[string]bool{}, map[string]plog.LogRecordSlice{}
	for _, logs := range sink.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			rl.Resource().CopyTo(to.Resource())
			for _, sl := range rl.ScopeLogs().All() {
				name := sl.Scope().Name()
				if _, ok := scopes[name]; !ok {
					scope := to.ScopeLogs().AppendEmpty()
					sl.Scope().CopyTo(scope.Scope())
					scopes[name] = scope.LogRecords()
				}
				for _, lr := range sl.LogRecords().All() {
					if k := key(lr); !seen[k] {
						seen[k] = true
						lr.CopyTo(scopes[name].AppendEmpty())
					}
				}
			}
		}
	}
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
	// Sent is what was sent, by "address port > address port", where a capture is about that.
	Sent map[string]Sent `json:"sent"`
}

// Sent is what one side of a connection sent, and what of it was dropped.
type Sent struct {
	Packets        int64 `json:"packets"`
	Bytes          int64 `json:"bytes"`
	DroppedPackets int64 `json:"dropped_packets"`
	DroppedBytes   int64 `json:"dropped_bytes"`
}

// Generated reads what the generator says of a file.
func Generated(t testing.TB, file string) Counts {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root(t), "testdata", "counts.json"))
	require.NoError(t, err)
	var all map[string]Counts
	require.NoError(t, json.Unmarshal(raw, &all))
	c := all[filepath.Base(file)]
	require.NotZero(t, c.Events, "no counts of %s", file)
	return c
}

// root is the folder of the repository: the one above the test's that has a go.mod.
func root(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		above := filepath.Dir(folder)
		require.NotEqual(t, above, folder, "no folder above the test has a go.mod")
		folder = above
	}
}

// Until gives a sink, the consumer in front of it, and what is closed when the sink has taken n records.
func Until(n int) (sink *consumertest.LogsSink, next consumer.Logs, taken <-chan struct{}) {
	sink, enough := &consumertest.LogsSink{}, make(chan struct{})
	tell := sync.OnceFunc(func() { close(enough) })
	return sink, until{sink, n, tell}, enough
}

// until is a consumer that passes records on and tells when there are n.
type until struct {
	*consumertest.LogsSink
	n    int
	tell func()
}

func (u until) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	err := u.LogsSink.ConsumeLogs(ctx, logs)
	if u.LogRecordCount() >= u.n {
		u.tell()
	}
	return err
}
