// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// SchemaKeys returns the keys of the rules in a list of the section filters, sorted, as a component's config.schema.yaml has them.
func SchemaKeys(t *testing.T, file, list string) []string {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	retrieved, err := confmap.NewRetrievedFromYAML(raw)
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	items, err := conf.Sub("properties::filters::properties::" + list + "::items")
	require.NoError(t, err)
	require.Equal(t, false, items.Get("additionalProperties"), "%s takes no other key", list)
	keys, ok := items.Get("properties").(map[string]any)
	require.True(t, ok, "%s has keys", list)
	return slices.Sorted(maps.Keys(keys))
}
