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

// ciliumMonth is what a mode costs at a load.
type ciliumMonth struct {
	Name     string
	GBPerDay float64
	USD      []string // a month, by plan
}

// ciliumBill has the bill of a load.
type ciliumBill struct {
	Load  string
	Modes []ciliumMonth
	// Archived is a month of balanced and of lean with their archive on the plan Auxiliary.
	Balanced, Lean string
}

// ciliumMonths computes the bills from the recording of connections. Each event of the load takes as many bytes as one of the recording.
func ciliumMonths(get func(line, unit string) float64) (bills []ciliumBill) {
	const recording = "cilium/cilium_ways.pcapng/"
	for _, load := range ciliumLoads {
		days := map[string]float64{}
		bill := ciliumBill{Load: load.Name}
		for _, w := range ciliumWays {
			day := perDay(load.Events, get(recording+w.Line, "billed-B/event"))
			days[w.Line] = day
			month := ciliumMonth{Name: w.Name, GBPerDay: day}
			for _, p := range prices {
				month.USD = append(month.USD, usd(p.month(day)))
			}
			bill.Modes = append(bill.Modes, month)
		}
		archive := prices[auxiliary].month(days["every-event"]) // the archive has a record of each event
		bill.Balanced = usd(prices[analytics].month(days["balanced"]) + archive)
		bill.Lean = usd(prices[analytics].month(days["lean"]) + archive)
		bills = append(bills, bill)
	}
	return bills
}
