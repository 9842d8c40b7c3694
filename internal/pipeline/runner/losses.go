// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/eventid"
)

const (
	// lossInterval is the time between two looks at the losses.
	lossInterval = 10 * time.Second
	// calmTime is the time without a loss after which a loss is over.
	calmTime = time.Minute
)

// lossWatch logs that a receiver loses events, and that it no longer does, once each.
type lossWatch struct {
	log    *zap.Logger
	now    func() map[string]int64 // the numbers of lost events, by where they were lost
	before map[string]int64
	losing map[string]int64 // before the first loss of those that go on; nil without one
	last   time.Time        // when a loss was seen last
}

// look compares the losses with those of the last look.
func (w *lossWatch) look(at time.Time) {
	now := w.now()
	more := lossesSince(w.before, now)
	switch {
	case len(more) > 0 && w.losing == nil:
		w.losing = w.before
		w.log.Warn("events are lost", zap.Any("lost", more), eventid.Lost.Field())
	case len(more) == 0 && w.losing != nil && at.Sub(w.last) >= calmTime:
		w.log.Info("no event was lost for a minute", zap.Any("lost_before", lossesSince(w.losing, now)), eventid.NotLost.Field())
		w.losing = nil
	}
	if len(more) > 0 {
		w.last = at
	}
	w.before = now
}

// lossesSince returns by how much the numbers have grown, without those that have not.
func lossesSince(before, now map[string]int64) map[string]int64 {
	more := map[string]int64{}
	for _, where := range slices.Sorted(maps.Keys(now)) {
		if n := now[where] - before[where]; n > 0 {
			more[where] = n
		}
	}
	return more
}

// watchLosses watches the losses of a live source, in the source and in the pipeline. The function that it returns ends that.
func (r *Runner) watchLosses() (end func()) {
	if r.Player != nil {
		return func() {} // a replay waits; what its recording had lost is not lost now
	}
	w := &lossWatch{log: r.Receiver.Logger, now: func() map[string]int64 {
		all := map[string]int64{}
		maps.Copy(all, r.Losses())
		maps.Copy(all, r.Pipeline.Stats.Dropped.Snapshot()) // these reasons are not names of a source
		return all
	}}
	w.before = w.now()
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(lossInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				w.look(time.Now())
			case <-stop:
				return
			}
		}
	})
	return func() {
		close(stop)
		watching.Wait()
	}
}
