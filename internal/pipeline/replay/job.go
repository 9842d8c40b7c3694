// SPDX-License-Identifier: Apache-2.0

// A replay as a job: the collector ends when every receiver with exit_when_done is done.

package replay

import (
	"errors"
	"fmt"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// Job is the part of one receiver in ending its collector. A nil Job has no part in it.
type Job struct {
	collector any
	over      bool // guarded by jobs
}

// jobs are the receivers with exit_when_done of this process, by collector. It is state of the process because the collector makes each
// receiver on its own, from factories that do not know each other, and gives them no shared place.
var jobs struct {
	sync.Mutex
	of map[any]map[*Job]bool
}

// Join adds a receiver when it is made. All receivers of a collector are made before one starts, and have equal values of collector, which
// must be comparable. Leave must follow.
func Join(collector any) *Job {
	jobs.Lock()
	defer jobs.Unlock()
	j := &Job{collector: collector}
	if jobs.of == nil {
		jobs.of = map[any]map[*Job]bool{}
	}
	if jobs.of[collector] == nil {
		jobs.of[collector] = map[*Job]bool{}
	}
	jobs.of[collector][j] = true
	return j
}

// Leave removes the receiver when it is shut down. It may be called again.
func (j *Job) Leave() {
	if j == nil {
		return
	}
	jobs.Lock()
	defer jobs.Unlock()
	delete(jobs.of[j.collector], j)
	if len(jobs.of[j.collector]) == 0 {
		delete(jobs.of, j.collector)
	}
}

// done marks the receiver as done, and reports whether it is the last one of its collector.
func (j *Job) done() bool {
	if j == nil {
		return false
	}
	jobs.Lock()
	defer jobs.Unlock()
	j.over = true
	for other := range jobs.of[j.collector] {
		if !other.over {
			return false
		}
	}
	return jobs.of[j.collector][j]
}

// Lost is called with the receiver's account when it has shut down. It returns an error when the job was stopped before its records could
// be handed over, so that the job does not look complete. Without a job it returns nil.
func (j *Job) Lost(s *pipeline.Stats) error {
	if j == nil {
		return nil
	}
	if n := s.Dropped.Snapshot()[pipeline.DropShutdown]; n > 0 {
		return fmt.Errorf("replay: stopped before %d events could be handed over", n)
	}
	if n := s.Archive.Dropped.Snapshot()[pipeline.DropShutdown]; n > 0 {
		return fmt.Errorf("replay: stopped before %d records of the archive could be handed over", n)
	}
	return nil
}

// notifier is implemented by the collector's host. Like ReportStatus it hands an event to the collector, but without a lock. ReportStatus
// holds a lock until the collector takes the event. While the collector starts or ends it takes none, and all callers wait for the lock
// (open-telemetry/opentelemetry-collector#12495 and #9824).
type notifier interface {
	NotifyComponentStatusChange(source *componentstatus.InstanceID, event *componentstatus.Event)
}

// errDone is the reason that the collector logs for its end.
var errDone = errors.New("this is no failure: every replay with exit_when_done has ended, so the collector ends")

// EndCollector makes the collector shut down as on Ctrl-C: receivers first, then the components behind them. A component can end the
// collector only by reporting a fatal error. The collector logs that error, but its exit code depends on what the components return from
// their shutdown. EndCollector returns when the collector has taken the report; if the collector ends for another reason, it never returns.
func EndCollector(host component.Host, receiver component.ID) {
	event := componentstatus.NewFatalErrorEvent(errDone)
	if several, ok := host.(interface{ Unwrap() component.Host }); ok { // the receiver is in several pipelines
		host = several.Unwrap()
	}
	if n, ok := host.(notifier); ok {
		n.NotifyComponentStatusChange(componentstatus.NewInstanceID(receiver, component.KindReceiver), event)
		return
	}
	componentstatus.ReportStatus(host, event)
}
