// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flowmetrics"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// startFor starts a receiver of the two pipelines. Either of them may be missing.
func startFor(t *testing.T, cfg *Config, logs consumer.Logs, metrics consumer.Metrics) *ciliumReceiver {
	t.Helper()
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, logs)
	require.NoError(t, err)
	r.nextMetrics = metrics
	require.NoError(t, r.Start(context.Background(), componenttest.NewNopHost()))
	return r
}

// endReplay waits for the end of the replay and shuts the receiver down. It requires that every event is accounted for.
func endReplay(t *testing.T, r *ciliumReceiver) {
	t.Helper()
	<-r.Player.Done()
	require.NoError(t, r.Shutdown(context.Background()))
	require.Zero(t, r.Pipeline.Stats.Pending(), "%s", &r.Pipeline.Stats)
}

// sums returns the last sums that a sink received, by metric and attributes, such as "cilium.event.count
// cilium.event.type=drop …".
func sums(t *testing.T, sink *consumertest.MetricsSink) map[string]int64 {
	t.Helper()
	all := sink.AllMetrics()
	require.NotEmpty(t, all)
	return sumsOf(all[len(all)-1])
}

// eachPoint calls do for every data point of the metrics, which must be sums.
func eachPoint(metrics pmetric.Metrics, do func(pmetric.Metric, pmetric.NumberDataPoint)) {
	eachMetric(metrics, func(m pmetric.Metric) {
		for _, point := range m.Sum().DataPoints().All() {
			do(m, point)
		}
	})
}

func sumsOf(metrics pmetric.Metrics) map[string]int64 {
	got := map[string]int64{}
	eachPoint(metrics, func(m pmetric.Metric, p pmetric.NumberDataPoint) {
		key := []string{m.Name()}
		attributes := p.Attributes().AsRaw()
		for _, name := range slices.Sorted(maps.Keys(attributes)) {
			key = append(key, fmt.Sprintf("%s=%v", name, attributes[name]))
		}
		got[strings.Join(key, " ")] += p.IntValue()
	})
	return got
}

// walk decodes a capture and sums it up without receiver, pipeline and metrics. The function wants selects the
// notifications to count.
func walk(t *testing.T, path string, wants func(*monitor.Notification) bool) (sums map[string]int64, wanted int64) {
	t.Helper()
	sums = map[string]int64{}
	transports := map[uint8]string{6: "tcp", 17: "udp", 1: "icmp", 58: "ipv6-icmp", 132: "sctp", 112: "vrrp", 2: "igmp"}
	var n monitor.Notification
	var f flow.Flow
	_, err := capture.Replay(context.Background(), path, func(_ context.Context, head, body []byte) error {
		record, err := events.Parse(slices.Concat(head, body))
		require.NoError(t, err)
		require.NoError(t, monitor.Decoder{}.Decode(record.Data, &n))
		if !wants(&n) {
			return nil
		}
		wanted++
		f.Decode(&n)
		var have []string
		if f.Verdict == flow.VerdictDropped && f.Type != monitor.TypePacketMonitorDrop {
			reason := flow.DropReasonName(f.DropReason)
			if strings.Trim(reason, "0123456789") == "" { // the reason has no name
				reason = "DROP_REASON_UNKNOWN"
			}
			have = append(have, "cilium.drop_reason="+reason)
		}
		have = append(have, "cilium.event.type="+strings.TrimSuffix(f.Type.String(), "(42)"))
		if f.Type == monitor.TypeTrace {
			have = append(have, "cilium.trace.observation_point="+f.ObservationPoint.String())
		}
		if f.Verdict != 0 {
			have = append(have, "cilium.verdict="+f.Verdict.String())
		}
		direction := []string{"", "receive", "transmit"}[f.PacketDirection]
		if direction != "" {
			have = append(have, "network.io.direction="+direction)
		}
		if f.IP.Version != 0 {
			name := transports[f.IP.Protocol]
			if name == "" {
				name = "other"
			}
			if f.Class != flow.ClassSocket || f.L4.Protocol != 0 {
				have = append(have, "network.transport="+name)
			}
		}
		attributes := " " + strings.Join(have, " ")
		sums["cilium.event.count"+attributes]++
		if f.OrigLen > 0 {
			sums["cilium.network.packet.count"+attributes]++
			sums["cilium.network.io"+attributes] += int64(f.OrigLen)
		}
		return nil
	})
	require.NoError(t, err)
	return sums, wanted
}

