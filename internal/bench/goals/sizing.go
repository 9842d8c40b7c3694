// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"math"
	"slices"
	"text/template"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

//go:embed sizing.md.tmpl
var sizingPage string

// Limits of the Logs Ingestion API (Azure Monitor service limits): of a call before compression, and of a data collection rule.
const (
	callBytes      = 1e6
	ruleCallsMin   = 12_000
	ruleBytesMin   = 2e9
	shortestMinute = 60 // calls a minute of one sender, whose batches wait a second at most
)

// The time of a fleet's gateway for a message, which is one batch of an agent and the only one of its partition under way: its own batch
// waits for more rows, as long as flush_timeout says, and then there is the call.
const (
	flushTime = 0.2 // s, of examples/fleet/gateway.yaml
	callTime  = 0.2 // s, assumed
)

// Limits of an agent's batch for Kafka, in bytes of OTLP and seconds (examples/fleet/agent.yaml).
const (
	messageBytes = 900_000
	messageTime  = 1
)

// What the shipped configurations hold in memory at most, in bytes of OTLP: ten calls at once are the exporter's default.
const (
	callsAtOnce       = 10
	sentinelBatch     = 2_000_000 // of an agent to Sentinel
	gatewayQueueBytes = 256 << 20 // of a gateway, whose queue is in memory
	mibBytes          = 1 << 20
)

// What a query makes, on a DNS server that answers four of five from its zones and its cache: it received the query and sent the answer
// (256, 257), and for the fifth it asked another server and got its answer (260, 261).
const (
	eventsPerQuery     = 2 + 0.2*2
	correlatedPerQuery = 1 // one record for all of these
)

// perEvent are the figures of the benchmarks that a size is computed from.
type perEvent struct {
	agent, worker, gateway float64 // processor time of an event, in ns: of the whole collector, of its one worker, of a gateway
	row, zipped, otlp      float64 // bytes of a row, before and after compression, and of its record as OTLP
	held                   float64 // bytes that a record takes in memory
	memory                 float64 // MiB of the resident set with a full queue of the receiver and no queue in the exporter
}

// fixed is the part of the memory that does not depend on queues, in MiB.
func (p perEvent) fixed() float64 { return p.memory - float64(receiverQueue) }

// inMemory is what so many bytes of OTLP take as records, in MiB.
func (p perEvent) inMemory(otlp float64) float64 { return otlp * p.held / p.otlp / mibBytes }

// agentMemory is the most of an agent, in MiB, whose exporter's batches have so many bytes of OTLP. The exporter's queue is on disk.
func (p perEvent) agentMemory(batch float64) float64 { return p.memory + callsAtOnce*p.inMemory(batch) }

// gatewayMemory is the most of a gateway, in MiB. It has no receiver's queue, and what is in calls is still in the exporter's.
func (p perEvent) gatewayMemory() float64 { return p.fixed() + p.inMemory(gatewayQueueBytes) }

// receiverQueue is the receivers' queue.max_size_mib.
var receiverQueue = pipeline.DefaultQueueConfig().MaxSizeMiB

// message is the bytes of a message of an agent that sends so many rows a second.
func (p perEvent) message(rows float64) float64 { return min(messageBytes, rows*messageTime*p.otlp) }

// partitions is how many a topic needs for so many rows a second in messages of so many bytes.
func (p perEvent) partitions(rows, message float64) float64 {
	return math.Ceil(rows * p.otlp / message * (flushTime + callTime))
}

// size is what a load takes.
type size struct {
	Load                       string
	Events, Rows               float64 // in a second
	Cores, Worker, Memory      float64
	GBDay, CallsMin, QueueTime float64
	Rules                      int
}

// TooMuch reports whether the one worker cannot do it.
func (s size) TooMuch() bool { return s.Worker > 1 }

// heldBack is what the receiver may hold besides its queue, in MiB: events that wait for their exchange, sums, and names.
func heldBack(keys map[string]any) (mib float64) {
	c := volumeConfig(keys)
	if c.Correlate {
		mib += float64(c.Correlation.MaxSizeMiB)
	}
	if c.Aggregation.Window > 0 || c.Aggregation.Noise.Window > 0 {
		mib += float64(c.Aggregation.MaxSizeMiB)
		if c.Aggregation.Whole.NewWithin > 0 {
			mib += float64(c.Aggregation.Whole.NewMaxSizeMiB)
		}
	}
	return mib
}

