// SPDX-License-Identifier: Apache-2.0

// What is done with a call that is too large, or of which a row is refused. The service takes or refuses a call as a whole.

package sentinelexporter

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
)

// smallBody is a body that no service finds too large: what refuses it is something on the way.
const smallBody = 64 << 10

// halve sends a call that was too large in two parts, and makes later calls no larger than a part. One row alone is dropped.
func (e *sentinel) halve(ctx context.Context, b *batch, r *rule, k kind, rows []int32, a delivery.Answer) error {
	size := b.body.Raw()
	if size <= smallBody {
		e.pause(r, k, delivery.Answer{Result: delivery.Unexpected, Status: a.Status, Code: a.Code, Message: a.Message, RequestID: a.RequestID})
		return waitError{a, e.pauses.misfit}
	}
	if len(rows) == 1 {
		e.drop(ctx, b, r, k, rows[0], a)
		return nil
	}
	e.countSplit(ctx, k, a)
	for limit := e.rawLimit.Load(); int64(size/2) < limit; limit = e.rawLimit.Load() {
		if e.rawLimit.CompareAndSwap(limit, max(smallBody, int64(size/2))) {
			e.log.again("too large", func(l *zap.Logger) {
				l.Warn("a call was too large for the service; calls are smaller from now on", zap.Int("bytes", size), zap.Int("compressed", b.body.Compressed()),
					zap.Int("new_limit", size/2), zap.String("limits::body", e.cfg.Limits.Body), zap.Error(a))
			})
			break
		}
	}
	for _, part := range [][]int32{rows[:len(rows)/2], rows[len(rows)/2:]} {
		for len(part) > 0 {
			n, oldest := b.fill(k, part, maxCallRaw)
			if err := e.deliver(ctx, b, k, part[:n], oldest); err != nil {
				return err
			}
			part = part[n:]
		}
	}
	return nil
}

func (e *sentinel) countSplit(ctx context.Context, k kind, a delivery.Answer) {
	e.telemetry.ExporterSentinelCallsSplit.Add(ctx, 1, metric.WithAttributes(
		attribute.String("stream", e.router.streams[k]), attribute.String("reason", a.Result.String())))
}

// samples is how many rows are tried one by one to find out whether the rule takes any.
const samples = 16

// refusal is a row that was refused when it was sent alone.
type refusal struct {
	row    int32
	answer delivery.Answer
}

// search looks for the rows for which the rule refused a call, and drops them one by one, while the others arrive. When the rule takes no
// row of the call it is the rule that does not fit: fits is false, all rows are kept, and the stream waits. But when the rule has taken
// other calls since it refused this one whole for the first time, the rows are wrong.
func (e *sentinel) search(ctx context.Context, b *batch, r *rule, k kind, rows []int32, a delivery.Answer) (fits bool, err error) {
	t := r.target[k]
	select {
	case t.search <- struct{}{}:
		defer func() { <-t.search }()
	case <-ctx.Done():
		return false, e.stopped(ctx)
	case <-e.stopping:
		return false, delivery.ErrStopped
	}
	if wait, _ := r.wait(k); wait > 0 {
		return false, nil // another has found out meanwhile
	}
	e.countSplit(ctx, k, a)
	b.encode(k, rows[0])
	first := slices.Clone(b.buf)
	s := &searcher{e: e, b: b, r: r, k: k, fits: t.acceptsOthers(first)}
	if len(rows) == 1 {
		s.refused = append(s.refused, refusal{rows[0], a})
	} else {
		if !s.fits && len(rows) > 2*samples {
			err = s.sample(ctx, rows)
			if err == nil && !s.fits {
				e.misfit(r, k, first, a, len(rows))
				return false, nil
			}
		}
		if err == nil {
			err = s.halves(ctx, s.left(rows))
		}
	}
	if !s.fits {
		if err != nil {
			return false, err
		}
		e.misfit(r, k, first, a, len(rows))
		return false, nil
	}
	t.clear(first)
	for _, x := range s.refused {
		e.drop(ctx, b, r, k, x.row, x.answer)
	}
	return true, err
}

