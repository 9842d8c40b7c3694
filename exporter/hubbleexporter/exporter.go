// SPDX-License-Identifier: Apache-2.0

package hubbleexporter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	peerpb "github.com/cilium/cilium/api/v1/peer"
	v1 "github.com/cilium/cilium/pkg/hubble/api/v1"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/convert"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/nodes"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/observer"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/peer"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/ring"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/series"
)

// hubble is the exporter.
type hubble struct {
	cfg       *Config
	set       exporter.Settings
	telemetry *metadata.TelemetryBuilder
	counters  counters

	cancel  context.CancelFunc // ends the streams
	server  *grpc.Server
	serving sync.WaitGroup
	clients *clients
	observe *observer.Server
	nodes   *nodes.Nodes

	mu        sync.Mutex // a batch at a time: a stream has events in the order of their batches
	converter convert.Converter
	events    []*convert.Event
	ignored   map[convert.Reason]int64
	named     map[namespace]bool // of the batch
}

func newHubble(set exporter.Settings, cfg *Config) (*hubble, error) {
	telemetry, err := metadata.NewTelemetryBuilder(series.Of(set.TelemetrySettings, series.Exporter, set.ID))
	if err != nil {
		return nil, err
	}
	h := &hubble{
		cfg: cfg, set: set, telemetry: telemetry, clients: newClients(cfg.MaxClients, set.Logger, telemetry), cancel: func() {}, converter: convert.Converter{Archived: cfg.Archive}, ignored: map[convert.Reason]int64{}, named: map[namespace]bool{},
	}
	return h, h.counters.observe(telemetry)
}

// wrap gives the exporter the metrics that every exporter has. It needs no queue: it waits for nobody.
func (h *hubble) wrap(ctx context.Context) (exporter.Logs, error) {
	return exporterhelper.NewLogs(ctx, h.set, h.cfg, h.consume, exporterhelper.WithStart(h.start), exporterhelper.WithShutdown(h.shutdown),
		exporterhelper.WithCapabilities(consumer.Capabilities{}), exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{}))
}

// start listens. An address that cannot be had is an error.
func (h *hubble) start(ctx context.Context, host component.Host) error {
	if h.cfg.NetAddr.Transport == confignet.TransportTypeUnix {
		if err := removeStale(ctx, h.cfg.NetAddr.Endpoint); err != nil {
			return err
		}
	}
	listener, err := h.cfg.NetAddr.Listen(ctx)
	if err != nil {
		return fmt.Errorf("endpoint %q: %w", h.cfg.NetAddr.Endpoint, err)
	}
	if err := protect(listener); err != nil {
		return errors.Join(err, listener.Close())
	}
	h.server, err = h.cfg.ToServer(ctx, host.GetExtensions(), h.set.TelemetrySettings, h.clients.options()...)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	stop, cancel := context.WithCancel(context.Background())
	h.cancel = cancel
	h.nodes = h.cfg.nodes(listener.Addr())
	version := strings.TrimSpace(h.set.BuildInfo.Command + " " + h.set.BuildInfo.Version)
	h.observe = observer.New(stop, ring.New[convert.Event](h.cfg.MaxFlows), h.nodes, h.cfg.nodeName(), version, &h.counters)
	observerpb.RegisterObserverServer(h.server, h.observe)
	peerpb.RegisterPeerServer(h.server, peer.New(stop, h.nodes))
	check := health.NewServer()
	check.SetServingStatus(v1.ObserverServiceName, healthpb.HealthCheckResponse_SERVING)
	healthpb.RegisterHealthServer(h.server, checks{check})
	reflection.Register(h.server)
	h.set.Logger.Info("serving Hubble's API", zap.Stringer("address", listener.Addr()), zap.Bool("tls", h.cfg.TLS.HasValue()), zap.Int("max_flows", h.cfg.MaxFlows))
	for _, warning := range h.cfg.warnings(listener.Addr()) {
		h.set.Logger.Warn(warning, zap.Stringer("address", listener.Addr()))
	}
	h.serving.Go(func() {
		if err := h.server.Serve(&limited{listener, h.clients}); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	return nil
}

// farewell is how long a stop waits for clients to take the end of their streams.
const farewell = time.Second

func (h *hubble) shutdown(ctx context.Context) error {
	h.cancel()
	if h.server != nil {
		ctx, cancel := context.WithTimeout(ctx, farewell)
		defer cancel()
		defer context.AfterFunc(ctx, h.server.Stop)()
		h.server.GracefulStop()
		h.serving.Wait()
	}
	h.telemetry.Shutdown()
	return nil
}

// chunk is how many events go into the ring at once, so that followers may take them while a large batch comes.
const chunk = 256

// consume puts the events of a batch into the ring. It does not wait for clients.
func (h *hubble) consume(ctx context.Context, logs plog.Logs) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.ignored)
	counts := map[string]int64{}
	seen := map[string]int{}
	flows := 0
	write := func() {
		h.observe.Write(h.events, flows)
		clear(h.events)
		h.events, flows = h.events[:0], 0
	}
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			resource := h.converter.Resource(rl.Resource(), sl.Scope())
			for _, record := range sl.LogRecords().All() {
				e, reason := h.converter.Event(&resource, record)
				if e == nil {
					h.ignored[reason]++
					continue
				}
				switch event := e.Hubble.Event.(type) {
				case *flowpb.Flow:
					counts["flow"]++
					flows++
					seen[e.Node]++
					h.namespaces(event)
				case *flowpb.LostEvent:
					counts["lost"]++
				case *flowpb.DebugEvent:
					counts["debug"]++
				}
				if h.events = append(h.events, e); len(h.events) == chunk {
					write()
				}
			}
		}
	}
	write()
	for name, n := range seen {
		h.nodes.Seen(name, n)
	}
	for n := range h.named {
		h.nodes.Namespace(n.cluster, n.name)
	}
	clear(h.named)
	for reason, n := range h.ignored {
		h.telemetry.ExporterHubbleRecordsIgnored.Add(ctx, n, metric.WithAttributes(attribute.String("reason", string(reason))))
	}
	for kind, n := range counts {
		h.telemetry.ExporterHubbleEvents.Add(ctx, n, metric.WithAttributes(attribute.String("kind", kind)))
	}
	return nil
}

// namespace is a namespace of a cluster.
type namespace struct{ cluster, name string }

// namespaces notes the namespaces of a flow.
func (h *hubble) namespaces(f *flowpb.Flow) {
	for _, end := range [...]*flowpb.Endpoint{f.GetSource(), f.GetDestination()} {
		if name := end.GetNamespace(); name != "" {
			h.named[namespace{end.GetClusterName(), name}] = true
		}
	}
}

// counters are what streams have counted. A stream counts each event, so the metrics are observed only when they are read.
type counters struct{ sent, missed atomic.Int64 }

func (c *counters) Sent(events int) { c.sent.Add(int64(events)) }

func (c *counters) Missed(events uint64) { c.missed.Add(int64(events)) }

func (c *counters) observe(t *metadata.TelemetryBuilder) error {
	observe := func(counter *atomic.Int64) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(counter.Load())
			return nil
		}
	}
	return errors.Join(t.RegisterExporterHubbleEventsSentCallback(observe(&c.sent)), t.RegisterExporterHubbleEventsMissedCallback(observe(&c.missed)))
}
