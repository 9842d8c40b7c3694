// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// The comments of the sample say what its items are.
func TestThePackedRecordOfTheDocumentUnpacksToWhatItsCommentsSay(t *testing.T) {
	all, err := All(root)
	require.NoError(t, err)
	var sample string
	for _, b := range all {
		if b.File == "docs/records.md" && b.Kind == "text" {
			require.Empty(t, sample, "one block of text")
			sample = b.Text
		}
	}
	text := regexp.MustCompile(`//[^\n]*`).ReplaceAllString(sample, "")
	decoder := json.NewDecoder(strings.NewReader("{" + text + "}"))
	decoder.UseNumber()
	var fields map[string]any
	require.NoError(t, decoder.Decode(&fields))
	records := kit.Unpack(t, map[string]any{
		"EventStartTime": "2026-03-04T05:00:00.0000000Z", "SrcIpAddr": "192.0.2.77", "EventResult": "Success", "EventResultDetails": "NOERROR",
		"AdditionalFields": whole(fields),
	})
	common := func(name, start, end string, count int64, more, own map[string]any) map[string]any {
		record := map[string]any{
			"SrcIpAddr": "192.0.2.77", "EventResult": "Success", "EventResultDetails": "NOERROR", "DnsFlags": "RD,RA", "DnsQuery": name, "DnsQueryTypeName": "A",
			"EventStartTime": "2026-03-04T05:00:" + start + "0000Z", "EventEndTime": "2026-03-04T05:00:" + end + "0000Z", "EventCount": count, "AdditionalFields": more,
		}
		for key, v := range own {
			record[key] = v
		}
		more["Zone"] = "example.com"
		return record
	}
	require.Equal(t, []map[string]any{
		common("www.example.com", "00.000", "01.500", 3, map[string]any{
			"DnsAnswers": []any{"192.0.2.1"}, "GapSum": int64(1500), "GapSquareSum": int64(1170000), "DnsNetworkDurationMin": int64(0), "DnsNetworkDurationMax": int64(0),
		}, map[string]any{"DnsNetworkDuration": int64(0)}),
		common("api.example.com", "00.752", "00.764", 1, map[string]any{"DnsAnswers": []any{"CNAME www.example.net", "192.0.2.7"}}, map[string]any{"DnsNetworkDuration": int64(12)}),
		common("new.example.com", "00.797", "00.798", 1, map[string]any{"DnsAnswers": []any{"192.0.2.9"}, "New": true}, map[string]any{
			"DnsNetworkDuration": int64(1), "SrcPortNumber": int64(54736), "TransactionIdHex": "4348",
		}),
		common("odd.example.com", "00.802", "00.803", 1, map[string]any{"DnsAnswers": []any{"192.0.2.8"}}, map[string]any{
			"DnsNetworkDuration": int64(1), "SrcPortNumber": int64(54737), "TransactionIdHex": "4349",
		}),
	}, records)
}

// whole makes the numbers of decoded JSON whole numbers.
func whole(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return v
		}
		return n
	case []any:
		for i := range v {
			v[i] = whole(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = whole(v[key])
		}
	}
	return v
}
