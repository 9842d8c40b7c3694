// SPDX-License-Identifier: Apache-2.0

package main

// goal is a row of the table: a measured value and its target.
type goal struct {
	what string
	ours measure
	// reference is the measure that ours is compared with. If it is zero, limit is an absolute value.
	reference measure
	// limit is the largest allowed value of ours: a multiple of reference, or a value in ours' unit without one. If it
	// is zero, the row only shows the value.
	limit float64
	// allocs, if set, is the largest number of allocations for an operation of ours.
	allocs *float64
}

// measure is a value of a benchmark: the median of its runs, minus the median of `less` if set.
type measure struct {
	pkg, bench string // relative to the module; without the prefix "Benchmark"
	unit       string
	less       string // another benchmark of the package, whose value is subtracted
}

func (m measure) zero() bool { return m == measure{} }

// Units of measures.
const (
	ns      = "ns/op"
	cpu     = "cpu-ns/event"
	mib     = "max-rss-MiB"
	allocOp = "allocs/op"
)

const (
	oracle = "internal/test/oracle/cilium120"
	azure  = "exporter/azure/"
)

func inBench(name string) measure { return measure{pkg: "internal/bench", bench: name, unit: ns} }

func inCollector(name string) measure {
	return measure{pkg: "internal/bench/collector", bench: "Collector/" + name, unit: cpu}
}

func inDNS(name string) measure {
	return measure{pkg: "receiver/asimdnsreceiver", bench: name, unit: cpu}
}

func inGrowth(name string) measure {
	return measure{pkg: "internal/bench/growth", bench: "Growth/" + name, unit: cpu}
}

func inWine(name, empty string) measure {
	return measure{pkg: "internal/test/wine", bench: "ETW/" + name, less: "ETW/" + empty, unit: cpu}
}

func memory(run, unit string) measure {
	return measure{pkg: "internal/bench/collector", bench: "Memory/" + run, unit: unit}
}

func none() *float64 { return new(float64) }

// The ratios that count as flat: the noise between two equal runs on this kind of machine.
const (
	flatCost   = 1.15
	flatMemory = 1.05
)

