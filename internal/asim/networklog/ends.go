// SPDX-License-Identifier: Apache-2.0

// The attributes of a packet's ends: its source, its destination, and the tunnel.

package networklog

import (
	"net/netip"
	"strconv"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// endSources are the attributes that ends writes.
var endSources = []source{
	{"Src", "IP.source"},
	{"SrcIpAddr", "IP.source"},
	{"SrcNatIpAddr", "IP.source_xlated"},
	{"SrcPortNumber", "l4.*.source_port"},
	{"SrcMacAddr", "ethernet.source"},
	{"SrcVlanId", ""},
	{"Dst", "IP.destination"},
	{"DstIpAddr", "IP.destination"},
	{"DstPortNumber", "l4.*.destination_port"},
	{"DstMacAddr", "ethernet.destination"},
	{"DstVlanId", ""},
	{"SrcZone", "source.identity"},
	{"DstZone", "destination.identity"},
	{"cilium.source.identity", "source.identity"},
	{"cilium.source.identity_name", "source.identity"},
	{"cilium.destination.identity", "destination.identity"},
	{"cilium.destination.identity_name", "destination.identity"},
}

// ends writes the packet's source and destination. In a tunnel, they are those of the packet inside.
func (r *networkRecord) ends() {
	a := r.attrs
	r.end("Src", "SrcIpAddr", r.IP.Source)
	r.end("Dst", "DstIpAddr", r.IP.Destination)
	if r.IP.SourceXlated.IsValid() {
		a.PutPiece("SrcNatIpAddr", r.address(r.IP.SourceXlated))
	}
	if r.L4.Protocol.HasPorts() || r.Class == flow.ClassSocket {
		r.number("SrcPortNumber", uint32(r.L4.SourcePort))
		r.number("DstPortNumber", uint32(r.L4.DestinationPort))
	}
	const macs = 2 * len("00:00:00:00:00:00")
	if r.HasEthernet && !r.repeats("SrcMacAddr", macs, r.IP.Version != 0) {
		r.mac("SrcMacAddr", r.Ethernet.Source)
		r.mac("DstMacAddr", r.Ethernet.Destination)
	}
	switch {
	case r.VLANCount == 1:
		r.vlan("SrcVlanId", r.VLANs[0])
	case r.VLANCount > 1: // the schema's aliases: InnerVlanId is SrcVlanId, OuterVlanId is DstVlanId
		r.vlan("SrcVlanId", r.VLANs[1])
		r.vlan("DstVlanId", r.VLANs[0])
	}
	r.identity(&sourceIdentity, r.SourceIdentity)
	r.identity(&destinationIdentity, r.DestinationIdentity)
	if r.Ends != (flow.Ends{}) {
		r.names(&sourceNames, r.Source, r.SourceService)
		r.names(&destinationNames, r.Destination, r.DestinationService)
	}
}

// vlan writes a VLAN's id, nothing when it is 0: that tag has a priority only.
func (r *networkRecord) vlan(key string, id uint16) {
	if id != 0 {
		r.attrs.PutStr(key, strconv.Itoa(int(id)))
	}
}

// address appends an address to the text.
func (r *networkRecord) address(addr netip.Addr) attrs.Piece {
	from := len(r.builder.Text)
	r.builder.Text = addr.AppendTo(r.builder.Text)
	return r.builder.Since(from)
}

func (r *networkRecord) end(key, addrKey string, addr netip.Addr) {
	if addr.IsValid() {
		text := r.address(addr)
		if !r.repeats(key, int(text.To-text.From), true) {
			r.attrs.PutPiece(key, text)
		}
		r.attrs.PutPiece(addrKey, text)
	}
}

// identityKeys are the attributes of a security identity: its number, the number in a slim record, and the name.
type identityKeys struct{ number, column, name string }

// Cilium's policy is written between identities, as that of other firewalls is between zones.
var (
	sourceIdentity      = identityKeys{"cilium.source.identity", "SrcZone", "cilium.source.identity_name"}
	destinationIdentity = identityKeys{"cilium.destination.identity", "DstZone", "cilium.destination.identity_name"}
)

// identity writes a security identity, and its name when Cilium reserves it. 0 is not known.
func (r *networkRecord) identity(keys *identityKeys, identity uint32) {
	if identity == 0 {
		return
	}
	if key := r.column(keys.number, keys.column, false); key == keys.column {
		r.decimal(key, uint64(identity)) // the column is a text
	} else {
		r.attrs.PutInt(key, int64(identity))
	}
	if name, ok := flow.IdentityName(identity); ok && !r.repeats(keys.name, len(name), true) {
		r.attrs.PutStr(keys.name, name)
	}
}

func (r *networkRecord) mac(key string, mac [6]byte) {
	from := len(r.builder.Text)
	r.builder.Text = flow.AppendMAC(r.builder.Text, mac)
	r.attrs.PutText(key, from)
}

// tunnelSources are the attributes that tunnel writes.
var tunnelSources = []source{
	{"cilium.tunnel.protocol", "tunnel.protocol"},
	{"cilium.tunnel.vni", "tunnel.vni"},
	{"cilium.tunnel.source.ip", "tunnel.IP.source"},
	{"cilium.tunnel.destination.ip", "tunnel.IP.destination"},
	{"cilium.tunnel.source.port", "tunnel.l4.UDP.source_port"},
	{"cilium.tunnel.destination.port", "tunnel.l4.UDP.destination_port"},
}

// tunnel writes the outside of an encapsulated packet.
func (r *networkRecord) tunnel() {
	t := &r.Tunnel
	if t.Protocol == flow.TunnelNone {
		return
	}
	a := r.attrs
	a.PutConst("cilium.tunnel.protocol", t.Protocol.String())
	a.PutInt("cilium.tunnel.vni", int64(t.VNI))
	if t.IP.Version != 0 {
		a.PutPiece("cilium.tunnel.source.ip", r.address(t.IP.Source))
		a.PutPiece("cilium.tunnel.destination.ip", r.address(t.IP.Destination))
	}
	r.number("cilium.tunnel.source.port", uint32(t.L4.SourcePort))
	r.number("cilium.tunnel.destination.port", uint32(t.L4.DestinationPort))
}
