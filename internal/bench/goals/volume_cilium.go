// SPDX-License-Identifier: Apache-2.0

// The monthly bill of Cilium's events in docs/volume.md.

package main

// ciliumLoads are the loads of the tables of prices, in events a second of all nodes together.
var ciliumLoads = []struct {
	Name   string
	Events float64
}{
	{"1,000 events/s", 1_000}, {"10,000 events/s", 10_000}, {"100,000 events/s", 100_000},
}

// ciliumBill has the bill of a load, by ciliumWays.
type ciliumBill struct {
	Load   string
	Months []monthRow
}

// ciliumMonths computes the bills from the recording of connections. Each event of the load takes as many bytes as one of the recording.
func ciliumMonths(get func(line, unit string) float64) (bills []ciliumBill) {
	const recording = "cilium/cilium_ways.pcapng/"
	for _, load := range ciliumLoads {
		day := func(way string) float64 { return perDay(load.Events, get(recording+way, "billed-B/event")) }
		bill := ciliumBill{Load: load.Name}
		for _, w := range ciliumWays {
			var archived float64
			if archives(w.Line) {
				archived = day(ciliumWays[0].Line) // the archive has a record of each event
			}
			bill.Months = append(bill.Months, monthOf(w.Name, day(w.Line), archived, false))
		}
		bills = append(bills, bill)
	}
	return bills
}

// archives reports whether the tables have a way with archive: true beside it. Beside full it would only repeat the records.
func archives(way string) bool { return way == "balanced" || way == "lean" }
