// SPDX-License-Identifier: Apache-2.0

package house

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// If a module or a component were in none of the Makefile's lists, no target would build, test, generate or check it.
func TestMakeKnowsEveryGoModuleAndComponent(t *testing.T) {
	for target, folders := range map[string][]string{"modules": modules(t), "components": foldersWith(t, "metadata.yaml")} {
		out, err := exec.Command("make", "-s", "--no-print-directory", "-C", root, target).Output()
		require.NoError(t, err)
		listed := strings.Fields(string(out))
		slices.Sort(listed)
		require.Equal(t, folders, listed, "make %s", target)
	}
}
