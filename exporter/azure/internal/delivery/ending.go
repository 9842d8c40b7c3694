// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// Ending is how an exporter ends: pushes stop between two calls where the queue keeps what is left, and calls that are under way are cancelled
// after a while. It is safe for concurrent use.
type Ending struct {
	stopping chan struct{}
	once     sync.Once
	calls    context.Context // of all calls
	cancel   context.CancelFunc
	grace    *time.Timer // until the calls under way are cancelled; nil before the stop
}

// NewEnding makes one that has not begun.
func NewEnding() *Ending {
	e := &Ending{stopping: make(chan struct{})}
	e.calls, e.cancel = context.WithCancel(context.Background())
	return e
}

// Begin makes pushes end early: between two calls with a queue on disk, which keeps what is left; with a queue in memory after one try
// of each. Calls that are under way are cancelled after timeout, with a queue on disk after two seconds.
func (e *Ending) Begin(timeout time.Duration, queue configoptional.Optional[exporterhelper.QueueBatchConfig]) {
	e.once.Do(func() {
		if queue.HasValue() && queue.Get().StorageID != nil {
			timeout = min(timeout, 2*time.Second)
			close(e.stopping)
		}
		e.grace = time.AfterFunc(timeout, e.cancel)
	})
}

// Finish cancels what is still under way. Begin was called.
func (e *Ending) Finish() {
	e.grace.Stop()
	e.cancel()
}

// Calls is the context of all calls.
func (e *Ending) Calls() context.Context { return e.calls }

// Context gives a context for a push, which ends with that of all calls. cancel is to be called.
func (e *Ending) Context(ctx context.Context) (_ context.Context, cancel func()) {
	ctx, own := context.WithCancel(ctx)
	stop := context.AfterFunc(e.calls, own)
	return ctx, func() { stop(); own() }
}

// Err is the error of what is not sent since the exporter stops, or the context has ended.
func (e *Ending) Err(ctx context.Context) error {
	select {
	case <-e.stopping:
		return ErrStopped
	case <-ctx.Done():
		return fmt.Errorf("not sent: %w", context.Cause(ctx))
	default:
		return nil
	}
}

// Stoppable tells an exporter of a shutdown before the queue waits for what is under way.
type Stoppable struct {
	exporter.Logs
	Stop func()
}

// Shutdown implements component.Component.
func (s *Stoppable) Shutdown(ctx context.Context) error {
	s.Stop()
	return s.Logs.Shutdown(ctx)
}
