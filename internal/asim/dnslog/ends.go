// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// QueryOptions bits of the DNS Client (windns.h).
const (
	optionTCPOnly     = 0x2 // DNS_QUERY_USE_TCP_ONLY
	optionNoRecursion = 0x4 // DNS_QUERY_NO_RECURSION
)

func (r *dnsRecord) isServer() bool { return r.provider.Service == "windows_dns_server" }

// serverEnds returns the two ends of a server's event. The field Port is the client's port, or this server's own in recursion.
func (r *dnsRecord) serverEnds() (src, dst endpoint) {
	var peer endpoint
	if !r.plainAudit() {
		peer = r.end(r.Peer)
	}
	local := endpoint{addr: r.local.addr, named: r.local.addr.IsValid(), own: true}
	if !local.named && r.Phase != dns.NoPhase && r.Reaches(r.device.Addr) {
		local.addr = r.device.Addr
	}
	src, dst = peer, local
	if r.PeerIsServer || r.Phase == dns.NoPhase && r.Peer == dns.NoField { // or the event is about this host alone
		src, dst = local, peer
	}
	if port, ok := r.word(dns.Port); ok && !r.isSum() {
		src.port = uint16(port)
	}
	if r.Phase != dns.NoPhase && r.Peer != dns.NoField {
		dst.port = dnsPort // the DNS Server sends queries to this port and listens on it only
	}
	return src, dst
}

// end returns the address in a field, and marks the field as represented if it holds one.
func (r *dnsRecord) end(f dns.Field) endpoint {
	addr, ok := r.Addr(f)
	if !ok {
		return endpoint{}
	}
	named := r.represent(f, addr, 0)
	return endpoint{addr: named, named: named.IsValid()}
}

// represent returns the address in a field for an attribute. An attribute holds neither a zone nor a list: a field with either stays in
// AdditionalFields as well. An unspecified address counts as none.
func (r *dnsRecord) represent(f dns.Field, addr netip.Addr, more int) netip.Addr {
	if addr.Zone() == "" && more == 0 {
		r.use(f)
	}
	if addr.IsUnspecified() {
		return netip.Addr{}
	}
	return addr.WithZone("")
}

// clientEnds returns the two ends of a client's event: this host, and the server that the event names.
func (r *dnsRecord) clientEnds() (src, dst endpoint) {
	src = endpoint{addr: r.device.Addr, own: true}
	if addr, more, ok := r.FirstAddr(dns.LocalAddress); ok && !addr.IsUnspecified() {
		src.addr, src.named = r.represent(dns.LocalAddress, addr, more), true
	}
	if r.isSum() {
		return src, r.commonServer()
	}
	if server := r.merged.Lookup.Server; server.IsValid() {
		dst.addr = server
		return src, dst
	}
	for _, f := range [...]dns.Field{dns.ServerAddress, dns.ServerList} {
		if addr, more, ok := r.FirstAddr(f); ok && !addr.IsUnspecified() {
			dst.addr, dst.named = r.represent(f, addr, more), true
			return src, dst
		}
	}
	if server, ok := dns.ParseSockaddr(r.Bytes(dns.Address)); ok && !server.Addr().IsUnspecified() {
		dst = endpoint{addr: r.represent(dns.Address, server.Addr(), 0), port: server.Port(), named: true}
	}
	return src, dst
}

// asDocumented returns the ends as the design document has them: an unknown end has the device's name, and a query goes to port 53.
func (r *dnsRecord) asDocumented(class dns.Class, src, dst endpoint) (endpoint, endpoint) {
	exchange := r.Phase != dns.NoPhase
	if !r.isServer() {
		exchange = class.EventType != dns.EventTypeStatus
	}
	if dst.port == 0 && exchange {
		dst.port = dnsPort
	}
	for _, end := range [...]*endpoint{&src, &dst} {
		if end.own && !end.named && r.isServer() {
			end.addr = netip.Addr{}
		}
		end.own, end.named = true, end.addr.IsValid()
	}
	return src, dst
}

// isTCP reports whether the exchange used TCP. ok is false if the event does not say: a client may have used UDP or HTTPS.
func (r *dnsRecord) isTCP(class dns.Class) (tcp, ok bool) {
	if n, has := r.num(dns.TCP); has {
		return n != 0, true
	}
	if r.isServer() {
		return false, false
	}
	options, _ := r.Num(dns.QueryOptions)
	tcp = options&optionTCPOnly != 0
	if r.documents() {
		return tcp, class.EventType != dns.EventTypeStatus && !r.Undecoded(dns.QueryOptions)
	}
	return tcp, tcp
}

// actingProcess returns the process that sent the query, or that made the change of an audit event.
func (r *dnsRecord) actingProcess() (pid uint32, ok bool) {
	if !r.isServer() {
		r.use(dns.ClientPID)
	}
	switch {
	case !r.documents():
		pid = r.provider.ActingProcess(r.Event)
	case !r.isServer():
		pid = uint32(r.WriterProcess())
	}
	return pid, pid != 0
}
