// SPDX-License-Identifier: Apache-2.0

// Files whose buffers are not in time order: a replay correlates them as a live session would.

package asimdnsreceiver

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/sessions"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// correlated replays a file with correlate and returns how many queries found their answers and how many did not.
func correlated(t *testing.T, path string) (answered, unanswered int) {
	t.Helper()
	sink, r, _ := replayAll(t, replayOf(path, func(c *Config) { c.Correlate = true }))
	require.Equal(t, r.Pipeline.Stats.Received.Load(), r.Pipeline.Stats.Emitted.Load()+r.Pipeline.Stats.Aggregated.Load())
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		switch {
		case kit.Text(lr, "EventOriginalType") == "257" && kit.Text(lr, "EventStartTime") != kit.Text(lr, "EventEndTime"):
			answered++
		case kit.Text(lr, "EventResult") == "Failure":
			unanswered++
		}
	})
	return answered, unanswered
}

// nine returns nine answered queries. The last three come `gap` after the others.
func nine(gap time.Duration, processors int) (list []sessions.Event) {
	for _, e := range sessions.Exchanges(9, processors, time.Second, 100*time.Millisecond) {
		n, query := int(e.At/time.Second), e.At%time.Second == 0
		at := e.At
		if n >= 6 {
			at += gap
		}
		if query {
			list = append(list, sessions.Query(n, e.CPU, at))
		} else {
			list = append(list, sessions.Answer(n, e.CPU, at))
		}
	}
	return list
}

func TestEveryQueryOfACircularFileFindsItsAnswer(t *testing.T) {
	for _, gap := range []time.Duration{time.Minute, 6 * time.Minute, 10 * time.Hour} {
		path := filepath.Join(t.TempDir(), "circular.etl")
		// Three queries and their answers fill two buffers. The last two buffers, those of the last three queries, overwrite them.
		var events []sessions.Event
		for n := range 3 {
			events = append(events, sessions.Query(100+n, 0, 0), sessions.Answer(100+n, 0, 0))
		}
		require.NoError(t, sessions.Session{}.Circular(path, 6, append(events, nine(gap, 1)...)))
		answered, unanswered := correlated(t, path)
		require.Equal(t, []int{9, 0}, []int{answered, unanswered}, "gap %s", gap)
	}
}

func TestEveryQueryFindsItsAnswerWhicheverProcessorsBufferHoldsIt(t *testing.T) {
	for _, gap := range []time.Duration{time.Minute, 6 * time.Minute, 10 * time.Hour} {
		for seed := range uint64(10) {
			path := filepath.Join(t.TempDir(), "scattered.etl")
			require.NoError(t, sessions.Session{Processors: 4}.Scattered(path, seed, nine(gap, 4)))
			answered, unanswered := correlated(t, path)
			require.Equal(t, []int{9, 0}, []int{answered, unanswered}, "gap %s, seed %d", gap, seed)
		}
	}
	path := filepath.Join(t.TempDir(), "busy.etl")
	require.NoError(t, sessions.Session{Processors: 16, BufferSize: 8 << 10}.Scattered(path, 1, sessions.Exchanges(2000, 16, time.Second, 3*time.Second)))
	answered, unanswered := correlated(t, path)
	require.Equal(t, []int{2000, 0}, []int{answered, unanswered})
}

func TestEveryQueryFindsItsAnswerInTheNextOfElevenChainedFiles(t *testing.T) {
	dir := t.TempDir()
	events := sessions.Exchanges(22, 1, time.Second, 3*time.Second) // three exchanges are open at any time
	files, err := sessions.Session{}.Chained(dir, "dns", 4, events)
	require.NoError(t, err)
	require.Len(t, files, 11)
	answered, unanswered := correlated(t, filepath.Join(dir, "dns_*.etl"))
	require.Equal(t, []int{22, 0}, []int{answered, unanswered})
}

// The file is read as complete because nothing is missing, as with records that are further out of order than the
// reader reads ahead.
func TestAFileThatCouldNotBePutInOrderIsAWarningAndNoError(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	s := &fileSource{r: &dnsReceiver{log: zap.New(core)}}
	require.NoError(t, s.read(replay.Part{Path: "many.etl"}, etl.Stats{Events: 9, Buffers: 5, UnmergedBuffers: 3}))
	require.NoError(t, s.read(replay.Part{Path: "few.etl"}, etl.Stats{Events: 9, Buffers: 5}))
	said := logs.FilterMessage("file read").FilterLevelExact(zap.WarnLevel).All()
	require.Len(t, said, 1)
	require.Equal(t, map[string]any{"file": "many.etl", "read": "9 events in 5 buffers, 3 buffers not merged by time"}, said[0].ContextMap())
}
