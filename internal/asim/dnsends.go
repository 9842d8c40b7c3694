// SPDX-License-Identifier: Apache-2.0

package asim

import "github.com/otelcol-winnet/otelcol-winnet/internal/dns"

// QueryOptions bits of the DNS Client (windns.h).
const (
	optionTCPOnly     = 0x2 // DNS_QUERY_USE_TCP_ONLY
	optionNoRecursion = 0x4 // DNS_QUERY_NO_RECURSION
)

func (r *dnsRecord) isServer() bool { return r.provider.Service == "windows_dns_server" }

// serverEnds gives the two ends of a server's event. Port is the client's, or on recursion this server's own.
func (r *dnsRecord) serverEnds() (src, dst endpoint) {
	peer, local := r.end(r.Peer), r.end(r.Local)
	src, dst = peer, local
	if r.PeerIsServer {
		src, dst = local, peer
	}
	if port, ok := r.num(dns.Port); ok && port <= 0xFFFF {
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
	r.use(f)
	if addr.IsUnspecified() {
		return endpoint{}
	}
	return endpoint{addr: addr}
}

// clientEnds gives the two ends of a client's event: this host asks one of its servers, on the DNS port unless the event says
// otherwise. An event that is no query has no port.
func (r *dnsRecord) clientEnds(class dnsClass) (src, dst endpoint) {
	src.addr = r.DNSMapper.device.Addr
	if addr, more, ok := r.FirstAddr(dns.LocalAddress); ok && !addr.IsUnspecified() {
		src.addr = addr
		if more == 0 {
			r.use(dns.LocalAddress)
		}
	}
	if class.eventType != typeStatus {
		dst.port = dnsPort
	}
	for _, f := range [...]dns.Field{dns.ServerAddress, dns.ServerList} {
		if addr, more, ok := r.FirstAddr(f); ok && !addr.IsUnspecified() {
			dst.addr = addr
			if more == 0 {
				r.use(f)
			}
			return src, dst
		}
	}
	if server, ok := dns.ParseSockaddr(r.Bytes(dns.Address)); ok && !server.Addr().IsUnspecified() {
		r.use(dns.Address)
		dst.addr = server.Addr()
		if port := server.Port(); port != 0 {
			dst.port = port
		}
	}
	return src, dst
}

// isTCP tells whether the exchange is over TCP; ok is false where the event does not say and is no query of the client.
func (r *dnsRecord) isTCP(class dnsClass) (tcp, ok bool) {
	if n, has := r.num(dns.TCP); has {
		return n != 0, true
	}
	if r.isServer() || class.eventType == typeStatus {
		return false, false
	}
	options, _ := r.Num(dns.QueryOptions)
	return options&optionTCPOnly != 0, true
}

// clientProcess gives the process that asked: ClientPID where the event has one, as those that the service writes for others
// do; else the process that wrote the event.
func (r *dnsRecord) clientProcess() (pid uint64, ok bool) {
	if r.isServer() {
		return 0, false
	}
	if pid, ok = r.num(dns.ClientPID); ok && pid != 0 {
		return pid, true
	}
	return uint64(r.ProcessID), r.ProcessID != 0
}
