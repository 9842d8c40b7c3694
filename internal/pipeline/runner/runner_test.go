// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/record"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
)

// fake is a receiver that notes its calls in order.
type fake struct {
	*Runner
	asked []string
	logs  *observer.ObservedLogs

	openErr, telemetryErr error
}

func newFake(t *testing.T, change func(*Sections)) *fake {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	set := receivertest.NewNopSettings(component.MustNewType("fake"))
	set.Logger = zap.New(core)
	f := &fake{logs: logs}
	s := Settings{Receiver: set, Sections: DefaultSections(), Next: consumertest.NewNop(), Transport: "none", Parts: Parts{
		CheckFile:  func(string) error { return nil },
		NewHandler: func([]string) (pipeline.Handler, error) { f.ask("handler"); return everything{}, nil },
		NewWriter: func([]string) func(record.Destination, recording.File) (record.Writer, error) {
			f.ask("writer")
			return func(record.Destination, recording.File) (record.Writer, error) { return noWriter{}, nil }
		},
		OpenLive: func(component.Host) (func(context.Context) error, error) {
			f.ask("open")
			return func(context.Context) error { f.ask("close"); return nil }, f.openErr
		},
		Follow:   func(stopped <-chan struct{}) { <-stopped },
		PlayFile: func(context.Context, replay.Part, replay.Emit) error { return nil },
		Losses:   func() map[string]int64 { return map[string]int64{"here": 1} },
		Telemetry: func(component.TelemetrySettings) (Telemetry, error) {
			f.ask("telemetry")
			return noTelemetry{f: f}, f.telemetryErr
		},
		Begin:   func() { f.ask("begin") },
		End:     func(context.Context, time.Time) error { f.ask("end"); return nil },
		Started: func([]string) { f.ask("started") },
		Account: func() []zap.Field { f.ask("account"); return []zap.Field{zap.String("more", "said")} },
	}}
	change(&s.Sections)
	var err error
	f.Runner, err = New(s)
	require.NoError(t, err)
	return f
}

func TestAReceiverNeedsOnlyItsSourceAndItsHandler(t *testing.T) {
	f := newFake(t, func(*Sections) {})
	s := f.Settings
	s.Parts.Follow, s.Parts.Losses, s.Parts.Begin, s.Parts.End, s.Parts.Played, s.Parts.Started, s.Parts.Account = nil, nil, nil, nil, nil, nil, nil
	r, err := New(s)
	require.NoError(t, err)
	f.openErr = errors.New("refused")
	require.ErrorIs(t, r.Start(t.Context(), componenttest.NewNopHost()), f.openErr, "Begin and End are called")
	require.NoError(t, r.Shutdown(t.Context()))
	stopped := make(chan struct{})
	close(stopped)
	r.Parts.Follow(stopped)
	r.Parts.Started(nil)
	r.Parts.Played()
	require.Empty(t, r.Parts.Losses())
	require.Empty(t, r.Parts.Account())
}

func (f *fake) ask(what string) { f.asked = append(f.asked, what) }

// everything is a handler that filters everything.
type everything struct{}

func (everything) Begin(plog.Logs) plog.LogRecordSlice { return plog.NewLogRecordSlice() }

func (everything) Handle(pipeline.Event, plog.LogRecordSlice) pipeline.Outcome {
	return pipeline.Outcome{Kind: pipeline.Filtered}
}

type noWriter struct{}

func (noWriter) Write(queue.Event) error { return nil }
func (noWriter) Lost(int64) error        { return nil }
func (noWriter) Flush() error            { return nil }
func (noWriter) Size() int64             { return 0 }
func (noWriter) Close() error            { return nil }

// noTelemetry registers nothing: after a failed start only its end is called.
type noTelemetry struct {
	Telemetry
	f *fake
}

func (n noTelemetry) Shutdown() { n.f.ask("telemetry ended") }

func TestAStartThatFailsLeavesNothingRunning(t *testing.T) {
	refused := errors.New("refused")
	path := filepath.Join(t.TempDir(), "recorded")
	for name, c := range map[string]struct {
		change func(*fake)
		asked  []string
	}{
		"the source": {
			func(f *fake) { f.openErr = refused },
			[]string{"handler", "writer", "begin", "open", "end"},
		},
		"the telemetry": {
			func(f *fake) { f.telemetryErr = refused },
			[]string{"handler", "writer", "begin", "open", "telemetry", "close", "end", "telemetry ended", "account"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the recording's file is free again
				f := newFake(t, func(s *Sections) { s.Record.Path = path })
				c.change(f)
				require.ErrorIs(t, f.Start(context.Background(), componenttest.NewNopHost()), refused)
				require.Equal(t, c.asked, f.asked)
				require.NoError(t, f.Shutdown(context.Background()))
				require.Equal(t, c.asked, f.asked, "there is nothing to shut down")
				for _, account := range f.logs.FilterMessage("every event has left the receiver").All() {
					require.Equal(t, "said", account.ContextMap()["more"])
				}
			}
		})
	}
}

func TestAHandlerThatCannotBeMadeBeginsNothing(t *testing.T) {
	refused := errors.New("refused")
	f := newFake(t, func(*Sections) {})
	f.Parts.NewHandler = func([]string) (pipeline.Handler, error) { return nil, refused }
	require.ErrorIs(t, f.Start(context.Background(), componenttest.NewNopHost()), refused)
	require.Empty(t, f.asked)
	require.NoError(t, f.Shutdown(context.Background()))
}

func TestLossesAreAskedForOnceTheSourceIsOpen(t *testing.T) {
	f := newFake(t, func(*Sections) {})
	require.Nil(t, f.Losses())
	f.opened.Store(true)
	require.Equal(t, map[string]int64{"here": 1}, f.Losses())
}

func TestWhatIsMissingInTheRecordingAndTheArchiveIsALossRecord(t *testing.T) {
	f := newFake(t, func(s *Sections) {
		s.Record.Path, s.Status.Records = filepath.Join(t.TempDir(), "recorded"), true
	})
	next := &consumertest.LogsSink{}
	f.Next, f.Parts.HostName = next, func() string { return "dc1" }
	refused := errors.New("refused")
	f.Parts.Telemetry = func(component.TelemetrySettings) (Telemetry, error) { // the start ends here, with everything running
		stats := &f.Pipeline.Record.Stats
		stats.Received.Add(2)
		stats.Lost.Add("queue_full", 2)
		f.Pipeline.Stats.Archive.Dropped.Add(pipeline.DropRefused, 3)
		return noTelemetry{f: f}, refused
	}
	require.ErrorIs(t, f.Start(t.Context(), componenttest.NewNopHost()), refused)
	lost := map[string]int64{}
	for _, logs := range next.AllLogs() {
		a := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().AsRaw()
		require.Equal(t, "EventsLost", a["EventType"])
		require.NotEmpty(t, a["EventStartTime"])
		lost[a["Object"].(string)] = a["EventCount"].(int64)
	}
	require.Equal(t, map[string]int64{"here": 1, "record_queue_full": 2, "archive_refused": 3}, lost)
}
