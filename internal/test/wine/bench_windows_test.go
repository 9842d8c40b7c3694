// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package wine

import (
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	goetw "github.com/0xrawsec/golang-etw/etw"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// The benchmarks play every event of the DNS Server's recording again and again. The stand-in waits while a session's
// buffers are full.
const (
	recording       = "testdata/dnsserver.etl"
	recordingEvents = 2393 // see testdata/counts.json
)

// delivery counts the delivered events.
type delivery struct {
	want int64
	came atomic.Int64
	all  chan struct{}
}

// add counts an event, and reports whether it is one of the wanted number.
func (d *delivery) add() bool {
	n := d.came.Add(1)
	if n == d.want {
		close(d.all)
	}
	return n <= d.want
}

// BenchmarkETW compares the cost of an event from ETW's callback on, in processor time of this process: golang-etw's
// full decode, with this project's decode and log record, which reads every field. The cost of an empty callback is
// measured for both, to be subtracted. Each includes the stand-in's own threads, and the memory of the receiver's
// queue, which determines the pace of garbage collection.
func BenchmarkETW(b *testing.B) {
	queue := make([]byte, pipeline.DefaultQueueConfig().MaxSizeMiB<<20)
	defer runtime.KeepAlive(queue)
	b.Run("empty-golang-etw", func(b *testing.B) { compare(b, 200, func(d *delivery) func() { return golangETW(b, d, false) }) })
	b.Run("golang-etw", func(b *testing.B) { compare(b, 15, func(d *delivery) func() { return golangETW(b, d, true) }) })
	b.Run("empty-ours", func(b *testing.B) { compare(b, 200, func(d *delivery) func() { return ours(b, d, nil) }) })
	b.Run("ours", func(b *testing.B) {
		compare(b, 200, func(d *delivery) func() {
			const batch = 1000
			decoder := dns.NewDecoder(dns.Server())
			mapper := dnslog.NewMapper(dns.Server(), dns.ProfileWindows, dnslog.Device{Name: "dc1.corp.example.com", Host: true}, "1")
			var e dns.Event
			var records plog.LogRecordSlice
			n := 0
			return ours(b, d, func(raw []byte) {
				if n%batch == 0 {
					records = mapper.Begin(plog.NewLogs())
				}
				n++
				if e.Parse(raw) == nil {
					decoder.Decode(&e)
					mapper.Append(records, &e, time.Now().UnixNano())
				}
			})
		})
	})
}

// compare plays the recording `times` times to a consumer that begin starts and its returned function ends.
func compare(b *testing.B, times int, begin func(*delivery) (end func())) {
	for b.Loop() {
		d := &delivery{want: int64(times * recordingEvents), all: make(chan struct{})}
		Play(b, recording)
		b.Setenv("WINDOWSTEST_REPEAT", strconv.Itoa(times))
		b.Setenv("WINDOWSTEST_WAIT", "1")
		before := processorTime(b)
		end := begin(d)
		select {
		case <-d.all:
		case <-time.After(2 * time.Minute):
			b.Fatalf("%d of %d events arrived", d.came.Load(), d.want)
		}
		took := processorTime(b) - before
		end()
		require.Equal(b, d.want, d.came.Load())
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(took)/float64(d.want), "cpu-ns/event")
	}
}

// golangETW starts golang-etw's session and consumer as its users do; with decode, it also decodes every event.
func golangETW(b *testing.B, d *delivery, decode bool) func() {
	s := goetw.NewRealTimeSession("golang-etw under Wine")
	require.NoError(b, s.EnableProvider(goetw.Provider{GUID: dns.Server().GUID.String(), EnableLevel: 5}))
	c := goetw.NewRealTimeConsumer(b.Context()).FromSessions(s)
	provider := goetw.MustParseGUIDFromString(dns.Server().GUID.String())
	var decoded atomic.Int64
	c.EventRecordCallback = func(r *goetw.EventRecord) bool {
		if !r.EventHeader.ProviderId.Equals(provider) {
			return false // an event of ETW about the session
		}
		d.add()
		return decode
	}
	c.EventCallback = func(e *goetw.Event) error {
		if len(e.EventData) > 0 {
			decoded.Add(1)
		}
		return nil
	}
	require.NoError(b, c.Start())
	return func() {
		require.NoError(b, c.Stop())
		require.NoError(b, s.Stop())
		if decode {
			// The recording has events of two versions of Windows. The stand-in describes the fields of one of them.
			require.Greater(b, float64(decoded.Load()), 0.9*float64(d.want), "the share of events with fields")
		}
	}
}

// ours starts this project's session. with is called for each raw event, unless it is nil.
func ours(b *testing.B, d *delivery, with func(raw []byte)) func() {
	cfg := session.Config{
		Name: "otelcol-winnet under Wine", Providers: []session.Provider{{GUID: dns.Server().GUID, Level: 5}},
		BufferSizeKB: 64, MaximumBuffers: 24, FlushInterval: time.Second,
	}
	var raw []byte
	s, err := session.Open(cfg, func(header, userData []byte) {
		if with != nil {
			raw = append(append(raw[:0], header...), userData...)
			with(raw)
		}
		d.add()
	}, zap.NewNop())
	require.NoError(b, err)
	return func() { require.NoError(b, s.Close(b.Context())) }
}

// processorTime returns the processor time of this process so far, user and system.
func processorTime(b *testing.B) time.Duration {
	var created, ended, kernel, user windows.Filetime
	require.NoError(b, windows.GetProcessTimes(windows.CurrentProcess(), &created, &ended, &kernel, &user))
	ticks := func(f windows.Filetime) int64 { return int64(f.HighDateTime)<<32 | int64(f.LowDateTime) }
	return time.Duration((ticks(kernel) + ticks(user)) * 100)
}
