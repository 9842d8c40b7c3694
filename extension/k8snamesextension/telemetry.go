// SPDX-License-Identifier: Apache-2.0

package k8snamesextension

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
)

// observe registers the extension's own metrics.
func (n *namer) observe() error {
	// each observes the values of an account, by the name of their index.
	each := func(values func(names.Account) []int64, key string, name func(int) string) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			for i, v := range values(n.Account()) {
				o.Observe(v, metric.WithAttributes(attribute.String(key, name(i))))
			}
			return nil
		}
	}
	ofKinds := func(values func(names.Kind) int64) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			for _, kind := range n.kinds {
				o.Observe(values(kind), metric.WithAttributes(attribute.String("kind", kind.String())))
			}
			return nil
		}
	}
	one := func(value func() int64) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(value())
			return nil
		}
	}
	return errors.Join(
		n.meters.RegisterExtensionK8sNamesAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
			o.Observe(n.age(time.Now()).Seconds())
			return nil
		}),
		n.meters.RegisterExtensionK8sNamesConflictsCallback(each(func(a names.Account) []int64 { return a.Conflicts[:] }, "won",
			func(i int) string { return names.Won(i).String() })),
		n.meters.RegisterExtensionK8sNamesLookupsCallback(each(func(a names.Account) []int64 { return a.Lookups[:] }, "outcome",
			func(i int) string { return names.Outcome(i).String() })),
		n.meters.RegisterExtensionK8sNamesListsCallback(ofKinds(n.lists)),
		n.meters.RegisterExtensionK8sNamesMemorySizeCallback(one(func() int64 { return n.Account().Size })),
		n.meters.RegisterExtensionK8sNamesObjectsCallback(ofKinds(func(k names.Kind) int64 { return n.Account().Objects[k] })),
		n.meters.RegisterExtensionK8sNamesRefusedCallback(ofKinds(func(k names.Kind) int64 { return n.Account().Refused[k] })),
		n.meters.RegisterExtensionK8sNamesServicesFoundCallback(one(func() int64 { return n.Account().Services })),
	)
}

// lists is how many complete lists of a kind there were.
func (n *namer) lists(kind names.Kind) int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.follower == nil {
		return 0
	}
	return n.follower.States()[kind].Lists
}

// age is how long the API server has not answered, for the kind that is away for longest.
func (n *namer) age(now time.Time) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	lost := n.lost
	if n.follower != nil {
		for _, s := range n.follower.States() {
			if !s.Lost.IsZero() && (lost.IsZero() || s.Lost.Before(lost)) {
				lost = s.Lost
			}
		}
	}
	if lost.IsZero() {
		return 0
	}
	return now.Sub(lost)
}
