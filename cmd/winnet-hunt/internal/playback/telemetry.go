// SPDX-License-Identifier: Apache-2.0

// What a receiver says of itself: its metrics and its log.

package playback

import (
	"context"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
)

// Account is what became of every event: Received = Emitted + Filtered + Aggregated + Undecodable + Dropped.
type Account struct {
	Received, Emitted, Filtered, Aggregated int64
	Undecodable, Dropped                    Reasons
	// Lost is what the recording had lost before it was a file, by where it was lost.
	Lost Reasons
}

// Missing is the number of events that no term of the account has; 0 unless a consumer did not return.
func (a *Account) Missing() int64 {
	return a.Received - a.Emitted - a.Filtered - a.Aggregated - a.Undecodable.Total() - a.Dropped.Total()
}

// Reasons are numbers of events by reason.
type Reasons map[string]int64

// Total is the sum of all reasons.
func (r Reasons) Total() (n int64) {
	for _, one := range r {
		n += one
	}
	return n
}

// Names are the reasons in order.
func (r Reasons) Names() []string { return slices.Sorted(maps.Keys(r)) }

type telemetry struct {
	prefix  string // of the receiver's metrics
	reader  *metric.ManualReader
	metrics *metric.MeterProvider
	log     *logCore
}

func newTelemetry(of component.Type) *telemetry {
	reader := metric.NewManualReader()
	return &telemetry{
		prefix: "otelcol_receiver_" + of.String() + "_", reader: reader, metrics: metric.NewMeterProvider(metric.WithReader(reader)), log: &logCore{},
	}
}

func (t *telemetry) settings() component.TelemetrySettings {
	return component.TelemetrySettings{
		Logger: zap.New(t.log), TracerProvider: noop.NewTracerProvider(), MeterProvider: t.metrics, Resource: pcommon.NewResource(),
	}
}

// values calls do for each value of a metric of the receiver, whose name is given without the receiver's prefix.
func (t *telemetry) values(do func(name string, attributes map[string]string, value float64)) error {
	var all metricdata.ResourceMetrics
	if err := t.reader.Collect(context.Background(), &all); err != nil {
		return err
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			name, own := strings.CutPrefix(m.Name, t.prefix)
			if !own {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				each(data.DataPoints, func(a map[string]string, v int64) { do(name, a, float64(v)) })
			case metricdata.Gauge[int64]:
				each(data.DataPoints, func(a map[string]string, v int64) { do(name, a, float64(v)) })
			case metricdata.Gauge[float64]:
				each(data.DataPoints, func(a map[string]string, v float64) { do(name, a, v) })
			}
		}
	}
	return nil
}

func each[N int64 | float64](points []metricdata.DataPoint[N], do func(map[string]string, N)) {
	for _, p := range points {
		attributes := map[string]string{}
		for _, kv := range p.Attributes.ToSlice() {
			attributes[string(kv.Key)] = kv.Value.String()
		}
		do(attributes, p.Value)
	}
}

// lost returns what the recordings had lost.
func (t *telemetry) lost() (Reasons, error) {
	lost := Reasons{}
	err := t.values(func(name string, attributes map[string]string, value float64) {
		if name == "events_lost" && value > 0 {
			lost[attributes["source"]] += int64(value)
		}
	})
	return lost, err
}

// progress returns how far the receiver has come. A metric that cannot be read is left at 0: the progress is only shown.
func (t *telemetry) progress() (p Progress) {
	_ = t.values(func(name string, _ map[string]string, value float64) {
		switch name {
		case "events_emitted", "events_filtered", "events_aggregated", "events_undecodable", "events_dropped":
			p.Events += int64(value)
		case "replay_progress":
			p.Share = value
		}
	})
	p.Files, p.File = t.log.files()
	return p
}
