// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow/flowtest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// batchSize is the receivers' default of batch.max_records.
const batchSize = 1000

// at is the time of the events and of their receipt.
var at = time.Date(2026, 3, 4, 5, 6, 7, 894_000_100, time.UTC)

// Path is the worker's processing of one event.
type Path interface {
	Begin(plog.Logs) plog.LogRecordSlice
	Append(plog.LogRecordSlice)
}

// Run appends n records, in batches.
func Run(p Path, n int) {
	var records plog.LogRecordSlice
	for i := range n {
		if i%batchSize == 0 {
			records = p.Begin(plog.NewLogs())
		}
		p.Append(records)
	}
}

// One returns the record of one event.
func One(p Path) plog.Logs {
	logs := plog.NewLogs()
	p.Append(p.Begin(logs))
	return logs
}

// must panics if a generated input is not valid.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// DNSPath decodes and maps event 257 of Windows Server 2022: a response with one answer, in a packet of 55 bytes.
type DNSPath struct {
	decoder *dns.Decoder
	mapper  *dnslog.Mapper
	ids     *uid.Maker
	event   dns.Event
	raw     []byte
}

// stale is a field that only Windows Server 2025 has.
const stale = "StaleRecordsPresent"

// NewDNSPath returns the path with the receiver's default profile.
func NewDNSPath() *DNSPath {
	device := dnslog.Device{Name: "dc1.corp.example.com", Host: true, Addr: netip.MustParseAddr("172.31.87.64"), OSVersion: "10.0.20348"}
	p := &DNSPath{
		decoder: dns.NewDecoder(dns.Server()),
		mapper:  dnslog.NewMapper(dns.Server(), dns.ProfileWindows, device, "1"),
		ids:     uid.NewMaker("etw"),
	}
	p.ids.SetHost(device.Name)
	packet, err := hex.DecodeString("00078180000100010000000006676F6F676C6502657300001C0001C00C001C00010000012C00102607F8B040040C17000000000000005E")
	must(err)
	for _, template := range p.decoder.Templates() {
		if template.ID != 257 || template.Find(stale) >= 0 {
			continue
		}
		data, err := template.Encode(nil, 8, map[string]any{
			"InterfaceIP": "172.31.87.64", "Destination": "216.160.83.56", "QNAME": "google.es.", "QTYPE": 28, "XID": 7, "Port": 59560,
			"Flags": 33152, "Scope": "Default", "Zone": "..Cache", "PolicyName": "NULL", "PacketData": packet,
			"AdditionalInfo": "VirtualizationInstance:.", "ElapsedTime": 9, "GUID": "{BF629903-4288-435F-9182-470BEDF5C0A4}",
		})
		must(err)
		record := etw.Record{
			Flags: etw.Flag64BitHeader, ThreadID: 3668, ProcessID: 852, TimeStamp: etw.Filetime(at.UnixNano()), Provider: dns.Server().GUID,
			ID: 257, Channel: 16, Level: 4, Task: 1, Keyword: 0x8000000000000002, UserData: data,
		}
		p.raw, err = record.Append(nil)
		must(err)
		return p
	}
	panic("no list of the fields of Windows Server 2022")
}

// Begin begins a batch.
func (p *DNSPath) Begin(logs plog.Logs) plog.LogRecordSlice { return p.mapper.Begin(logs) }

// Decode parses the event's header. Fields are read when they are needed.
func (p *DNSPath) Decode() {
	must(p.event.Parse(p.raw))
	p.decoder.Decode(&p.event)
}

// Append decodes the event and appends its record.
func (p *DNSPath) Append(records plog.LogRecordSlice) {
	p.Decode()
	p.mapper.AppendMerged(records, &p.event, at.UnixNano(), dnslog.Merged{ID: p.ids.Of(p.raw)})
}

const nodeName = "node-1"

