// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/envelope"
)

// returnedError reports that a call was accepted except for some items, which are to be sent again.
type returnedError struct {
	items int
	word  string
}

func (r returnedError) Error() string {
	return fmt.Sprintf("the service refused %d items of a call for now: %s", r.items, r.word)
}

// isReturned reports whether the following calls may be made at once.
func isReturned(err error) bool {
	_, is := err.(returnedError)
	return is
}

// send sends items in calls of at most limit() bytes each. It marks the items that are done. The error says why the
// others are not. Items that are to be sent again do not stop the following calls.
func (e *insights) send(ctx context.Context, b *batch, rows []int32, limit func() int) error {
	var came error
	for len(rows) > 0 {
		n, oldest := b.fill(rows, limit())
		if err := e.deliver(ctx, b, rows[:n], oldest); isReturned(err) {
			came = err
		} else if err != nil {
			return err
		}
		rows = rows[n:]
	}
	return came
}

// deliver sends the body of the batch, which contains these items. It splits calls that are too large, and calls whose
// refusal names no items.
func (e *insights) deliver(ctx context.Context, b *batch, rows []int32, oldest uint64) error {
	a, v, err := e.call(ctx, b, rows, oldest)
	switch {
	case err != nil:
		return err
	case v != nil:
		return e.settle(ctx, b, rows, a, v)
	case a.Result == delivery.TooLarge:
		return e.halve(ctx, b, rows, a)
	case a.Result == delivery.Refused:
		return e.search(ctx, b, rows, a)
	}
	return e.failed(a)
}

// call makes one call with the body of the batch and updates the metrics. The verdict is nil if the answer does not
// account for the items. The error reports a call that was not made.
func (e *insights) call(ctx context.Context, b *batch, rows []int32, oldest uint64) (delivery.Answer, *verdict, error) {
	if err := e.Ending.Err(ctx); err != nil {
		return delivery.Answer{}, nil, err
	}
	if wait, why := e.target.Gate.Wait(); wait > 0 {
		return delivery.Answer{}, nil, delivery.WaitError{Err: fmt.Errorf("no call for %v: %w", wait.Round(time.Millisecond), why), Wait: wait}
	}
	body := b.body.Close()
	a := e.caller.Post(ctx, e.connection.address(), body)
	var v *verdict
	if a.Result == delivery.Accepted || a.Result == delivery.Partial || a.Result == delivery.Refused {
		said, ok := judge(a.Body, len(rows))
		switch {
		case a.Result == delivery.Refused:
			if ok && len(said.refused)+len(said.again) == len(rows) && !said.doubtful {
				v = &said
			}
		case !ok:
			a.Result, a.Message = delivery.Unexpected, "the answer does not say which items were accepted: "+shorten(string(a.Body))
		default:
			v = &said
			if a.Result = delivery.Accepted; said.accepted < len(rows) {
				a.Result = delivery.Partial
			}
		}
	}
	e.telemetry.ExporterAppInsightsCalls.Add(ctx, 1, metric.WithAttributes(attribute.String("result", a.Result.String())))
	if v != nil && !v.none() && len(v.again) < len(rows) {
		e.Health.Took(theService)
	}
	if v == nil || v.none() || v.accepted == 0 {
		return a, v, nil
	}
	e.target.Accepted.Add(1)
	e.telemetry.ExporterAppInsightsItemsAccepted.Add(ctx, int64(v.accepted))
	e.telemetry.ExporterAppInsightsBytesUncompressed.Add(ctx, int64(b.body.Raw()))
	e.telemetry.ExporterAppInsightsBytesCompressed.Add(ctx, int64(len(body)))
	delay := 0.0
	if now := uint64(time.Now().UnixNano()); now > oldest {
		delay = float64(now-oldest) / 1e9
	}
	e.telemetry.ExporterAppInsightsAcceptanceDelay.Record(ctx, delay)
	b.encoder.Counts.Each(func(rule envelope.Rule, field envelope.Field, n int64) {
		e.telemetry.ExporterAppInsightsFieldsAltered.Add(ctx, n, metric.WithAttributes(
			attribute.String("field", field.String()), attribute.String("rule", rule.String())))
		if rule == envelope.RuleTooOld {
			e.Log.Once("time", func(l *zap.Logger) {
				l.Warn("the service refuses events that are more than two days old: their time is set to the time of sending, and EventStartTime keeps the true time")
			})
		}
	})
	return a, v, nil
}

// theService is the name of the far end's only part, for its health.
const theService = "the service"

