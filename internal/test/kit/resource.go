// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// RequireResource requires that a text names all attributes of a resource and no other, each in backticks.
func RequireResource(t *testing.T, text string, resource pcommon.Resource) {
	t.Helper()
	var named []string
	for _, name := range regexp.MustCompile("`([a-z0-9]+(?:\\.[a-z0-9]+)+)`").FindAllStringSubmatch(text, -1) {
		named = append(named, name[1])
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(resource.Attributes().AsRaw())), named)
}
