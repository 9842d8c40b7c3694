// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// instances are a factory's receivers. A logs and a metrics pipeline that name the same receiver share one, since the map has
// one reader only. The collector hands both the same configuration, by which they are told apart.
type instances struct {
	mu sync.Mutex
	of map[*Config]*instance
}

// instance is one receiver, in one pipeline or in two.
type instance struct {
	*ciliumReceiver
	all *instances

	// Guarded by all.mu.
	pipelines int   // that it was made for
	hosts     hosts // of the pipelines that have started it
	stopped   bool
}

func (i *instances) logs(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
	return i.with(set, cfg.(*Config), func(r *ciliumReceiver) bool {
		if r.Next != nil {
			return false
		}
		r.Next = next
		return true
	})
}

func (i *instances) metrics(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
	return i.with(set, cfg.(*Config), func(r *ciliumReceiver) bool {
		if r.nextMetrics != nil {
			return false
		}
		r.nextMetrics = next
		return true
	})
}

// with gives the instance of a configuration that join has a free place in, or a new one.
func (i *instances) with(set receiver.Settings, cfg *Config, join func(*ciliumReceiver) bool) (*instance, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if one := i.of[cfg]; one != nil && len(one.hosts) == 0 && join(one.ciliumReceiver) {
		one.pipelines++
		return one, nil
	}
	set.TelemetrySettings = withoutSignal(set.TelemetrySettings)
	r, err := newReceiver(set, cfg, nil)
	if err != nil {
		return nil, err
	}
	join(r)
	one := &instance{ciliumReceiver: r, all: i, pipelines: 1}
	i.of[cfg] = one
	return one, nil
}

// withoutSignal is the telemetry of a component that may be of several signals: what it says is not of the one for whose pipeline
// the collector happened to make it first. The collector's own telemetry can leave an attribute out that it has added; other
// telemetry stays as it is.
func withoutSignal(set component.TelemetrySettings) component.TelemetrySettings {
	const signal = "otelcol.signal"
	set.Logger = set.Logger.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		if c, ok := core.(interface {
			DropInjectedAttributes(...string) zapcore.Core
		}); ok {
			return c.DropInjectedAttributes(signal)
		}
		return core
	}))
	if p, ok := set.MeterProvider.(interface {
		DropInjectedAttributes(...string) metric.MeterProvider
	}); ok {
		set.MeterProvider = p.DropInjectedAttributes(signal)
	}
	if p, ok := set.TracerProvider.(interface {
		DropInjectedAttributes(...string) trace.TracerProvider
	}); ok {
		set.TracerProvider = p.DropInjectedAttributes(signal)
	}
	return set
}

// Start starts the receiver with the last of its pipelines: what comes behind it in the others is then running as well.
func (i *instance) Start(ctx context.Context, h component.Host) error {
	i.all.mu.Lock()
	i.hosts = append(i.hosts, h)
	last := len(i.hosts) == i.pipelines
	all := i.hosts
	i.all.mu.Unlock()
	if !last {
		return nil
	}
	err := i.ciliumReceiver.Start(ctx, all)
	if err != nil {
		i.all.mu.Lock()
		i.hosts = i.hosts[:len(i.hosts)-1]
		i.all.mu.Unlock()
	}
	return err
}

// Shutdown shuts the receiver down with the first of its pipelines: what comes behind it in the others is then still running.
func (i *instance) Shutdown(ctx context.Context) error {
	i.all.mu.Lock()
	first := !i.stopped
	i.stopped = true
	if i.all.of[i.cfg] == i {
		delete(i.all.of, i.cfg)
	}
	i.all.mu.Unlock()
	if !first {
		return nil
	}
	return i.ciliumReceiver.Shutdown(ctx)
}

// hosts are the hosts of one receiver in several pipelines: its status is that of each.
type hosts []component.Host

var _ componentstatus.Reporter = (hosts)(nil)

func (h hosts) GetExtensions() map[component.ID]component.Component { return h[0].GetExtensions() }

// Unwrap gives the first: the collector behind each is the same.
func (h hosts) Unwrap() component.Host { return h[0] }

// Report reports to each host.
func (h hosts) Report(e *componentstatus.Event) {
	for _, one := range h {
		componentstatus.ReportStatus(one, e)
	}
}
