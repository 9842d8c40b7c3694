// SPDX-License-Identifier: Apache-2.0

package row

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// TimeGenerated and AdditionalFields of a row have their own rules, so a resource's attributes with these names cannot
// become the columns. They go into AdditionalFields.
func TestAResourcesAttributesWithReservedNamesAreKeptAndCounted(t *testing.T) {
	resource := pcommon.NewMap()
	resource.PutStr("TimeGenerated", "2020-01-01T00:00:00Z")
	resource.PutEmptyMap("AdditionalFields").PutStr("Site", "Berlin")
	lr := record(map[string]any{"AdditionalFields": map[string]any{"Zone": "contoso.com"}})
	row, _, counts := write(t, dnsEncoder(), lr, resource)
	require.Equal(t, "2026-03-04T05:06:07.8940001Z", row["TimeGenerated"], "the event's time")
	require.Equal(t, map[string]any{
		"Zone": "contoso.com", "TimeGenerated": "2020-01-01T00:00:00Z", "AdditionalFields": map[string]any{"Site": "Berlin"},
	}, row["AdditionalFields"])
	require.Equal(t, map[string]int64{"moved TimeGenerated": 1, "moved AdditionalFields": 1}, counts)
}

func TestARecordsOwnShedIsKeptBesideTheListOfWhatIsLeftOut(t *testing.T) {
	lr := record(map[string]any{"AdditionalFields": map[string]any{
		"Shed": "the record's own", "ShedCount": 7, "Large": strings.Repeat("x", maxField-100), "Small": strings.Repeat("y", 5000),
	}})
	row, _, counts := write(t, dnsEncoder(), lr, pcommon.NewMap())
	additional := row["AdditionalFields"].(map[string]any)
	require.Equal(t, "the record's own", additional["Shed"])
	require.Equal(t, json.Number("7"), additional["ShedCount"])
	require.Equal(t, []any{"Large"}, additional["Shed_2"])
	require.Equal(t, json.Number("1"), additional["ShedCount_2"])
	require.Equal(t, map[string]int64{"shed AdditionalFields": 1}, counts)
}
