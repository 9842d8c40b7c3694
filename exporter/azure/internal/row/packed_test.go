// SPDX-License-Identifier: Apache-2.0

package row

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// The largest packed record of the receiver asimdns has 7,000 bytes of items (docs/records.md).
func TestAPackedRecordIsAWholeRow(t *testing.T) {
	var items, starts []any
	for i := range 120 {
		items = append(items, []any{"host" + strconv.Itoa(i), int64(2), []any{int64(3), "192.0.2." + strconv.Itoa(i)}, int64(0), int64(0), int64(50000 + i), int64(1 + i)})
		starts = append(starts, int64(i))
	}
	fields := map[string]any{
		"Sums":      []any{[]any{int64(1), "RD,RA", "example.com", map[string]any{"Zone": int64(0), "RecursionServers": []any{"192.0.2.53"}}, starts, items}},
		"SumsTexts": []any{"NOERROR", "A", `HTTPS 1 . alpn="h2,h3"`},
	}
	row, _, counts := write(t, dnsEncoder(), record(map[string]any{"EventCount": 120, "EventResult": "NA", "EventResultDetails": "NA", "AdditionalFields": fields}), pcommon.NewMap())
	require.Empty(t, counts)
	want, err := json.Marshal(fields)
	require.NoError(t, err)
	require.Greater(t, len(want), 4000)
	got, err := json.Marshal(row["AdditionalFields"])
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got))
	require.NotContains(t, row, "DnsQuery")
	require.False(t, strings.Contains(string(got), "cut"))
}
