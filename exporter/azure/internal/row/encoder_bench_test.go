// SPDX-License-Identifier: Apache-2.0

package row

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

// BenchmarkRow encodes the row of a record of the DNS Server: with this package, also with the attributes of the device
// in the resource instead of the record, and as exporters usually do, with a map for each row and encoding/json.
func BenchmarkRow(b *testing.B) {
	logs := recordtest.DNS(100)
	rl := logs.ResourceLogs().At(0)
	records := rl.ScopeLogs().At(0).LogRecords()
	b.Run("ours", func(b *testing.B) {
		e := NewEncoder(Options{Table: columns.DNS, Schema: "Dns", Now: func() time.Time { return recordtest.Base }})
		e.SetResource(rl.Resource().Attributes())
		buf := make([]byte, 0, 1<<20)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			buf, _ = e.AppendRow(buf[:0], records.At(i%100))
		}
		b.SetBytes(int64(len(buf)))
	})
	b.Run("device in the resource", func(b *testing.B) {
		logs := recordtest.DNS(100)
		recordtest.MoveDevice(logs)
		rl := logs.ResourceLogs().At(0)
		records := rl.ScopeLogs().At(0).LogRecords()
		e := NewEncoder(Options{Table: columns.DNS, Schema: "Dns", Now: func() time.Time { return recordtest.Base }})
		e.SetResource(rl.Resource().Attributes())
		buf := make([]byte, 0, 1<<20)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			buf, _ = e.AppendRow(buf[:0], records.At(i%100))
		}
		b.SetBytes(int64(len(buf)))
	})
	b.Run("map", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			lr := records.At(i % 100)
			row := lr.Attributes().AsRaw()
			row["TimeGenerated"] = lr.Timestamp().AsTime().Format(time.RFC3339Nano)
			if _, err := json.Marshal(row); err != nil {
				b.Fatal(err)
			}
		}
	})
}
