// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// stream makes records of the map at random: of few connections, so that they have many events each. Each packet has a number, since
// the marks of packets that look the same depend on hashes with a seed of their own. Many are seen at several points.
type stream struct {
	*rand.Rand
	at     int64
	number uint64
	last   sent
}

// sent is a packet.
type sent struct {
	from, to netip.Addr
	toPort   uint16
	protocol uint8
	flags    uint8 // of the notification
	frame    []byte
}

func newStream(seed uint64) *stream {
	return &stream{Rand: rand.New(rand.NewPCG(seed, 1)), at: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).UnixNano()}
}

// next returns the next record, in wire form.
func (s *stream) next() []byte {
	s.at += s.Int64N(int64(20 * time.Millisecond))
	if s.IntN(200) == 0 {
		s.at += s.Int64N(int64(90 * time.Second))
	}
	r := events.Record{Time: s.at, CPU: int32(s.IntN(4)) - 1}
	switch s.IntN(40) {
	case 0:
		r.Lost = 1 + s.Uint64N(5)
	case 1:
		r.Data = make([]byte, s.IntN(80))
		for i := range r.Data {
			r.Data[i] = byte(s.Uint32())
		}
	case 2:
		return make([]byte, s.IntN(events.HeadSize)) // no record
	default:
		r.Data = s.notification()
	}
	if s.IntN(50) == 0 {
		r.Time = 0
	}
	return append(r.AppendHead(nil), r.Data...)
}

func (s *stream) notification() []byte {
	if s.last.frame == nil || s.IntN(3) > 0 {
		s.last = s.packet()
	}
	p := s.last
	c := mt.Capture{Source: uint16(s.IntN(3)), Packet: p.frame}
	switch s.IntN(8) {
	case 0:
		return mt.Drop{Capture: c, Version: 1, Reason: []uint8{133, 141, 181}[s.IntN(3)], SrcLabel: 1, DstLabel: 2, DstID: uint32(s.IntN(3)), File: uint8(s.IntN(3))}.Bytes()
	case 1:
		return mt.PolicyVerdict{
			Capture: c, RemoteLabel: 3, Verdict: int32(s.IntN(2)) * -133, DstPort: p.toPort, Proto: p.protocol, Direction: uint8(1 + s.IntN(2)), IPv6: p.from.Is6(),
		}.Bytes()
	}
	t := mt.Trace{
		Capture: c, Version: uint8(s.IntN(4)), Point: uint8(s.IntN(15)), SrcLabel: 1, DstLabel: 2, DstID: uint16(s.IntN(3)), Reason: uint8(s.IntN(7)), Flags: p.flags,
		IfIndex: uint32(s.IntN(2)),
	}
	if s.IntN(8) == 0 && p.from.Is4() && t.Version > 0 {
		t.OrigIP = netip.AddrFrom4([4]byte{10, 0, 9, byte(s.IntN(2))})
	}
	return t.Bytes()
}

func (s *stream) packet() sent {
	from, to := netip.AddrFrom4([4]byte{10, 0, 0, byte(1 + s.IntN(4))}), netip.AddrFrom4([4]byte{10, 0, 1, byte(1 + s.IntN(3))})
	if s.IntN(6) == 0 {
		from, to = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	}
	fromPort, toPort := uint16(40_000+s.IntN(5)), uint16(443)
	if s.IntN(2) == 0 {
		from, to, fromPort, toPort = to, from, toPort, fromPort
	}
	s.number++
	payload := append(binary.BigEndian.AppendUint64(nil, s.number), make([]byte, 8+s.IntN(20))...)
	var protocol uint8
	var above []byte
	switch s.IntN(8) {
	case 0:
		protocol, above = mt.ProtoUDP, mt.UDP(fromPort, toPort, payload)
	case 1:
		if from.Is4() {
			protocol, above = mt.ProtoICMP, mt.ICMP([]uint8{0, 3, 8}[s.IntN(3)], 0, payload)
		} else {
			protocol, above = mt.ProtoICMP6, mt.ICMP([]uint8{1, 128, 129}[s.IntN(3)], 0, payload)
		}
	default:
		flags := []uint16{mt.ACK, mt.ACK, mt.ACK, mt.ACK | mt.PSH, mt.SYN, mt.SYN | mt.ACK, mt.FIN | mt.ACK, mt.RST}[s.IntN(8)]
		protocol, above = mt.ProtoTCP, mt.TCP(fromPort, toPort, flags, payload)
		binary.BigEndian.PutUint64(above[4:], s.number)
	}
	p := sent{from: from, to: to, toPort: toPort, protocol: protocol}
	if from.Is4() {
		p.frame = mt.Ethernet(mt.EtherIPv4, mt.IPv4(from, to, protocol, above))
	} else {
		p.frame = mt.Ethernet(mt.EtherIPv6, mt.IPv6(from, to, protocol, above))
	}
	if s.IntN(10) == 0 {
		node := netip.MustParseAddr("192.0.2.1")
		p.frame = mt.Ethernet(mt.EtherIPv4, mt.IPv4(node, node.Next(), mt.ProtoUDP, mt.UDP(5, 8472, mt.VXLAN(7, p.frame))))
		p.flags = []uint8{0, 4}[s.IntN(2)]
	}
	return p
}