// byDefault reports whether the default configuration selects a notification.
func byDefault(n *monitor.Notification) bool {
	switch n.Type {
	case monitor.TypeDebug, monitor.TypeCapture, monitor.TypeRecorder:
		return false
	case monitor.TypeTrace:
		return n.SubType < 5 || n.SubType == 11 || n.SubType >= 13 // the observation points to-…
	}
	return true
}

// total adds up a metric's sums.
func total(sums map[string]int64, metric string) (n int64) {
	for key, value := range sums {
		if name, _, _ := strings.Cut(key, " "); name == metric {
			n += value
		}
	}
	return n
}

func TestTheSumsAreTheCapturesOwn(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Config)
		wants  func(*monitor.Notification) bool
	}{
		"by default": {nil, byDefault},
		"everything": {everything, func(*monitor.Notification) bool { return true }},
	} {
		want, wanted := walk(t, captureFile, tc.wants)
		require.Greater(t, len(want), 50)

		sink := &consumertest.MetricsSink{}
		r := startFor(t, replayOf(captureFile, tc.change), nil, sink)
		endReplay(t, r)
		require.Equal(t, want, sums(t, sink), name)
		stats := &r.Pipeline.Stats
		require.Equal(t, int64(1200), stats.Received.Load())
		require.Equal(t, wanted, stats.Aggregated.Load(), "%s: an event that is in a sum only is aggregated", name)
		require.Equal(t, stats.Received.Load(), stats.Aggregated.Load()+stats.Filtered.Load())
		require.Equal(t, wanted, total(want, "cilium.event.count"))

		logs, sink := &consumertest.LogsSink{}, &consumertest.MetricsSink{}
		r = startFor(t, replayOf(captureFile, tc.change), logs, sink)
		endReplay(t, r)
		require.Equal(t, want, sums(t, sink), "%s: records beside them change nothing", name)
		_, alone, _ := replayAll(t, replayOf(captureFile, tc.change))
		require.Equal(t, alone.Pipeline.Stats.String(), r.Pipeline.Stats.String(), "%s: metrics do not change the records", name)
		require.Equal(t, int(r.Pipeline.Stats.Emitted.Load()), logs.LogRecordCount())
	}
}

// The numbers were counted by hand from the length fields of the messages in the file, without this project's code.
func TestTheTotalsOfTheCapture(t *testing.T) {
	sink := &consumertest.MetricsSink{}
	endReplay(t, startFor(t, replayOf(captureFile, everything), nil, sink))
	got := sums(t, sink)
	require.Equal(t, []int64{1200, 1087, 86816},
		[]int64{total(got, "cilium.event.count"), total(got, "cilium.network.packet.count"), total(got, "cilium.network.io")})
}

func TestTheMetricsSayWhatTheyAre(t *testing.T) {
	sink := &consumertest.MetricsSink{}
	before := time.Now()
	endReplay(t, startFor(t, replayOf(captureFile, func(c *Config) { c.NodeName = "node-1" }), nil, sink))
	for _, metrics := range sink.AllMetrics() {
		require.Equal(t, 1, metrics.ResourceMetrics().Len())
		rm := metrics.ResourceMetrics().At(0)
		require.Equal(t, map[string]any{
			"service.name": "windows_cilium", "service.namespace": "asim_network_session", "k8s.node.name": "node-1",
		}, rm.Resource().Attributes().AsRaw())
		require.Equal(t, metadata.ScopeName, rm.ScopeMetrics().At(0).Scope().Name())
		eachPoint(metrics, func(m pmetric.Metric, p pmetric.NumberDataPoint) {
			require.True(t, m.Sum().IsMonotonic())
			require.Equal(t, pmetric.AggregationTemporalityCumulative, m.Sum().AggregationTemporality())
			require.Contains(t, map[string]string{
				"cilium.event.count": "{event}", "cilium.network.packet.count": "{packet}", "cilium.network.io": "By",
			}, m.Name())
			require.WithinRange(t, p.StartTimestamp().AsTime(), before.Add(-time.Second), p.Timestamp().AsTime())
			require.WithinRange(t, p.Timestamp().AsTime(), before.Add(-time.Second), time.Now(), "when they were collected, not when the events happened")
			for name, v := range p.Attributes().All() {
				require.NotEmpty(t, v.AsString(), name)
			}
		})
	}
}

