// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// responseCode gives the DNS response code that the event carries: in a field, in a Win32 status, or of a response in the DNS
// header's flags. The flags have its lower four bits, and the packet may have the others.
func (r *dnsRecord) responseCode() (code uint64, ok bool) {
	if code, ok = r.num(dns.ResponseCode); ok {
		return code, true
	}
	if s, has := r.Num(dns.Status); has {
		return responseCodeOfStatus(s)
	}
	if r.Phase != dns.Response || r.NoAnswer {
		return 0, false
	}
	flags, has := r.Num(dns.Flags)
	if msg := r.parsed(); msg != nil && msg.Flags&flagQR != 0 && (!has || uint64(msg.RCode)&maskRCode == flags&maskRCode) {
		return uint64(msg.RCode), true
	}
	return flags & maskRCode, has && flags&flagQR != 0
}

// result writes EventResult, EventResultDetails, the response code and, in profile asim, the answer.
func (r *dnsRecord) result() {
	a := r.attrs
	code, ok := r.responseCode()
	timedOut := r.NoAnswer
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
	a.PutStr("EventResult", result)
	a.PutStr("EventResultDetails", details)
	if ok {
		a.PutInt("DnsResponseCode", int64(code))
		if r.Phase == dns.Response { // of any other event it is no response's
			a.PutStr("DnsResponseCodeName", details)
			if r.profile != ProfileASIM {
				a.PutStr("DnsResponseName", details)
			}
		}
	}
	if r.profile == ProfileASIM {
		if list, _ := r.answer(); len(list) > 0 {
			a.PutStr("DnsResponseName", strings.Join(list, ";"))
		}
	}
}

// dvc writes the host that the event happened on. A server's event names the address it happened at.
func (r *dnsRecord) dvc() {
	r.device.putDvc(r.attrs)
	if local, ok := r.Addr(r.Local); ok && !local.IsUnspecified() {
		r.attrs.PutStr("DvcIpAddr", local.WithZone("").String())
	} else if r.device.addr != "" {
		r.attrs.PutStr("DvcIpAddr", r.device.addr)
	}
}
