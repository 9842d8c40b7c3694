// SPDX-License-Identifier: Apache-2.0

// Pseudonyms in place of the values that identify someone. They replace the values in a copy of the flow before the record is written, so that
// the attributes, the line and the JSON have the same pseudonyms.

package networklog

import (
	"net/netip"

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
	}
	c.ID, c.Session = p.EventID(c.ID), p.EventID(c.Session)
	return c
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