func TestLossesAreASum(t *testing.T) {
	for _, logs := range []*consumertest.LogsSink{nil, {}} {
		path := writeCaptureOf(t,
			events.Record{CPU: -1, Data: mt.Drop{Version: 2}.Bytes()}, events.Record{CPU: 1, Lost: 3},
			events.Record{CPU: 2, Lost: 40}, events.Record{CPU: -1, Data: mt.Drop{Version: 2}.Bytes()})
		sink := &consumertest.MetricsSink{}
		var next consumer.Logs
		if logs != nil {
			next = logs
		}
		r := startFor(t, replayOf(path, nil), next, sink)
		endReplay(t, r)
		got := sums(t, sink)
		require.Equal(t, int64(43), got["cilium.event.lost.count cilium.lost.source=PERF_EVENT_RING_BUFFER"])
		require.Equal(t, int64(2), total(got, "cilium.event.count"))
		require.Equal(t, int64(4), r.Pipeline.Stats.Received.Load())
		if logs == nil {
			require.Equal(t, int64(4), r.Pipeline.Stats.Aggregated.Load())
		}
	}
}

// refusing refuses metrics a number of times.
type refusing struct {
	consumertest.MetricsSink
	mu    sync.Mutex
	left  int
	err   error
	tries int
}

func (r *refusing) ConsumeMetrics(ctx context.Context, m pmetric.Metrics) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries++
	if r.left != 0 {
		r.left--
		return r.err
	}
	return r.MetricsSink.ConsumeMetrics(ctx, m)
}

func TestMetricsThatAreRefusedLoseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want, _ := walk(t, captureFile, byDefault)
		next := &refusing{left: 3, err: errors.New("not now")}
		endReplay(t, startFor(t, replayOf(captureFile, nil), nil, next))
		require.Equal(t, want, sums(t, &next.MetricsSink))

		next = &refusing{left: -1, err: consumererror.NewPermanent(errors.New("never"))}
		endReplay(t, startFor(t, replayOf(captureFile, nil), nil, next))
		require.LessOrEqual(t, next.tries, 2, "metrics refused permanently are not tried again at the end")
	})
}

func TestAPanicOfTheMetricsConsumerLosesNoSum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &consumertest.MetricsSink{}
		panicked := false
		next, err := consumer.NewMetrics(func(ctx context.Context, m pmetric.Metrics) error {
			if !panicked {
				panicked = true
				panic("a bad batch")
			}
			return sink.ConsumeMetrics(ctx, m)
		})
		require.NoError(t, err)
		endReplay(t, startFor(t, replayOf(captureFile, nil), nil, next))
		require.True(t, panicked)
		want, _ := walk(t, captureFile, byDefault)
		require.Equal(t, want, sums(t, sink), "the last collection has the sums")
	})
}

func TestTheShutdownDoesNotWaitForAConsumerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, heeds := range []bool{true, false} {
			in, release := make(chan struct{}, 10), make(chan struct{})
			next, err := consumer.NewMetrics(func(ctx context.Context, _ pmetric.Metrics) error {
				in <- struct{}{}
				if heeds {
					<-ctx.Done()
					return ctx.Err()
				}
				<-release
				return nil
			})
			require.NoError(t, err)
			r := startFor(t, replayOf(captureFile, nil), nil, next)
			<-in
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			err = r.Shutdown(ctx)
			cancel()
			close(release)
			if heeds {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "did not return")
				<-r.meter.done
			}
		}
	})
}

func TestAReceiverWhoseMetricsHangLeavesTheOtherComponentsTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		next, err := consumer.NewMetrics(func(context.Context, pmetric.Metrics) error { <-release; return nil })
		require.NoError(t, err)
		r := startFor(t, replayOf(captureFile, nil), nil, next)
		<-r.Player.Done()
		begun := time.Now()
		require.ErrorContains(t, r.Shutdown(context.Background()), "did not return")
		require.Equal(t, 4*time.Second, time.Since(begun))
		close(release)
		<-r.meter.done
	})
}

