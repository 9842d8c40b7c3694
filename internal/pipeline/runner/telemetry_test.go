// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/metric"
)

// collected is telemetry whose callbacks run in the order in which they were registered, as the SDK runs them. While they run, events flow.
type collected struct {
	Telemetry // nil: a method that is not below would panic
	order     []string
	values    map[string]func() int64
}

func (c *collected) note(name string, callback metric.Int64Callback) error {
	c.order = append(c.order, name)
	c.values[name] = valueOf(callback)
	return nil
}

// valueOf returns a function that sums what a callback observes.
func valueOf(callback metric.Int64Callback) func() int64 {
	return func() int64 {
		o := &sumObserver{}
		_ = callback(context.Background(), o)
		return o.sum
	}
}

type sumObserver struct {
	metric.Int64Observer
	sum int64
}

func (o *sumObserver) Observe(n int64, _ ...metric.ObserveOption) { o.sum += n }

func (c *collected) RegisterEventsReceivedCallback(f metric.Int64Callback) error {
	return c.note("received", f)
}
func (c *collected) RegisterEventsEmittedCallback(f metric.Int64Callback) error {
	return c.note("emitted", f)
}
func (c *collected) RegisterEventsFilteredCallback(f metric.Int64Callback) error {
	return c.note("filtered", f)
}
func (c *collected) RegisterEventsAggregatedCallback(f metric.Int64Callback) error {
	return c.note("aggregated", f)
}
func (c *collected) RegisterEventsUndecodableCallback(f metric.Int64Callback) error {
	return c.note("undecodable", f)
}
func (c *collected) RegisterEventsDroppedCallback(f metric.Int64Callback) error {
	return c.note("dropped", f)
}
func (c *collected) RegisterSourceOpenCallback(f metric.Int64Callback) error {
	c.values["open"] = valueOf(f)
	return nil
}
func (c *collected) RegisterEventsLostCallback(metric.Int64Callback) error    { return nil }
func (c *collected) RegisterQueueSizeCallback(metric.Int64Callback) error     { return nil }
func (c *collected) RegisterQueueCapacityCallback(metric.Int64Callback) error { return nil }
func (c *collected) RegisterLagCallback(metric.Float64Callback) error         { return nil }
func (c *collected) Shutdown()                                                {}

func TestACollectionNeverHasMoreEventsThatLeftThanEventsThatCame(t *testing.T) {
	f := newFake(t, func(*Sections) {})
	c := &collected{values: map[string]func() int64{}}
	f.Parts.Telemetry = func(component.TelemetrySettings) (Telemetry, error) { return c, nil }
	require.NoError(t, f.Start(t.Context(), componenttest.NewNopHost()))
	defer func() { require.NoError(t, f.Shutdown(context.Background())) }()
	require.Len(t, c.order, 6)
	stats, got := &f.Pipeline.Stats, map[string]int64{}
	for _, name := range c.order {
		stats.Received.Add(1)
		stats.Emitted.Add(1)
		got[name] = c.values[name]()
	}
	left := got["emitted"] + got["filtered"] + got["aggregated"] + got["undecodable"] + got["dropped"]
	require.GreaterOrEqual(t, got["received"], left, "%v", got)
}