// CiliumPath decodes and maps a trace of a TCP packet.
type CiliumPath struct {
	decoder      monitor.Decoder
	mapper       *networklog.Mapper
	ids          *uid.Maker
	notification monitor.Notification
	flow         flow.Flow
	names        flow.Names // nil without names of ends
	Raw          []byte     // the record of the events map
}

// NewCiliumPath returns the path with the receiver's default body.
func NewCiliumPath() *CiliumPath { return NewCiliumPathWith(networklog.BodySummary) }

// NewCiliumPathWith returns the path with a body.
func NewCiliumPathWith(body networklog.Body) *CiliumPath {
	packet := gopacket.NewSerializeBuffer()
	tcp := &layers.TCP{SrcPort: 57235, DstPort: 5432, Seq: 1, Ack: 1, ACK: true, PSH: true, Window: 512}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: []byte{10, 244, 1, 12}, DstIP: []byte{10, 244, 2, 40}}
	must(tcp.SetNetworkLayerForChecksum(ip))
	must(gopacket.SerializeLayers(packet, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.Ethernet{SrcMAC: []byte{0, 0x15, 0x5d, 10, 0x1b, 0x12}, DstMAC: []byte{0, 0x15, 0x5d, 10, 0x1b, 0x40}, EthernetType: layers.EthernetTypeIPv4},
		ip, tcp, gopacket.Payload(make([]byte, 46))))
	p := &CiliumPath{
		ids:    uid.NewMaker("cilium"),
		mapper: networklog.NewMapper(networklog.Options{Body: body, Device: networklog.Device{NodeName: nodeName, HostName: "node-1.corp.example.com"}, Version: "1"}),
		Raw: monitortest.Trace{
			Capture: monitortest.Capture{Source: 1034, Hash: 0xCAFE, Packet: packet.Bytes()}, Version: 2, Point: 5, SrcLabel: 20417, DstLabel: 47031,
			Reason: 1, IfIndex: 12,
		}.Bytes(),
	}
	p.ids.SetHost(p.mapper.DeviceName())
	return p
}

// NewNamedCiliumPath returns the path with the names of two pods among 10,000.
func NewNamedCiliumPath() *CiliumPath {
	p := NewCiliumPath()
	owners := map[string]*flow.Endpoint{}
	for i := range 10_000 {
		pod := &flow.Endpoint{
			ID: uint32(i), ClusterName: "default", Namespace: "shop", PodName: fmt.Sprintf("cart-7d9f8c6b5-%05d", i), Workloads: []flow.Workload{{Kind: "Deployment", Name: "cart"}},
			Labels: []string{"k8s:app=cart", "k8s:io.cilium.k8s.policy.cluster=default", "k8s:io.kubernetes.pod.namespace=shop"},
		}
		owners[fmt.Sprintf("10.244.%d.%d", i/256, i%256)] = pod
	}
	owners["10.244.1.12"].Identity, owners["10.244.1.12"].Local, owners["10.244.2.40"].Identity = 20417, true, 47031
	p.names = flowtest.Of(owners)
	return p
}

// Begin begins a batch.
func (p *CiliumPath) Begin(logs plog.Logs) plog.LogRecordSlice { return p.mapper.Begin(logs) }

// Decode decodes the event to its flow.
func (p *CiliumPath) Decode() {
	must(p.decoder.Decode(p.Raw, &p.notification))
	p.flow.Decode(&p.notification)
	if p.names != nil {
		p.flow.Resolve(p.names, at.UnixNano())
	}
}

// Append decodes the event and appends its record.
func (p *CiliumPath) Append(records plog.LogRecordSlice) {
	p.Decode()
	p.mapper.Append(records.AppendEmpty(), &p.flow, p.ids.Of(p.Raw), at, at)
}

// AppendHubbleJSON decodes the event and appends the line of body hubble_json, without a record.
func (p *CiliumPath) AppendHubbleJSON(dst []byte) []byte {
	p.Decode()
	return p.flow.AppendHubbleJSON(dst, nodeName, at)
}