func TestTheSumsComeEveryInterval(t *testing.T) {
	got := make(chan pmetric.Metrics)
	next, err := consumer.NewMetrics(func(ctx context.Context, m pmetric.Metrics) error {
		select {
		case got <- m:
		case <-ctx.Done():
		}
		return nil
	})
	require.NoError(t, err)
	r := startFor(t, replayOf(captureFile, func(c *Config) { c.MetricsInterval = time.Millisecond; c.Replay.Repeat = 0 }), nil, next)
	last := map[string]int64{}
	for range 20 {
		now := sumsOf(<-got)
		for key, value := range last {
			require.GreaterOrEqual(t, now[key], value, key)
		}
		last = now
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_ = r.Shutdown(ctx)
}

func TestMetricsAndTheirAttributesCanBeSwitchedOff(t *testing.T) {
	cfg, err := load(t, `
replay: {path: `+captureFile+`}
metrics_interval: 5
metrics:
  cilium.event.count: {enabled: false}
  cilium.network.packet.count: {attributes: [cilium.verdict]}
`)
	require.NoError(t, err)
	require.Equal(t, 5*time.Second, cfg.MetricsInterval)
	want, _ := walk(t, captureFile, byDefault)
	sink := &consumertest.MetricsSink{}
	endReplay(t, startFor(t, cfg, nil, sink))
	got := sums(t, sink)
	require.Zero(t, total(got, "cilium.event.count"))
	require.Equal(t, total(want, "cilium.network.io"), total(got, "cilium.network.io"))
	byVerdict := map[string]int64{}
	for key, value := range want {
		if strings.HasPrefix(key, "cilium.network.packet.count ") {
			_, verdict, _ := strings.Cut(key, "cilium.verdict=")
			verdict, _, _ = strings.Cut(verdict, " ")
			byVerdict[verdict] += value
		}
	}
	require.Len(t, byVerdict, 4)
	for verdict, value := range byVerdict {
		require.Equal(t, value, got["cilium.network.packet.count cilium.verdict="+verdict], verdict)
	}
}

func TestAShutdownInTheMiddleOfAReplayHandsOverEverySum(t *testing.T) {
	logs, sink := &consumertest.LogsSink{}, &consumertest.MetricsSink{}
	r := startFor(t, replayOf(captureFile, func(c *Config) {
		everything(c)
		c.Replay.Repeat, c.Queue.MaxSizeMiB, c.MetricsInterval = 0, 1, 2*time.Millisecond
	}), logs, sink)
	require.Eventually(t, func() bool { return logs.LogRecordCount() > 5000 }, time.Minute, time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
	stats := &r.Pipeline.Stats
	require.Zero(t, stats.Pending(), "%s", stats)
	require.Equal(t, stats.Emitted.Load(), total(sums(t, sink), "cilium.event.count"))
	require.Equal(t, int64(logs.LogRecordCount()), stats.Emitted.Load())
}

func TestFiltersApplyToTheSums(t *testing.T) {
	sink := &consumertest.MetricsSink{}
	r := startFor(t, replayOf(captureFile, func(c *Config) {
		everything(c)
		c.Filters.Allow = []filter.Rule{{"verdict": {"DROPPED"}, "protocol": {"tcp"}}}
		c.FieldMask = []string{"time"}
	}), nil, sink)
	endReplay(t, r)
	got := sums(t, sink)
	require.Equal(t, r.Pipeline.Stats.Aggregated.Load(), total(got, "cilium.event.count"))
	require.NotZero(t, total(got, "cilium.event.count"))
	for key := range got {
		require.Contains(t, key, "cilium.verdict=DROPPED ", "a field mask applies to records only")
		require.Contains(t, key, "network.transport=tcp")
	}
}

func TestTheReadmeDocumentsEveryMetricAndAttribute(t *testing.T) {
	section := kit.Section(t, "README.md", "## Metrics")
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_.0-9]+)` \\| (?:`([A-Za-z{}]+)` \\|)?").FindAllStringSubmatch(section, -1) {
		documented = append(documented, strings.TrimSpace(row[1]+" "+row[2]))
	}
	infos := metadata.MetricsInfo
	want := slices.Concat([]string{
		infos.CiliumEventCount.Name + " {event}", infos.CiliumNetworkPacketCount.Name + " {packet}", infos.CiliumNetworkIo.Name + " By",
		infos.CiliumEventLostCount.Name + " {event}",
	}, infos.CiliumEventCount.Attributes, infos.CiliumEventLostCount.Attributes)
	require.ElementsMatch(t, want, documented)
}

// manySeries returns the totals of a datapath that drops for every existing reason: the largest possible number of
// series.
func manySeries() *flowmetrics.Totals {
	all := flowmetrics.New(flowmetrics.Naming{})
	for _, protocol := range []uint8{1, 2, 6, 17, 58, 99, 112, 132} {
		for direction := range flow.Direction(3) {
			for reason := range uint32(256) {
				f := flow.Flow{Verdict: flow.VerdictDropped, DropReason: reason, PacketDirection: direction, OrigLen: 60, Headers: flow.Headers{IP: flow.IP{Version: 4, Protocol: protocol}}}
				for _, f.Type = range []monitor.MessageType{monitor.TypeDrop, monitor.TypePolicyVerdict} {
					all.Add(&f)
				}
			}
		}
	}
	all.AddLost(flow.LostPerfEventRingBuffer, 7)
	return all
}

// whole is a limit that no metrics reach.
const whole = 1 << 30

// An OTLP receiver accepts no gRPC message above 4 MiB.
func TestNoMoreSumsAreHandedOverAtOnceThanABatchMayHave(t *testing.T) {
	all := manySeries()
	resource := pcommon.NewResource()
	resource.Attributes().PutStr("host.name", strings.Repeat("a long name ", 1000))
	c := metadata.NewDefaultMetricsBuilderConfig()
	maker := newPointMaker(&c, receivertest.NewNopSettings(metadata.Type), resource)
	size := func(m pmetric.Metrics) int {
		request, err := pmetricotlp.NewExportRequestFromMetrics(m).MarshalProto()
		require.NoError(t, err)
		return len(request)
	}
	want := maker.metricsOf(all, 1, whole)
	require.Len(t, want, 1)
	require.Greater(t, size(want[0]), 1<<20)
	for _, limit := range []int{64 << 10, 1 << 20, size(want[0]) - 1, size(want[0])} {
		parts := maker.metricsOf(all, 1, limit)
		got, points := map[string]int64{}, 0
		for i, part := range parts {
			require.LessOrEqual(t, size(part), limit)
			if i < len(parts)-1 {
				require.Greater(t, size(part), limit*98/100-2000, "parts are no smaller than necessary")
			}
			for key, n := range sumsOf(part) {
				if _, twice := got[key]; twice {
					t.Fatalf("%s is in two parts", key)
				}
				got[key] = n
			}
			points += part.DataPointCount()
			eachMetric(part, func(m pmetric.Metric) {
				require.NotZero(t, m.Sum().DataPoints().Len())
				require.True(t, m.Sum().IsMonotonic())
				require.NotEmpty(t, m.Unit())
			})
		}
		require.Equal(t, want[0].DataPointCount(), points)
		require.Equal(t, sumsOf(want[0]), got)
	}
	require.Empty(t, maker.metricsOf(flowmetrics.New(flowmetrics.Naming{}), 1, whole))
}

func TestAPartThatIsRefusedHoldsUpNoOtherAndTheLastSumsComeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var parts []pmetric.Metrics
		next, err := consumer.NewMetrics(func(_ context.Context, m pmetric.Metrics) error {
			parts = append(parts, m)
			switch len(parts) {
			case 1:
				return errors.New("not now")
			case 2:
				return consumererror.NewPermanent(errors.New("never"))
			}
			return nil
		})
		require.NoError(t, err)
		r := startFor(t, replayOf(captureFile, func(c *Config) { c.Batch.MaxSizeMiB = 1 }), nil, consumertest.NewNop())
		require.NoError(t, r.Shutdown(context.Background()))
		m := r.meter
		require.Equal(t, 1<<20, m.limit)
		m.next, m.totals, m.ctx = next, manySeries(), t.Context()
		all := m.points.metricsOf(m.totals, 0, whole)[0].DataPointCount()
		m.collectLast()
		points := 0
		for _, part := range parts {
			require.LessOrEqual(t, sizer.MetricsSize(part), 1<<20)
			points += part.DataPointCount()
		}
		require.Greater(t, len(parts), 4)
		require.Equal(t, 2*all, points)
	})
}

func BenchmarkMetricsOfManySeries(b *testing.B) {
	all := manySeries()
	c := metadata.NewDefaultMetricsBuilderConfig()
	p := newPointMaker(&c, receivertest.NewNopSettings(metadata.Type), pcommon.NewResource())
	b.ReportAllocs()
	for b.Loop() {
		points := 0
		for _, part := range p.metricsOf(all, 0, 3<<20) {
			points += part.DataPointCount()
		}
		b.ReportMetric(float64(points), "points")
	}
}
