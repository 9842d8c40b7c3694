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

// Ending is the shutdown of an exporter: pushes stop between two calls if the queue keeps the rest, and running calls
// are cancelled after a time. It is safe for concurrent use.
type Ending struct {
	stopping chan struct{}
	once     sync.Once
	calls    context.Context // parent of all calls
	cancel   context.CancelFunc
	grace    *time.Timer // until running calls are cancelled; nil before Begin
}

// NewEnding returns an Ending that has not begun.
func NewEnding() *Ending {
	e := &Ending{stopping: make(chan struct{})}
	e.calls, e.cancel = context.WithCancel(context.Background())
	return e
}

// giveUp is how long a running call may delay a shutdown that loses nothing by its end. A receiver takes up to 3.4 s of the five seconds in which a
// collector ends.
const giveUp = time.Second

// Begin makes pushes end early. With a queue on disk, which keeps the rest, they end between two calls. With a queue in
// memory, they try each part once. Running calls are cancelled after timeout, or after giveUp with a queue on disk.
func (e *Ending) Begin(timeout time.Duration, queue configoptional.Optional[exporterhelper.QueueBatchConfig]) {
	e.once.Do(func() {
		if queue.HasValue() && queue.Get().StorageID != nil {
			timeout = min(timeout, giveUp)
			close(e.stopping)
		}
		e.grace = time.AfterFunc(timeout, e.cancel)
	})
}

// Finish cancels the running calls. It must be called after Begin.
func (e *Ending) Finish() {
	e.grace.Stop()
	e.cancel()
}

// Calls returns the parent context of all calls.
func (e *Ending) Calls() context.Context { return e.calls }

// Context returns a context for a push that ends with the context of all calls. The caller must call cancel.
func (e *Ending) Context(ctx context.Context) (_ context.Context, cancel func()) {
	ctx, own := context.WithCancel(ctx)
	stop := context.AfterFunc(e.calls, own)
	return ctx, func() { stop(); own() }
}

// Err returns the error for data that is not sent because the exporter stops or the context has ended.
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

// Stoppable announces a shutdown to an exporter before the queue waits for running pushes.
type Stoppable struct {
	exporter.Logs
	Stop func()
}

// Shutdown implements component.Component.
func (s *Stoppable) Shutdown(ctx context.Context) error {
	s.Stop()
	return s.Logs.Shutdown(ctx)
}
