// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"slices"
	"strings"
)

// resultNames are the values of EventResult, by result.
var resultNames = [...]string{ResultNA: "NA", ResultSuccess: "Success", ResultFailure: "Failure"}

// FindResult returns the result with a name in EventResult, in any case.
func FindResult(name string) (r Result, ok bool) {
	i := slices.IndexFunc(resultNames[:], func(known string) bool { return strings.EqualFold(name, known) })
	return Result(max(i, 0)), i >= 0
}

// ResultNames are the values of EventResult.
func ResultNames() []string { return slices.Clone(resultNames[:]) }

// String gives the result as EventResult has it.
func (r Result) String() string { return resultNames[r] }