// volumeMemory is the most memory of an agent with a volume.
type volumeMemory struct {
	Name         string
	Held, Memory float64 // MiB
}

// memoryOf computes it for each volume.
func (p perEvent) memoryOf() (all []volumeMemory) {
	for _, v := range []struct {
		line string
		keys map[string]any
	}{
		{"full", map[string]any{"volume": "full"}},
		{"correlate", map[string]any{"correlate": true}},
		{"balanced", map[string]any{"volume": "balanced"}},
		{"lean", map[string]any{"volume": "lean"}},
	} {
		name := ways[slices.IndexFunc(ways, func(w way) bool { return w.Line == v.line })].Name
		held := heldBack(v.keys)
		all = append(all, volumeMemory{Name: name, Held: held, Memory: p.agentMemory(sentinelBatch) + held})
	}
	return all
}

// sizeOf computes what a number of queries a second takes, where each query makes so many rows. Senders are who makes calls.
func (p perEvent) sizeOf(load string, queries, rowsPerQuery float64, senders int) size {
	s := size{Load: load, Events: queries * eventsPerQuery, Rows: queries * rowsPerQuery}
	s.Cores, s.Worker = s.Events*p.agent/1e9, s.Events*p.worker/1e9
	bytesMin := s.Rows * p.row * 60
	s.GBDay = bytesMin * 60 * 24 / 1e9
	s.CallsMin = max(bytesMin/callBytes, float64(senders*shortestMinute))
	s.Rules = int(math.Ceil(max(s.CallsMin/ruleCallsMin, bytesMin/ruleBytesMin)))
	s.QueueTime = 1 << 30 / (s.Rows * p.otlp)
	s.Memory = p.agentMemory(sentinelBatch)
	return s
}

// figures reads them from results, and says which is missing.
func figures(r results) (p perEvent, err error) {
	const collector = "internal/bench/collector"
	for _, f := range []struct {
		to *float64
		of measure
	}{
		{&p.agent, inCollector("dns/sentinel/ours")},
		{&p.worker, inBench("DNSRecord/ours")},
		{&p.gateway, inCollector("dns/gateway/prebuilt")},
		{&p.row, measure{pkg: collector, bench: "Rows/dns", unit: "B/row"}},
		{&p.zipped, measure{pkg: collector, bench: "Rows/dns", unit: "gzip-B/row"}},
		{&p.otlp, measure{pkg: collector, bench: "Rows/dns", unit: "otlp-B/row"}},
		{&p.held, measure{pkg: "internal/bench", bench: "DNSRecord/ours", unit: "B/op"}},
		{&p.memory, memory("default", mib)},
	} {
		v, ok := r.value(f.of)
		if !ok {
			return p, fmt.Errorf("the benchmark %s of %s has no value in %s", f.of.bench, f.of.pkg, f.of.unit)
		}
		*f.to = v
	}
	return p, nil
}

