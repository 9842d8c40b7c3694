// SPDX-License-Identifier: Apache-2.0

// What must not become worse: allocations to the number, time (guard_time_test.go) against the floor's in the same run.

package bench

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// guarded are the paths with the allocations of a record, and how many times the floor's time it may take before something is
// wrong: a bound that a busy machine keeps, well above what `make bench` measures.
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

func TestARecordTakesAsManyAllocationsAsItDid(t *testing.T) {
	for _, g := range guarded() {
		for _, c := range []struct {
			path Path
			want float64
		}{{g.ours, g.allocations}, {g.floor, g.allocations - 1}} { // the text of the record
			const runs = 100
			records := c.path.Begin(plog.NewLogs())
			records.EnsureCapacity(runs + 1)
			require.Equal(t, c.want, testing.AllocsPerRun(runs, func() { c.path.Append(records) }), "%s %T", g.name, c.path)
		}
	}
}
