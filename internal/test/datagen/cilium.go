// SPDX-License-Identifier: Apache-2.0

// cilium_events.pcapng: ten minutes of Cilium's events map on a Windows node. Each packet of the capture is a raw
// record of the map. No single node writes all of these layouts; the file has every layout that a datapath in the field
// may write.

package main

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// node is the recorded node.
type node struct {
	chance
	known   records // of the cluster's DNS
	records []events.Record
	counts  counts
	err     error // the first failure
}

// writeCilium writes cilium_events.pcapng.
func writeCilium(path string) (counts, error) {
	local, _, err := world()
	if err != nil {
		return counts{}, err
	}
	n := &node{chance: newChance(5), known: local, counts: counts{ByID: map[id]int{}}}
	n.schedule(span, n.flows())
	return n.write(path)
}

// flows returns everything that the node's datapath reports.
func (n *node) flows() []func(at time.Duration) {
	var list []func(at time.Duration)
	repeat := func(count int, flow func(f *flow)) {
		for range count {
			list = append(list, func(at time.Duration) { flow(n.begin(at)) })
		}
	}
	for i := range releases() {
		repeat(1, func(f *flow) { f.as(i).connection(frontend(), backend(), false, 8080) })
		repeat(1, func(f *flow) { f.as(i).connection(frontend(), backend(), true, 8080) })
		repeat(1, func(f *flow) { f.as(i).connection(backend(), database(), false, 5432) })
		repeat(2, func(f *flow) { f.as(i).lookup(frontend(), false) })
		repeat(1, func(f *flow) { f.as(i).lookup(backend(), true) })
		repeat(2, func(f *flow) { f.as(i).ping(backend(), frontend(), false) })
		repeat(2, func(f *flow) { f.as(i).ping(backend(), frontend(), true) })
		repeat(1, func(f *flow) { f.as(i).refused(frontend(), worldHost(), 443) })
		repeat(2, func(f *flow) { f.as(i).denied(frontend(), database(), f.one(2), 5432) })
		repeat(1, func(f *flow) { f.as(i).denied(worldHost(), backend(), f.one(2), 22) })
		repeat(1, func(f *flow) { f.as(i).association(frontend(), backend(), f.one(2)) })
		repeat(1, func(f *flow) { f.as(i).verdicts() })
		repeat(1, func(f *flow) { f.as(i).points() })
		repeat(1, func(f *flow) { f.as(i).tagged(worldHost(), backend()) })
		repeat(1, func(f *flow) { f.as(i).neighbours(frontend()) })
		repeat(1, func(f *flow) { f.as(i).bare() })
		repeat(1, func(f *flow) { f.as(i).captures() })
		repeat(1, func(f *flow) { f.as(i).socket(f.one(2)) })
		repeat(1, func(f *flow) { f.as(i).connection(thisNode(), healthCheck(), f.one(2), 4240) })
	}
	for i, r := range releases() {
		if r.trace > 0 { // older ones have no field for an original address
			repeat(2, func(f *flow) { f.as(i).outbound(frontend(), worldHost(), false) })
			repeat(1, func(f *flow) { f.as(i).outbound(backend(), worldHost(), true) })
		}
		if r.long {
			repeat(2, func(f *flow) { f.as(i).socket(false) })
			repeat(2, func(f *flow) { f.as(i).socket(true) })
		}
		if r.flags {
			repeat(2, func(f *flow) { f.as(i).tunneled(frontend(), database(), f.one(2), monitor.FlagVXLAN) })
			repeat(2, func(f *flow) { f.as(i).tunneled(frontend(), database(), f.one(2), monitor.FlagGeneve) })
			repeat(2, func(f *flow) { f.as(i).withoutLink(database(), backend(), f.one(2)) })
		}
	}
	for _, reason := range dropReasons() {
		repeat(1, func(f *flow) { f.dropped(reason) })
	}
	for subType := range 69 {
		repeat(1, func(f *flow) { f.debug(uint8(subType)) })
	}
	repeat(1, func(f *flow) { f.debug(200) }) // of a future version
	repeat(3, func(f *flow) { f.recorded(true) })
	repeat(3, func(f *flow) { f.recorded(false) })
	repeat(12, func(f *flow) { f.packetMonitor() })
	return append(list, n.oddities()...)
}

// add adds a record.
func (n *node) add(at time.Duration, cpu int32, data []byte) {
	n.records = append(n.records, events.Record{Time: start().Add(at).UnixNano(), CPU: cpu, Data: data})
	n.counts.Events++
	n.counts.ByID[id(data[0])]++
}

// oddities are records that do not come from the datapath, or have an unknown type. All of them can be decoded, so a
// replay of the capture emits every record.
func (n *node) oddities() []func(at time.Duration) {
	raw := func(typ monitor.MessageType, text string) func(at time.Duration) {
		return func(at time.Duration) { n.add(at, 0, monitortest.Raw(uint8(typ), []byte(text)...)) }
	}
	return []func(at time.Duration){
		raw(monitor.TypeAgent, `{"type":2,"text":"{\"labels\":[\"k8s:app=frontend\"],\"revision\":7,\"rule_count\":3}"}`),
		raw(monitor.TypeAgent, `{"type":7,"text":"{\"id\":1034,\"namespace\":\"shop\",\"pod-name\":\"frontend-6c9f8\"}"}`),
		raw(monitor.TypeAgent, `{"type":10,"text":"{\"cidr\":\"10.244.1.12/32\",\"identity\":20417}"}`),
		raw(monitor.TypeAccessLog, `{"Type":"Request","Verdict":"Forwarded","HTTP":{"Method":"GET","URL":"http://backend:8080/cart"}}`),
		raw(monitor.TypeAccessLog, `{"Type":"Response","Verdict":"Forwarded","HTTP":{"Code":200}}`),
		raw(monitor.TypeAccessLog, `{"Type":"Request","Verdict":"Denied","HTTP":{"Method":"DELETE","URL":"http://backend:8080/admin"}}`),
		func(at time.Duration) {
			n.add(at, 0, monitortest.Raw(42, 1, 2, 3, 4, 5, 6, 7, 0xCA, 0xFE))
			n.counts.Unknown++
		},
	}
}

// write writes the capture.
func (n *node) write(path string) (c counts, err error) {
	if n.err != nil {
		return c, n.err
	}
	slices.SortStableFunc(n.records, func(a, b events.Record) int { return cmp.Compare(a.Time, b.Time) })
	f, err := os.Create(path)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := capture.NewWriter(f)
	if err != nil {
		return c, err
	}
	for _, r := range n.records {
		if err := w.Write(r); err != nil {
			return c, err
		}
	}
	return n.counts, w.Flush()
}
