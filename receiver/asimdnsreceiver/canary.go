// SPDX-License-Identifier: Apache-2.0

// The canary: queries of the receiver's own. Their events show that it still receives the host's DNS events.

package asimdnsreceiver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/canary"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

const keyCanary = "canary"

// validateCanary returns an error if no event of the canary's queries can come.
func (c *Config) validateCanary(providers []provider) error {
	if c.Canary == "" {
		return nil
	}
	if err := canary.CheckName(c.Canary); err != nil {
		return err
	}
	switch {
	case c.Replay.Enabled():
		return errors.New("not allowed with replay: no recorded file has the events of queries that are asked now; leave it out")
	case c.Heartbeat == 0:
		return errors.New("not allowed without heartbeat, which is how often the name is asked for; set heartbeat: 5m")
	}
	for _, p := range providers {
		if p.Provider != nil && !p.Collects(p.enable, "queries") {
			return fmt.Errorf("not allowed with the enable_flags and enable_level of %s, which leave out the events of queries; add the keyword queries", p.Name)
		}
	}
	return nil
}

// status returns the keys of status records.
func (c *Config) status() status.Config {
	return status.Config{Heartbeat: c.Heartbeat, Records: c.StatusRecords, Canary: c.Canary != ""}
}

// watch is the canary of a provider.
type watch struct {
	*canary.Canary
	provider *dns.Provider
}

// typeCanary is the EventType of the canary's records.
const typeCanary = "CanaryMissing"

// newCanaries makes a canary for each provider, because each can fall silent alone.
func (r *dnsReceiver) newCanaries() []watch {
	if r.cfg.Canary == "" || r.cfg.Replay.Enabled() {
		return nil
	}
	var all []watch
	for _, p := range r.providers {
		object := p.Name
		all = append(all, watch{provider: p.Provider, Canary: canary.New(canary.Settings{
			Name: r.cfg.Canary, Interval: r.cfg.Heartbeat, Ask: canary.Asker(p.Provider),
			Handled: func(until time.Time) bool {
				return r.Pipeline.QueueSize() == 0 || r.Pipeline.Stats.Last() >= until.UnixNano()
			},
			Missing: func(message string) {
				r.log.Warn("the canary's event did not come: this receiver does not see the DNS events of this host", zap.String("provider", object), zap.String("canary", message))
				r.Status.Raise(status.Canary, typeCanary, object, "no event of the canary comes from "+object)
			},
			Came: func(delay time.Duration) {
				r.Status.Clear(status.Canary, typeCanary, object, fmt.Sprintf("the events of the canary come again from %s, the last after %v", object, delay))
			},
		})})
	}
	return all
}

// runCanaries runs the canaries until the returned function is called.
func (r *dnsReceiver) runCanaries() (end func()) {
	stop := make(chan struct{})
	var running sync.WaitGroup
	for _, w := range r.handler.canaries {
		running.Go(func() { w.Run(stop) })
	}
	return func() {
		close(stop)
		running.Wait()
	}
}

// ownQuery reports whether an event belongs to a canary's query.
func (h *handler) ownQuery(x *prepared, received int64) bool {
	h.name = x.event.LowerQName(h.name[:0])
	name := dns.WithoutFinalDot(h.name)
	for _, w := range h.canaries {
		if w.See(name, w.provider.GUID == x.pipeline.decoder.Provider.GUID, time.Unix(0, received)) {
			return true
		}
	}
	return false
}

// observeCanaries registers the telemetry of the canaries.
func (r *dnsReceiver) observeCanaries(builder *metadata.TelemetryBuilder) error {
	all := r.handler.canaries
	if len(all) == 0 {
		return nil
	}
	each := func(value func(*canary.Stats) int64) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			for _, w := range all {
				o.Observe(value(&w.Stats), providerAttribute(w))
			}
			return nil
		}
	}
	return errors.Join(
		builder.RegisterCanaryEventsCallback(each(func(s *canary.Stats) int64 { return s.Events.Load() })),
		builder.RegisterCanaryMissingCallback(each(func(s *canary.Stats) int64 { return s.Missing.Load() })),
		builder.RegisterCanaryDelayCallback(func(_ context.Context, o metric.Float64Observer) error {
			for _, w := range all {
				if delay, ok := w.Stats.Delay(); ok {
					o.Observe(delay.Seconds(), providerAttribute(w))
				}
			}
			return nil
		}),
	)
}

func providerAttribute(w watch) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("provider", w.provider.Name))
}
