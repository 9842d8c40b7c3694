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
	agent, worker, gateway float64 // processor time of an event of full, in ns: of the whole collector, of its one worker, of a gateway
	row, zipped, otlp      float64 // bytes of a row, before and after compression, and of its record as OTLP
	held                   float64 // bytes that a record takes in memory
	memory                 float64 // MiB of the resident set with a full queue of the receiver and no queue in the exporter, without GOMEMLIMIT
}

// What a process takes besides what it holds, in MiB (receiver/asimdnsreceiver/README.md, "Sizing").
const (
	binaryPages = 60
	otherHeap   = 15 // batches, caches
	limitRoom   = 60 // GOMEMLIMIT is so much more than what is held: otherHeap, and room for garbage
)

// bound is the most memory of a process, in MiB, that holds so much.
type bound struct {
	Held    float64
	Limit   float64 // the GOMEMLIMIT to set
	With    float64 // of the process, with it
	Without float64 // of the process, without one: garbage grows to the size of what lives
}

func boundOf(held float64) bound {
	return bound{Held: held, Limit: held + limitRoom, With: binaryPages + held + limitRoom, Without: binaryPages + 2*(held+otherHeap)}
}

// inMemory is what so many bytes of OTLP take as records, in MiB.
func (p perEvent) inMemory(otlp float64) float64 { return otlp * p.held / p.otlp / mibBytes }

// agentMemory is that of an agent whose exporter's batches have so many bytes of OTLP, and which holds back so many MiB. The exporter's queue is on
// disk.
func (p perEvent) agentMemory(batch, heldBack float64) bound {
	return boundOf(float64(receiverQueue) + callsAtOnce*p.inMemory(batch) + heldBack)
}

// gatewayMemory is that of a gateway. It has no receiver's queue, and what is in calls is still in the exporter's.
func (p perEvent) gatewayMemory() bound { return boundOf(p.inMemory(gatewayQueueBytes)) }

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
	Name, Load                 string
	More                       string  // before a value that is larger than it says
	Events, Rows               float64 // in a second
	GBDay, CallsMin, QueueTime float64
	Rules                      int
}

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

// volumes are those of the tables.
var volumes = []struct {
	line string
	keys map[string]any
}{
	{"full", map[string]any{"volume": "full"}},
	{"correlate", map[string]any{"correlate": true}},
	{"balanced", map[string]any{"volume": "balanced"}},
	{"lean", map[string]any{"volume": "lean"}},
}

// nameOf returns the name of a way by its lines.
func nameOf(line string) string {
	return ways[slices.IndexFunc(ways, func(w way) bool { return w.Line == line })].Name
}

// volumeMemory is the memory of an agent with a volume.
type volumeMemory struct {
	Name     string
	HeldBack float64 // MiB
	bound
}

// memoryOf computes it for each volume.
func (p perEvent) memoryOf() (all []volumeMemory) {
	for _, v := range volumes {
		held := heldBack(v.keys)
		all = append(all, volumeMemory{nameOf(v.line), held, p.agentMemory(sentinelBatch, held)})
	}
	return all
}

// volumeCost is the processor time of a volume.
type volumeCost struct {
	Name             string
	Known            bool
	Worker, Receiver float64 // of an event, in ns: of the one worker, and of the whole receiver
	Most             float64 // events in a second that the one worker can do
	Loads            []volumeLoad
}

// volumeLoad is what a load takes.
type volumeLoad struct{ Cores, Worker float64 }

// TooMuch reports whether the one worker cannot do it.
func (l volumeLoad) TooMuch() bool { return l.Worker > 1 }

// elsewhere is the processor time of a record of full outside of decoding and mapping, in ns: reading, batches, the exporter and its queue.
func (p perEvent) elsewhere() float64 { return p.agent - p.worker }

// costOf computes it for an event's times, in ns.
func costOf(worker, receiver float64) volumeCost {
	return volumeCost{Known: true, Worker: worker, Receiver: receiver, Most: 1e9 / worker}
}

// add adds a load of so many queries a second, with so many rows a query, so many times as large as those of full.
func (c *volumeCost) add(p perEvent, queries, rows, times float64) {
	c.Loads = append(c.Loads, volumeLoad{
		Cores:  (queries*eventsPerQuery*c.Receiver + queries*rows*times*p.elsewhere()) / 1e9,
		Worker: queries * eventsPerQuery * c.Worker / 1e9,
	})
}

// costs computes it for each volume. One whose lines are missing is not known.
func (p perEvent) costs(r results) (all []volumeCost, err error) {
	for _, v := range volumes {
		var c volumeCost
		worker, known := r.value(inDNS("Volumes/" + v.line))
		receiver, too := r.value(inDNS("Volumes/" + v.line + "/receiver"))
		if known && too {
			c = costOf(worker, receiver)
			for _, l := range billLoads {
				rows, times, err := rowsOf(r, v.line, l)
				if err != nil {
					return nil, err
				}
				c.add(p, l.Queries, rows, times)
			}
		}
		c.Name = nameOf(v.line)
		all = append(all, c)
	}
	return all, nil
}

