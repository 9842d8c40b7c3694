// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"testing"
	"time"

	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/traffic"
)

// The traffic of BenchmarkVolumes: that of docs/volume.md, with fewer clients. What is measured begins on the second day at 10 o'clock.
const (
	volumeClients  = 60
	volumeBegins   = 10 * time.Hour
	volumeMeasured = volumeBegins + 24*time.Hour
	volumeShort    = volumeMeasured - 10*time.Minute
	volumeEnds     = volumeMeasured + 2*time.Hour
)

// BenchmarkVolumes measures an event of a server's traffic by volume, with 1.3 answers of a client, name, type and result in 5 minutes: through the
// handler alone, which is what the receiver's one worker does, and through the whole receiver, its queue and both goroutines included. Events come
// from memory, back to back as in a chunk of the queue. lean has seen the names of a day before. cpu-ns/event is the processor time of the process,
// garbage collection included; records/event is how many records the handler made. An operation is all events, so `-benchtime 1x` is enough.
func BenchmarkVolumes(b *testing.B) {
	events := volumeEvents(volumeMeasured, volumeEnds)
	for _, bm := range []struct {
		name, config string
		from         time.Duration // when the receiver starts
	}{
		{"full", "volume: full", volumeShort},
		{"correlate", "correlate: true", volumeShort},
		{"balanced", "volume: balanced", volumeShort},
		{"lean", "volume: lean", volumeBegins},
	} {
		b.Run(bm.name, func(b *testing.B) {
			measureVolume(b, events, bm.from, func() volumeRun {
				l := startWithoutSession(b, configured(b, bm.config), consumertest.NewNop())
				l.shutdown()
				put, made := handling(l.handler)
				return volumeRun{put: put, made: made, stop: func() {}}
			})
		})
		b.Run(bm.name+"/receiver", func(b *testing.B) {
			measureVolume(b, events, bm.from, func() volumeRun {
				// A small queue is full at both ends of the measurement.
				l := startWithoutSession(b, configured(b, bm.config+"\nqueue: {max_size_mib: 4}"), consumertest.NewNop())
				return volumeRun{stop: l.shutdown, put: func(ev pipeline.Event) {
					if err := l.Pipeline.Put(b.Context(), ev.Received, ev.Data, nil); err != nil { // require's check would take a tenth of the time
						b.Fatal(err)
					}
				}}
			})
		})
	}
}

// volumeRun is a receiver that is measured.
type volumeRun struct {
	put  func(pipeline.Event)
	made func() int // the number of records so far; nil if it is not known
	stop func()
}

// measureVolume measures receivers with events. Each has those before them from a time on.
func measureVolume(b *testing.B, events []pipeline.Event, from time.Duration, start func() volumeRun) {
	var took time.Duration
	var passes, records int
	for b.Loop() {
		b.StopTimer()
		run := start()
		eachVolumeEvent(from, volumeMeasured, run.put)
		if run.made != nil {
			records -= run.made()
		}
		b.StartTimer()
		begun := processorTime(b)
		for _, ev := range events {
			run.put(ev)
		}
		took += processorTime(b) - begun
		b.StopTimer()
		if run.made != nil {
			records += run.made()
		}
		passes++
		run.stop()
		b.StartTimer()
	}
	b.ReportMetric(float64(took)/float64(passes*len(events)), "cpu-ns/event")
	if records > 0 {
		b.ReportMetric(float64(records)/float64(passes*len(events)), "records/event")
	}
}

// volumeEvents returns the events between two times after midnight, of traffic that begins at volumeBegins.
func volumeEvents(from, to time.Duration) (events []pipeline.Event) {
	eachVolumeEvent(volumeBegins, to, func(ev pipeline.Event) {
		if ev.Received >= traffic.Midnight().Add(from).UnixNano() {
			events = append(events, ev)
		}
	})
	return events
}

// eachVolumeEvent gives f the events of traffic between two times after midnight.
func eachVolumeEvent(from, to time.Duration, f func(pipeline.Event)) {
	g := traffic.New(traffic.Studies(volumeClients), 1, traffic.Midnight(), from)
	for end := traffic.Midnight().Add(to); ; {
		raw, at := g.Next()
		if !at.Before(end) {
			return
		}
		f(pipeline.Event{Received: at.UnixNano(), Data: append([]byte(nil), raw...)})
	}
}
