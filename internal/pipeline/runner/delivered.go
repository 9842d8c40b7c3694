// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
)

// noteInterval is the time between two notes of what has left the receiver.
const noteInterval = 5 * time.Second

// noter is an extension that keeps how far the receivers have come, for the start after a run that did not end. resilient_file_storage is one.
type noter interface {
	Delivered(receiver component.ID, through time.Time)
}

// noteDelivered notes every few seconds, for each extension that keeps it, which events of a live source have left. A file that is replayed is
// still there after a run that did not end. The function that it returns ends that.
func (r *Runner) noteDelivered(h component.Host) (end func()) {
	var noters []noter
	for _, extension := range h.GetExtensions() {
		if n, ok := extension.(noter); ok {
			noters = append(noters, n)
		}
	}
	if len(noters) == 0 || r.Player != nil {
		return func() {}
	}
	note := func() {
		through := r.through(time.Now())
		for _, n := range noters {
			n.Delivered(r.Receiver.ID, through)
		}
	}
	note()
	stop := make(chan struct{})
	var noting sync.WaitGroup
	noting.Go(func() {
		tick := time.NewTicker(noteInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				note()
			case <-stop:
				return
			}
		}
	})
	return func() {
		close(stop)
		noting.Wait()
	}
}

// through returns the time before which all events have left the receiver: now, if none is in it.
func (r *Runner) through(now time.Time) time.Time {
	if r.Pipeline.Stats.Pending() == 0 {
		r.left = now
	} else if left := time.Unix(0, r.Pipeline.Stats.Left()); left.After(r.left) {
		r.left = left
	}
	return r.left
}
