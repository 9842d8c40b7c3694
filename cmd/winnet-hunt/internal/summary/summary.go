// SPDX-License-Identifier: Apache-2.0

// Package summary counts rows while they are stored: over time, and by client, name and failure. In come rows of Sentinel's tables; out come a time line
// and lists of what came most often, in bounded memory. A row of several events counts as that many.
package summary

import (
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/rows"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
)

// Summary counts. It is not safe for concurrent use.
type Summary struct {
	line timeline

	clients, names, failures, failing *top // of the answers that clients got
	senders, denied                   *top // of the network
}

// mostNames bounds the memory of a list: 64 Ki names of 100 bytes, with what counts them, are about 16 MiB.
const mostNames = 1 << 16

// New returns a summary of nothing.
func New() *Summary {
	s := &Summary{line: newTimeline()}
	for _, t := range []**top{&s.clients, &s.names, &s.failures, &s.failing, &s.senders, &s.denied} {
		*t = newTop(mostNames)
	}
	return s
}

// Add counts a row. It keeps nothing of it but texts.
func (s *Summary) Add(r rows.Row) {
	n := max(r.Number("EventCount"), 1)
	at := r.Number("EventStartTime")
	if at == 0 {
		at = r.Number("TimeGenerated")
	}
	switch r.Table() {
	case sentinelrow.DNS:
		s.dns(r, n, s.line.at(at))
	case sentinelrow.Network:
		s.network(r, n, s.line.at(at))
	}
}

func (s *Summary) dns(r rows.Row, n int64, b *Bucket) {
	role := r.Text("AdditionalFields.DnsRole")
	if role == "audit" {
		b.Audit += n
		return
	}
	failed := r.Text("EventResult") == "Failure"
	b.DNS += n
	if failed {
		b.DNSFailed += n
	}
	// As in the questions, but with the failures that have no code: a slim row has no role, and of a look-up of the DNS Client one event is the answer.
	if r.Text("EventType") != "Query" || r.Text("EventSubType") != "response" || role != "" && role != "client-response" ||
		r.Text("EventProduct") == "DNS Client" && r.Text("EventOriginalType") != "3008" || r.Text("EventResultDetails") == "NA" && !failed {
		return
	}
	client := r.Text("SrcIpAddr")
	if client == "" {
		client = r.Text("Src")
	}
	name := strings.ToLower(r.Text("DnsQuery"))
	if client != "" {
		s.clients.add(client, n)
	}
	if name != "" {
		s.names.add(name, n)
	}
	if !failed {
		return
	}
	details := r.Text("EventResultDetails")
	s.failures.add(details, n)
	if name != "" {
		s.failing.add(name+" ("+details+")", n)
	}
}

func (s *Summary) network(r rows.Row, n int64, b *Bucket) {
	b.Network += n
	action := r.Text("DvcAction")
	from, to := r.Text("SrcIpAddr"), r.Text("DstIpAddr")
	if from != "" {
		s.senders.add(from, n)
	}
	if action != "Deny" && action != "Drop" {
		return
	}
	b.NetworkDenied += n
	if from == "" && to == "" {
		return
	}
	if port := r.Number("DstPortNumber"); port > 0 {
		to += " port " + strconv.FormatInt(port, 10)
	}
	s.denied.add(from+" to "+to, n)
}

// Timeline returns the buckets in order, and their width.
func (s *Summary) Timeline() ([]Bucket, time.Duration) { return s.line.inOrder(), s.line.steps[0] }

// List is what came most often.
type List struct {
	ID    string // unique, of a to z and -
	Title string // in the plural
	Of    string // what is counted, in the singular
	First []Count
}

// Lists returns the lists, each with all that is known of it: at most 65,536 lines.
func (s *Summary) Lists() []List {
	return []List{
		{"top-clients", "Clients that asked most", "Client", s.clients.inOrder()},
		{"top-names", "Names that were asked for most", "Name", s.names.inOrder()},
		{"top-failures", "Failures", "Response", s.failures.inOrder()},
		{"top-failing-names", "Names that failed most", "Name", s.failing.inOrder()},
		{"top-senders", "Senders of most network events", "Sender", s.senders.inOrder()},
		{"top-denied", "Connections that were denied most", "From and to", s.denied.inOrder()},
	}
}