// goals are the rows of the table, in order.
var goals = []goal{
	{what: "DNS: raw ETW record (257, PacketData 55 B) to log record", ours: inBench("DNSRecord/ours"), reference: inBench("DNSRecord/floor"), limit: 1.15},
	{what: "DNS: decode alone", ours: inBench("DNSDecode"), limit: 250, allocs: none()},
	{what: "DNS: a filtered event (an excluded domain among 10,000)", ours: inBench("DNSFiltered"), limit: 150, allocs: none()},
	{what: "Cilium: raw trace record (TCP) to log record", ours: inBench("CiliumRecord/ours"), reference: inBench("CiliumRecord/floor"), limit: 1.15},
	{what: "Cilium: raw trace record to log record, against Cilium's bytes to flow", ours: measure{oracle, "CiliumRecord/ours", ns, ""},
		reference: measure{oracle, "CiliumRecord/threefour", ns, ""}, limit: 1},
	{what: "Cilium: raw trace record to Hubble's JSON line, against Cilium's flow and exporter (8 times)", ours: measure{oracle, "CiliumLine/line", ns, ""},
		reference: measure{oracle, "CiliumLine/exporter", ns, ""}, limit: 1. / 8},
	{what: "Cilium: the same with a log record around the line", ours: measure{oracle, "CiliumLine/record", ns, ""}},
	{what: "Cilium: decode and flow, no record", ours: inBench("CiliumDecode"), limit: 120, allocs: none()},
	{what: "Cilium: a raw trace in a Linux kernel's ring buffer to log record, through the receiver", ours: measure{"receiver/ciliumwindowsreceiver", "Live", ns, ""}},
	{what: "callback: raw copy into a chunk", ours: measure{"internal/pipeline/queue", "Offer", ns, ""}, limit: 30, allocs: none()},
	{what: "sentinel: a DNS record to a row", ours: measure{azure + "internal/row", "Row/ours", ns, ""}, limit: 1500, allocs: none()},
	{what: "sentinel: a DNS record to a row, against a map and encoding/json", ours: measure{azure + "internal/row", "Row/ours", ns, ""},
		reference: measure{azure + "internal/row", "Row/map", ns, ""}, limit: 1. / 5},
	{what: "sentinel: a DNS record to its part of a compressed call", ours: measure{azure + "sentinelexporter", "Call", "ns/row", ""}},
	{what: "sentinel: a DNS record to the server over TLS, against a map, encoding/json and azlogs", ours: measure{azure + "internal/rival", "Send/ours", "ns/row", ""},
		reference: measure{azure + "internal/rival", "Send/azlogs", "ns/row", ""}, limit: 1. / 5},
	{what: "app_insights: a DNS record to an item, against a map and encoding/json", ours: measure{azure + "internal/envelope", "Envelope/ours", ns, ""},
		reference: measure{azure + "internal/envelope", "Envelope/map", ns, ""}, limit: 1. / 5, allocs: none()},
	{what: "app_insights: a DNS record to its part of a compressed call", ours: measure{azure + "appinsightsexporter", "Items", "ns/item", ""}},
	{what: "DNS: decode and log record, against golang-etw's full decode (20 times)", ours: inWine("ours", "empty-ours"),
		reference: inWine("golang-etw", "empty-golang-etw"), limit: 1. / 20},
	{what: "collector: DNS replay to file, against prebuilt records", ours: inCollector("dns/file/ours"), reference: inCollector("dns/file/prebuilt"), limit: 1.5},
	{what: "collector: DNS replay to otlp_grpc, against prebuilt records", ours: inCollector("dns/otlp/ours"), reference: inCollector("dns/otlp/prebuilt"), limit: 1.5},
	{what: "collector: Cilium replay to file, against prebuilt records", ours: inCollector("cilium/file/ours"), reference: inCollector("cilium/file/prebuilt"), limit: 1.5},
	{what: "collector: Cilium replay to otlp_grpc, against prebuilt records", ours: inCollector("cilium/otlp/ours"), reference: inCollector("cilium/otlp/prebuilt"), limit: 1.5},
	{what: "collector: DNS replay to sentinel over TLS, against otlp_http with gzip", ours: inCollector("dns/sentinel/ours"), reference: inCollector("dns/otlp_http/ours"), limit: 1.3},
	{what: "collector: Cilium replay to sentinel over TLS, against otlp_http with gzip", ours: inCollector("cilium/sentinel/ours"), reference: inCollector("cilium/otlp_http/ours"), limit: 1.3},
	{what: "DNS volume lean: an event, 19 of 20 without a record, 10,000 names of as many clients", ours: inDNS("Aggregated/lean"), limit: 600},
	{what: "DNS volume lean: the same through the whole receiver", ours: inDNS("Aggregated/lean/receiver")},
	{what: "DNS volume lean: an event, 10,000 names of one client, about 90 packed into a record", ours: inDNS("Aggregated/packed")},
	{what: "DNS volume lean: the same through the whole receiver, packed", ours: inDNS("Aggregated/packed/receiver")},
	{what: "DNS volume full: an event of the traffic of volume.md", ours: inDNS("Volumes/full")},
	{what: "DNS volume full: that through the whole receiver", ours: inDNS("Volumes/full/receiver")},
	{what: "DNS volume full with correlate: an event of the traffic of volume.md", ours: inDNS("Volumes/correlate")},
	{what: "DNS volume full with correlate: that through the whole receiver", ours: inDNS("Volumes/correlate/receiver")},
	{what: "DNS volume balanced: an event of the traffic of volume.md", ours: inDNS("Volumes/balanced")},
	{what: "DNS volume balanced: that through the whole receiver", ours: inDNS("Volumes/balanced/receiver")},
	{what: "DNS volume lean: an event of the traffic of volume.md", ours: inDNS("Volumes/lean")},
	{what: "DNS volume lean: that through the whole receiver", ours: inDNS("Volumes/lean/receiver")},
	{what: "DNS: an event of a replay through the receiver, in a new process", ours: inDNS("Replay/plain")},
	{what: "DNS: the same with a storage that keeps the place", ours: inDNS("Replay/storage")},
	{what: "DNS: the same with pseudonyms for clients and names", ours: inDNS("Replay/pseudonyms")},
	{what: "a million live keys: the wait for one entry", ours: measure{"internal/pipeline/hold", "Floor/keys=1000000", ns, ""}},
	{what: "DNS aggregation with 1 million live keys", ours: measure{"internal/dns/aggregate", "Aggregate/keys=1000000", ns, ""}, limit: 300},
	{what: "DNS correlation with 1 million live keys", ours: measure{"internal/dns/correlate", "Correlate/keys=1000000", ns, ""}, limit: 300},
	{what: "Cilium aggregation with 1 million live keys", ours: measure{"internal/cilium/aggregate", "Connections/keys=1000000", ns, ""}, limit: 300},
	{what: "memory, slow exporter: most, against queue + 150 MiB", ours: memory("default", mib), reference: memory("default", "limit-MiB"), limit: 1},
	{what: "memory, slow exporter: the last tenth against the first", ours: memory("default", "last-tenth-MiB"), reference: memory("default", "first-tenth-MiB"), limit: flatMemory},
	{what: "memory, slow exporter, GOMEMLIMIT=110MiB: most, against queue + 150 MiB", ours: memory("limited", mib), reference: memory("limited", "limit-MiB"), limit: 1},
	{what: "memory, slow exporter, GOMEMLIMIT=110MiB: the last tenth against the first", ours: memory("limited", "last-tenth-MiB"),
		reference: memory("limited", "first-tenth-MiB"), limit: flatMemory},
	growth("DNS", "dns", 1, "100k", "1k"), growth("DNS", "dns", 1, "10M", "1k"),
	growth("DNS", "dns", 2, "100k", "1k"), growth("DNS", "dns", 2, "10M", "1k"),
	growth("Cilium", "cilium", 1, "100k", "1k"), growth("Cilium", "cilium", 1, "10M", "1k"),
	growth("Cilium", "cilium", 2, "100k", "1k"), growth("Cilium", "cilium", 2, "10M", "1k"),
}

func growth(title, name string, cores int, events, against string) goal {
	at := func(n string) measure { return inGrowth(name + "/cores=" + string(rune('0'+cores)) + "/events=" + n) }
	plural := ""
	if cores > 1 {
		plural = "s"
	}
	return goal{
		what: title + " growth, " + string(rune('0'+cores)) + " core" + plural + ": an event of " + events + ", against one of " + against,
		ours: at(events), reference: at(against), limit: flatCost,
	}
}
