// SPDX-License-Identifier: Apache-2.0

package asim

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

// serverEnds gives the two ends of a server's event. Port is the client's, or on recursion this server's own.
func (r *dnsRecord) serverEnds() (src, dst endpoint) {
	var peer endpoint
	if !r.plainAudit() {
		peer = r.end(r.Peer)
	}
	local := endpoint{addr: r.local.addr}
	src, dst = peer, local
	if r.PeerIsServer {
		src, dst = local, peer
	}
	if port, ok := r.word(dns.Port); ok {
		src.port = uint16(port)
	}
	if r.Phase != dns.NoPhase {
		dst.port = dnsPort
	}
	return src, dst
}

// end gives the address in a field, and marks the field as represented when it holds one.
func (r *dnsRecord) end(f dns.Field) endpoint {
	addr, ok := r.Addr(f)
	if !ok {
		return endpoint{}
	}
	return endpoint{addr: r.represent(f, addr, 0)}
}

// represent gives the address in a field for an attribute, which has no place for a zone nor for the more addresses of a list:
// where there are some, the field stays in AdditionalFields as well. An unspecified address is none.
func (r *dnsRecord) represent(f dns.Field, addr netip.Addr, more int) netip.Addr {
	if addr.Zone() == "" && more == 0 {
		r.use(f)
	}
	if addr.IsUnspecified() {
		return netip.Addr{}
	}
	return addr.WithZone("")
}

// clientEnds gives the two ends of a client's event: this host asks one of its servers, on the DNS port unless the event says
// otherwise. An event that is no query has no port.
func (r *dnsRecord) clientEnds(class dnsClass) (src, dst endpoint) {
	src.addr = r.device.Addr
	if addr, more, ok := r.FirstAddr(dns.LocalAddress); ok && !addr.IsUnspecified() {
		src.addr = r.represent(dns.LocalAddress, addr, more)
	}
	if class.eventType != typeStatus {
		dst.port = dnsPort
	}
	for _, f := range [...]dns.Field{dns.ServerAddress, dns.ServerList} {
		if addr, more, ok := r.FirstAddr(f); ok && !addr.IsUnspecified() {
			dst.addr = r.represent(f, addr, more)
			return src, dst
		}
	}
	if server, ok := dns.ParseSockaddr(r.Bytes(dns.Address)); ok && !server.Addr().IsUnspecified() {
		dst.addr = r.represent(dns.Address, server.Addr(), 0)
		if port := server.Port(); port != 0 {
			dst.port = port
		}
	}
	return src, dst
}

// isTCP reports whether the exchange is over TCP; ok is false where the event does not say and is no query of the client.
func (r *dnsRecord) isTCP(class dnsClass) (tcp, ok bool) {
	if n, has := r.num(dns.TCP); has {
		return n != 0, true
	}
	if r.isServer() || class.eventType == typeStatus {
		return false, false
	}
	if r.Undecoded(dns.QueryOptions) {
		return false, false
	}
	options, _ := r.Num(dns.QueryOptions)
	return options&optionTCPOnly != 0, true
}

// clientProcess gives the process that asked.
func (r *dnsRecord) clientProcess() (pid uint32, ok bool) {
	if r.isServer() {
		return r.auditProcess()
	}
	r.use(dns.ClientPID)
	pid = uint32(r.AskerProcess()) // 32 bits, in the field as in the header
	return pid, pid != 0
}
