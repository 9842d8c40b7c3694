// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"golang.org/x/sys/unix"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// The stream of BenchmarkAggregated: in each window each name comes so often that one row stands for eventsPerRecord events.
const (
	sumWindow       = 5 * time.Minute
	liveNames       = 10_000
	eventsPerRecord = 20
)

// BenchmarkAggregated measures an event of a stream of which 19 of 20 events make no row of the aggregator: through the handler alone, which
// decodes, filters, correlates, sums and maps, and through the whole receiver, its queue and both goroutines included. In responses and lean each
// name is of another client, so each row is a record, and 95 % of the events make no record. In packed all names are of one client, so lean packs
// the rows, about 90 into a record. Events come from memory, back to back as in a chunk of the queue. cpu-ns/event is the processor time of the
// process, garbage collection included; aggregated is the share of events without a record.
func BenchmarkAggregated(b *testing.B) {
	for _, bm := range []struct {
		name, config string
		stream       exchangeStream
	}{
		{"responses", "aggregation: {window: 5m}", exchangeStream{ids: []uint16{257}, clients: liveNames}},
		{"lean", "volume: lean", exchangeStream{ids: []uint16{256, 257}, clients: liveNames}},
		{"packed", "volume: lean", exchangeStream{ids: []uint16{256, 257}, clients: 1}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			l := startWithoutSession(b, configured(b, bm.config), consumertest.NewNop())
			l.shutdown()
			put, made := handling(l.handler)
			measureAggregated(b, bm.stream, func(raw []byte, at int64) { put(pipeline.Event{Received: at, Data: raw}) }, made)
		})
		b.Run(bm.name+"/receiver", func(b *testing.B) {
			// A small queue is full at both ends of the measurement.
			l := startWithoutSession(b, configured(b, bm.config+"\nqueue: {max_size_mib: 4}"), consumertest.NewNop())
			measureAggregated(b, bm.stream, func(raw []byte, at int64) {
				if err := l.Pipeline.Put(b.Context(), at, raw, nil); err != nil { // require's check would take a tenth of the time
					b.Fatal(err)
				}
			}, nil)
			l.shutdown()
		})
	}
}

// handling returns a function that gives events to a handler in groups, as the pipeline does, and the number of records that they made so far.
func handling(h *handler) (put func(pipeline.Event), made func() int) {
	var records plog.LogRecordSlice
	before := 0
	begin := func() { records = h.Begin(plog.NewLogs()) }
	begin()
	group := make([]pipeline.Event, 0, 16) // as many as the pipeline prepares
	return func(ev pipeline.Event) {
		if group = append(group, ev); len(group) < cap(group) {
			return
		}
		h.Prepare(group)
		for _, ev := range group {
			for h.Due() {
				h.Release(records, true)
			}
			h.Handle(ev, records)
			if records.Len() >= 1000 {
				before += records.Len()
				begin()
			}
		}
		group = group[:0]
	}, func() int { return before + records.Len() }
}

// exchangeStream is a stream of exchanges.
type exchangeStream struct {
	ids     []uint16 // of the events of an exchange
	clients int      // the names are shared out among them
}

// measureAggregated measures event with the events of exchanges. made, if there is one, returns the number of records so far.
func measureAggregated(b *testing.B, stream exchangeStream, event func(raw []byte, at int64), made func() int) {
	const lap = 1 << 16
	x, r, ids := newExchanges(b), rand.New(rand.NewPCG(1, 2)), stream.ids
	var events [lap][]byte
	var chunk []byte
	for i := 0; i < lap; i += len(ids) {
		number := r.IntN(liveNames)
		name, client := fmt.Sprintf("www%d.example.com.", number), number%stream.clients
		x.client = fmt.Sprintf("10.1.%d.%d", client/250, 1+client%250)
		for k, id := range ids {
			from := len(chunk)
			chunk = append(chunk, x.event(id, time.Time{}, name, i)...)
			events[i+k] = chunk[from:]
		}
	}
	at, i := traceBegun.UnixNano(), 0
	next := func() {
		at += int64(sumWindow) / int64(eventsPerRecord-len(ids)) / liveNames
		raw := events[i%lap]
		i++
		binary.LittleEndian.PutUint64(raw[16:], uint64(etw.Filetime(at)))
		event(raw, at)
	}
	for range 3 * eventsPerRecord * liveNames {
		next()
	}
	before := 0
	if made != nil {
		before = made()
	}
	b.ReportAllocs()
	begun := processorTime(b)
	for b.Loop() {
		next()
	}
	b.ReportMetric(float64(processorTime(b)-begun)/float64(b.N), "cpu-ns/event")
	if made != nil {
		b.ReportMetric(1-float64(made()-before)/float64(b.N), "aggregated")
	}
}

// configured returns a change of the default configuration to one in YAML.
func configured(b *testing.B, yaml string) func(*Config) {
	return func(c *Config) { require.NoError(b, kit.LoadConfig(b, c, yaml)) }
}

// processorTime returns the processor time of this process so far, user and system.
func processorTime(b *testing.B) time.Duration {
	var u unix.Rusage
	require.NoError(b, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
