// SPDX-License-Identifier: Apache-2.0

package house

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A module that is in none of the Makefile's lists is built, tested and checked by no target.
func TestMakeKnowsEveryGoModule(t *testing.T) {
	out, err := exec.Command("make", "-s", "--no-print-directory", "-C", root, "modules").Output()
	require.NoError(t, err, "%s", out)
	listed := strings.Fields(string(out))
	slices.Sort(listed)
	require.Equal(t, modules(t), listed)
}
