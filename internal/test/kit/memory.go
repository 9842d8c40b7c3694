// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// LeastMemory returns the least memory.max_mib of a configuration, by the error for 1. What is less by one is refused, too. yaml has %d for the value.
func LeastMemory[C any](t *testing.T, load func(t testing.TB, yaml string) (C, error), yaml string) int {
	t.Helper()
	_, err := load(t, fmt.Sprintf(yaml, 1))
	require.ErrorContains(t, err, "memory: max_mib: 1 is not allowed: the parts that this configuration fixes take ")
	m := regexp.MustCompile(`want at least (\d+), or smaller parts`).FindStringSubmatch(err.Error())
	require.NotNil(t, m, "%v", err)
	least, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	_, err = load(t, fmt.Sprintf(yaml, least-1))
	require.Error(t, err)
	return least
}

// RequireCapKept requires that memory was used, and never more than the limit. used is a Budget's method Used.
func RequireCapKept(t testing.TB, used func() (now, most, limit int64)) {
	t.Helper()
	_, most, limit := used()
	require.Positive(t, most)
	require.LessOrEqual(t, most, limit)
}
