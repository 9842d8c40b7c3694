// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/tracktest"
)

// BenchmarkItems encodes and compresses the body of a call with records of the DNS Server, as large as a call may be.
func BenchmarkItems(b *testing.B) {
	logs := recordtest.DNS(1000)
	batch := newBatch(tracktest.Key, "otelc")
	items := 0
	b.ReportAllocs()
	for b.Loop() {
		batch.load(logs)
		items, _ = batch.fill(batch.rows, maxCall)
		batch.body.Close()
		batch.Release()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(items), "ns/item")
	b.ReportMetric(float64(items), "items/call")
}
