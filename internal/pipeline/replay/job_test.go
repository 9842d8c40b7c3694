// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

func TestTheLastReceiverOfACollectorEndsIt(t *testing.T) {
	a, b, other := Join("one"), Join("one"), Join("another")
	defer other.Leave()
	require.False(t, a.done(), "b is not done")
	require.True(t, other.done(), "it is the only one of its collector")
	require.True(t, b.done())
	a.Leave()
	b.Leave()
	a.Leave()
	require.False(t, b.done(), "it has left: its collector has ended")
	require.NotContains(t, jobs.of, any("one"), "nothing is kept of a collector that has ended")

	var none *Job
	require.False(t, none.done())
	none.Leave()
}

func TestAReceiverThatWasShutDownIsNotWaitedFor(t *testing.T) {
	a, b := Join("one"), Join("one")
	defer a.Leave()
	b.Leave()
	require.True(t, a.done())
}

func TestAJobThatWasStoppedBeforeItsRecordsCouldBeHandedOverIsNotDone(t *testing.T) {
	j := Join("one")
	defer j.Leave()
	var s pipeline.Stats
	s.Dropped.Add(pipeline.DropRefused, 5)
	require.NoError(t, j.Lost(&s), "what is refused for good stands in the account")
	s.Dropped.Add(pipeline.DropShutdown, 2259)
	require.EqualError(t, j.Lost(&s), "replay: stopped before 2259 events could be handed over")
	var none *Job
	require.NoError(t, none.Lost(&s), "a receiver that is no job")
}

// collectorHost is a host like the collector's: ReportStatus passes events to the collector under a lock.
type collectorHost struct {
	component.Host
	event *componentstatus.Event
}

func (h *collectorHost) Report(*componentstatus.Event) { panic("under the lock") }

func (h *collectorHost) NotifyComponentStatusChange(_ *componentstatus.InstanceID, event *componentstatus.Event) {
	h.event = event
}

// reporter is any other host.
type reporter struct {
	component.Host
	event *componentstatus.Event
}

func (h *reporter) Report(event *componentstatus.Event) { h.event = event }

func TestTheCollectorIsToldThatThisIsNoFailure(t *testing.T) {
	id := component.MustNewID("asimdns")
	h := &collectorHost{Host: componenttest.NewNopHost()}
	EndCollector(h, id)
	require.Equal(t, componentstatus.StatusFatalError, h.event.Status())
	require.ErrorContains(t, h.event.Err(), "this is no failure: every replay with exit_when_done has ended")

	other := &reporter{Host: componenttest.NewNopHost()}
	EndCollector(other, id)
	require.Equal(t, componentstatus.StatusFatalError, other.event.Status())
	EndCollector(componenttest.NewNopHost(), id)

	first := &collectorHost{Host: componenttest.NewNopHost()}
	EndCollector(pipelines{first, other}, id)
	require.Equal(t, componentstatus.StatusFatalError, first.event.Status(), "a receiver in several pipelines")
}

// pipelines are the hosts of a receiver in several of them.
type pipelines []component.Host

func (p pipelines) GetExtensions() map[component.ID]component.Component { return nil }

func (p pipelines) Unwrap() component.Host { return p[0] }
