// SPDX-License-Identifier: Apache-2.0

package main

// watch is who watches for what a question finds.
type watch struct {
	rules []string // analytic rules of deploy/sentinel/rules
	part  string   // which part of it they watch for; "" for all
}

// watches has the rules by question. A question that is not here can be scheduled from its hunting query.
var watches = map[string]watch{
	"tunnelling":       {[]string{"DnsTunnel"}, "100 names of 40 characters and more, with an entropy of 3 and more, within three hours"},
	"server-changes":   {[]string{"DnsServerChanged"}, "plug-ins, forwarders, root hints, policies that were created, changed or deleted, unsigned zones, debug logs and statistics that were cleared, logs that were turned off"},
	"denied-traffic":   {[]string{"DeniedScan"}, "one source that is denied at 20 addresses or 50 ports within three hours"},
	"scans":            {[]string{"DeniedScan"}, "what is denied, at 20 addresses or 50 ports within three hours, and not what passes"},
	"silent-collector": {[]string{"SilentCollector", "BlindCollector", "EventsLost", "Tampering"}, ""},
}
