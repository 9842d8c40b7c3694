// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"maps"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flowmetrics"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// pointMaker makes metrics of sums. The generated builder provides the metrics' names, units and scope. It does not
// make the points: it compares each new point with all earlier ones, which takes seconds for thousands of points.
type pointMaker struct {
	empty   pmetric.Metrics // the enabled metrics, without points
	begun   pcommon.Timestamp
	metrics map[string]seriesMetric // by name
}

// seriesMetric is what a metric uses of a series: one of the sums, and the attributes that distinguish its points.
type seriesMetric struct {
	value      func(*flowmetrics.Sums) int64
	attributes map[string]bool
}

// seriesAttributes are the attributes that a series may have.
var seriesAttributes = [...]struct {
	name  string
	value func(*flowmetrics.Series) string
}{
	{"cilium.event.type", func(s *flowmetrics.Series) string { return s.Type }},
	{"cilium.trace.observation_point", func(s *flowmetrics.Series) string { return s.ObservationPoint }},
	{"cilium.verdict", func(s *flowmetrics.Series) string { return s.Verdict }},
	{"cilium.drop_reason", func(s *flowmetrics.Series) string { return s.DropReason }},
	{"network.io.direction", func(s *flowmetrics.Series) string { return directions[s.Direction].String() }},
	{"network.transport", func(s *flowmetrics.Series) string { return s.Transport }},
	{"cilium.lost.source", func(s *flowmetrics.Series) string { return s.LostSource }},
	{sourceNamespace, func(s *flowmetrics.Series) string { return s.Source.Namespace }},
	{sourceWorkload, func(s *flowmetrics.Series) string { return s.Source.Workload }},
	{sourcePod, func(s *flowmetrics.Series) string { return s.Source.Pod }},
	{destinationNamespace, func(s *flowmetrics.Series) string { return s.Destination.Namespace }},
	{destinationWorkload, func(s *flowmetrics.Series) string { return s.Destination.Workload }},
	{destinationPod, func(s *flowmetrics.Series) string { return s.Destination.Pod }},
}

// The attributes that have names of ends.
const (
	sourceNamespace      = "source.k8s.namespace.name"
	sourceWorkload       = "source.k8s.workload.name"
	sourcePod            = "source.k8s.pod.name"
	destinationNamespace = "destination.k8s.namespace.name"
	destinationWorkload  = "destination.k8s.workload.name"
	destinationPod       = "destination.k8s.pod.name"
)

// naming returns which names the metrics need.
func (c *Config) naming() flowmetrics.Naming {
	of := &c.Metrics
	wanted := enabled(of.CiliumEventCount.EnabledAttributes)
	maps.Copy(wanted, enabled(of.CiliumNetworkPacketCount.EnabledAttributes))
	maps.Copy(wanted, enabled(of.CiliumNetworkIo.EnabledAttributes))
	return flowmetrics.Naming{
		Source:      flowmetrics.Wanted{Namespace: wanted[sourceNamespace], Workload: wanted[sourceWorkload], Pod: wanted[sourcePod]},
		Destination: flowmetrics.Wanted{Namespace: wanted[destinationNamespace], Workload: wanted[destinationWorkload], Pod: wanted[destinationPod]},
		MaxSeries:   c.MetricsMaxSeries,
	}
}

// directions maps a direction as the endpoint sees it to OpenTelemetry's name.
var directions = [...]metadata.AttributeNetworkIoDirection{
	flow.DirectionIngress: metadata.AttributeNetworkIoDirectionReceive,
	flow.DirectionEgress:  metadata.AttributeNetworkIoDirectionTransmit,
}

func newPointMaker(c *metadata.MetricsBuilderConfig, set receiver.Settings, resource pcommon.Resource) *pointMaker {
	begun := pcommon.NewTimestampFromTime(time.Now())
	b := metadata.NewMetricsBuilder(*c, set)
	b.RecordCiliumEventCountDataPoint(begun, 0, "", "", "", "", 0, "", "", "", "", "", "", "")
	b.RecordCiliumNetworkPacketCountDataPoint(begun, 0, "", "", "", "", 0, "", "", "", "", "", "", "")
	b.RecordCiliumNetworkIoDataPoint(begun, 0, "", "", "", "", 0, "", "", "", "", "", "", "")
	b.RecordCiliumEventLostCountDataPoint(begun, 0, "")
	p := &pointMaker{empty: b.Emit(metadata.WithResource(resource)), begun: begun}
	eachMetric(p.empty, func(m pmetric.Metric) {
		m.Sum().DataPoints().RemoveIf(func(pmetric.NumberDataPoint) bool { return true })
	})
	names, of := &metadata.MetricsInfo, &c.Metrics
	p.metrics = map[string]seriesMetric{
		names.CiliumEventCount.Name:         {func(s *flowmetrics.Sums) int64 { return s.Events }, enabled(of.CiliumEventCount.EnabledAttributes)},
		names.CiliumNetworkPacketCount.Name: {func(s *flowmetrics.Sums) int64 { return s.Packets }, enabled(of.CiliumNetworkPacketCount.EnabledAttributes)},
		names.CiliumNetworkIo.Name:          {func(s *flowmetrics.Sums) int64 { return s.Bytes }, enabled(of.CiliumNetworkIo.EnabledAttributes)},
		names.CiliumEventLostCount.Name:     {func(s *flowmetrics.Sums) int64 { return s.Lost }, enabled(of.CiliumEventLostCount.EnabledAttributes)},
	}
	return p
}

