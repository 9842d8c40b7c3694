// SPDX-License-Identifier: Apache-2.0

// Package series gives two components of one type in a collector a series each. In comes the telemetry that the collector gave to a component. Out goes
// telemetry for the constructor that mdatagen generates: every measurement gets an attribute with the component's ID, as the collector's own metrics
// about components have it.
package series

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Kind is a kind of component. It is the name of the attribute, too.
type Kind string

// The kinds, with the collector's names of the attribute.
const (
	Receiver  Kind = "receiver"
	Exporter  Kind = "exporter"
	Extension Kind = "extension"
)

// Of returns telemetry that names a component in each measurement. It serves the instruments that mdatagen makes for this project's components: callbacks
// of asynchronous instruments, counters and up-down counters of integers, and histograms. Other instruments would not name the component.
func Of(set component.TelemetrySettings, kind Kind, id component.ID) component.TelemetrySettings {
	named := metric.WithAttributeSet(attribute.NewSet(attribute.String(string(kind), id.String())))
	set.MeterProvider = provider{set.MeterProvider, options{[]metric.ObserveOption{named}, []metric.AddOption{named}, []metric.RecordOption{named}}}
	return set
}

// options is the attribute in the form of each call. Each slice is full, so that append copies it.
type options struct {
	observe []metric.ObserveOption
	add     []metric.AddOption
	record  []metric.RecordOption
}

type provider struct {
	metric.MeterProvider
	options options
}

func (p provider) Meter(name string, opts ...metric.MeterOption) metric.Meter {
	return meter{p.MeterProvider.Meter(name, opts...), p.options}
}

type meter struct {
	metric.Meter
	options options
}

func (m meter) RegisterCallback(f metric.Callback, of ...metric.Observable) (metric.Registration, error) {
	return m.Meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error { return f(ctx, observer{o, m.options.observe}) }, of...)
}

func (m meter) Int64Counter(name string, opts ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	c, err := m.Meter.Int64Counter(name, opts...)
	return counter{c, m.options.add}, err
}

func (m meter) Int64UpDownCounter(name string, opts ...metric.Int64UpDownCounterOption) (metric.Int64UpDownCounter, error) {
	c, err := m.Meter.Int64UpDownCounter(name, opts...)
	return upDownCounter{c, m.options.add}, err
}

func (m meter) Float64Histogram(name string, opts ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	h, err := m.Meter.Float64Histogram(name, opts...)
	return histogram{h, m.options.record}, err
}

type observer struct {
	metric.Observer
	named []metric.ObserveOption
}

func (o observer) ObserveInt64(of metric.Int64Observable, n int64, opts ...metric.ObserveOption) {
	o.Observer.ObserveInt64(of, n, append(o.named, opts...)...)
}

func (o observer) ObserveFloat64(of metric.Float64Observable, n float64, opts ...metric.ObserveOption) {
	o.Observer.ObserveFloat64(of, n, append(o.named, opts...)...)
}

type counter struct {
	metric.Int64Counter
	named []metric.AddOption
}

func (c counter) Add(ctx context.Context, n int64, opts ...metric.AddOption) {
	c.Int64Counter.Add(ctx, n, append(c.named, opts...)...)
}

type upDownCounter struct {
	metric.Int64UpDownCounter
	named []metric.AddOption
}

func (c upDownCounter) Add(ctx context.Context, n int64, opts ...metric.AddOption) {
	c.Int64UpDownCounter.Add(ctx, n, append(c.named, opts...)...)
}

type histogram struct {
	metric.Float64Histogram
	named []metric.RecordOption
}

func (h histogram) Record(ctx context.Context, n float64, opts ...metric.RecordOption) {
	h.Float64Histogram.Record(ctx, n, append(h.named, opts...)...)
}
