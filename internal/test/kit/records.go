// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// Replay plays recordings through a receiver with a configuration and returns the records.
func Replay(t testing.TB, f receiver.Factory, config map[string]any) *consumertest.LogsSink {
	t.Helper()
	cfg := f.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(config).Unmarshal(cfg))
	sink := &consumertest.LogsSink{}
	ReplayInto(t, f, cfg, sink)
	return sink
}

// ReplayInto plays recordings through a receiver to their end, and shuts it down. It requires that every event has left it.
func ReplayInto(t testing.TB, f receiver.Factory, cfg component.Config, next consumer.Logs) {
	t.Helper()
	ended := make(chan struct{})
	core, logs := observer.New(zap.InfoLevel)
	set := receivertest.NewNopSettings(f.Type())
	set.Logger = zap.New(core, zap.Hooks(func(entry zapcore.Entry) error {
		if entry.Message == "the replay has ended" {
			close(ended)
		}
		return nil
	}))
	r, err := f.CreateLogs(t.Context(), set, cfg, next)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	<-ended
	require.NoError(t, r.Shutdown(context.Background()))
	require.Len(t, logs.FilterMessage("every event has left the receiver").All(), 1)
}

// EachRecord calls do with every record that the sink has received, and its resource.
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

// Text returns an attribute as text, or "" if the record does not have it.
func Text(lr plog.LogRecord, name string) string {
	v, ok := lr.Attributes().Get(name)
	if !ok {
		return ""
	}
	return v.AsString()
}

// Span returns the times of the first and of the last event of a record.
func Span(t testing.TB, lr plog.LogRecord) (first, last time.Time) {
	t.Helper()
	first, err := time.Parse(time.RFC3339, Text(lr, "EventStartTime"))
	require.NoError(t, err)
	last, err = time.Parse(time.RFC3339, Text(lr, "EventEndTime"))
	require.NoError(t, err)
	return first, last
}

// Status returns the status records of a kind, as "type state", in order.
func Status(sink *consumertest.LogsSink, kind string) (all []string) {
	EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		if Text(lr, "Kind") == kind {
			all = append(all, Text(lr, "EventType")+" "+Text(lr, "State"))
		}
	})
	return all
}

// One returns 1 for true and 0 for false.
func One(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Counts are the generator's counts for a file of test data.
type Counts struct {
	Events int            `json:"events"`
	ByID   map[string]int `json:"by_id"` // by event id or message type
	// Sent counts what was sent, by "address port > address port", if the capture is about that.
	Sent map[string]Sent `json:"sent"`
}

// Sent counts what one side of a connection sent, and how much of it was dropped.
type Sent struct {
	Packets        int64 `json:"packets"`
	Bytes          int64 `json:"bytes"`
	DroppedPackets int64 `json:"dropped_packets"`
	DroppedBytes   int64 `json:"dropped_bytes"`
}

// Generated reads the generator's counts for a file.
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

// root returns the repository's folder: the first one above the test's with a go.mod.
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

// Until returns a sink, a consumer in front of it, and a channel that is closed when the sink has received n records.
func Until(n int) (sink *consumertest.LogsSink, next consumer.Logs, taken <-chan struct{}) {
	sink, enough := &consumertest.LogsSink{}, make(chan struct{})
	tell := sync.OnceFunc(func() { close(enough) })
	return sink, until{sink, n, tell}, enough
}

// until is a consumer that passes records on and closes a channel after n of them.
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
