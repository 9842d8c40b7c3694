// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// results are the values of EventResult, by result.
var results = [...]string{dns.ResultNA: "NA", dns.ResultSuccess: "Success", dns.ResultFailure: "Failure"}

// DNSResult gives the result that is called so in EventResult.
func DNSResult(name string) (r dns.Result, ok bool) {
	i := slices.IndexFunc(results[:], func(known string) bool { return strings.EqualFold(name, known) })
	return dns.Result(max(i, 0)), i >= 0
}

// DNSResults are the values of EventResult.
func DNSResults() []string { return slices.Clone(results[:]) }

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
	if s, has := r.num(dns.Status); has && (!outcome.HasCode || outcome.Code == 0 && s != 0 || outcome.Code == codeOfTwo && r.profile != ProfileDocumented) {
		a.PutStr("EventOriginalResultDetails", dns.StatusName(s))
	}
	a.PutRow(r.outcomeRow(dnsOutcome{outcome, r.Phase == dns.Response}))
	if r.profile == ProfileASIM {
		list, from := r.answer(), len(r.draft.text)
		for i := range list.Len() {
			if i > 0 {
				r.draft.text = append(r.draft.text, ';')
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

// maxOutcomes bounds the memory for the rows of outcomes: an event may carry any number as its response code.
const maxOutcomes = 256

// outcomeRow gives the row of an outcome.
func (m *DNSMapper) outcomeRow(o dnsOutcome) *row {
	if r := m.outcomes[o]; r != nil {
		return r
	}
	details := "NA"
	if o.HasCode && o.response {
		details = DNSResponseName(o.Code)
	}
	r := &row{}
	r.text("EventResult", results[o.Result])
	r.text("EventResultDetails", details)
	if o.HasCode {
		r.num("DnsResponseCode", int64(o.Code))
		if o.response { // of any other event, which profile documented has, it is no response's
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
