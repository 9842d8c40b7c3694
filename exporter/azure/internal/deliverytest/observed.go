// SPDX-License-Identifier: Apache-2.0

package deliverytest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// Observed has the settings of an exporter whose logs and metrics a test reads.
type Observed struct {
	Settings exporter.Settings
	Logs     *observer.ObservedLogs

	telemetry *componenttest.Telemetry
}

// observe makes settings for an exporter of a type.
func observe(t *testing.T, typ component.Type) *Observed {
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { _ = telemetry.Shutdown(context.Background()) })
	core, logs := observer.New(zap.InfoLevel)
	set := exportertest.NewNopSettings(typ)
	set.ID = component.NewID(typ) // names the queue on disk
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	set.Logger = zap.New(core)
	set.BuildInfo.Command, set.BuildInfo.Version = "otelcol-winnet", "1.2.3"
	return &Observed{Settings: set, Logs: logs, telemetry: telemetry}
}

// Sum returns the sum of a counter's points that have an attribute with the value; "" selects all points. The counter is named without the
// prefix of the exporter.
func (o *Observed) Sum(counter, value string) (n int64) {
	m, err := o.telemetry.GetMetric("otelcol_exporter_" + o.Settings.ID.Type().String() + "_" + counter)
	if err != nil {
		return 0
	}
	for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
		for _, a := range p.Attributes.ToSlice() {
			if a.Value.AsString() == value {
				n += p.Value
			}
		}
		if value == "" {
			n += p.Value
		}
	}
	return n
}

// Said reports whether a log message, or one of its fields, contains the text.
func (o *Observed) Said(text string) bool {
	for _, l := range o.Logs.All() {
		if strings.Contains(l.Message+fmt.Sprint(l.ContextMap()), text) {
			return true
		}
	}
	return false
}

// showOnFailure prints the logs at the end of a test that has failed.
func (o *Observed) showOnFailure(t *testing.T) {
	t.Cleanup(func() {
		if t.Failed() {
			for _, l := range o.Logs.All() {
				t.Log(l.Level, l.Message, l.ContextMap())
			}
		}
	})
}

// reporter is a host that keeps the reported status.
type reporter struct {
	component.Host
	all []componentstatus.Status
}

// Report implements componentstatus.Reporter.
func (r *reporter) Report(e *componentstatus.Event) { r.all = append(r.all, e.Status()) }
