// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
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
	constants := r.outcomeAttrs(dnsOutcome{outcome, r.Phase == dns.Response, r.slims()})
	a.PutConsts(&constants.ConstAttrs)
	r.omit(constants.omitted)
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

// codeOfTwo is the only response code with two names: BADVERS in an OPT record, BADSIG in a TSIG record (RFC 6895 section 2.3). The
// Windows status DNS_ERROR_RCODE_BADSIG means BADSIG.
const codeOfTwo = 16

// dnsOutcome is the result of an event and the values that its attributes depend on.
type dnsOutcome struct {
	dns.Outcome
	response bool
	slim     bool
}

// outcomeConsts are the attributes of an outcome.
type outcomeConsts struct {
	attrs.ConstAttrs
	omitted int // bytes that slim records leave out
}

// maxOutcomes bounds the cache of outcome attributes: an event may carry any number as its response code.
const maxOutcomes = 256

// outcomeAttrs returns the attributes of an outcome.
func (m *Mapper) outcomeAttrs(o dnsOutcome) *outcomeConsts {
	if r := m.outcomes[o]; r != nil {
		return r
	}
	details := "NA"
	if o.HasCode && o.response {
		details = dns.ResponseName(o.Code)
	}
	r := &outcomeConsts{}
	r.Text("EventResult", o.Result.String())
	r.Text("EventResultDetails", details)
	switch {
	case !o.HasCode:
	case o.slim && o.response:
		r.slimCode(o.Code, details, m.profile)
	default:
		r.Int("DnsResponseCode", int64(o.Code))
		if o.response { // in profile documented other events have a code as well
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

// slimCode writes the response code of a slim record: none, since EventResultDetails has its name, unless several codes share the name.
func (r *outcomeConsts) slimCode(code uint64, name string, profile dns.Profile) {
	if dns.SharesResponseName(code) {
		r.Int("DnsResponseCode", int64(code))
	} else {
		r.omitted += asim.DecimalLength(code)
	}
	r.omitted += asim.DNSBill.Attribute("DnsResponseCodeName", len(name), true)
	if profile != dns.ProfileASIM {
		r.omitted += len(name) // DnsResponseName
	}
}

// dvc writes the host on which the event happened. A server's event names the local address. If the resource has the device's attributes, the
// record has only an address that differs from the resource's.
func (r *dnsRecord) dvc() {
	if !r.deviceInResource {
		r.attrs.PutConsts(&r.device.dvc)
	}
	if r.slims() {
		r.omit(r.device.rest.Size())
	} else {
		r.attrs.PutConsts(&r.device.rest)
	}
	if local := r.end(r.Local).addr; local.IsValid() {
		r.local = r.address(local)
		if !r.deviceInResource || local != r.device.Addr {
			r.attrs.PutPiece(dvcIPAddr, r.local.Piece)
			r.ownAddress = !r.attrs.Omits(dvcIPAddr)
		}
	} else if r.device.addr != "" && !r.deviceInResource {
		r.attrs.PutConst(dvcIPAddr, r.device.addr)
	}
}
