// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/row"
)

// send sends the rows of one kind, call by call. It marks the rows that are done. The error says why the others are
// not.
func (e *sentinel) send(ctx context.Context, b *batch, k kind) error {
	rows := b.rows[k]
	for len(rows) > 0 {
		n, err := e.deliver(ctx, b, k, rows, e.Limit())
		if err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// deliver sends one call with as many of the rows as fit, to the rules in turn until one accepts it. It splits calls
// that are too large, and calls with a refused row. It returns how many of the rows are done, at least one.
func (e *sentinel) deliver(ctx context.Context, b *batch, k kind, rows []int32, rawLimit int) (n int, err error) {
	n, oldest := b.fill(k, rows, rawLimit)
	body := b.body.Close()
	for {
		if err := e.Ending.Err(ctx); err != nil {
			return 0, err
		}
		r, err := e.pick(k)
		if err != nil {
			return 0, err
		}
		a := e.call(ctx, b, r, k, body, rows[:n], oldest)
		switch a.Result {
		case delivery.Accepted:
			return n, nil
		case delivery.TooLarge:
			return n, e.halve(ctx, b, r, k, rows[:n], a)
		case delivery.Refused:
			if fits, err := e.search(ctx, b, r, k, rows[:n], a); fits || err != nil {
				return n, err
			}
			// The rule accepts none of the rows. Another rule may. Fewer rows may fit now: a row grows when it becomes
			// too old.
			n, oldest = b.fill(k, rows[:n], rawLimit)
			body = b.body.Close()
		case delivery.Failed:
			return 0, a
		default:
			e.pause(r, k, a)
		}
	}
}

// pick returns the next rule that is not waiting. The error says how long all of them wait.
func (e *sentinel) pick(k kind) (*rule, error) {
	first := int(e.next.Add(1) - 1)
	var shortest time.Duration
	var errs []error
	for i := range e.rules {
		r := e.rules[(first+i)%len(e.rules)]
		wait, why := r.wait(k)
		if wait == 0 {
			return r, nil
		}
		if shortest == 0 || wait < shortest {
			shortest = wait
		}
		errs = append(errs, fmt.Errorf("no call to %s for %v: %w", r.id, wait.Round(time.Millisecond), why))
	}
	return nil, delivery.WaitError{Err: errors.Join(errs...), Wait: shortest}
}

// call makes one call with the closed body of the batch, and updates the metrics.
func (e *sentinel) call(ctx context.Context, b *batch, r *rule, k kind, body []byte, rows []int32, oldest uint64) delivery.Answer {
	a := e.caller.Post(ctx, r.urls[k], body)
	stream := attribute.String("stream", e.router.streams[k])
	e.telemetry.ExporterSentinelCalls.Add(ctx, 1, metric.WithAttributes(stream, attribute.String("result", a.Result.String())))
	switch a.Result {
	case delivery.Accepted:
		e.Health.Took(part(r, k))
	case delivery.Refused, delivery.TooLarge: // some rows are at fault, or their number
		return a
	default:
		if ctx.Err() == nil {
			e.Health.Fails(part(r, k), a)
		}
		return a
	}
	for _, i := range rows {
		b.done[i] = true
	}
	r.target[k].Accepted.Add(1)
	with := metric.WithAttributes(stream)
	e.telemetry.ExporterSentinelRowsAccepted.Add(ctx, int64(len(rows)), with)
	e.telemetry.ExporterSentinelBytesUncompressed.Add(ctx, int64(b.body.Raw()), with)
	e.telemetry.ExporterSentinelBytesCompressed.Add(ctx, int64(len(body)), with)
	delay := 0.0
	if now := uint64(time.Now().UnixNano()); now > oldest {
		delay = float64(now-oldest) / 1e9
	}
	e.telemetry.ExporterSentinelAcceptanceDelay.Record(ctx, delay, with)
	b.encoders[k].Counts.Each(func(rule row.Rule, column int, n int64) {
		e.telemetry.ExporterSentinelFieldsAltered.Add(ctx, n, metric.WithAttributes(stream,
			attribute.String("column", kindTables[k].Columns[column].Name), attribute.String("rule", rule.String())))
		switch rule {
		case row.RuleNotEnumerated:
			name := kindTables[k].Columns[column].Name
			e.Log.Once("enumerated"+kindNames[k]+name, func(l *zap.Logger) {
				l.Warn("a column has values that its schema does not enumerate: queries for the schema's values do not find these rows; a receiver "+
					"with profile: asim writes the schema's values", zap.String("stream", e.router.streams[k]), zap.String("column", name))
			})
		case row.RuleTooOld, row.RuleAhead:
			e.Log.Once("time", func(l *zap.Logger) {
				l.Warn("the service replaces TimeGenerated of events that are more than two days old, or more than a day ahead, with the time of "+
					"receipt; EventStartTime has the true time, in the tables that have it", zap.String("stream", e.router.streams[k]))
			})
		}
	})
	return a
}

// part returns the name of a stream of a rule, for the exporter's health.
func part(r *rule, k kind) string { return r.id + " " + kindNames[k] }

// pause holds back further calls after an answer that concerns more than one call, and logs what to do.
func (e *sentinel) pause(r *rule, k kind, a delivery.Answer) {
	fields := []zap.Field{zap.String("rule_id", r.id), zap.String("stream", e.router.streams[k]), zap.Error(a)}
	say := func(text string) {
		e.Log.Again(r.id+kindNames[k]+a.Result.String(), func(l *zap.Logger) { l.Error(text, fields...) })
	}
	switch a.Result {
	case delivery.Throttled:
		d := a.RetryAfter
		if d == 0 {
			d = e.Pauses.Throttled
		}
		r.gate.Close(max(d, min(time.Second, e.Pauses.Throttled)), a)
	case delivery.Unauthorized:
		r.gate.Close(e.Pauses.Denied, a)
		say("the service does not accept the token; check the identity of the authenticator, and that its scopes belong to the endpoint's cloud " +
			"(https://monitor.azure.com/.default); the queue waits")
	case delivery.Forbidden:
		r.gate.Close(e.Pauses.Misfit, a)
		say("the identity may not send to the data collection rule; give it the role Monitoring Metrics Publisher on the rule; " +
			"a new role takes up to 30 minutes; the queue waits")
	case delivery.NotFound:
		r.target[k].Gate.Close(e.Pauses.Misfit, a)
		say("the service knows no such rule or stream; check rule_id (the rule's immutableId), that the endpoint is the rule's, and that the rule " +
			`declares the stream; streams: {` + kindNames[k] + `: ""} drops such records; queued records for it wait, and they block the other streams once ` +
			`each consumer of the queue has one`)
	default:
		r.target[k].Gate.Close(e.Pauses.Misfit, a)
		say("the answer does not come from this service; check the endpoint and any proxy before it; the queue waits")
	}
}
