// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"golang.org/x/sys/unix"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// BenchmarkAggregated measures an event through the whole handler: it is decoded, filtered and aggregated, and 19 of 20 events make no
// record. 10,000 names are live. Events come from memory, back to back as in a chunk of the queue. cpu-ns/event is the processor time of
// the process, garbage collection included; aggregated is the share of events without a record.
func BenchmarkAggregated(b *testing.B) {
	const (
		window    = 5 * time.Minute
		names     = 10_000
		perRecord = 20 // events
		lap       = 1 << 16
	)
	for _, bm := range []struct {
		name, config string
		ids          []uint16 // of the events of an exchange
	}{
		{"responses", "aggregation: {window: 5m}", []uint16{257}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			h, x, r := handlerOf(b, bm.config), newExchanges(b), rand.New(rand.NewPCG(1, 2))
			var events [lap][]byte
			var chunk []byte
			for i := 0; i < lap; i += len(bm.ids) {
				name := fmt.Sprintf("www%d.example.com.", r.IntN(names))
				for k, id := range bm.ids[:min(len(bm.ids), lap-i)] {
					from := len(chunk)
					chunk = append(chunk, x.event(id, time.Time{}, name, i)...)
					events[i+k] = chunk[from:]
				}
			}
			at, i := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC).UnixNano(), 0
			var records plog.LogRecordSlice
			made, aggregated := h.pipelines[0].records, 0
			begin := func() { records = h.Begin(plog.NewLogs()); made = h.pipelines[0].records }
			begin()
			event := func() {
				at += int64(window) / (perRecord - 1) / names
				raw := events[i%lap]
				i++
				binary.LittleEndian.PutUint64(raw[16:], uint64(etw.Filetime(at)))
				for h.Due() {
					h.Release(records, true)
				}
				if h.Handle(pipeline.Event{Received: at, Data: raw}, records).Kind == pipeline.Aggregated {
					aggregated++
				}
				if made.Len() >= 1000 {
					begin()
				}
			}
			for range 3 * perRecord * names {
				event()
			}
			aggregated = 0
			b.ReportAllocs()
			begun := processorTime(b)
			for b.Loop() {
				event()
			}
			b.ReportMetric(float64(processorTime(b)-begun)/float64(b.N), "cpu-ns/event")
			require.InDelta(b, names, h.Held(), names/10)
			b.ReportMetric(float64(aggregated)/float64(b.N), "aggregated")
		})
	}
}

// handlerOf returns the handler of a configuration in YAML.
func handlerOf(b *testing.B, config string) *handler {
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(config))
	require.NoError(b, err)
	conf, err := retrieved.AsConf()
	require.NoError(b, err)
	cfg := createDefaultConfig().(*Config)
	require.NoError(b, conf.Unmarshal(cfg))
	require.NoError(b, cfg.Validate())
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(b, err)
	h, err := r.newHandler(dnslog.Device{Name: "dc1.corp.example.com", Host: true})
	require.NoError(b, err)
	return h
}

// processorTime returns the processor time of this process so far, user and system.
func processorTime(b *testing.B) time.Duration {
	var u unix.Rusage
	require.NoError(b, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
