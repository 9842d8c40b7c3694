// SPDX-License-Identifier: Apache-2.0

// The keys of rules that need the names of a flow's ends.

package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
)

// CheckUnnamed returns an error for each rule with a key that needs names of ends, for flows that have none.
func (c *Config) CheckUnnamed() error {
	var errs []error
	for _, list := range []struct {
		name  string
		rules []Rule
	}{{"allow", c.Allow}, {"deny", c.Deny}} {
		for i, rule := range list.rules {
			var keys configyaml.KeyErrors
			for _, of := range []end{source, destination} {
				for _, f := range namedFields(of) {
					if _, ok := rule[f.name]; ok {
						keys.Add(f.name, fmt.Errorf("it needs the names of a flow's ends, which the datapath's events do not have; set names to an extension that "+
							"knows them, or use %[1]s_identity or %[1]s_ip", of.name))
					}
				}
			}
			if err := keys.Join(); err != nil {
				errs = append(errs, fmt.Errorf("%s: rule %d: %w", list.name, i+1, err))
			}
		}
	}
	return errors.Join(errs...)
}

// end is an end of a flow: its name in keys, and what is known of it.
type end struct {
	name     string
	endpoint func(*flow.Flow) *flow.Endpoint
	service  func(*flow.Flow) *flow.Service
}

var (
	source = end{
		"source", func(f *flow.Flow) *flow.Endpoint { return f.Source }, func(f *flow.Flow) *flow.Service { return f.SourceService },
	}
	destination = end{
		"destination", func(f *flow.Flow) *flow.Endpoint { return f.Destination }, func(f *flow.Flow) *flow.Service { return f.DestinationService },
	}
)

// namedFields are the keys of an end that its names answer. A new key is a row here.
func namedFields(of end) []field {
	return []field{
		{of.name + "_pod", matching(prefixedName, func(f *flow.Flow, want namePrefix) bool {
			e := of.endpoint(f)
			return e != nil && want.has(e.Namespace, e.PodName)
		})},
		{of.name + "_label", matching(labelSelector, func(f *flow.Flow, want selector) bool {
			var labels []string
			if e := of.endpoint(f); e != nil {
				labels = e.Labels
			}
			return want.matches(labels)
		})},
		{of.name + "_workload", matching(workload, func(f *flow.Flow, want flow.Workload) bool {
			e := of.endpoint(f)
			return e != nil && slices.ContainsFunc(e.Workloads, func(w flow.Workload) bool {
				return (want.Kind == "" || want.Kind == w.Kind) && (want.Name == "" || want.Name == w.Name)
			})
		})},
		{of.name + "_service", matching(prefixedName, func(f *flow.Flow, want namePrefix) bool {
			s := of.service(f)
			return s != nil && want.has(s.Namespace, s.Name)
		})},
		{of.name + "_cluster_name", matching(clusterName, func(f *flow.Flow, want string) bool {
			e := of.endpoint(f)
			return e != nil && e.ClusterName == want
		})},
	}
}

// matching matches flows that one of the values fits. parse reads a value.
func matching[T any](parse func(string) ([]T, error), fits func(*flow.Flow, T) bool) func([]string) (condition, error) {
	return func(texts []string) (condition, error) {
		values, err := parseAll(texts, parse)
		return func(f *flow.Flow) bool {
			return slices.ContainsFunc(values, func(v T) bool { return fits(f, v) })
		}, err
	}
}

// namePrefix is the beginning of a name in a namespace. Both may be empty, which stands for all.
type namePrefix struct{ namespace, prefix string }

// has reports whether a name in a namespace begins like that. What has neither does not.
func (n namePrefix) has(namespace, name string) bool {
	return (namespace != "" || name != "") && strings.HasPrefix(name, n.prefix) && (n.namespace == "" || n.namespace == namespace)
}

// prefixedName reads "shop/cart", "shop/" or, in the namespace default, "cart", as Hubble does. What follows a second slash says nothing.
func prefixedName(text string) ([]namePrefix, error) {
	if text == "" {
		return nil, errors.New("it is empty; want the beginning of a name, such as shop/cart, or a namespace, such as shop/")
	}
	parts := strings.Split(text, "/")
	if len(parts) == 1 {
		return []namePrefix{{"default", text}}, nil
	}
	return []namePrefix{{parts[0], parts[1]}}, nil
}

// workload reads "Deployment/cart", "cart" or "Deployment/", as `hubble observe --workload` does.
func workload(text string) ([]flow.Workload, error) {
	if kind, name, ok := strings.Cut(text, "/"); ok {
		return []flow.Workload{{Kind: kind, Name: name}}, nil
	}
	return []flow.Workload{{Name: text}}, nil
}

// clusterName reads the name of a cluster.
func clusterName(text string) ([]string, error) {
	if text == "" {
		return nil, errors.New("it is empty; want the name of a cluster")
	}
	return []string{text}, nil
}
