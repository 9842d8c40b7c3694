// SPDX-License-Identifier: Apache-2.0

// Lean with its default memory in docs/volume.md. It is measured at one load; for the others it follows.

package main

import (
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

// measuredLoad is the load of the lines about lean's memory, in queries a second.
const measuredLoad = 1_000

// defaultLean is lean with its default memory.
type defaultLean struct {
	Known  bool
	Bytes  float64 // for a query
	Part   float64 // of AMA's
	More   bool    // it is more than these
	Like   float64 // MiB that sums have at measuredLoad, if memory for n times the load is n times as much
	Judged string  // the cell of the goal
}

// Prefix is written before an amount.
func (l defaultLean) Prefix() string {
	if l.More {
		return "> "
	}
	return ""
}

// leanDefault returns it for a run. Half and double the repetition, and new names, are not known.
func leanDefault(get func(line, unit string) float64, run string) (l defaultLean) {
	l.Judged = "not measured"
	for _, load := range billLoads {
		if load.Line != run {
			continue
		}
		l.Known, l.Like = true, float64(leanMemory())*measuredLoad/load.Queries
		line := "lean/memory=512MiB"
		if load.Queries != measuredLoad {
			l.More, line = true, memories[0].Line // the least that is measured
		}
		l.Bytes = get("dns/load=1k/"+line, billedPerQuery)
		l.Part = l.Bytes / get("dns/load=1k/ama", billedPerQuery)
		l.Judged = billGoals[0].judged(l.Part, l.More)
	}
	return l
}

// Most is the largest load of which a receiver can have the memory that the default is at measuredLoad, in queries a second.
func (defaultLean) Most() float64 { return float64(mostMemory) / float64(leanMemory()) * measuredLoad }

// mostMemory is the largest aggregation.max_size_mib.
const mostMemory = 16 << 10

// volumeConfig returns the receiver's configuration with some keys set.
func volumeConfig(keys map[string]any) *asimdnsreceiver.Config {
	c := asimdnsreceiver.NewFactory().CreateDefaultConfig().(*asimdnsreceiver.Config)
	if err := confmap.NewFromStringMap(keys).Unmarshal(c); err != nil {
		panic("the keys are constants: " + err.Error())
	}
	return c
}

// leanMemory is the default of aggregation.max_size_mib with lean.
func leanMemory() int { return volumeConfig(map[string]any{"volume": "lean"}).Aggregation.MaxSizeMiB }