// settle applies a verdict. If the service accepted none of the items, the key or the resource is at fault and all
// items are kept. But if it has accepted other calls since it first refused these items, the items are at fault.
func (e *insights) settle(ctx context.Context, b *batch, rows []int32, a delivery.Answer, v *verdict) error {
	if v.none() {
		b.encode(rows[0])
		first := envelope.Identity(b.buf)
		if !e.target.AcceptsOthers(first) {
			e.target.Suspect(first)
			a.Message = v.refused[0].Message
			return e.misfit(a, len(rows))
		}
		e.target.Clear(first)
	}
	next := v.again
	for i, row := range rows {
		if len(next) > 0 && next[0] == i {
			next = next[1:]
			continue
		}
		b.done[row] = true
	}
	for _, x := range v.refused {
		answer := a
		answer.Status, answer.Message = x.Status, x.Message
		reason := "refused"
		if x.Status == sampledOut {
			reason = "sampled_out"
		}
		e.drop(ctx, b, rows[x.Index], answer, reason)
	}
	if len(v.again) == 0 {
		return nil
	}
	e.telemetry.ExporterAppInsightsItemsReturned.Add(ctx, int64(len(v.again)))
	came := returnedError{len(v.again), v.word}
	if v.doubtful {
		a.Message = fmt.Sprintf("the answer does not account for %d items; they are sent again", len(v.again))
		a.Result = delivery.Unexpected
		return e.failed(a)
	}
	if len(v.again) == len(rows) {
		a.Result, a.Message = delivery.Partial, came.Error()
		e.Health.Fails(theService, a)
	}
	if v.slower {
		wait := e.pauseOf(a)
		e.target.Gate.Close(wait, came)
		return delivery.WaitError{Err: came, Wait: wait}
	}
	return came
}

// pauseOf returns how long to wait after an answer that asks for a pause.
func (e *insights) pauseOf(a delivery.Answer) time.Duration {
	d := a.RetryAfter
	switch {
	case d > 0:
	case a.Status == statusQuota || a.Status == statusQuotaNow:
		d = e.Pauses.Misfit
	default:
		d = e.Pauses.Throttled
	}
	return max(d, min(time.Second, e.Pauses.Throttled))
}

// failed returns the error of a call that was not accepted. If the answer concerns more than this call, failed holds
// back further calls and logs what to do.
func (e *insights) failed(a delivery.Answer) error {
	say := func(text string) {
		e.Log.Again(a.Result.String(), func(l *zap.Logger) { l.Error(text, zap.String("endpoint", e.connection.endpoint.Host), zap.Error(a)) })
	}
	wait := e.Pauses.Misfit
	e.Health.Fails(theService, a)
	switch a.Result {
	case delivery.Failed:
		return a
	case delivery.Throttled:
		wait = e.pauseOf(a)
		if a.Status == statusQuota || a.Status == statusQuotaNow {
			say("the service accepts no more data for now; check the resource's daily cap; the queue waits")
		}
	case delivery.Unauthorized:
		wait = e.Pauses.Denied
		say("the service does not authorize the call; a resource that accepts no instrumentation keys (local authentication is off) needs auth; check the identity of the " +
			"authenticator, and that its scopes belong to the endpoint's cloud (https://monitor.azure.com/.default); the queue waits")
	case delivery.Forbidden:
		say("the identity may not send to the resource; give it the role Monitoring Metrics Publisher on the resource; the queue waits")
	case delivery.NotFound:
		say("the service does not know the endpoint, or accepts only the endpoint of the resource's region; copy the whole connection string from the resource's overview; the queue waits")
	default:
		say("the answer does not come from this service; check IngestionEndpoint and any proxy before it; the queue waits")
	}
	e.target.Gate.Close(wait, a)
	return delivery.WaitError{Err: a, Wait: wait}
}

// misfit holds back all calls because the service accepted none of the items of one.
func (e *insights) misfit(a delivery.Answer, items int) error {
	e.target.Gate.Close(e.Pauses.Misfit, a)
	e.Health.Fails(theService, a)
	e.Log.Again("misfit", func(l *zap.Logger) {
		l.Error("the service accepted no item of a call; check InstrumentationKey; the queue waits and is tried again at long intervals",
			zap.String("endpoint", e.connection.endpoint.Host), zap.Int("items", items), zap.Error(a))
	})
	return delivery.WaitError{Err: a, Wait: e.Pauses.Misfit}
}

// drop drops one item and logs the service's message.
func (e *insights) drop(ctx context.Context, b *batch, i int32, a delivery.Answer, reason string) {
	b.done[i] = true
	e.telemetry.ExporterAppInsightsItemsDropped.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", reason)))
	e.Log.Again("dropped "+reason, func(l *zap.Logger) {
		l.Error("the service refused an item permanently, so it was dropped; further ones are counted in otelcol_exporter_app_insights_items_dropped",
			zap.String("reason", reason), zap.Error(a))
		l.Error("records are dropped: the service refuses them permanently; the collector's log has its answer", zap.String("reason", reason), delivery.LostField())
	})
	outcome := e.KeepLetter("", "", a, func() []byte {
		b.encode(i)
		return b.buf
	})
	if outcome == "" {
		return
	}
	e.telemetry.ExporterAppInsightsDeadLetters.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
}