// sizeOf computes what a number of queries a second takes, where each query makes so many rows, so many times as large as those of full. Senders are
// who makes calls.
func (p perEvent) sizeOf(queries, rowsPerQuery, times float64, senders int) size {
	s := size{Events: queries * eventsPerQuery, Rows: queries * rowsPerQuery}
	bytesMin := s.Rows * p.row * times * 60
	s.GBDay = bytesMin * 60 * 24 / 1e9
	s.CallsMin = max(bytesMin/callBytes, float64(senders*shortestMinute))
	s.Rules = int(math.Ceil(max(s.CallsMin/ruleCallsMin, bytesMin/ruleBytesMin)))
	s.QueueTime = 1 << 30 / (s.Rows * p.otlp * times)
	return s
}

// rowsOf returns the rows that a volume makes of a query at a load, and how many times as large they are as those of full. They are more rows than that
// where lean has less memory than is measured.
func rowsOf(r results, volume string, l billLoad) (rows, times float64, failed error) {
	line := func(volume, unit string) float64 {
		v, err := r.dnsBill(l.Line, volume, unit)
		if err != nil {
			failed = err
		}
		return v
	}
	ofRow := func(volume string) float64 { return line(volume, billedPerQuery) / line(volume, rowsPerQuery) }
	switch volume {
	case "full":
		rows = eventsPerQuery
	case "lean":
		rows = line(volume, rowsPerQuery)
	default:
		rows = correlatedPerQuery
	}
	return rows, ofRow(volume) / ofRow("full"), failed
}

// sizes computes what one DNS server takes, by volume and load.
func (p perEvent) sizes(r results) (all []size, err error) {
	for _, v := range volumes {
		for _, l := range billLoads {
			rows, times, err := rowsOf(r, v.line, l)
			if err != nil {
				return nil, err
			}
			s := p.sizeOf(l.Queries, rows, times, 1)
			s.Name, s.Load, s.More = nameOf(v.line), l.Name, r.more(l.Line, v.line)
			all = append(all, s)
		}
	}
	return all, nil
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
	sizes, err := p.sizes(r)
	if err != nil {
		return nil, err
	}
	billed, err := billedDays(r)
	if err != nil {
		return nil, err
	}
	cilium, err := ciliumDays(r)
	if err != nil {
		return nil, err
	}
	costs, err := p.costs(r)
	if err != nil {
		return nil, err
	}
	lean := volumeConfig(map[string]any{"volume": "lean"})
	const hosts, queries, gateways = 1000, 50, 3
	fleet := p.sizeOf(hosts*queries, eventsPerQuery, 1, gateways)
	message := p.message(queries * eventsPerQuery)
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Agent": p.agent, "Worker": p.worker, "Gateway": p.gateway, "Row": p.row, "Zipped": p.zipped, "OTLP": p.otlp, "Held": p.held,
		"Memory": p.memory, "ReceiverQueue": receiverQueue, "BatchMemory": p.inMemory(sentinelBatch), "HostMemory": p.agentMemory(messageBytes, 0),
		"GatewayMemory": p.gatewayMemory(), "QueueAlone": boundOf(float64(receiverQueue)), "Pages": binaryPages, "Other": otherHeap, "Room": limitRoom,
		"Sizes": sizes, "Costs": costs, "Known": known(costs), "LeanAboveBalanced": leanAboveBalanced(costs), "Elsewhere": p.elsewhere(),
		"EventsPerQuery": eventsPerQuery, "CorrelatedPerQuery": correlatedPerQuery,
		"Fleet": fleet, "Host": p.sizeOf(queries, eventsPerQuery, 1, 1), "HostCores": queries * eventsPerQuery * p.agent / 1e9, "FleetCores": fleet.Rows * p.gateway / 1e9, "FleetMBs": fleet.Rows * p.row / 1e6,
		"MessageKB": message / 1e3, "Partitions": p.partitions(fleet.Rows, message), "FewestPartitions": p.partitions(fleet.Rows, messageBytes),
		"MessageTime": flushTime + callTime, "Billed": billed, "BilledRuns": billRuns[:3], "Cilium": cilium, "CiliumLoads": ciliumLoads,
		"Volumes": p.memoryOf(), "Correlation": lean.Correlation.MaxSizeMiB,
		"LeanMemory": lean.Aggregation.MaxSizeMiB, "LeanNames": lean.Aggregation.Whole.NewMaxSizeMiB,
	})
	return b.Bytes(), err
}

// known reports whether the costs of all volumes are known.
func known(costs []volumeCost) bool {
	return !slices.ContainsFunc(costs, func(c volumeCost) bool { return !c.Known })
}

// leanAboveBalanced reports whether an event takes the worker longer with lean than with balanced.
func leanAboveBalanced(costs []volumeCost) bool {
	return known(costs) && costs[3].Worker > costs[2].Worker
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
			day.GB, day.More = append(day.GB, perDay(queries, bytes)), append(day.More, r.more(billRuns[i].Line, w.Line) != "")
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
			day.GB = append(day.GB, load.Months[i].GBPerDay)
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
