// SPDX-License-Identifier: Apache-2.0

// Pseudonyms in place of the values that identify someone. They replace the values in a copy of the flow before the record is written, so that
// the attributes, the line and the JSON have the same pseudonyms.

package networklog

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// replaceFlow returns the flow with pseudonyms. It leaves f as it is. The flow is valid until the next call.
func (m *Mapper) replaceFlow(f *flow.Flow) *flow.Flow {
	p := m.options.Pseudonyms
	if p == nil {
		return f
	}
	m.replaced = *f
	f = &m.replaced
	for _, addr := range []*netip.Addr{
		&f.IP.Source, &f.IP.SourceXlated, &f.IP.Destination, &f.L4.Group,
		&f.Tunnel.IP.Source, &f.Tunnel.IP.SourceXlated, &f.Tunnel.IP.Destination, &f.Tunnel.L4.Group,
		&f.Trace.OrigIP, &f.Sock.DstIP,
	} {
		*addr = p.Addr(*addr)
	}
	f.ReplaceOwnAddresses(p.Addr)
	f.Ethernet.Source, f.Ethernet.Destination = p.MAC(f.Ethernet.Source), p.MAC(f.Ethernet.Destination)
	f.Source, f.Destination = m.replaceEndpoint(f.Source), m.replaceEndpoint(f.Destination)
	f.SourceService, f.DestinationService = m.replaceService(f.SourceService), m.replaceService(f.DestinationService)
	f.Raw = nil
	// An argument of a debug message may be an address or a part of one. Which argument is depends on Cilium's release.
	f.Debug.Hidden = p.Has(pseudonym.Addresses)
	return f
}

// replaceConnection returns the connection with pseudonyms. It leaves c as it is. The connection is valid until the next call.
func (m *Mapper) replaceConnection(c *flow.Connection) *flow.Connection {
	p := m.options.Pseudonyms
	if p == nil {
		return c
	}
	m.replacedConnection = *c
	c = &m.replacedConnection
	for _, side := range []*flow.Side{&c.Source, &c.Destination} {
		side.Address, side.Translated = p.Addr(side.Address), p.Addr(side.Translated)
		side.Endpoint, side.Service = m.replaceEndpoint(side.Endpoint), m.replaceService(side.Service)
	}
	c.ID, c.Session = p.EventID(c.ID), p.EventID(c.Session)
	return c
}

// maxReplaced bounds the ends, and the services, whose pseudonyms are remembered.
const maxReplaced = 1 << 14

// replaceEndpoint returns an end with pseudonyms; nil for nil. Kinds, the keys of labels and reserved labels stay as they are: they are the same in
// every cluster.
func (m *Mapper) replaceEndpoint(e *flow.Endpoint) *flow.Endpoint {
	if e == nil {
		return nil
	}
	if to := m.replacedEndpoints[e]; to != nil {
		return to
	}
	to := *e
	to.ClusterName, to.Namespace, to.PodName = m.replaceName(e.ClusterName), m.replaceName(e.Namespace), m.replaceName(e.PodName)
	to.Workloads = slices.Clone(e.Workloads)
	for i := range to.Workloads {
		to.Workloads[i].Name = m.replaceName(to.Workloads[i].Name)
	}
	to.Labels = slices.Clone(e.Labels)
	for i, label := range to.Labels {
		to.Labels[i] = m.replaceLabel(label)
	}
	if len(m.replacedEndpoints) >= maxReplaced {
		clear(m.replacedEndpoints)
	}
	m.replacedEndpoints[e] = &to
	return &to
}

// replaceService returns a service with pseudonyms; nil for nil.
func (m *Mapper) replaceService(s *flow.Service) *flow.Service {
	if s == nil {
		return nil
	}
	if to := m.replacedServices[s]; to != nil {
		return to
	}
	if len(m.replacedServices) >= maxReplaced {
		clear(m.replacedServices)
	}
	to := &flow.Service{Namespace: m.replaceName(s.Namespace), Name: m.replaceName(s.Name)}
	m.replacedServices[s] = to
	return to
}

// replaceName returns the pseudonym of a name, or of an address in its place.
func (m *Mapper) replaceName(name string) string { return PseudonymOf(m.options.Pseudonyms, name) }

// PseudonymOf returns what stands in a record in place of the name of an end, its namespace, its workload or its cluster; "" for "".
func PseudonymOf(p *pseudonym.Pseudonymizer, name string) string {
	if name == "" {
		return ""
	}
	return string(p.Host(nil, []byte(name)))
}

// replaceLabel returns a label with the pseudonym of its value, and of a key that is a network or a name of DNS.
func (m *Mapper) replaceLabel(label string) string {
	source, key, ok := strings.Cut(label, ":")
	if !ok {
		source, key = "", label
	}
	key, value, hasValue := strings.Cut(key, "=")
	switch source {
	case "cidr":
		key = m.replaceNetwork(key)
	case "fqdn":
		key = m.replaceName(key)
	}
	if hasValue {
		key += "=" + m.replaceName(value)
	}
	if ok {
		return source + ":" + key
	}
	return key
}

// replaceNetwork returns the pseudonym of a network in the form of a label's key, which has - in place of :.
func (m *Mapper) replaceNetwork(key string) string {
	network, err := netip.ParsePrefix(strings.ReplaceAll(key, "-", ":"))
	if err != nil {
		return m.replaceName(key)
	}
	network = netip.PrefixFrom(m.options.Pseudonyms.Addr(network.Addr()), network.Bits()).Masked()
	return strings.ReplaceAll(network.String(), ":", "-")
}

// replaceDevice returns the device with pseudonyms.
func (m *Mapper) replaceDevice(d Device) Device {
	p := m.options.Pseudonyms
	if p == nil {
		return d
	}
	for _, name := range []*string{&d.NodeName, &d.HostName, &d.IPAddr, &d.FileName} {
		*name = string(p.Host(nil, []byte(*name)))
	}
	return d
}
