// SPDX-License-Identifier: Apache-2.0

package envelope

import (
	"encoding/json"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

// BenchmarkEnvelope encodes the item of a record of the DNS Server: with this package, and as azure_monitor does, with
// a map for each record and encoding/json.
func BenchmarkEnvelope(b *testing.B) {
	logs := recordtest.DNS(100)
	rl := logs.ResourceLogs().At(0)
	sl := rl.ScopeLogs().At(0)
	records := sl.LogRecords()
	for _, lr := range records.All() {
		fields := lr.Attributes().PutEmptyMap("AdditionalFields")
		fields.PutStr("Zone", "contoso.com")
		fields.PutStr("PacketData", "0x699D8580000100010000000004686F737407636F6E746F736F03636F6D00001C0001")
		fields.PutEmptySlice("DnsAnswers").AppendEmpty().SetStr("fd00:0:0:10::5")
	}
	b.Run("ours", func(b *testing.B) {
		e := NewEncoder(Options{InstrumentationKey: key, SDKVersion: "otelc-1.2.3-lin-amd64", Now: func() time.Time { return recordtest.Base }})
		e.SetScope(rl.Resource().Attributes(), sl.Scope())
		buf := make([]byte, 0, 1<<20)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			buf, _ = e.Append(buf[:0], records.At(i%100))
		}
		b.SetBytes(int64(len(buf)))
	})
	b.Run("map", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			lr := records.At(i % 100)
			properties := map[string]string{}
			for _, m := range []pcommon.Map{rl.Resource().Attributes(), lr.Attributes()} {
				for name, v := range m.All() {
					properties[name] = v.AsString()
				}
			}
			var it item
			it.Time, it.Data.BaseData.Message, it.Data.BaseData.Properties = lr.Timestamp().AsTime().Format(time.RFC3339Nano), lr.Body().AsString(), properties
			if _, err := json.Marshal(it); err != nil {
				b.Fatal(err)
			}
		}
	})
}
