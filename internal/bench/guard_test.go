// SPDX-License-Identifier: Apache-2.0

// Guards against regressions: the number of allocations, and the time (guard_time_test.go) relative to the floor's in
// the same run.

package bench

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// guarded returns the paths, the allocations of a record, and the largest allowed time as a multiple of the floor's. A
// busy machine stays below this bound; it is well above what `make bench` measures.
func guarded() []guard {
	dns, cilium := NewDNSPath(), NewCiliumPath()
	return []guard{
		{"DNS", dns, floorPath{dns, dnsFloor}, 70, 2},
		{"Cilium", cilium, floorPath{cilium, ciliumFloor}, 53, 2},
	}
}

type guard struct {
	name        string
	ours, floor Path
	allocations float64
	ratio       float64
}

func TestTheAllocationsOfARecordDoNotChange(t *testing.T) {
	for _, g := range guarded() {
		for _, c := range []struct {
			path Path
			want float64
		}{{g.ours, g.allocations}, {g.floor, g.allocations - 1}} { // the floor does not allocate the record's text
			const runs = 100
			records := c.path.Begin(plog.NewLogs())
			records.EnsureCapacity(runs + 1)
			require.Equal(t, c.want, testing.AllocsPerRun(runs, func() { c.path.Append(records) }), "%s %T", g.name, c.path)
		}
	}
}
