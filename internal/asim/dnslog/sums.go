// SPDX-License-Identifier: Apache-2.0

// The record of several exchanges. It is made of the first one's event. What is not the same for all of them is a sum or is left out.

package dnslog

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// Names in AdditionalFields of a record of several exchanges.
const (
	// durationMin and durationMax are the shortest and the longest DnsNetworkDuration, in milliseconds.
	durationMin, durationMax = "DnsNetworkDurationMin", "DnsNetworkDurationMax"
	// gapSum is the sum of the gaps between successive exchanges, in milliseconds, and gapSquareSum that of their squares, in ms².
	gapSum, gapSquareSum = "GapSum", "GapSquareSum"
	// answersCut marks a list of answers that lacks some.
	answersCut = "DnsAnswersCut"
)

func (r *dnsRecord) isSum() bool { return r.merged.Sums != nil }

// commonServer returns the server that all exchanges of the DNS Client asked.
func (r *dnsRecord) commonServer() (dst endpoint) {
	if server := r.merged.Sums.Server; server.IsValid() {
		return endpoint{addr: server}
	}
	if addr, _, ok := r.FirstAddr(dns.ServerAddress); ok && !addr.IsUnspecified() {
		dst.addr, dst.named = addr.WithZone(""), true
	}
	return dst
}

// durations writes the mean of the exchanges' durations.
func (r *dnsRecord) durations() {
	if s := r.merged.Sums; s.Timed > 0 {
		r.attrs.PutInt("DnsNetworkDuration", (s.TotalMS+s.Timed/2)/s.Timed)
	}
}

// sumsOfAnswers writes what the list of answers does not say.
func (r *dnsRecord) sumsOfAnswers(m attrs.Attributes) {
	s := r.merged.Sums
	if s.HasTTL && !r.documents() {
		r.putUnlessMinimal(m, dnsAnswerMinTTL, int64(s.MinTTL))
	}
	if s.AnswersCut {
		m.PutBool(answersCut, true)
	}
}

// sums writes the other sums.
func (r *dnsRecord) sums(m attrs.Attributes) {
	s := r.merged.Sums
	if s.Timed > 0 {
		m.PutInt(durationMin, s.MinMS)
		m.PutInt(durationMax, s.MaxMS)
	}
	m.PutInt(gapSum, s.GapMS)
	if s.HasSquare {
		m.PutInt(gapSquareSum, s.GapSquareMS)
	}
	if s.HasFromCache {
		m.PutBool(fromCache, s.FromCache)
	}
	if s.Recursed > 0 {
		m.PutInt(recursionExchanges, s.Recursed)
		r.recursions(m, s.Recursions, s.RecursionTimeouts, s.Servers, s.ServersCut)
	}
}
