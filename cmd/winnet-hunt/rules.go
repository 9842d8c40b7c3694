// SPDX-License-Identifier: Apache-2.0

package main

// rules has, by question, the analytic rules of deploy/sentinel/rules that watch for what it finds. A question that is not here can be scheduled from its
// hunting query.
var rules = map[string][]string{
	"tunnelling":       {"DnsTunnel"},
	"server-changes":   {"DnsServerChanged"},
	"denied-traffic":   {"DeniedScan"},
	"scans":            {"DeniedScan"},
	"silent-collector": {"SilentCollector", "BlindCollector", "EventsLost", "Tampering"},
}
