// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"strconv"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// query writes the question and what identifies it: from the event's fields, and from the packet what they leave out.
func (r *dnsRecord) query() {
	a := r.attrs
	msg := r.parsed()
	name := r.text(dns.QueryName)
	if _, has := r.Num(dns.QueryName); !has && msg != nil {
		name = msg.QueryName(r.Bytes(dns.PacketData))
	}
	r.use(dns.QueryName)
	if name != "" {
		if len(name) > 1 && name[len(name)-1] == '.' {
			name = name[:len(name)-1]
		}
		a.PutStr("DnsQuery", name)
	}
	code, ok := r.num(dns.QueryType)
	if !ok && r.Meaning.QueryType != 0 {
		code, ok = uint64(r.Meaning.QueryType), true
	}
	question := msg != nil && msg.HasQuestion
	if !ok && question {
		code, ok = uint64(msg.QueryType), true
	}
	if ok {
		a.PutInt("DnsQueryType", int64(code))
		a.PutStr("DnsQueryTypeName", r.typeName(code))
	}
	if question {
		a.PutInt("DnsQueryClass", int64(msg.QueryClass))
		a.PutStr("DnsQueryClassName", DNSClassName(msg.QueryClass))
	}
	xid, ok := r.Num(dns.XID)
	if !ok && msg != nil {
		xid, ok = uint64(msg.ID), true
	}
	if ok && xid <= 0xFFFF {
		r.use(dns.XID)
		const digits = "0123456789abcdef"
		a.PutStr("TransactionIdHex", string([]byte{digits[xid>>12&15], digits[xid>>8&15], digits[xid>>4&15], digits[xid&15]}))
	}
	if id := r.text(dns.SessionGUID); id != "" {
		a.PutStr("DnsSessionId", id)
	}
	r.use(dns.SessionGUID)
	if ms, ok := r.num(dns.ElapsedTime); ok {
		a.PutInt("DnsNetworkDuration", int64(ms))
	}
}

// typeName names a query type. The types of Windows' own have names that profile asim has no place for.
func (r *dnsRecord) typeName(code uint64) string {
	if r.profile == ProfileASIM && (code == typeWINS || code == typeWINSR) {
		return "TYPE" + strconv.FormatUint(code, 10)
	}
	return DNSTypeName(code)
}
