// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// packing is a mapper of minimal records, and sums of responses to be packed.
type packing struct {
	*Mapper
	decoder *dns.Decoder
	events  [][]byte
	event   dns.Event
	sums    dns.Sums
	next    int
}

func newPacking(t testing.TB) *packing {
	p := &packing{decoder: dns.NewDecoder(dns.Server()), Mapper: NewMapper(dns.Server(), dns.ProfileWindows, dc1, "1")}
	p.Slim(true)
	p.Minimize()
	p.PutDevice(asim.DeviceInResource)
	for i := range 1000 {
		raw, err := p.decoder.Templates()[1].Encode(nil, 8, map[string]any{
			"Destination": "192.0.2.7", "QNAME": fmt.Sprintf("www%d.example.com.", i), "Zone": "..Cache", "Port": 59560, "QTYPE": 1, "Flags": 33152,
		})
		require.NoError(t, err)
		p.events = append(p.events, raw)
	}
	return p
}

// pack packs the sum of ten exchanges for another name, and appends the packed record if it is full.
func (p *packing) pack(records plog.LogRecordSlice) {
	at := testTime.UnixNano() + int64(p.next)*1e7
	p.event.Record = etw.Record{
		ID: 257, Level: 4, Provider: p.decoder.Provider.GUID, TimeStamp: etw.Filetime(at), UserData: p.events[p.next%len(p.events)],
	}
	p.next++
	p.decoder.Decode(&p.event)
	p.sums = dns.Sums{First: at, Last: at + 3e9, Timed: 10, TotalMS: 90, MinMS: 3, MaxMS: 20, GapMS: 2900, GapSquareMS: 1e6, HasSquare: true}
	p.Pack(records, &p.event, 1, Merged{Count: 10, Sums: &p.sums, Row: true}, SumItem)
	if p.PackFull() {
		p.AppendPack(records)
	}
}

// BenchmarkPack packs rows into records of about 90 items. An operation is a row with its part of the packed record.
func BenchmarkPack(b *testing.B) {
	p := newPacking(b)
	var records plog.LogRecordSlice
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%10_000 == 0 {
			records = p.Begin(plog.NewLogs())
		}
		p.pack(records)
	}
}
