// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// batchSize is the receivers' default for batch.max_records.
const batchSize = 1000

// at is when the events happened and were received.
var at = time.Date(2026, 3, 4, 5, 6, 7, 894_000_100, time.UTC)

// path is what the worker does with one event.
type path interface {
	begin(plog.Logs) plog.LogRecordSlice
	append(plog.LogRecordSlice)
}

// run appends n records, in batches.
func run(p path, n int) {
	var records plog.LogRecordSlice
	for i := range n {
		if i%batchSize == 0 {
			records = p.begin(plog.NewLogs())
		}
		p.append(records)
	}
}

// one is the record of one event.
func one(p path) plog.Logs {
	logs := plog.NewLogs()
	p.append(p.begin(logs))
	return logs
}

// dnsPath decodes and maps event 257 of Windows Server 2022: a response with one answer, in a packet of 55 bytes.
type dnsPath struct {
	decoder *dns.Decoder
	mapper  *asim.DNSMapper
	event   dns.Event
	raw     []byte
}

// stale is a field of Windows Server 2025 alone.
const stale = "StaleRecordsPresent"

func newDNSPath(t testing.TB) *dnsPath {
	device := asim.Device{Name: "dc1.corp.example.com", Host: true, Addr: netip.MustParseAddr("172.31.87.64"), OSVersion: "10.0.20348"}
	p := &dnsPath{
		decoder: dns.NewDecoder(dns.Server()),
		mapper:  asim.NewDNSMapper(dns.Server(), asim.ProfileWindows, device, "1"),
	}
	packet, err := hex.DecodeString("00078180000100010000000006676F6F676C6502657300001C0001C00C001C00010000012C00102607F8B040040C17000000000000005E")
	require.NoError(t, err)
	for _, template := range p.decoder.Templates() {
		if template.ID != 257 || template.Find(stale) >= 0 {
			continue
		}
		data, err := template.Encode(nil, 8, map[string]any{
			"InterfaceIP": "172.31.87.64", "Destination": "216.160.83.56", "QNAME": "google.es.", "QTYPE": 28, "XID": 7, "Port": 59560,
			"Flags": 33152, "Scope": "Default", "Zone": "..Cache", "PolicyName": "NULL", "PacketData": packet,
			"AdditionalInfo": "VirtualizationInstance:.", "ElapsedTime": 9, "GUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}",
		})
		require.NoError(t, err)
		record := etw.Record{
			Flags: etw.Flag64BitHeader, ThreadID: 3668, ProcessID: 852, TimeStamp: etw.Filetime(at.UnixNano()), Provider: dns.Server().GUID,
			ID: 257, Channel: 16, Level: 4, Task: 1, Keyword: 0x8000000000000002, UserData: data,
		}
		p.raw, err = record.Append(nil)
		require.NoError(t, err)
		return p
	}
	t.Fatal("no list of the fields of Windows Server 2022")
	return nil
}

func (p *dnsPath) begin(logs plog.Logs) plog.LogRecordSlice { return p.mapper.Begin(logs) }

func (p *dnsPath) decode() {
	if p.event.Parse(p.raw) != nil {
		panic("the record was made to be parsed")
	}
	p.decoder.Decode(&p.event)
}

func (p *dnsPath) append(records plog.LogRecordSlice) {
	p.decode()
	p.mapper.Append(records, &p.event, at.UnixNano())
}

// ciliumPath decodes and maps a trace of a TCP packet.
type ciliumPath struct {
	decoder      monitor.Decoder
	mapper       *asim.NetworkMapper
	notification monitor.Notification
	flow         flow.Flow
	raw          []byte
}

func newCiliumPath(t testing.TB) *ciliumPath {
	packet := gopacket.NewSerializeBuffer()
	tcp := &layers.TCP{SrcPort: 57235, DstPort: 5432, Seq: 1, Ack: 1, ACK: true, PSH: true, Window: 512}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: []byte{10, 244, 1, 12}, DstIP: []byte{10, 244, 2, 40}}
	require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
	require.NoError(t, gopacket.SerializeLayers(packet, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.Ethernet{SrcMAC: []byte{0, 0x15, 0x5d, 10, 0x1b, 0x12}, DstMAC: []byte{0, 0x15, 0x5d, 10, 0x1b, 0x40}, EthernetType: layers.EthernetTypeIPv4},
		ip, tcp, gopacket.Payload(make([]byte, 46))))
	return &ciliumPath{
		mapper: asim.NewNetworkMapper(asim.NetworkOptions{Device: asim.NetworkDevice{NodeName: "node-1", HostName: "node-1.corp.example.com"}, Version: "1"}),
		raw: monitortest.Trace{
			Capture: monitortest.Capture{Source: 1034, Hash: 0xCAFE, Packet: packet.Bytes()}, Version: 2, Point: 5, SrcLabel: 20417, DstLabel: 47031,
			Reason: 1, IfIndex: 12,
		}.Bytes(),
	}
}

func (p *ciliumPath) begin(logs plog.Logs) plog.LogRecordSlice { return p.mapper.Begin(logs) }

func (p *ciliumPath) decode() {
	if p.decoder.Decode(p.raw, &p.notification) != nil {
		panic("the record was made to be decoded")
	}
	p.flow.Decode(&p.notification)
}

func (p *ciliumPath) append(records plog.LogRecordSlice) {
	p.decode()
	p.mapper.Append(records.AppendEmpty(), &p.flow, at, at)
}

// floorPath builds the record of another path with pdata alone.
type floorPath struct {
	path
	record func(plog.LogRecordSlice)
}

func (p floorPath) append(records plog.LogRecordSlice) { p.record(records) }

func benchmark(b *testing.B, p path) {
	b.ReportAllocs()
	run(p, batchSize)
	b.ResetTimer()
	run(p, b.N)
}

func BenchmarkDNSRecord(b *testing.B) {
	ours := newDNSPath(b)
	b.Run("floor", func(b *testing.B) { benchmark(b, floorPath{ours, dnsFloor}) })
	b.Run("ours", func(b *testing.B) { benchmark(b, ours) })
}

// BenchmarkDNSDecode is every field of the event, by the field list, without a record.
func BenchmarkDNSDecode(b *testing.B) {
	p := newDNSPath(b)
	b.ReportAllocs()
	for b.Loop() {
		p.decode()
		p.event.Decoded()
	}
}

// BenchmarkDNSFiltered is an event that is filtered by its name, one of 10,000 excluded.
func BenchmarkDNSFiltered(b *testing.B) {
	p := newDNSPath(b)
	noise := filter.DefaultNoise()
	noise.ExcludedDomains = []string{"google.es"}
	for i := range 9999 {
		noise.ExcludedDomains = append(noise.ExcludedDomains, fmt.Sprintf("host%d.example%d.com", i, i%100))
	}
	f, err := filter.New(dns.Server(), filter.Config{}, noise)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		p.decode()
		if !f.Drops(&p.event) {
			b.Fatal("not filtered")
		}
	}
}

func BenchmarkCiliumRecord(b *testing.B) {
	ours := newCiliumPath(b)
	b.Run("floor", func(b *testing.B) { benchmark(b, floorPath{ours, ciliumFloor}) })
	b.Run("ours", func(b *testing.B) { benchmark(b, ours) })
}

func BenchmarkCiliumDecode(b *testing.B) {
	p := newCiliumPath(b)
	b.ReportAllocs()
	for b.Loop() {
		p.decode()
	}
}
