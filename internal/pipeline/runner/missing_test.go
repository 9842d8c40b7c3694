// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// statusHost is a host that keeps what is reported.
type statusHost struct {
	component.Host
	reported []componentstatus.Status
}

func (h *statusHost) Report(e *componentstatus.Event) { h.reported = append(h.reported, e.Status()) }

var (
	errMissing = errors.New("not registered")
	errAccess  = errors.New("access denied")
)

// waiting returns a receiver whose source opens with the errors, one an attempt, and then without. closed counts how often it was closed.
func waiting(t *testing.T, when WhenMissing, errs ...error) (f *fake, closed *int) {
	f, closed = prepared(t, consumertest.NewNop()), new(int)
	f.Sections.WhenMissing = when
	f.Parts.Missing = func(err error) bool { return errors.Is(err, errMissing) }
	f.Parts.OpenLive = func(component.Host) (func(context.Context) error, error) {
		if len(errs) == 0 {
			return func(context.Context) error { *closed++; return nil }, nil
		}
		err := errs[0]
		errs = errs[1:]
		return nil, err
	}
	return f, closed
}

func TestASourceThatTheHostLacksIsWaitedForIfConfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, closed := waiting(t, Wait, errMissing, errMissing, errAccess, errAccess)
		h := &statusHost{Host: componenttest.NewNopHost()}
		require.NoError(t, f.Start(t.Context(), h))
		time.Sleep(10 * time.Minute)
		require.Equal(t, []componentstatus.Status{
			componentstatus.StatusRecoverableError, componentstatus.StatusRecoverableError, componentstatus.StatusOK,
		}, h.reported)
		require.Equal(t, 1, f.logs.FilterMessageSnippet("this host lacks the receiver's source").Len(), "said once")
		require.Equal(t, 1, f.logs.FilterMessageSnippet("cannot open the receiver's source").Len(), "said once")
		f.Pipeline.Offer(1, []byte("event"), nil)
		require.NoError(t, f.Shutdown(t.Context()))
		require.Equal(t, 1, *closed)
		require.EqualValues(t, 1, f.Pipeline.Stats.Emitted.Load())
		require.Zero(t, f.Pipeline.Stats.Pending())
	})
}

func TestAMetricSaysWhetherTheSourceIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := waiting(t, Wait, errMissing, errMissing)
		var reading atomic.Bool
		open := f.Parts.OpenLive
		f.Parts.OpenLive = func(h component.Host) (func(context.Context) error, error) {
			stop, err := open(h)
			reading.Store(err == nil)
			return stop, err
		}
		f.Parts.Reading = reading.Load
		c := &collected{values: map[string]func() int64{}}
		f.Parts.Telemetry = func(component.TelemetrySettings) (Telemetry, error) { return counting{c}, nil }
		require.NoError(t, f.Start(t.Context(), componenttest.NewNopHost()))
		require.Zero(t, c.values["open"](), "the host lacks the source")
		time.Sleep(10 * time.Minute)
		require.EqualValues(t, 1, c.values["open"](), "it is there now")
		reading.Store(false)
		require.Zero(t, c.values["open"](), "it was stopped from outside")
		require.NoError(t, f.Shutdown(t.Context()))
	})
}

func TestASourceThatNeverComesDoesNotHoldUpTheStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, closed := waiting(t, Wait, errMissing, errMissing, errMissing)
		require.NoError(t, f.Start(t.Context(), componenttest.NewNopHost()))
		begun := time.Now()
		require.NoError(t, f.Shutdown(t.Context()))
		require.Zero(t, time.Since(begun))
		require.Zero(t, *closed)
		require.Zero(t, f.Pipeline.Stats.Received.Load())
	})
}

func TestAnAttemptThatHangsDoesNotHoldUpTheStopAndWhatItOpensIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, closed := waiting(t, Wait, errMissing)
		open, hangs, attempts := f.Parts.OpenLive, make(chan struct{}), 0
		f.Parts.OpenLive = func(h component.Host) (func(context.Context) error, error) {
			if attempts++; attempts > 1 {
				<-hangs
			}
			return open(h)
		}
		h := &statusHost{Host: componenttest.NewNopHost()}
		require.NoError(t, f.Start(t.Context(), h))
		time.Sleep(missingInterval + time.Second)
		begun := time.Now()
		require.ErrorContains(t, f.Shutdown(t.Context()), "an attempt to open the receiver's source has not ended")
		require.LessOrEqual(t, time.Since(begun), pipeline.DrainTimeout+lastTime)
		require.Zero(t, *closed)
		close(hangs)
		synctest.Wait()
		require.Equal(t, 1, *closed)
		require.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError}, h.reported, "nothing after the stop")
	})
}

func TestASourceThatTheHostLacksFailsTheStartByDefault(t *testing.T) {
	f, _ := waiting(t, DefaultSections().WhenMissing, errMissing)
	require.ErrorIs(t, f.Start(t.Context(), componenttest.NewNopHost()), errMissing)
	f, _ = waiting(t, Wait, errAccess)
	require.ErrorIs(t, f.Start(t.Context(), componenttest.NewNopHost()), errAccess, "it is there, and cannot be opened")
}