// enabled returns a metric's attributes as a set.
func enabled[K ~string](attributes []K) map[string]bool {
	set := map[string]bool{}
	for _, a := range attributes {
		set[string(a)] = true
	}
	return set
}

// sizer measures metrics in OTLP's protobuf form.
var sizer pmetric.ProtoMarshaler

// lengthSize is the largest size of the tag and the length that precede a part of a protobuf message, in bytes.
const lengthSize = 6

// metricsOf makes the metrics of totals at a time, in parts of at most limit bytes in OTLP's form. It leaves out
// metrics without points, and returns no part for totals without sums.
func (p *pointMaker) metricsOf(t *flowmetrics.Totals, at pcommon.Timestamp, limit int) []pmetric.Metrics {
	metrics := p.emptyCopy()
	entries := t.Entries()
	eachMetric(metrics, func(m pmetric.Metric) { p.fill(m.Sum().DataPoints(), p.metrics[m.Name()], entries, at) })
	if metrics.DataPointCount() == 0 {
		return nil
	}
	if withoutEmpty(metrics); sizer.MetricsSize(metrics) <= limit {
		return []pmetric.Metrics{metrics}
	}
	return p.split(metrics, limit)
}

// split distributes the points of metrics over parts.
func (p *pointMaker) split(metrics pmetric.Metrics, limit int) (parts []pmetric.Metrics) {
	// The length fields of a resource, a scope, a metric and its sum become larger with their points.
	empty := sizer.MetricsSize(p.empty) + (2+2*len(p.metrics))*lengthSize
	size := limit + 1
	var into map[string]pmetric.NumberDataPointSlice // of the last part, by metric name
	eachMetric(metrics, func(m pmetric.Metric) {
		for _, point := range m.Sum().DataPoints().All() {
			takes := sizer.NumberDataPointSize(point) + lengthSize
			if size+takes > limit {
				part := p.emptyCopy()
				into = map[string]pmetric.NumberDataPointSlice{}
				eachMetric(part, func(m pmetric.Metric) { into[m.Name()] = m.Sum().DataPoints() })
				parts, size = append(parts, part), empty
			}
			size += takes
			point.MoveTo(into[m.Name()].AppendEmpty())
		}
	})
	for _, part := range parts {
		withoutEmpty(part)
	}
	return parts
}

// emptyCopy returns the metrics without points.
func (p *pointMaker) emptyCopy() pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	p.empty.CopyTo(metrics)
	return metrics
}

// withoutEmpty removes the metrics that have no points.
func withoutEmpty(metrics pmetric.Metrics) {
	for _, rm := range metrics.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			sm.Metrics().RemoveIf(func(m pmetric.Metric) bool { return m.Sum().DataPoints().Len() == 0 })
		}
	}
}

// fill makes a metric's points. Series that differ only in attributes that the metric does not have become one point.
func (p *pointMaker) fill(points pmetric.NumberDataPointSlice, m seriesMetric, entries []flowmetrics.Entry, at pcommon.Timestamp) {
	known := map[string]pmetric.NumberDataPoint{}
	points.EnsureCapacity(len(entries)) // the addresses in known must stay valid
	var key strings.Builder
	for i := range entries {
		n := m.value(&entries[i].Sums)
		if n == 0 {
			continue
		}
		key.Reset()
		for _, a := range seriesAttributes {
			if m.attributes[a.name] {
				key.WriteString(a.value(&entries[i].Series))
			}
			key.WriteByte(0)
		}
		point, ok := known[key.String()]
		if !ok {
			point = points.AppendEmpty()
			known[key.String()] = point
			point.SetStartTimestamp(p.begun)
			point.SetTimestamp(at)
			for _, a := range seriesAttributes {
				if value := a.value(&entries[i].Series); value != "" && m.attributes[a.name] {
					point.Attributes().PutStr(a.name, strings.ToValidUTF8(value, "\ufffd")) // nobody has checked names of ends
				}
			}
		}
		point.SetIntValue(point.IntValue() + n)
	}
}

// eachMetric calls do for every metric.
func eachMetric(metrics pmetric.Metrics, do func(pmetric.Metric)) {
	for _, rm := range metrics.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				do(m)
			}
		}
	}
}