// result is what has become of a stream.
type result struct {
	account string
	records []string            // in the form of OTLP, sorted
	inOrder map[string][]string // by connection, in the order in which they were written
}

func (s *stream) through(t *testing.T, n int, config string, workers int) result {
	t.Helper()
	sink := &consumertest.LogsSink{}
	r, p := startWorkers(t, config, workers, sink)
	for i := range n {
		raw := s.next()
		require.NoError(t, p.Put(t.Context(), s.at+1, raw, nil))
		if i == n/2 {
			require.NoError(t, p.Drain(t.Context(), func() { r.beginFile(r.device) })) // another file
		}
	}
	require.NoError(t, p.Drain(t.Context(), nil))
	require.NoError(t, p.Shutdown(context.Background(), func(context.Context) error { return nil }))
	require.Zero(t, p.Stats.Pending(), &p.Stats)
	result := result{account: fmt.Sprint(&p.Stats, r.handler.later.count.Load(), r.sum(func(h *handler) int64 { return h.saved.connection.Load() })), inOrder: map[string][]string{}}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		text := recordText(t, lr)
		result.records = append(result.records, text)
		key := kit.Text(lr, "NetworkSessionId")
		if kit.Text(lr, "EventType") == "Flow" { // the record of a connection comes when the connections are looked at
			ends := []string{kit.Text(lr, "SrcIpAddr") + " " + kit.Text(lr, "SrcPortNumber"), kit.Text(lr, "DstIpAddr") + " " + kit.Text(lr, "DstPortNumber")}
			slices.Sort(ends)
			key = strings.Join(ends, " ")
		}
		if key != "" {
			result.inOrder[key] = append(result.inOrder[key], text)
		}
	})
	slices.Sort(result.records)
	return result
}

// recordText returns all of a record as text.
func recordText(t *testing.T, lr plog.LogRecord) string {
	t.Helper()
	logs := plog.NewLogs()
	lr.CopyTo(logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	text, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
	require.NoError(t, err)
	return string(text)
}

// startWorkers starts the pipeline of a receiver without a source.
func startWorkers(t *testing.T, config string, workers int, next consumer.Logs) (*ciliumReceiver, *pipeline.Pipeline) {
	t.Helper()
	cfg, err := load(t, fmt.Sprintf("%s\nworkers: %d\nnode_name: node-1\nreplay: {path: x.pcapng}", config, workers))
	require.NoError(t, err)
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, next)
	require.NoError(t, err)
	r.Memory = cfg.Memory.NewMemory(r.Needs)
	h, err := r.prepare([]string{"x.pcapng"})
	require.NoError(t, err)
	p := pipeline.New(pipeline.Settings{
		Batch: cfg.Batch, Queue: cfg.Queue, Retry: cfg.Retry, Memory: r.Memory.Queue(), Handler: h, Next: next, Report: r.Report, Format: "cilium", Logger: zap.NewNop(),
	})
	r.Pipeline = p
	p.Start()
	return r, p
}

