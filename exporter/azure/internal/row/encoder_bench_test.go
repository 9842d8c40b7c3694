// SPDX-License-Identifier: Apache-2.0

package row

import (
	"testing"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

func BenchmarkRow(b *testing.B) {
	logs := recordtest.DNS(100)
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
}
