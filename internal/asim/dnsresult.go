// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// responseCode gives the DNS response code that the event carries.
func (r *dnsRecord) responseCode() (code uint64, ok bool) {
	r.word(dns.ResponseCode)
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
	a.PutRow(r.outcomeRow(dnsOutcome{code: code, hasCode: ok, response: r.Phase == dns.Response, timedOut: timedOut}))
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

// dnsOutcome is what an event says of its result.
type dnsOutcome struct {
	code                        uint64
	hasCode, response, timedOut bool
}

// maxOutcomes bounds the memory for the rows of outcomes: an event may carry any number as its response code.
const maxOutcomes = 256

// outcomeRow gives the row of an outcome.
func (m *DNSMapper) outcomeRow(o dnsOutcome) *row {
	if r := m.outcomes[o]; r != nil {
		return r
	}
	result, details := "NA", "NA"
	switch {
	case o.hasCode && o.response:
		result, details = "Failure", DNSResponseName(o.code)
		if o.code == 0 {
			result = "Success"
		}
	case o.timedOut:
		result = "Failure"
	}
	r := &row{}
	r.text("EventResult", result)
	r.text("EventResultDetails", details)
	if o.hasCode {
		r.num("DnsResponseCode", int64(o.code))
		if o.response { // of any other event it is no response's
			r.text("DnsResponseCodeName", details)
			if m.profile != ProfileASIM {
				r.text("DnsResponseName", details)
			}
		}
	}
	if len(m.outcomes) == maxOutcomes {
		clear(m.outcomes)
	}
	m.outcomes[o] = r
	return r
}

// dvc writes the host that the event happened on. A server's event names the address it happened at.
func (r *dnsRecord) dvc() {
	r.attrs.PutRow(&r.device.dvc)
	if local := r.end(r.Local).addr; local.IsValid() {
		r.local = r.address(local)
		r.attrs.PutPiece("DvcIpAddr", r.local.piece)
	} else if r.device.addr != "" {
		r.attrs.PutConst("DvcIpAddr", r.device.addr)
	}
}