func TestAnyNumberOfWorkersWritesTheSameRecords(t *testing.T) {
	const n = 2000
	for _, config := range []string{
		"volume: lean", "volume: balanced", "volume: full", "monitor_aggregation_level: none", "monitor_aggregation_level: low",
		"volume: lean\nbatch: {max_records: 7}\nqueue: {max_size_mib: 1}", "volume: lean\npseudonymize: {fields: [Src], key: " + secret + "}",
		"monitor_aggregation_level: none\nfilters: {allow: [{traffic_direction: [egress]}, {verdict: [DROPPED]}]}",
		"volume: lean\nfilters: {deny: [{source_port: ['40001']}]}", "enabled_events: [CAPTURE]",
	} {
		for seed := range uint64(2) {
			want := newStream(seed).through(t, n, config, 1)
			require.NotEmpty(t, want.records)
			for _, workers := range []int{2, 3, 7} {
				got := newStream(seed).through(t, n, config, workers)
				require.Equal(t, want.account, got.account, "%s, %d workers", config, workers)
				require.Equal(t, want.records, got.records, "%s, %d workers", config, workers)
				require.Equal(t, want.inOrder, got.inOrder, "%s, %d workers", config, workers)
			}
		}
	}
}

func TestTheArchiveHasOneWorker(t *testing.T) {
	_, err := load(t, "volume: lean\narchive: true\nworkers: 2")
	require.ErrorContains(t, err, "workers: 2 is not allowed with archive: ")
	_, err = load(t, "volume: lean\narchive: true\nworkers: 1")
	require.NoError(t, err)
}

// The memory is divided, so other records are written early. No event is lost.
func TestWorkersShareTheMemory(t *testing.T) {
	const n = 30_000
	for _, workers := range []int{1, 2, 7} {
		cfg := fmt.Sprintf("volume: lean\naggregation_max_size_mib: 1\nqueue: {max_size_mib: 1}\nmemory: {max_mib: %d}", 120+40*workers)
		r, p := startWorkers(t, cfg, workers, consumertest.NewNop())
		at := newStream(1).at
		for _, raw := range packetsOfConnections(n) {
			at += int64(time.Millisecond)
			binary.LittleEndian.PutUint64(raw, uint64(at))
			require.NoError(t, p.Put(t.Context(), at, raw, nil))
		}
		require.NoError(t, p.Drain(t.Context(), nil))
		require.NoError(t, p.Shutdown(context.Background(), func(context.Context) error { return nil }))
		require.Zero(t, p.Stats.Pending(), &p.Stats)
		require.Zero(t, p.Stats.Dropped.Total())
		require.Equal(t, int64(n), p.Stats.Emitted.Load()+p.Stats.Aggregated.Load())
		require.Positive(t, r.sum(func(h *handler) int64 { return h.saved.early.Load() }), "the bound was reached, or this test shows nothing")
	}
}

// blocked is a consumer that takes nothing until its context ends.
type blocked struct{ consumertest.Consumer }

func (blocked) ConsumeLogs(ctx context.Context, _ plog.Logs) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestWorkersThatAreHeldUpEndInTimeAndCountWhatIsLost(t *testing.T) {
	for _, workers := range []int{2, 7} {
		_, p := startWorkers(t, "monitor_aggregation_level: none\nqueue: {max_size_mib: 2}\nbatch: {max_records: 10}", workers, blocked{consumertest.NewNop()})
		s, taken := newStream(1), 0
		for range 20_000 {
			if p.Offer(s.at, s.next(), nil) {
				taken++
			}
		}
		require.Positive(t, taken)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()                                                        // no time at all
		_ = p.Shutdown(ctx, func(context.Context) error { return nil }) // on a busy machine the workers may end later
		require.Eventually(t, func() bool { return p.Stats.Pending() == 0 }, time.Minute, time.Millisecond, "%s", &p.Stats)
		require.Equal(t, int64(20_000), p.Stats.Received.Load())
		require.Positive(t, p.Stats.Dropped.Snapshot()[pipeline.DropShutdown])
	}
}

