// SPDX-License-Identifier: Apache-2.0

// List prices of Microsoft Sentinel, and what a month costs.

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// price is a list price of a meter, without taxes and discounts.
type price struct {
	Product string
	Meter   string  // its name in the Azure Retail Prices API
	USD     float64 // for a Unit
	Unit    string  // a GB is 10^9 bytes
	Region  string
	Date    string // when the source read the price
	Source  string // with its address
}

// Microsoft has the prices at https://azure.microsoft.com/pricing/details/microsoft-sentinel/ and https://prices.azure.com/api/retail/prices. Neither
// could be read here. The prices are as another project quotes the second.
const (
	sentinelProduct = "Microsoft Sentinel"
	eastUS          = "East US"
	retailDate      = "2026-09-26"
	retail          = "[Meter Reader](https://github.com/DataDay-Technology-Solutions/cribl-apps-public/blob/bca5daf6ced91e6390a1eea4bd161e5968ad5d2c/cc-meter-reader/core/presets.ts)"
)

// Amount is the price with all of its digits.
func (p price) Amount() string {
	text := strconv.FormatFloat(p.USD, 'f', -1, 64)
	if _, cents, _ := strings.Cut(text, "."); len(cents) < 2 {
		return fmt.Sprintf("$%.2f", p.USD)
	}
	return "$" + text
}

func sentinelPrice(meter string, usd float64, unit string) price {
	return price{Product: sentinelProduct, Meter: meter, USD: usd, Unit: unit, Region: eastUS, Date: retailDate, Source: retail}
}

// The prices of a table on the plan Analytics, pay as you go, and of one in Sentinel's data lake. A GB of the lake is billed by both meters. A table
// on the plan Auxiliary is in the lake if its workspace is onboarded.
var (
	payAsYouGo     = sentinelPrice("Pay-as-you-go Analysis", 4.30, "GB")
	lakeIngestion  = sentinelPrice("Data lake ingestion Data Processed", 0.05, "GB")
	lakeProcessing = sentinelPrice("Data processing Data Processed", 0.10, "GB")
	lakeStorage    = sentinelPrice("Data lake storage Data Stored", 0.026, "GB and month")
)

// tier is a commitment for Analytics. What exceeds it is billed at its price for a GB.
type tier struct {
	GB    float64 // a day
	Price price   // for a day
}

func commitment(gb, usd float64) tier {
	return tier{gb, sentinelPrice(fmt.Sprintf("%.0f GB Commitment Tier Capacity Reservation", gb), usd, "day")}
}

// tiers are those that the source quotes. There are others between them.
var tiers = []tier{
	commitment(50, 161.25), commitment(100, 296), commitment(500, 1_265), commitment(1_000, 2_480), commitment(5_000, 11_550), commitment(50_000, 102_600),
}

// prices returns all prices, in the order of the table.
func prices() []price {
	all := []price{payAsYouGo}
	for _, t := range tiers {
		all = append(all, t.Price)
	}
	return append(all, lakeIngestion, lakeProcessing, lakeStorage)
}

const (
	daysPerMonth  = 365. / 12
	secondsPerDay = 86_400
	bytesPerGB    = 1e9
)

// perDay returns GB a day, of so many queries a second with so many bytes each.
func perDay(queries, bytes float64) float64 { return queries * bytes * secondsPerDay / bytesPerGB }

// analytics returns what a month on the plan Analytics costs in USD, pay as you go, of so many GB a day.
func analytics(gbPerDay float64) float64 { return gbPerDay * payAsYouGo.USD * daysPerMonth }

// committed returns what it costs with the cheapest tier.
func committed(gbPerDay float64) float64 {
	var all []float64
	for _, t := range tiers {
		all = append(all, max(gbPerDay, t.GB)*t.Price.USD/t.GB*daysPerMonth)
	}
	return slices.Min(all)
}

// archive returns what it costs in the data lake, without storage and queries.
func archive(gbPerDay float64) float64 {
	return gbPerDay * (lakeIngestion.USD + lakeProcessing.USD) * daysPerMonth
}

// monthRow is a row of a table of months.
type monthRow struct {
	Name               string
	More               bool // all are more than these
	GBPerDay           float64
	PayAsYouGo, Tiered float64 // USD, on the plan Analytics
	// Archived is pay as you go, with the archive of so many events in the data lake; 0 if the way has none.
	Archived float64
}

// Cell writes an amount.
func (m monthRow) Cell(amount string) string {
	if m.More {
		return "> " + amount
	}
	return amount
}

// monthOf computes a row. The archive has so many GB a day beside it, or none.
func monthOf(name string, gbPerDay, archivePerDay float64, more bool) monthRow {
	m := monthRow{Name: name, More: more, GBPerDay: gbPerDay, PayAsYouGo: analytics(gbPerDay), Tiered: committed(gbPerDay)}
	if archivePerDay > 0 {
		m.Archived = m.PayAsYouGo + archive(archivePerDay)
	}
	return m
}
