// SPDX-License-Identifier: Apache-2.0

package series_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/series"
)

// both are two components of one type.
var both = []component.ID{component.MustNewID("kind"), component.MustNewIDWithName("kind", "b")}

// key writes the attributes of a point.
func key(s attribute.Set) string { return s.Encoded(attribute.DefaultEncoder()) }

func measured[N int64 | float64](points []metricdata.DataPoint[N]) map[string]N {
	got := map[string]N{}
	for _, p := range points {
		got[key(p.Attributes)] += p.Value
	}
	return got
}

func TestTwoComponentsOfATypeHaveASeriesEachOfEveryKind(t *testing.T) {
	tel := componenttest.NewTelemetry()
	reason := metric.WithAttributes(attribute.String("reason", "full"))
	for i, id := range both {
		n := int64(1 + i)
		meter := series.Of(tel.NewTelemetrySettings(), series.Receiver, id).MeterProvider.Meter("scope")
		gauge, err := meter.Float64ObservableGauge("gauge")
		require.NoError(t, err)
		total, err := meter.Int64ObservableCounter("total")
		require.NoError(t, err)
		_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
			o.ObserveFloat64(gauge, float64(n))
			o.ObserveInt64(total, n)
			o.ObserveInt64(total, 10*n, reason)
			return nil
		}, gauge, total)
		require.NoError(t, err)
		counter, err := meter.Int64Counter("counter")
		require.NoError(t, err)
		level, err := meter.Int64UpDownCounter("level")
		require.NoError(t, err)
		delay, err := meter.Float64Histogram("delay")
		require.NoError(t, err)
		require.True(t, counter.Enabled(t.Context()))
		for range 2 {
			counter.Add(t.Context(), n)
			counter.Add(t.Context(), 10*n, reason)
			level.Add(t.Context(), n)
			delay.Record(t.Context(), float64(n))
			delay.Record(t.Context(), float64(10*n), reason)
		}
	}
	data := func(name string) metricdata.Aggregation {
		m, err := tel.GetMetric(name)
		require.NoError(t, err)
		return m.Data
	}
	require.Equal(t, map[string]float64{"receiver=kind": 1, "receiver=kind/b": 2}, measured(data("gauge").(metricdata.Gauge[float64]).DataPoints))
	require.Equal(t, map[string]int64{"receiver=kind": 1, "receiver=kind/b": 2, "reason=full,receiver=kind": 10, "reason=full,receiver=kind/b": 20},
		measured(data("total").(metricdata.Sum[int64]).DataPoints))
	require.Equal(t, map[string]int64{"receiver=kind": 2, "receiver=kind/b": 4, "reason=full,receiver=kind": 20, "reason=full,receiver=kind/b": 40},
		measured(data("counter").(metricdata.Sum[int64]).DataPoints))
	require.Equal(t, map[string]int64{"receiver=kind": 2, "receiver=kind/b": 4}, measured(data("level").(metricdata.Sum[int64]).DataPoints))
	sums := map[string]float64{}
	for _, p := range data("delay").(metricdata.Histogram[float64]).DataPoints {
		require.EqualValues(t, 2, p.Count)
		sums[key(p.Attributes)] = p.Sum
	}
	require.Equal(t, map[string]float64{"receiver=kind": 2, "receiver=kind/b": 4, "reason=full,receiver=kind": 20, "reason=full,receiver=kind/b": 40}, sums)
	require.NoError(t, tel.Shutdown(t.Context()))
}

func TestACallbackEndsWithItsRegistration(t *testing.T) {
	tel := componenttest.NewTelemetry()
	meter := series.Of(tel.NewTelemetrySettings(), series.Extension, both[0]).MeterProvider.Meter("scope")
	gauge, err := meter.Int64ObservableGauge("gauge")
	require.NoError(t, err)
	registered, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(gauge, 1)
		return nil
	}, gauge)
	require.NoError(t, err)
	_, err = tel.GetMetric("gauge")
	require.NoError(t, err)
	require.NoError(t, registered.Unregister())
	_, err = tel.GetMetric("gauge")
	require.Error(t, err)
	require.NoError(t, tel.Shutdown(t.Context()))
}

// A measurement without attributes of its own takes the set that was built once.
func TestACountWithoutFurtherAttributesAllocatesNothing(t *testing.T) {
	set := component.TelemetrySettings{MeterProvider: noop.NewMeterProvider()}
	counter, err := series.Of(set, series.Exporter, both[0]).MeterProvider.Meter("scope").Int64Counter("counter")
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() { counter.Add(context.Background(), 1) }))
}

// mdatagen makes the instruments of each component. Of those that are not observed by a callback, this package must know the kind.
func TestTheKindsOfInstrumentsThatComponentsHaveAreKnown(t *testing.T) {
	const root = "../../.."
	known := []string{"Int64Counter", "Int64UpDownCounter", "Float64Histogram"}
	files := 0
	for _, folder := range []string{"receiver", "exporter", "extension"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, _ os.DirEntry, err error) error {
			if err != nil || filepath.Base(path) != "generated_telemetry.go" {
				return err
			}
			files++
			text, err := os.ReadFile(path)
			for _, m := range regexp.MustCompile(`builder\.meter\.(\w+)\(`).FindAllStringSubmatch(string(text), -1) {
				if kind := m[1]; kind != "RegisterCallback" && !strings.Contains(kind, "Observable") && !slices.Contains(known, kind) {
					t.Errorf("%s has an instrument of the kind %s, which Of does not name: wrap it as the others", path, kind)
				}
			}
			return err
		}))
	}
	require.GreaterOrEqual(t, files, 7)
}

func BenchmarkAdd(b *testing.B) {
	tel := componenttest.NewTelemetry()
	for name, set := range map[string]component.TelemetrySettings{
		"alone": tel.NewTelemetrySettings(), "named": series.Of(tel.NewTelemetrySettings(), series.Exporter, both[0]),
	} {
		counter, err := set.MeterProvider.Meter("scope").Int64Counter(name)
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				counter.Add(context.Background(), 1)
			}
		})
	}
}
