// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"math"
	"strconv"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// classIN is the class of the Internet (RFC 1035 section 3.2.4).
const classIN = 1

// query writes the question and its identifiers, from the event's fields or else from the packet.
func (r *dnsRecord) query() {
	if r.plainAudit() {
		return
	}
	a := r.attrs
	d := r.builder
	from := len(d.Text)
	d.Text = trimDot(r.QName(d.Text), from)
	r.use(dns.QueryName)
	if len(d.Text) > from {
		a.PutPiece("DnsQuery", r.spell(from))
	}
	r.word(dns.QueryType)
	if code, ok := r.QType(); ok {
		if r.slims() {
			r.omit(asim.DecimalLength(code))
		} else {
			a.PutInt("DnsQueryType", int64(code))
		}
		a.PutStr("DnsQueryTypeName", r.typeName(code))
	}
	msg := r.Packet()
	switch {
	case msg == nil || !msg.HasQuestion:
	case msg.QueryClass == classIN && r.slims():
		r.omit(len("1IN"))
	default:
		a.PutConstInt("DnsQueryClass", int64(msg.QueryClass))
		a.PutConst("DnsQueryClassName", dns.ClassName(msg.QueryClass))
	}
	if r.isSum() {
		r.durations()
		return
	}
	xid, ok := r.word(dns.XID)
	if !ok && msg != nil {
		xid, ok = uint64(msg.ID), true
	}
	switch {
	case ok && r.isMinimalRow():
		r.omit(xidLength)
	case ok:
		const digits = "0123456789abcdef"
		from = len(d.Text)
		d.Text = append(d.Text, digits[xid>>12&15], digits[xid>>8&15], digits[xid>>4&15], digits[xid&15])
		a.PutText("TransactionIdHex", from)
	}
	from = len(d.Text)
	if d.Text, _ = r.Text(d.Text, dns.SessionGUID); len(d.Text) > from {
		r.putUnless(r.slimsTies(), "DnsSessionId", d.Since(from))
	}
	r.use(dns.SessionGUID)
	ms, ok := r.Num(dns.ElapsedTime)
	if ok = ok && ms <= math.MaxInt32; ok {
		r.use(dns.ElapsedTime)
	}
	if r.merged.Answered && !r.merged.Leapt {
		start, end := r.span()
		a.PutInt("DnsNetworkDuration", (end-start)/int64(time.Millisecond))
	} else if ok {
		a.PutInt("DnsNetworkDuration", int64(ms))
	}
}

// typeName names a query type. Profile asim does not use the names of Windows' private types: its schema lacks them.
func (r *dnsRecord) typeName(code uint64) string {
	if r.profile == dns.ProfileASIM && (code == dns.TypeWINS || code == dns.TypeWINSR) {
		return "TYPE" + strconv.FormatUint(code, 10)
	}
	return dns.TypeName(code)
}
