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

// instances are a factory's receivers. A logs and a metrics pipeline that name the same receiver share one, because the
// map can have only one reader. The collector passes both the same *Config, which identifies the receiver. Receivers of different
// configurations are kept off each other's maps by the claims of internal/cilium/events.
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

// with returns the instance of a configuration that has no pipeline of this signal yet, or a new one. join adds the pipeline and reports
// whether there was room for it.
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

// withoutSignal returns telemetry for a component that may have several signals. It removes the attribute that names
// the signal of whichever pipeline the collector made first. Only the collector's own telemetry can drop an attribute
// that it added; other telemetry is returned as it is.
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

// Start starts the receiver when its last pipeline starts: the components behind it in the others are running by then.
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

// Shutdown shuts the receiver down with its first pipeline: the components behind it in the others are still running
// then.
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

// hosts are the hosts of one receiver in several pipelines. The receiver's status is reported to each.
type hosts []component.Host

var _ componentstatus.Reporter = (hosts)(nil)

func (h hosts) GetExtensions() map[component.ID]component.Component { return h[0].GetExtensions() }

// Unwrap returns the first host: all belong to the same collector.
func (h hosts) Unwrap() component.Host { return h[0] }

// Report reports to each host.
func (h hosts) Report(e *componentstatus.Event) {
	for _, one := range h {
		componentstatus.ReportStatus(one, e)
	}
}
