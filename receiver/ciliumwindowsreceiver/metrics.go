// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flowmetrics"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// Bounds of the last collection. Together with the pipeline's they let the receiver end within four seconds: a collector that
// shall end within five has the rest for its other components.
const (
	shutdownTimeout = 4 * time.Second        // of the receiver, all in all
	lastTimeout     = 50 * time.Millisecond  // for the last collection at least, however long the rest has taken
	lastPause       = 100 * time.Millisecond // between two tries
	graceTimeout    = 400 * time.Millisecond // for the next component to heed its context, if there is that much left
)

// meter hands the sums over: once an interval, when a replay has ended, and at the end. Since they are cumulative, what the
// next component refuses comes again with the next collection.
type meter struct {
	interval time.Duration
	retry    bool
	limit    int // bytes that are handed over at once, in OTLP's form
	tally    *flowmetrics.Tally
	points   *pointMaker
	next     consumer.Metrics
	report   *receiverhelper.ObsReport
	log      *zap.Logger

	now    chan struct{}
	stop   chan struct{}
	done   chan struct{}
	ctx    context.Context // ends when there is no more time to hand anything over
	cancel context.CancelFunc
}

// newMeter makes the meter of a receiver whose metrics somebody wants, and has the handler count for it.
func (r *ciliumReceiver) newMeter() *meter {
	resource := pcommon.NewResource()
	r.handler.mapper.Resource(resource)
	m := &meter{
		interval: r.cfg.MetricsInterval, retry: r.cfg.Retry.Enabled, limit: r.cfg.Batch.MaxSizeMiB << 20, tally: flowmetrics.New(),
		points: newPointMaker(&r.cfg.MetricsBuilderConfig, r.set, resource),
		next:   r.nextMetrics, report: r.Report, log: r.log,
		now: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	r.handler.tally, r.handler.metricsOnly = m.tally, r.Next == nil
	return m
}

// run collects until shutdown.
func (m *meter) run() {
	defer close(m.done)
	tick := time.NewTicker(m.interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			m.collect()
		case <-m.now:
			m.collect()
		case <-m.stop:
			m.collectLast()
			return
		}
	}
}

// soon asks for a collection out of turn. It does not wait for it. A nil meter has nothing to collect.
func (m *meter) soon() {
	if m == nil {
		return
	}
	select {
	case m.now <- struct{}{}:
	default: // one is asked for already
	}
}

// collect hands over the sums, in parts that are bounded as the batches of records are. Errors are logged. It reports whether a part was
// refused that may be taken later.
func (m *meter) collect() (again bool) {
	for _, part := range m.points.metricsOf(m.tally, pcommon.NewTimestampFromTime(time.Now()), m.limit) {
		n := part.DataPointCount()
		ctx := m.report.StartMetricsOp(m.ctx)
		err := m.next.ConsumeMetrics(ctx, part)
		m.report.EndMetricsOp(ctx, metadata.Type.String(), n, err)
		if err != nil {
			m.log.Warn("the next component in the pipeline did not take the metrics; the sums come again with the next", zap.Int("points", n), zap.Error(err))
			again = again || !consumererror.IsPermanent(err)
		}
	}
	return again
}

// collectLast hands over the sums for the last time: again and again while they are refused and may be taken later.
func (m *meter) collectLast() {
	for m.collect() && m.retry {
		select {
		case <-time.After(lastPause):
		case <-m.ctx.Done():
			return
		}
	}
}

// shutdown has the last sums handed over. Nothing may be counted any more. begun is when the receiver's shutdown has begun. A
// nil meter has nothing to hand over.
func (m *meter) shutdown(ctx context.Context, begun time.Time) error {
	if m == nil {
		return nil
	}
	defer m.cancel()
	close(m.stop)
	left := func() time.Duration { return max(time.Until(begun.Add(shutdownTimeout)), lastTimeout) }
	ctx, cancel := context.WithTimeout(ctx, max(left()-graceTimeout, lastTimeout))
	defer cancel()
	select {
	case <-m.done:
		return nil
	case <-ctx.Done():
	}
	m.cancel()
	select {
	case <-m.done:
		return nil
	case <-time.After(min(left(), graceTimeout)):
		return errors.New("the next component in the metrics pipeline did not return within the time for the shutdown")
	}
}

// Bounds of metrics_interval.
const (
	minMetricsInterval = time.Second
	maxMetricsInterval = 24 * time.Hour
)

// validateMetrics names each key of the metrics whose value is not allowed, the value, and what is.
func (c *Config) validateMetrics() error {
	var errs []error
	if d := c.MetricsInterval; d < minMetricsInterval || d > maxMetricsInterval {
		errs = append(errs, fmt.Errorf("metrics_interval: %v is not allowed; want %v to %v", d, minMetricsInterval, maxMetricsInterval))
	}
	m := &c.Metrics
	for _, one := range []struct{ name, strategy string }{
		{metadata.MetricsInfo.CiliumEventCount.Name, m.CiliumEventCount.AggregationStrategy},
		{metadata.MetricsInfo.CiliumEventLostCount.Name, m.CiliumEventLostCount.AggregationStrategy},
		{metadata.MetricsInfo.CiliumNetworkIo.Name, m.CiliumNetworkIo.AggregationStrategy},
		{metadata.MetricsInfo.CiliumNetworkPacketCount.Name, m.CiliumNetworkPacketCount.AggregationStrategy},
	} {
		if one.strategy != metadata.AggregationStrategySum {
			errs = append(errs, fmt.Errorf("metrics: %s: aggregation_strategy: %q is not allowed; these are sums: want sum", one.name, one.strategy))
		}
	}
	return errors.Join(errs...)
}
