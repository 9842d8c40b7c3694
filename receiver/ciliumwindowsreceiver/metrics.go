// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flowmetrics"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// Bounds of the last collection, within the receiver's share of the time that its collector has to stop.
const (
	lastTimeout  = 50 * time.Millisecond  // for the last collection at least, however long the rest took
	lastPause    = 100 * time.Millisecond // between two attempts
	graceTimeout = 400 * time.Millisecond // for the next component to return after its context ends, if that much time is left
)

// meter sends the sums to the metrics pipeline: once an interval, when a replay has ended, and at shutdown. The sums
// are cumulative, so the next collection includes what the next component refused.
type meter struct {
	interval time.Duration
	retry    bool
	limit    int // largest size of one delivery, as OTLP
	totals   *flowmetrics.Totals
	points   *pointMaker
	next     consumer.Metrics
	report   *receiverhelper.ObsReport
	log      *zap.Logger

	now    chan struct{}
	stop   chan struct{}
	done   chan struct{}
	ctx    context.Context // ends when there is no time left to send anything
	cancel context.CancelFunc
}

// newMeter makes the meter of a receiver in a metrics pipeline, and makes the handler count for it.
func (r *ciliumReceiver) newMeter() *meter {
	resource := pcommon.NewResource()
	r.handler.mapper.Resource(resource)
	naming := r.cfg.naming()
	if p := r.cfg.pseudonyms(); p != nil { // its own one: the meter has its own goroutine
		naming.Show = func(name string) string { return networklog.PseudonymOf(p, name) }
	}
	m := &meter{
		interval: r.cfg.MetricsInterval, retry: r.cfg.Retry.Enabled, limit: r.cfg.Batch.MaxSizeMiB << 20, totals: flowmetrics.New(naming),
		points: newPointMaker(&r.cfg.MetricsBuilderConfig, r.set, resource),
		next:   r.nextMetrics, report: r.Report, log: r.log,
		now: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	for _, h := range r.handlers {
		h.totals, h.metricsOnly = m.totals, r.Next == nil
	}
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

// soon requests a collection out of turn. It does not wait for it. A nil meter ignores the request.
func (m *meter) soon() {
	if m == nil {
		return
	}
	select {
	case m.now <- struct{}{}:
	default: // one is already requested
	}
}

// collect sends the sums in parts, bounded as the batches of records are. It logs errors, and reports whether a part
// was refused that may be accepted later.
func (m *meter) collect() (again bool) {
	for _, part := range m.points.metricsOf(m.totals, pcommon.NewTimestampFromTime(time.Now()), m.limit) {
		n := part.DataPointCount()
		if err := m.consume(part, n); err != nil {
			m.log.Warn("the next component in the pipeline refused the metrics; the next collection includes their sums", zap.Int("points", n), zap.Error(err))
			again = again || !consumererror.IsPermanent(err)
		}
	}
	return again
}

// consume makes one attempt to hand n points over. A panic of the next component is an error that no retry mends.
func (m *meter) consume(part pmetric.Metrics, n int) (err error) {
	ctx := m.report.StartMetricsOp(m.ctx)
	defer func() {
		if r := recover(); r != nil {
			err = consumererror.NewPermanent(fmt.Errorf("the next component in the pipeline panicked: %v", r))
			m.log.Error("the next component in the pipeline panicked while it had the metrics", zap.Any("panic", r), zap.ByteString("stack", debug.Stack()))
		}
		m.report.EndMetricsOp(ctx, metadata.Type.String(), n, err)
	}()
	return m.next.ConsumeMetrics(ctx, part)
}

// collectLast sends the sums for the last time, repeatedly while they are refused but may be accepted later.
func (m *meter) collectLast() {
	for m.collect() && m.retry {
		select {
		case <-time.After(lastPause):
		case <-m.ctx.Done():
			return
		}
	}
}

// shutdown sends the last sums until deadline. Counting must have ended. A nil meter has nothing to send.
func (m *meter) shutdown(ctx context.Context, deadline time.Time) error {
	if m == nil {
		return nil
	}
	defer m.cancel()
	close(m.stop)
	left := func() time.Duration { return max(time.Until(deadline), lastTimeout) }
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

// maxMetricsSeries is the largest metrics_max_series.
const maxMetricsSeries = 100_000

// validateMetrics returns an error for each metrics key whose value is not allowed. It names the key, the value and the
// allowed values.
func (c *Config) validateMetrics() error {
	var errs []error
	if d := c.MetricsInterval; d < minMetricsInterval || d > maxMetricsInterval {
		errs = append(errs, fmt.Errorf("metrics_interval: %v is not allowed; want %v to %v", d, minMetricsInterval, maxMetricsInterval))
	}
	if n := c.MetricsMaxSeries; n < 1 || n > maxMetricsSeries {
		errs = append(errs, fmt.Errorf("metrics_max_series: %d is not allowed; want 1 to %d", n, maxMetricsSeries))
	}
	if naming := c.naming(); c.Names == "" && naming.Any() {
		errs = append(errs, errors.New("metrics: attributes that are names of ends, such as source.k8s.pod.name, are not allowed without names; set names to an extension that knows them"))
	}
	m := &c.Metrics
	for _, one := range []struct{ name, strategy string }{
		{metadata.MetricsInfo.CiliumEventCount.Name, m.CiliumEventCount.AggregationStrategy},
		{metadata.MetricsInfo.CiliumEventLostCount.Name, m.CiliumEventLostCount.AggregationStrategy},
		{metadata.MetricsInfo.CiliumNetworkIo.Name, m.CiliumNetworkIo.AggregationStrategy},
		{metadata.MetricsInfo.CiliumNetworkPacketCount.Name, m.CiliumNetworkPacketCount.AggregationStrategy},
	} {
		if one.strategy != metadata.AggregationStrategySum {
			errs = append(errs, fmt.Errorf("metrics: %s: aggregation_strategy: %q is not allowed; these metrics are sums; want sum", one.name, one.strategy))
		}
	}
	return errors.Join(errs...)
}
