// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"math"
	"text/template"
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

// partitionBytes is what a gateway takes from a partition in a second, with 0.2 s for a call: an agent's batch has 900 kB at most.
const partitionBytes = 900_000 / 0.2

// What a query makes, on a DNS server that answers four of five from its zones and its cache: it received the query and sent the answer
// (256, 257), and for the fifth it asked another server and got its answer (260, 261).
const (
	eventsPerQuery     = 2 + 0.2*2
	correlatedPerQuery = 1 + 0.2 // one record for each pair
)

// perEvent are the figures of the benchmarks that a size is computed from.
type perEvent struct {
	agent, worker, gateway float64 // processor time of an event, in ns: of the whole collector, of its one worker, of a gateway
	row, zipped            float64 // bytes of a row, before and after compression
	memory                 float64 // MiB of the resident set with a full queue
}

// size is what a load takes.
type size struct {
	Load                       string
	Events, Rows               float64 // in a second
	Cores, Worker              float64
	GBDay, CallsMin, QueueTime float64
	Rules                      int
}

// sizeOf computes what a number of queries a second takes, where each query makes so many rows. Senders are who makes calls.
func (p perEvent) sizeOf(load string, queries, rowsPerQuery float64, senders int) size {
	s := size{Load: load, Events: queries * eventsPerQuery, Rows: queries * rowsPerQuery}
	s.Cores, s.Worker = s.Events*p.agent/1e9, s.Events*p.worker/1e9
	bytesMin := s.Rows * p.row * 60
	s.GBDay = bytesMin * 60 * 24 / 1e9
	s.CallsMin = max(bytesMin/callBytes, float64(senders*shortestMinute))
	s.Rules = int(math.Ceil(max(s.CallsMin/ruleCallsMin, bytesMin/ruleBytesMin)))
	s.QueueTime = 1 << 30 / (s.Rows * p.row)
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
	loads := func(rowsPerQuery float64) (all []size) {
		for _, thousand := range []float64{1, 10, 100} {
			all = append(all, p.sizeOf(fmt.Sprintf("%g,000 queries/s", thousand), thousand*1000, rowsPerQuery, 1))
		}
		return all
	}
	const hosts, queries, gateways = 1000, 50, 3
	fleet := p.sizeOf("", hosts*queries, eventsPerQuery, gateways)
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Agent": p.agent, "Worker": p.worker, "Gateway": p.gateway, "Row": p.row, "Zipped": p.zipped, "Memory": p.memory,
		"MostEvents": 1e9 / p.worker, "Each": loads(eventsPerQuery), "Correlated": loads(correlatedPerQuery),
		"EventsPerQuery": eventsPerQuery, "CorrelatedPerQuery": correlatedPerQuery,
		"Fleet": fleet, "Host": p.sizeOf("", queries, eventsPerQuery, 1), "FleetCores": fleet.Rows * p.gateway / 1e9, "FleetMBs": fleet.Rows * p.row / 1e6,
		"Partitions": math.Ceil(fleet.Rows * p.row / partitionBytes),
	})
	return b.Bytes(), err
}

// number writes a figure with two digits that count, or whole.
func number(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.1f million", v/1e6)
	case v >= 1e4:
		return fmt.Sprintf("%d,%03d", int(v)/1000, int(v)%1000/100*100)
	case v >= 1e3:
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
