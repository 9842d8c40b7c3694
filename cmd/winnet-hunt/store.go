// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/pdata/plog"
)

// waiting is how many batches wait for the database: one processor decodes while another one stores.
const waiting = 8

// storer stores batches in a goroutine of its own.
type storer struct {
	batches chan plog.Logs
	failed  chan struct{} // closed after the first failure
	failure error         // read it after failed or done is closed
	done    sync.WaitGroup
}

// newStorer returns a storer that stores with the function add. close must follow.
func newStorer(add func(plog.Logs) error) *storer {
	s := &storer{batches: make(chan plog.Logs, waiting), failed: make(chan struct{})}
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

// consume takes a batch, which then belongs to the storer. It returns the failure of an earlier one.
func (s *storer) consume(ctx context.Context, logs plog.Logs) error {
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

// close waits until all batches are stored, and returns the failure.
func (s *storer) close() error {
	close(s.batches)
	s.done.Wait()
	return s.failure
}