// misfit makes a stream wait whose rule takes none of the rows of a call.
func (e *sentinel) misfit(r *rule, k kind, first []byte, a delivery.Answer, rows int) {
	r.target[k].suspect(first)
	r.target[k].gate.Close(e.pauses.misfit, a)
	e.log.again(r.id+kindNames[k]+"misfit", func(l *zap.Logger) {
		l.Error("the data collection rule takes no row of a call: the columns that it declares for the stream, its transformation or its table do not fit; "+
			"what is queued waits, and is tried again slowly",
			zap.String("rule_id", r.id), zap.String("stream", e.router.streams[k]), zap.Int("rows", rows), zap.Error(a))
	})
}

// searcher sends parts of a refused call to the rule that refused it.
type searcher struct {
	e       *sentinel
	b       *batch
	r       *rule
	k       kind
	fits    bool // the rule takes rows
	refused []refusal
}

// sample tries some rows alone, chosen by chance, so that another try chooses others.
func (s *searcher) sample(ctx context.Context, rows []int32) error {
	for _, i := range rand.Perm(len(rows))[:samples] {
		if err := s.try(ctx, rows[i:i+1]); err != nil || s.fits {
			return err
		}
	}
	return nil
}

// left are the rows that were neither accepted nor refused.
func (s *searcher) left(rows []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(rows), func(i int32) bool {
		return s.b.done[i] || slices.ContainsFunc(s.refused, func(x refusal) bool { return x.row == i })
	})
}

// halves tries both halves of rows that were refused together, and their halves.
func (s *searcher) halves(ctx context.Context, rows []int32) error {
	if len(rows) == 1 {
		return s.try(ctx, rows)
	}
	if len(rows) == 0 {
		return nil
	}
	for _, half := range [][]int32{rows[:len(rows)/2], rows[len(rows)/2:]} {
		if err := s.try(ctx, half); err != nil {
			return err
		}
	}
	return nil
}

// try sends rows in one call. What is refused is tried in halves, down to single rows.
func (s *searcher) try(ctx context.Context, rows []int32) error {
	if err := s.e.stopped(ctx); err != nil {
		return err
	}
	if wait, why := s.r.wait(s.k); wait > 0 {
		return waitError{why, wait}
	}
	n, oldest := s.b.fill(s.k, rows, maxCallRaw)
	if n < len(rows) {
		return fmt.Errorf("a part of a call does not fit into a call: %d of %d rows", n, len(rows))
	}
	a := s.e.call(ctx, s.b, s.r, s.k, s.b.body.Close(), rows, oldest)
	switch a.Result {
	case delivery.Accepted:
		s.fits = true
		return nil
	case delivery.Refused:
		if len(rows) == 1 {
			s.refused = append(s.refused, refusal{rows[0], a})
			return nil
		}
		return s.halves(ctx, rows)
	case delivery.TooLarge:
		if len(rows) > 1 {
			return s.halves(ctx, rows)
		}
		return a
	case delivery.Failed:
		return a
	}
	s.e.pause(s.r, s.k, a)
	wait, _ := s.r.wait(s.k)
	return waitError{a, wait}
}

// drop gives one row up, with the service's words.
func (e *sentinel) drop(ctx context.Context, b *batch, r *rule, k kind, i int32, a delivery.Answer) {
	b.done[i] = true
	stream := e.router.streams[k]
	e.telemetry.ExporterSentinelRowsDropped.Add(ctx, 1, metric.WithAttributes(
		attribute.String("stream", stream), attribute.String("reason", a.Result.String())))
	e.log.again("dropped"+kindNames[k], func(l *zap.Logger) {
		l.Error("the service refused a row for good, and it is dropped; others are counted in otelcol_exporter_sentinel_rows_dropped",
			zap.String("stream", stream), zap.String("rule_id", r.id), zap.Error(a))
	})
	if e.letters == nil {
		return
	}
	b.encode(k, i)
	err := e.letters.Write(delivery.Letter{
		Time: time.Now().UTC().Format(time.RFC3339Nano), Stream: stream, Rule: r.id, Status: a.Status, Code: a.Code, Message: a.Message,
		RequestID: a.RequestID, Row: b.buf,
	})
	outcome := "written"
	if err != nil {
		outcome = "not_written"
		e.log.again("letters", func(l *zap.Logger) {
			l.Error("a dropped row could not be written to dead_letter::path", zap.String("path", e.cfg.DeadLetter.Path), zap.Error(err))
		})
	}
	e.telemetry.ExporterSentinelDeadLetters.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
}
