// SPDX-License-Identifier: Apache-2.0

// How the records that wait are handed over: one by one, in order, with retries.

package status

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"go.uber.org/zap"
)

// send hands the records over until Shutdown has ended the taking of records and none waits, or until no time is left.
func (r *Reporter) send() {
	defer close(r.done)
	for {
		rec, ended := r.next()
		switch {
		case rec != nil:
			r.settle(rec, r.consume(rec))
		case ended:
			return
		default:
			<-r.more
		}
	}
}

// next returns the first record that waits, which then counts as being sent. When no time is left it drops all that wait.
func (r *Reporter) next() (rec *record, ended bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.deliver.Err() != nil {
		r.Stats.Dropped.Add(dropShutdown, int64(len(r.waiting)))
		r.waiting = nil
	}
	if len(r.waiting) == 0 {
		return nil, r.ended
	}
	r.sending = true
	return r.waiting[0], false
}

// settle removes the record that was sent, and counts what became of it.
func (r *Reporter) settle(rec *record, dropped string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sending = false
	r.waiting = slices.Delete(r.waiting, 0, 1)
	if dropped != "" {
		r.Stats.Dropped.Add(dropped, 1)
		return
	}
	r.Stats.Emitted.Add(1)
	if rec.kind == Heartbeat {
		r.before = rec
	}
}

// consume hands a record over, and retries as batches of events are. It returns why the record was dropped, or "".
func (r *Reporter) consume(rec *record) (dropped string) {
	attempts := r.Retry.Begin(r.stop)
	for {
		err := r.consumeOnce(rec)
		if err == nil {
			return ""
		}
		pause, again := attempts.Next(r.deliver, err)
		switch {
		case errors.Is(err, errPanic):
			return dropPanic
		case r.deliver.Err() != nil:
			return dropShutdown
		case rec.kind == Heartbeat && r.newer():
			return dropSuperseded
		case !again:
			r.Logger.Error("a status record is lost: the next component in the pipeline did not take it", zap.String("kind", string(rec.kind)),
				zap.String("type", rec.typ), zap.String("object", rec.object), zap.String("message", rec.message), zap.Error(err))
			return dropRefused
		}
		if !attempts.Wait(r.deliver, pause) {
			return dropShutdown
		}
	}
}

// errPanic is the error of an attempt in which the next component panicked.
var errPanic = errors.New("the next component in the pipeline panicked")

// consumeOnce makes one attempt. A panic of the next component is an error: it costs the record, which may already be further on, and not the
// process.
func (r *Reporter) consumeOnce(rec *record) (err error) {
	ctx := r.Report.StartLogsOp(r.deliver)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPanic, p)
			r.Logger.Error("a status record is lost: the next component in the pipeline panicked", zap.String("kind", string(rec.kind)),
				zap.String("type", rec.typ), zap.String("object", rec.object), zap.String("message", rec.message), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
		}
		r.Report.EndLogsOp(ctx, r.Format, 1, err)
	}()
	return r.Next.ConsumeLogs(ctx, rec.logs(r.Device(), r.before))
}

// newer reports whether a heartbeat waits behind the record that is being sent.
func (r *Reporter) newer() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.waiting[1:], func(w *record) bool { return w.kind == Heartbeat })
}
