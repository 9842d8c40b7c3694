// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"runtime"
	"runtime/metrics"
)

// MaxGarbage is the number of bytes that may be allocated after a garbage collection before Collect starts the next one.
//
// By default the Go runtime lets the heap grow to twice what is in use. A cap over what is in use would then allow a process of twice
// the cap. GOMEMLIMIT is no substitute here: it covers the whole process, whose other components have limits of their own.
const MaxGarbage = 64 << 20

// Garbage bounds the garbage of the process. One goroutine uses it.
type Garbage struct {
	samples [2]metrics.Sample
}

// NewGarbage returns a Garbage.
func NewGarbage() *Garbage {
	return &Garbage{samples: [...]metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}}
}

// Collect collects the garbage if more than MaxGarbage has been allocated since the last collection. Otherwise it takes a few
// microseconds. It reports whether it has collected. A nil Garbage does nothing.
func (g *Garbage) Collect() bool {
	if g == nil {
		return false
	}
	metrics.Read(g.samples[:])
	objects, live := g.samples[0].Value.Uint64(), g.samples[1].Value.Uint64()
	if objects < live+MaxGarbage {
		return false
	}
	runtime.GC()
	return true
}
