// SPDX-License-Identifier: Apache-2.0

// Package filter decides which of Cilium's events are wanted, in the terms and with the semantics of Hubble's exporter
// (FlowFilter in flow.proto, pkg/hubble/filters).
package filter

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
)

// Config is the `filters` section. An event is wanted when a rule of Allow matches it, or there is none, and no rule of Deny
// does.
type Config struct {
	// Allow are the rules of which one must match. Default: none, which allows everything.
	Allow []Rule `mapstructure:"allow"`
	// Deny are the rules of which none may match. Default: none.
	Deny []Rule `mapstructure:"deny"`
}

// Rule matches an event when every key that is set does. A key matches when one of its values does. The keys are those of
// Hubble's FlowFilter.
type Rule struct {
	// Verdict is a verdict: FORWARDED, DROPPED, ERROR, AUDIT, REDIRECTED, TRACED or TRANSLATED.
	Verdict []string `mapstructure:"verdict"`
	// EventType is a type as `hubble observe --type` has it: drop, trace, policy-verdict, capture, trace-sock, …, or a type and a
	// sub type, by name or number: trace:to-stack, drop:133.
	EventType []string `mapstructure:"event_type"`
	// SourceIP and DestinationIP are addresses or networks in CIDR notation.
	SourceIP       []string `mapstructure:"source_ip"`
	DestinationIP  []string `mapstructure:"destination_ip"`
	SourceIPXlated []string `mapstructure:"source_ip_xlated"`
	// SourcePort and DestinationPort are ports of TCP, UDP or SCTP.
	SourcePort      []uint16 `mapstructure:"source_port"`
	DestinationPort []uint16 `mapstructure:"destination_port"`
	// Protocol is tcp, udp, sctp, icmp (of either version), icmpv4, icmpv6, vrrp or igmp.
	Protocol []string `mapstructure:"protocol"`
	// SourceIdentity and DestinationIdentity are security identities.
	SourceIdentity      []uint32 `mapstructure:"source_identity"`
	DestinationIdentity []uint32 `mapstructure:"destination_identity"`
	// DropReasonDesc is the name of a drop reason, such as POLICY_DENIED.
	DropReasonDesc []string `mapstructure:"drop_reason_desc"`
	// TrafficDirection is INGRESS, EGRESS or TRAFFIC_DIRECTION_UNKNOWN.
	TrafficDirection []string `mapstructure:"traffic_direction"`
	// Reply is whether the packet is a reply; a drop is none.
	Reply []bool `mapstructure:"reply"`
	// IPVersion is IPv4 or IPv6.
	IPVersion []string `mapstructure:"ip_version"`
}

var _ confmap.Unmarshaler = (*Rule)(nil)

// Unmarshal reads a rule: for each key one value or a list. A key of Hubble's that is none here is an error that says why, and what
// to use instead.
func (r *Rule) Unmarshal(conf *confmap.Conf) error {
	for _, key := range slices.Sorted(maps.Keys(conf.ToStringMap())) {
		if why, ok := notHere[key]; ok {
			return fmt.Errorf("%s: %s", key, why)
		}
	}
	return configyaml.Unmarshal(conf, r)
}

// notHere says of each key of Hubble's FlowFilter that is none of a Rule why it is none (flow.proto of Cilium 1.20).
var notHere = func() map[string]string {
	const agent = " are not in the datapath's events; only Cilium's agent knows them. Use %[1]s_identity or %[1]s_ip"
	keys := map[string]string{}
	for _, end := range []string{"source", "destination"} {
		for key, what := range map[string]string{
			"pod": "pod names", "fqdn": "DNS names", "label": "labels", "service": "services", "workload": "workloads", "cluster_name": "cluster names",
		} {
			keys[end+"_"+key] = what + fmt.Sprintf(agent, end)
		}
	}
	for _, key := range []string{"http_status_code", "http_method", "http_path", "http_url", "http_header", "dns_query"} {
		keys[key] = "HTTP and DNS are what Cilium's proxy reads; the datapath's events have none of it. Use protocol and destination_port, or event_type l7 for the proxy's messages"
	}
	for _, key := range []string{"node_name", "node_labels"} {
		keys[key] = "every event is of the one node that the receiver runs on, or that the file is of; leave it out"
	}
	for _, key := range []string{"uuid", "trace_id", "experimental"} {
		keys[key] = "Hubble and Cilium's agent make what it looks at; the datapath's events have none of it. Leave it out"
	}
	for _, key := range []string{"interface", "tcp_flags"} {
		keys[key] = "it is no key of this receiver's filters; filter the records by cilium.interface.index or TcpFlags… in a processor"
	}
	return keys
}()

// Validate names the rule, the key and the value that is not allowed, and what is.
func (c *Config) Validate() error {
	_, err := New(c)
	return err
}

// New makes a filter; nil where everything is wanted.
func New(c *Config) (*Filter, error) {
	if len(c.Allow) == 0 && len(c.Deny) == 0 {
		return nil, nil
	}
	f := &Filter{}
	var errs []error
	for _, list := range []struct {
		name  string
		rules []Rule
		to    *[]rule
	}{{"allow", c.Allow, &f.allow}, {"deny", c.Deny, &f.deny}} {
		for i := range list.rules {
			r, err := list.rules[i].compile()
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: rule %d: %w", list.name, i+1, err))
			}
			*list.to = append(*list.to, r)
		}
	}
	return f, errors.Join(errs...)
}
