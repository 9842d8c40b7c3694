// SPDX-License-Identifier: Apache-2.0

// Lean at a load of which a receiver cannot have the memory that is enough.

package main

import (
	"regexp"
	"slices"
	"strconv"
)

// leanMemoryLine matches a line of lean with a bound memory for sums.
var leanMemoryLine = regexp.MustCompile(`^Bill/dns/(.*)/lean/memory=(\d+)MiB$`)

// leanMemories returns the memories of a run's lines, in MiB, in order.
func (r results) leanMemories(run string) (mib []int) {
	for k := range r {
		if m := leanMemoryLine.FindStringSubmatch(k.bench); m != nil && m[1] == run && k.pkg == billPackage && k.unit == billedPerQuery {
			n, err := strconv.Atoi(m[2])
			if err == nil {
				mib = append(mib, n)
			}
		}
	}
	slices.Sort(mib)
	return mib
}

// reach returns the line that stands for a way in a run, after "Bill/dns/", and reports whether the way takes more than the line says. It is the
// way's own line, but for lean at a load at which a receiver may have less memory than is measured at measuredLoad. There it is that of the most
// memory: of the run, or at measuredLoad of so much memory as it is like there, or else of the next larger memory.
func (r results) reach(run, way string) (line string, more bool) {
	i := slices.IndexFunc(billLoads, func(l billLoad) bool { return l.Line == run })
	measured := r.leanMemories(billLoads[0].Line)
	if way != "lean" || i < 0 || len(measured) == 0 {
		return run + "/" + way, false
	}
	like := mostMemory * measuredLoad / billLoads[i].Queries
	if like > float64(measured[len(measured)-1]) {
		return run + "/" + way, false
	}
	if own := r.leanMemories(run); slices.Contains(own, mostMemory) {
		return memoryLineOf(run, mostMemory), false
	}
	next := measured[slices.IndexFunc(measured, func(mib int) bool { return float64(mib) >= like })]
	return memoryLineOf(billLoads[0].Line, next), float64(next) > like
}

func memoryLineOf(run string, mib int) string {
	return run + "/lean/memory=" + strconv.Itoa(mib) + "MiB"
}
