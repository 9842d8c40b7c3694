// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

// BenchmarkCall routes, encodes and compresses the body of a call with records of the DNS Server, as large as a call
// may be.
func BenchmarkCall(b *testing.B) {
	cfg := createDefaultConfig().(*Config)
	logs := recordtest.DNS(1000)
	router := &router{streams: cfg.Streams.list()}
	batch := newBatch(cfg)
	rows := 0
	b.ReportAllocs()
	for b.Loop() {
		batch.load(logs, router)
		n, _ := batch.fill(kindDNS, batch.rows[kindDNS], maxCall)
		batch.body.Close()
		rows = n
		batch.Release()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
	b.ReportMetric(float64(rows), "rows/call")
}
