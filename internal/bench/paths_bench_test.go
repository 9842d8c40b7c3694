// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/filter"
)

// floorPath builds the record of another path with pdata alone.
type floorPath struct {
	Path
	record func(plog.LogRecordSlice)
}

func (p floorPath) Append(records plog.LogRecordSlice) { p.record(records) }

// copyPath copies the finished record of another path: the least that any use of pdata's interface costs.
type copyPath struct {
	Path
	record plog.LogRecord
}

func newCopyPath(p Path) copyPath {
	return copyPath{p, One(p).ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)}
}

func (p copyPath) Append(records plog.LogRecordSlice) { p.record.CopyTo(records.AppendEmpty()) }

func benchmark(b *testing.B, p Path) {
	b.ReportAllocs()
	Run(p, batchSize)
	b.ResetTimer()
	Run(p, b.N)
}

func BenchmarkDNSRecord(b *testing.B) {
	ours := NewDNSPath()
	b.Run("floor", func(b *testing.B) { benchmark(b, floorPath{ours, dnsFloor}) })
	b.Run("copy", func(b *testing.B) { benchmark(b, newCopyPath(ours)) })
	b.Run("ours", func(b *testing.B) { benchmark(b, ours) })
}

// BenchmarkDNSDecode reads every field of the event, by the field list, without making a record.
func BenchmarkDNSDecode(b *testing.B) {
	p := NewDNSPath()
	b.ReportAllocs()
	for b.Loop() {
		p.Decode()
		p.event.Decoded()
	}
}

// BenchmarkDNSFiltered processes an event that is filtered because its name is one of 10,000 excluded ones.
func BenchmarkDNSFiltered(b *testing.B) {
	p := NewDNSPath()
	noise := filter.DefaultNoise()
	noise.ExcludedDomains = []string{"google.es"}
	for i := range 9999 {
		noise.ExcludedDomains = append(noise.ExcludedDomains, fmt.Sprintf("host%d.example%d.com", i, i%100))
	}
	f, err := filter.New(dns.Server(), dns.ProfileWindows, filter.Config{}, noise)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		p.Decode()
		if !f.Drops(&p.event) {
			b.Fatal("not filtered")
		}
	}
}

func BenchmarkCiliumRecord(b *testing.B) {
	ours := NewCiliumPath()
	b.Run("floor", func(b *testing.B) { benchmark(b, floorPath{ours, ciliumFloor}) })
	b.Run("copy", func(b *testing.B) { benchmark(b, newCopyPath(ours)) })
	b.Run("ours", func(b *testing.B) { benchmark(b, ours) })
	b.Run("named", func(b *testing.B) { benchmark(b, NewNamedCiliumPath()) })
}

func BenchmarkCiliumDecode(b *testing.B) {
	p := NewCiliumPath()
	b.ReportAllocs()
	for b.Loop() {
		p.Decode()
	}
}