// FuzzGlance splits events of any bytes, twice each. What a glance shows of an event, and what it decides, must be what decoding it does.
func FuzzGlance(f *testing.F) {
	s := newStream(1)
	for range 200 {
		f.Add(s.next())
	}
	cfg, err := load(f, "volume: lean")
	require.NoError(f, err)
	settings, err := cfg.read()
	require.NoError(f, err)
	const workers = 3
	glancing := newSplitter(newHandler(settings, networklog.Device{}, ""), workers)
	settings.filter = &filter.Filter{} // drops nothing, and needs the whole event
	decoding := newSplitter(newHandler(settings, networklog.Device{}, ""), workers)
	decoding.seed = glancing.seed
	f.Fuzz(func(t *testing.T, raw []byte) {
		glancing.marker.forget()
		decoding.marker.forget()
		for range 2 {
			ev := pipeline.Event{Received: 1, Data: raw}
			glancing.Look([]pipeline.Event{ev})
			split := glancing.Split(ev)
			require.Equal(t, decoding.Split(ev), split)
			require.Less(t, int(split.Shard), workers)
		}
		record, err := events.Parse(raw)
		if err != nil {
			return
		}
		var glance, whole monitor.Notification
		if !glance.Glance(record.Data) {
			return
		}
		require.NoError(t, monitor.Decoder{}.Decode(record.Data, &whole))
		require.False(t, whole.VersionUnknown)
		var glanced, decoded flow.Flow
		glanced.L4.SourcePort, glanced.IP.SourceXlated = 99, netip.MustParseAddr("203.0.113.9") // of an earlier glance
		if !glanced.Glance(&glance) {
			return
		}
		decoded.Decode(&whole)
		type seen struct {
			typ                      monitor.MessageType
			point                    flow.ObservationPoint
			subType, length, ifIndex uint32
			endpoint                 uint16
			ip                       flow.IP
			protocol                 flow.L4Protocol
			from, to                 uint16
			tunnel                   flow.TunnelProtocol
			id                       flow.Identity
			known                    bool
		}
		of := func(f *flow.Flow, packet []byte) seen {
			s := seen{
				f.Type, f.ObservationPoint, f.SubType, f.OrigLen, f.InterfaceIndex, f.EndpointID, f.IP, f.L4.Protocol, f.L4.SourcePort, f.L4.DestinationPort,
				f.Tunnel.Protocol, flow.Identity{}, false,
			}
			s.known = f.Identify(&s.id, packet)
			return s
		}
		require.Equal(t, of(&decoded, whole.Packet), of(&glanced, glance.Packet))
	})
}

// The stream of packetsOfConnections.
const (
	liveConnections = 10_000
	betweenEvents   = 5 * time.Microsecond
)

// packetsOfConnections yields records of n packets, and the number of the connection of each. A record is valid until the next.
func packetsOfConnections(n int) func(yield func(connection int, raw []byte) bool) {
	return func(yield func(connection int, raw []byte) bool) {
		const headers = events.HeadSize + 48 + 14 + 20 // of the record, the trace, Ethernet and IPv4
		random := rand.New(rand.NewPCG(1, 2))
		trace := func(from, to netip.AddrPort, reason uint8) []byte {
			packet := mt.IPv4(from.Addr(), to.Addr(), mt.ProtoTCP, mt.TCP(from.Port(), to.Port(), mt.ACK, make([]byte, 40)))
			t := mt.Trace{
				Capture: mt.Capture{Source: 7, Packet: mt.Ethernet(mt.EtherIPv4, packet), PadTo: 128},
				Version: 1, SrcLabel: 1000, DstLabel: 2000, DstID: 9, Reason: reason, IfIndex: 3,
			}
			r := events.Record{CPU: events.UnknownCPU, Data: t.Bytes()}
			return append(r.AppendHead(nil), r.Data...)
		}
		var connections [liveConnections][2][]byte
		for i := range connections {
			client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), uint16(20_000+i))
			server := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, 0, byte(i % 50)}), 443)
			connections[i] = [2][]byte{trace(client, server, 1), trace(server, client, 2)}
		}
		for i := range n {
			connection := random.IntN(liveConnections)
			raw := connections[connection][random.IntN(2)]
			binary.BigEndian.PutUint64(raw[headers+4:], uint64(i)<<20) // the numbers of the segment and of the acknowledgment
			if !yield(connection, raw) {
				return
			}
		}
	}
}
