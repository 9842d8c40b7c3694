// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// responseCode gives the DNS response code that the event carries.
func (r *dnsRecord) responseCode() (code uint64, ok bool) {
	r.use(dns.ResponseCode)
	return r.RCode()
}

// result writes EventResult, EventResultDetails, the response code and, in profile asim, the answer.
func (r *dnsRecord) result() {
	a := r.attrs
	code, ok := r.responseCode()
	timedOut := r.NoAnswer || r.merged.Unanswered
	if s, has := r.num(dns.Status); has && !ok {
		timedOut = timedOut || s == statusTimeout
		a.PutStr("EventOriginalResultDetails", win32StatusName(s))
	}
	result, details := "NA", "NA"
	switch {
	case ok && r.Phase == dns.Response:
		result, details = "Failure", DNSResponseName(code)
		if code == 0 {
			result = "Success"
		}
	case timedOut:
		result = "Failure"
	}
	a.PutConst("EventResult", result)
	a.PutConst("EventResultDetails", details)
	if ok {
		a.PutConstInt("DnsResponseCode", int64(code))
		if r.Phase == dns.Response { // of any other event it is no response's
			a.PutConst("DnsResponseCodeName", details)
			if r.profile != ProfileASIM {
				a.PutConst("DnsResponseName", details)
			}
		}
	}
	if r.profile == ProfileASIM {
		list, from := r.answer(), len(r.draft.text)
		for i := range list.Len() {
			if i > 0 {
				r.draft.text = append(r.draft.text, ';')
			}
			r.draft.text = append(r.draft.text, list.At(i)...)
		}
		if list.Len() > 0 {
			a.PutText("DnsResponseName", from)
		}
	}
}

// dvc writes the host that the event happened on. A server's event names the address it happened at.
func (r *dnsRecord) dvc() {
	r.device.putDvc(r.attrs)
	if local := r.end(r.Local).addr; local.IsValid() {
		r.local = r.address(local)
		r.attrs.PutPiece("DvcIpAddr", r.local.piece)
	} else if r.device.addr != "" {
		r.attrs.PutConst("DvcIpAddr", r.device.addr)
	}
}