// sizing is docs/sizing.md.
func sizing(r results) ([]byte, error) {
	p, err := figures(r)
	if err != nil {
		return nil, err
	}
	t, err := template.New("").Funcs(template.FuncMap{"n": number}).Parse(sizingPage)
	if err != nil {
		return nil, err
	}
	loads := func(rowsPerQuery, held float64) (all []size) {
		for _, thousand := range []float64{1, 10, 100} {
			s := p.sizeOf(fmt.Sprintf("%g,000 queries/s", thousand), thousand*1000, rowsPerQuery, 1)
			s.Memory += held
			all = append(all, s)
		}
		return all
	}
	billed, err := billedDays(r)
	if err != nil {
		return nil, err
	}
	cilium, err := ciliumDays(r)
	if err != nil {
		return nil, err
	}
	lean := volumeConfig(map[string]any{"volume": "lean"})
	const hosts, queries, gateways = 1000, 50, 3
	fleet := p.sizeOf("", hosts*queries, eventsPerQuery, gateways)
	message := p.message(queries * eventsPerQuery)
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Agent": p.agent, "Worker": p.worker, "Gateway": p.gateway, "Row": p.row, "Zipped": p.zipped, "OTLP": p.otlp, "Held": p.held,
		"Memory": p.memory, "ReceiverQueue": receiverQueue, "Fixed": p.fixed(), "BatchMemory": p.inMemory(sentinelBatch), "AgentMemory": p.agentMemory(sentinelBatch),
		"HostMemory": p.agentMemory(messageBytes), "GatewayMemory": p.gatewayMemory(),
		"MostEvents": 1e9 / p.worker, "Each": loads(eventsPerQuery, 0), "Correlated": loads(correlatedPerQuery, heldBack(map[string]any{"correlate": true})),
		"EventsPerQuery": eventsPerQuery, "CorrelatedPerQuery": correlatedPerQuery,
		"Fleet": fleet, "Host": p.sizeOf("", queries, eventsPerQuery, 1), "FleetCores": fleet.Rows * p.gateway / 1e9, "FleetMBs": fleet.Rows * p.row / 1e6,
		"MessageKB": message / 1e3, "Partitions": p.partitions(fleet.Rows, message), "FewestPartitions": p.partitions(fleet.Rows, messageBytes),
		"MessageTime": flushTime + callTime, "Billed": billed, "BilledRuns": billRuns[:3], "Cilium": cilium, "CiliumLoads": ciliumLoads,
		"Volumes": p.memoryOf(), "Correlation": lean.Correlation.MaxSizeMiB,
		"LeanMemory": lean.Aggregation.MaxSizeMiB, "LeanNames": lean.Aggregation.Whole.NewMaxSizeMiB,
	})
	return b.Bytes(), err
}

// billedDay is what Sentinel bills for a day of a way of the events, in GB, by load.
type billedDay struct {
	Name string
	GB   []float64
	More []bool // it is more than these
}

// billedDays computes them from the lines of `make bench-bill`.
func billedDays(r results) (all []billedDay, err error) {
	for _, w := range billedModes() {
		day := billedDay{Name: w.Name}
		for i, queries := range []float64{1_000, 10_000, 100_000} {
			bytes, err := r.dnsBill(billRuns[i].Line, w.Line, billedPerQuery)
			if err != nil {
				return nil, err
			}
			day.GB = append(day.GB, perDay(queries, bytes))
		}
		all = append(all, day)
	}
	lean, err := leanDay(r)
	return append(all, lean, archivedDay(all)), err
}

// leanDay is the row of lean with its default memory.
func leanDay(r results) (day billedDay, failed error) {
	day.Name = "`volume: lean` with the default memory"
	get := r.billOrFail(&failed)
	for _, load := range billLoads {
		lean := leanDefault(get, load.Line)
		day.GB, day.More = append(day.GB, perDay(load.Queries, lean.Bytes)), append(day.More, lean.More)
	}
	return day, failed
}

// billOrFail returns a function for values of `make bench-bill`. It sets failed if one is missing.
func (r results) billOrFail(failed *error) func(line, unit string) float64 {
	return func(line, unit string) float64 {
		v, err := r.bill(line, unit)
		if err != nil {
			*failed = err
		}
		return v
	}
}

// ciliumDays are the rows of Cilium's modes, by ciliumLoads.
func ciliumDays(r results) (all []billedDay, failed error) {
	for i, w := range ciliumWays {
		day := billedDay{Name: w.Name}
		for _, load := range ciliumMonths(r.billOrFail(&failed)) {
			day.GB = append(day.GB, load.Modes[i].GBPerDay)
		}
		all = append(all, day)
	}
	return all, failed
}

// archivedDay is the row of the archive, whose records are those of full.
func archivedDay(all []billedDay) billedDay {
	full := all[slices.IndexFunc(all, func(d billedDay) bool { return d.Name == "`volume: full`" })]
	return billedDay{Name: "the archive of `archive: true`, beside any of these, on the plan Auxiliary", GB: full.GB}
}

// number writes a figure with two digits that count, or whole; from 10,000 on it rounds to hundreds.
func number(v float64) string {
	if v >= 1e4 {
		v = math.Round(v/100) * 100
	}
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.1f million", v/1e6)
	case math.Round(v) >= 1e3:
		return fmt.Sprintf("%d,%03d", int(math.Round(v))/1000, int(math.Round(v))%1000)
	case v >= 10:
		return fmt.Sprintf("%.0f", v)
	case v >= 1:
		return fmt.Sprintf("%.1f", v)
	case v >= 0.1:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.3f", v)
	}
}
