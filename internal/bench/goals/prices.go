// SPDX-License-Identifier: Apache-2.0

// List prices of Microsoft Sentinel, and what a month costs.

package main

// price is a list price of taking in data, without taxes and discounts.
type price struct {
	Plan  string
	PerGB float64 // USD; a GB is 10^9 bytes
	// Least is the amount that is paid for at least, in GB a day.
	Least  float64
	Region string
	Date   string // when the source had it
	Source string
}

// The pages that have the prices are https://azure.microsoft.com/pricing/details/microsoft-sentinel/ and
// https://azure.microsoft.com/pricing/details/monitor/. They show them for a region that the reader chooses, and could not be read here. The
// prices are as others quote them.
const (
	retail = "the Azure Retail Prices API, as the [change log of SignalBudget 1.2.0](https://github.com/rootverdict/signalbudget/blob/39a1ae813bbf9b114030c3e4dd4d2a679d0d43e6/CHANGELOG.md), " +
		"a public project, quotes it; not verified"
	commitment = "a public comparison of prices, whose address and date were not kept: about $2.96 per GB, from 100 GB a day on; not verified"
)

// prices are the plans of the table, by the name of the plan.
var prices = []price{
	{Plan: "Analytics, pay as you go", PerGB: 4.30, Region: "East US", Date: "2026-08-10", Source: retail},
	{Plan: "Analytics, commitment of 100 GB a day", PerGB: 2.96, Least: 100, Region: "East US", Date: "2026, the day is not known", Source: commitment},
	{Plan: "Basic", PerGB: 0.50, Region: "East US", Date: "2026-08-10", Source: retail},
	{Plan: "Auxiliary (data lake)", PerGB: 0.05, Region: "East US", Date: "2026-08-10", Source: retail},
}

// The indices of the plans in prices for records and for their archive.
const (
	analytics = 0
	auxiliary = 3
)

const (
	daysPerMonth  = 365. / 12
	secondsPerDay = 86_400
	bytesPerGB    = 1e9
)

// perDay returns GB a day, of so many queries a second with so many bytes each.
func perDay(queries, bytes float64) float64 { return queries * bytes * secondsPerDay / bytesPerGB }

// month returns what a month costs in USD, of so many GB a day. More than a commitment has the commitment's price for each GB.
func (p price) month(gbPerDay float64) float64 {
	return max(gbPerDay, p.Least) * p.PerGB * daysPerMonth
}
