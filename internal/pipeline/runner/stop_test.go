// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// emitting is a handler that emits a record for every event.
type emitting struct{}

func (emitting) Begin(logs plog.Logs) plog.LogRecordSlice {
	return logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
}

func (emitting) Handle(_ pipeline.Event, records plog.LogRecordSlice) pipeline.Outcome {
	records.AppendEmpty()
	return pipeline.Outcome{Kind: pipeline.Emitted}
}

// counting is the telemetry of a receiver with status records.
type counting struct{ *collected }

func (c counting) RegisterStatusReceivedCallback(metric.Int64Callback) error { return nil }
func (c counting) RegisterStatusEmittedCallback(metric.Int64Callback) error  { return nil }
func (c counting) RegisterStatusDroppedCallback(metric.Int64Callback) error  { return nil }
func (c counting) Shutdown()                                                 {}

// prepared returns a receiver that emits a record for every event.
func prepared(t *testing.T, next consumer.Logs) *fake {
	t.Helper()
	f := newFake(t, func(*Sections) {})
	f.Next = next
	f.Parts.NewHandler = func([]string) (pipeline.Handler, error) { return emitting{}, nil }
	f.Parts.Telemetry = func(component.TelemetrySettings) (Telemetry, error) {
		return counting{&collected{values: map[string]func() int64{}}}, nil
	}
	f.Parts.HostName, f.Parts.Reading = func() string { return "host" }, func() bool { return true }
	return f
}

// started returns n started receivers of one collector, each with an event that its next component refuses.
func started(t *testing.T, n int, change func(*fake)) (all []*fake) {
	t.Helper()
	refuses, err := consumer.NewLogs(func(context.Context, plog.Logs) error { return errors.New("full") })
	require.NoError(t, err)
	for range n {
		f := prepared(t, refuses)
		if len(all) > 0 {
			f.Receiver.Resource = all[0].Receiver.Resource
		}
		f.Sections.Status.Heartbeat = time.Minute
		change(f)
		require.NoError(t, f.Start(t.Context(), componenttest.NewNopHost()))
		f.Pipeline.Offer(1, []byte("event"), nil)
		all = append(all, f)
	}
	return all
}

func stopAll(all []*fake) time.Duration {
	begun := time.Now()
	for _, f := range all {
		_ = f.Shutdown(context.Background())
	}
	return time.Since(begun)
}

func TestAllReceiversOfACollectorStopWithinOneBound(t *testing.T) {
	hanging := func(f *fake) {
		f.Parts.OpenLive = func(component.Host) (func(context.Context) error, error) {
			return func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil
		}
		f.Parts.End = func(_ context.Context, deadline time.Time) error {
			time.Sleep(time.Until(deadline))
			return nil
		}
	}
	for name, c := range map[string]struct {
		receivers int
		change    func(*fake)
		bound     time.Duration
	}{
		"one":                  {1, func(*fake) {}, 3500 * time.Millisecond},
		"two":                  {2, func(*fake) {}, 3500 * time.Millisecond},
		"four":                 {4, func(*fake) {}, 4 * time.Second},
		"two that hang longer": {2, hanging, 4500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := started(t, c.receivers, c.change)
				took := stopAll(all)
				require.Less(t, took, c.bound)
				require.Greater(t, took, pipeline.DrainTimeout-time.Second, "what is refused is tried again as long as there is time")
				for _, f := range all {
					require.EqualValues(t, 1, f.Pipeline.Stats.Dropped.Snapshot()[pipeline.DropShutdown])
				}
			})
		})
	}
}

func TestWhatOneReceiverDoesNotUseTheNextOnesHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const collector = "one"
		left := func() time.Duration { return time.Until(beginStop(collector).deadline) }
		for range 3 {
			joinStop(collector)
		}
		require.Equal(t, time.Second, left())
		leaveStop(collector) // at once
		require.Equal(t, 1500*time.Millisecond, left())
		time.Sleep(time.Second)
		leaveStop(collector)
		require.Equal(t, 2*time.Second, left())
		time.Sleep(3 * time.Second)
		leaveStop(collector)
		require.NotContains(t, stops.of, collector)
	})
}

func TestAStopThatComesLaterHasItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := started(t, 2, func(*fake) {})
		stopAll(all[:1])
		time.Sleep(time.Minute) // the collector goes on with one receiver less
		require.GreaterOrEqual(t, stopAll(all[1:]), pipeline.DrainTimeout)
		require.NotContains(t, stops.of, all[0].Receiver.Resource)
	})
}
