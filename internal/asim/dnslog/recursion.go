// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// Names in AdditionalFields of the record of a client's query for which the DNS Server asked other servers.
const (
	recursionServers    = "RecursionServers"    // the servers that it asked
	recursionServersCut = "RecursionServersCut" // set if there are more
	recursionCount      = "RecursionCount"      // the number of its queries to them
	recursionTimeouts   = "RecursionTimeouts"   // how many of these got no response
	recursionDuration   = "RecursionDuration"   // from the first query to the last response or timeout, in milliseconds
	recursionExchanges  = "RecursionExchanges"  // of several exchanges, those in which it asked
)

// recursion writes whom the DNS Server asked on behalf of the client.
func (r *dnsRecord) recursion(m attrs.Attributes) {
	x := &r.merged.Recursion
	n := x.Queries()
	if n == 0 {
		return
	}
	r.recursions(m, n, x.TimedOut, x.Servers, x.ServersCut)
	if ns, ok := x.Duration(); ok {
		r.putUnlessMinimal(m, recursionDuration, ns/int64(time.Millisecond))
	}
}

func (r *dnsRecord) recursions(m attrs.Attributes, queries, timeouts int64, servers dns.AddrSet, cut bool) {
	if servers.Len() == 0 || r.isSum() {
		m.PutInt(recursionCount, queries)
	} else {
		r.putUnlessMinimal(m, recursionCount, queries)
	}
	if timeouts > 0 {
		m.PutInt(recursionTimeouts, timeouts)
	}
	if servers.Len() == 0 || m.Omits(recursionServers) {
		return
	}
	d := r.builder
	first := d.Slices()
	for i := range servers.Len() {
		from := len(d.Text)
		d.Text = servers.At(i).AppendTo(d.Text)
		d.AddElement(from)
	}
	m.PutSlice(recursionServers, first)
	if cut {
		m.PutBool(recursionServersCut, true)
	}
}
