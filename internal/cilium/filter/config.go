// SPDX-License-Identifier: Apache-2.0

// Package filter decides which of Cilium's events are wanted, in the terms and with the semantics of Hubble's exporter
// (FlowFilter in flow.proto, pkg/hubble/filters). A Config goes in, a Filter comes out.
package filter

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
)

// Config is the `filters` section. An event is wanted if it matches a rule of Allow, or Allow is empty, and if it matches no rule of
// Deny.
type Config struct {
	// Allow are the rules of which one must match. Default: none, which allows everything.
	Allow []Rule `mapstructure:"allow"`
	// Deny are the rules of which none may match. Default: none.
	Deny []Rule `mapstructure:"deny"`
}

// Rule gives values by key. It matches an event when every key does, and a key matches when one of its values does. The keys are those of
// Hubble's FlowFilter that the datapath's events and the names of their ends can answer; see fields and CheckUnnamed.
type Rule map[string][]string

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

// compile reads the values of the rule. Its error names the keys.
func (r Rule) compile() (rule, error) {
	if len(r) == 0 {
		return nil, errors.New("it has no key; a rule wants one at least")
	}
	var compiled rule
	var errs configyaml.KeyErrors
	for _, f := range fields() {
		values, ok := r[f.name]
		if !ok {
			continue
		}
		if len(values) == 0 {
			errs.Add(f.name, errors.New("it has no value; want one or a list"))
			continue
		}
		c, err := f.compile(values)
		errs.Add(f.name, err)
		compiled = append(compiled, c)
	}
	for _, name := range slices.Sorted(maps.Keys(r)) {
		errs.Add(name, r.CheckKey(name))
	}
	return compiled, errs.Join()
}

var _ configyaml.KeyChecker = Rule{}

// CheckKey says why a name is no key of rules, and what to use instead; nil where it is one.
func (Rule) CheckKey(name string) error {
	var known []string
	for _, f := range fields() {
		known = append(known, f.name)
	}
	if slices.Contains(known, name) {
		return nil
	}
	if why, ok := notHere[name]; ok {
		return errors.New(why)
	}
	return fmt.Errorf("there is no such key; want one of %s", strings.Join(known, ", "))
}

// notHere lists the keys of Hubble's FlowFilter (flow.proto of Cilium 1.20) that a Rule does not have, each with the reason.
var notHere = func() map[string]string {
	keys := map[string]string{
		"namespace": "it is a flag of hubble observe; Hubble's filters have no such key. Use source_pod and destination_pod with a namespace and a slash: shop/",
	}
	for _, end := range []string{"source", "destination"} {
		keys[end+"_fqdn"] = fmt.Sprintf("DNS names are not in the datapath's events; only Cilium's agent knows them. Use %[1]s_identity or %[1]s_ip", end)
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
	for key, attribute := range map[string]string{
		"interface": "cilium.interface.index", "tcp_flags": "TcpFlags…", "ip_trace_id": "cilium.ip_trace_id", "encrypted": "cilium.encrypted",
	} {
		keys[key] = "it is no key of this receiver's filters; filter the records by " + attribute + " in a processor"
	}
	return keys
}()
