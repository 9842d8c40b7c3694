// SPDX-License-Identifier: Apache-2.0

// A replay as a job: the collector ends when every receiver that has exit_when_done is done.

package replay

import (
	"errors"
	"fmt"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// Job is a receiver's part in ending its collector. A nil Job has none.
type Job struct {
	collector any
	over      bool // guarded by jobs
}

// jobs are the receivers of this process that have exit_when_done, by collector. The collector makes each receiver for itself, of
// factories that do not know each other, and gives them no place to meet; so this is the process's.
var jobs struct {
	sync.Mutex
	of map[any]map[*Job]bool
}

// Join takes a receiver in, when it is made: all are before one starts. Receivers of one collector have equal values of collector,
// which is comparable. Leave must follow.
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

// Leave takes the receiver out, when it is shut down. It may be called again.
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

// done says that the receiver is done, and reports whether it is the last of its collector.
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

// Lost is called when the receiver has shut down, with its account. It is an error when the job was stopped before its records could be
// handed over: who waits for the job must not take it for done. Without a job it is none.
func (j *Job) Lost(s *pipeline.Stats) error {
	if j == nil {
		return nil
	}
	n := s.Dropped.Snapshot()[pipeline.DropShutdown]
	if n == 0 {
		return nil
	}
	return fmt.Errorf("replay: stopped before %d events could be handed over", n)
}

// notifier is what the collector's host has. It hands an event to the collector as ReportStatus does, but without the lock under which
// that waits for the collector to take it: while the collector starts or ends nobody takes it, and everybody waits for the lock
// (open-telemetry/opentelemetry-collector#12495 and #9824).
type notifier interface {
	NotifyComponentStatusChange(source *componentstatus.InstanceID, event *componentstatus.Event)
}

// errDone is what the collector logs as the reason for its end.
var errDone = errors.New("this is no failure: every replay with exit_when_done has ended, so the collector ends")

// EndCollector has the collector shut down as on Ctrl-C: receivers first, then what comes behind them. The collector takes no other
// reason from a component than a fatal error, which it logs; its exit code is not the error's, but what the components say at their
// shutdown. It returns when the collector has heard it: never, where that ends for another reason.
func EndCollector(host component.Host, receiver component.ID) {
	event := componentstatus.NewFatalErrorEvent(errDone)
	if several, ok := host.(interface{ Unwrap() component.Host }); ok { // of a receiver in several pipelines
		host = several.Unwrap()
	}
	if n, ok := host.(notifier); ok {
		n.NotifyComponentStatusChange(componentstatus.NewInstanceID(receiver, component.KindReceiver), event)
		return
	}
	componentstatus.ReportStatus(host, event)
}
