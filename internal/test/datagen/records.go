// SPDX-License-Identifier: Apache-2.0

// Resource records, and the answers that a name server gives with them.

package main

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// records are the resource records that a server answers with. A name with an SOA is a zone.
type records []dns.RR

// reply is the answer to a question.
type reply struct {
	zone       string // the name of the answering zone, as Windows writes it: without the trailing dot
	rcode      int
	answer     []dns.RR
	authority  []dns.RR
	additional []dns.RR
	aliases    []string // names that were looked up to answer, each the target of a CNAME
}

// readRecords parses records in master file form, one on each line.
func readRecords(text string) (records, error) {
	var list records
	for _, line := range strings.Split(text, "\n") {
		rr, err := dns.NewRR(line)
		if err != nil {
			return nil, fmt.Errorf("record %q: %w", line, err)
		}
		if rr != nil {
			list = append(list, rr)
		}
	}
	return list, nil
}

// lookup answers a question. It follows aliases, and adds the addresses of the names in the answer.
func (r records) lookup(q dns.Question) reply {
	var a reply
	soa := r.soa(q.Name)
	if soa != nil {
		a.zone = strings.TrimSuffix(soa.Header().Name, ".")
	}
	name := q.Name
	for range 16 {
		found := r.find(name, q.Qtype)
		if len(found) == 0 {
			found = r.find(name, dns.TypeCNAME)
		}
		a.answer = append(a.answer, found...)
		if len(found) == 0 || q.Qtype == dns.TypeANY || found[0].Header().Rrtype != dns.TypeCNAME || q.Qtype == dns.TypeCNAME {
			break
		}
		name = found[0].(*dns.CNAME).Target
		a.aliases = append(a.aliases, name)
	}
	for _, rr := range a.answer {
		if target := target(rr); target != "" {
			a.additional = append(a.additional, r.find(target, dns.TypeA)...)
			a.additional = append(a.additional, r.find(target, dns.TypeAAAA)...)
		}
	}
	if len(a.answer) == 0 {
		if !r.exists(name) {
			a.rcode = dns.RcodeNameError
		}
		if soa != nil {
			a.authority = []dns.RR{soa}
		}
	}
	return a
}

// target returns the host that a record of another kind points to, or "".
func target(rr dns.RR) string {
	switch rr := rr.(type) {
	case *dns.MX:
		return rr.Mx
	case *dns.NS:
		return rr.Ns
	case *dns.SRV:
		return rr.Target
	}
	return ""
}

// find returns the records of a name, in the case of the question, and of a type or any type. It adds signatures to the
// records that they sign.
func (r records) find(name string, qtype uint16) []dns.RR {
	var found []dns.RR
	for _, rr := range r {
		h := rr.Header()
		signature, _ := rr.(*dns.RRSIG)
		wanted := h.Rrtype == qtype || qtype == dns.TypeANY || signature != nil && signature.TypeCovered == qtype
		if wanted && strings.EqualFold(h.Name, name) {
			rr = dns.Copy(rr)
			rr.Header().Name = name
			found = append(found, rr)
		}
	}
	return found
}

// exists reports whether the name, or a name below it, exists.
func (r records) exists(name string) bool {
	for _, rr := range r {
		if dns.IsSubDomain(strings.ToLower(name), rr.Header().Name) {
			return true
		}
	}
	return false
}

// soa returns the SOA of the innermost zone that contains a name, or nil.
func (r records) soa(name string) dns.RR {
	var best dns.RR
	for _, rr := range r {
		if rr.Header().Rrtype == dns.TypeSOA && dns.IsSubDomain(rr.Header().Name, strings.ToLower(name)) {
			if best == nil || len(rr.Header().Name) > len(best.Header().Name) {
				best = rr
			}
		}
	}
	return best
}
