// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// Filter decides. It has no state: any number of goroutines may share one. A nil Filter wants everything.
type Filter struct {
	allow, deny []rule
}

// Wants reports whether the event is wanted. Losses always are: any event may be among the lost ones.
func (f *Filter) Wants(e *flow.Flow) bool {
	if f == nil || e.Class == flow.ClassLost {
		return true
	}
	matches := func(r rule) bool { return r.matches(e) }
	return (len(f.allow) == 0 || slices.ContainsFunc(f.allow, matches)) && !slices.ContainsFunc(f.deny, matches)
}

func (r rule) matches(e *flow.Flow) bool {
	for _, c := range r {
		if !c(e) {
			return false
		}
	}
	return true
}

// isFlow reports whether the event is one of Hubble's flows; others match by their type only.
func isFlow(f *flow.Flow) bool { return f.Class == flow.ClassPacket || f.Class == flow.ClassSocket }
