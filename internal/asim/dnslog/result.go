// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// result writes EventResult, EventResultDetails, the response code and, in profile asim, the answer.
func (r *dnsRecord) result() {
	a := r.attrs
	outcome := r.view.Outcome(r.Event)
	if r.merged.Unanswered && outcome.Result == dns.ResultNA {
		outcome.Result = dns.ResultFailure
	}
	if outcome.HasCode {
		r.word(dns.ResponseCode)
	}
	if s, has := r.num(dns.Status); has && (!outcome.HasCode || outcome.Code == 0 && s != 0 || outcome.Code == codeOfTwo && r.profile != dns.ProfileDocumented) {
		a.PutStr("EventOriginalResultDetails", dns.StatusName(s))
	}
	a.PutConsts(r.outcomeAttrs(dnsOutcome{outcome, r.Phase == dns.Response}))
	if r.profile == dns.ProfileASIM {
		list, from := r.answer(), len(r.builder.Text)
		for i := range list.Len() {
			if i > 0 {
				r.builder.Text = append(r.builder.Text, ';')
			}
			r.appendAnswer(list, i)
		}
		if list.Len() > 0 {
			a.PutText("DnsResponseName", from)
		}
	}
}

// codeOfTwo is the one response code with two names: BADVERS in an OPT record, BADSIG in a TSIG record (RFC 6895 section 2.3). The name of
// Windows' status says which one it is: DNS_ERROR_RCODE_BADSIG.
const codeOfTwo = 16

// dnsOutcome is what an event says of its result.
type dnsOutcome struct {
	dns.Outcome
	response bool
}

// maxOutcomes bounds the memory for the attributes of outcomes: an event may carry any number as its response code.
const maxOutcomes = 256

// outcomeAttrs gives the attributes of an outcome.
func (m *Mapper) outcomeAttrs(o dnsOutcome) *attrs.ConstAttrs {
	if r := m.outcomes[o]; r != nil {
		return r
	}
	details := "NA"
	if o.HasCode && o.response {
		details = dns.ResponseName(o.Code)
	}
	r := &attrs.ConstAttrs{}
	r.Text("EventResult", o.Result.String())
	r.Text("EventResultDetails", details)
	if o.HasCode {
		r.Int("DnsResponseCode", int64(o.Code))
		if o.response { // of any other event, which profile documented has, it is no response's
			r.Text("DnsResponseCodeName", details)
			if m.profile != dns.ProfileASIM {
				r.Text("DnsResponseName", details)
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
	r.attrs.PutConsts(&r.device.dvc)
	if local := r.end(r.Local).addr; local.IsValid() {
		r.local = r.address(local)
		r.attrs.PutPiece("DvcIpAddr", r.local.Piece)
	} else if r.device.addr != "" {
		r.attrs.PutConst("DvcIpAddr", r.device.addr)
	}
}
