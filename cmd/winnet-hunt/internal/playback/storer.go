// SPDX-License-Identifier: Apache-2.0

package playback

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/pdata/plog"
)

// waiting is how many batches wait for the database: one processor decodes while another one stores.
const waiting = 8

// Storer stores batches in a goroutine of its own.
type Storer struct {
	batches chan plog.Logs
	failed  chan struct{} // closed after the first failure
	failure error         // read it after failed or done is closed
	done    sync.WaitGroup
}

// NewStorer returns a Storer that stores with the function add. Close must follow.
func NewStorer(add func(plog.Logs) error) *Storer {
	s := &Storer{batches: make(chan plog.Logs, waiting), failed: make(chan struct{})}
	s.done.Go(func() {
		for logs := range s.batches {
			if s.failure != nil {
				continue
			}
			if s.failure = add(logs); s.failure != nil {
				close(s.failed)
			}
		}
	})
	return s
}

// Consume takes a batch, which then belongs to the Storer. It returns the failure of an earlier one.
func (s *Storer) Consume(ctx context.Context, logs plog.Logs) error {
	select {
	case <-s.failed:
		return s.failure
	default:
	}
	select {
	case s.batches <- logs:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close waits until all batches are stored, and returns the failure.
func (s *Storer) Close() error {
	close(s.batches)
	s.done.Wait()
	return s.failure
}
