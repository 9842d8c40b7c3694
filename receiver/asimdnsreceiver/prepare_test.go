// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// handled returns the records of a stream. group returns how many events are prepared together; 0 handles the next event without.
func handled(t *testing.T, change func(*Config), stream [][]byte, group func() int) string {
	t.Helper()
	l := startWithoutSession(t, change, consumertest.NewNop())
	l.shutdown()
	h, logs := l.handler, plog.NewLogs()
	records := h.Begin(logs)
	for i := 0; i < len(stream); {
		var events []pipeline.Event
		for range min(max(1, group()), len(stream)-i) {
			events = append(events, pipeline.Event{Received: int64(i + 1), Data: stream[i]})
			i++
		}
		if len(events) > 1 {
			h.Prepare(events)
		}
		for _, ev := range events {
			for h.Due() {
				h.Release(records, true)
			}
			h.Handle(ev, records)
		}
	}
	for h.Held() > 0 {
		h.Release(records, false)
	}
	text, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
	require.NoError(t, err)
	return string(text)
}

func TestEventsThatArePreparedInGroupsGiveTheSameRecords(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"correlate": correlating,
		"aggregate": func(c *Config) { c.EnableFlags, c.EnableLevel, c.Aggregation.Window = &everything, 5, time.Minute },
		"lean":      func(c *Config) { c.useVolume(volume.Lean); c.Noise.EnableDeduplication = true },
		"archive":   func(c *Config) { c.useVolume(volume.Balanced); c.Archive = true },
	} {
		for _, file := range []string{serverFile, clientFile} {
			r := rand.New(rand.NewPCG(3, 4))
			stream := distorted(t, r, recorded(t, file))
			of := func(c *Config) {
				if change(c); file == clientFile {
					c.ProviderGUID = dns.Client().GUID.String()
				}
			}
			want := handled(t, of, stream, func() int { return 0 })
			got := handled(t, of, stream, func() int { return r.IntN(40) })
			require.Positive(t, strings.Count(want, "EventOriginalType"), "%s %s", name, file)
			require.True(t, want == got, "%s %s", name, file)
		}
	}
}

// The client asks for a name four times while a row may be open, the last time two minutes after the time before. The first is always new.
func TestANameThatIsNewAgainWhileItsRowIsOpenIsWhole(t *testing.T) {
	x := newExchanges(t)
	var stream [][]byte
	for i, after := range []time.Duration{0, 2 * time.Second, 4 * time.Second, 2 * time.Minute} {
		at := traceBegun.Add(after)
		stream = append(stream, x.event(256, at, "time.windows.com.", i+1), x.event(257, at.Add(time.Millisecond), "time.windows.com.", i+1))
	}
	for name, c := range map[string]struct {
		within, window, noise time.Duration
		want                  []int64
	}{
		"new_within shorter than the window":      {time.Minute, 5 * time.Minute, 0, []int64{1, 1, 2}},
		"new_within shorter than that of noise":   {time.Minute, 30 * time.Second, time.Hour, []int64{1, 1, 2}},
		"new_within longer than both, as in lean": {24 * time.Hour, 5 * time.Minute, time.Hour, []int64{1, 3}},
	} {
		sink := replayOfEvents(t, stream, func(cfg *Config) {
			cfg.Volume = volume.Lean
			cfg.useVolume(volume.Lean)
			cfg.Aggregation.Pack, cfg.Aggregation.Window, cfg.Aggregation.Noise.Window, cfg.Aggregation.Whole.NewWithin = packNone, c.window, c.noise, c.within
		})
		var counts []int64
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { counts = append(counts, number(lr, "EventCount")) })
		slices.Sort(counts)
		require.Equal(t, c.want, counts, name)
	}
}

// The client asks for a name again and again while its row is open, then once more, later than new_within after the first time but not after the
// last.
func TestANameThatWasAskedInARowIsNotNewAfterIt(t *testing.T) {
	x := newExchanges(t)
	var stream [][]byte
	at, number := traceBegun, 0
	ask := func(name string, after time.Duration) {
		at = at.Add(after)
		number++
		stream = append(stream, x.event(256, at, name, number), x.event(257, at.Add(time.Millisecond), name, number))
	}
	ask("again.example.com.", 0)
	for i := range 3600 + 240 { // the time passes; a longer step would be a leap of the clock
		if ask("other.example.com.", time.Second); i < 240 && i%30 == 29 {
			ask("again.example.com.", 0)
		}
	}
	ask("again.example.com.", 0)
	change := func(c *Config) {
		correlating(c)
		c.Aggregation.Window, c.Aggregation.Whole.NewWithin, c.Aggregation.Whole.NewMaxSizeMiB = 5*time.Minute, 62*time.Minute, 1
	}
	l := startWithoutSession(t, change, consumertest.NewNop())
	l.shutdown()
	logs := plog.NewLogs()
	records := l.handler.Begin(logs)
	for i, raw := range stream {
		for l.handler.Due() {
			l.handler.Release(records, true)
		}
		l.handler.Handle(pipeline.Event{Received: int64(i + 1), Data: raw}, records)
	}
	asked := 0
	for _, lr := range records.All() {
		if kit.Text(lr, "DnsQuery") == "again.example.com" {
			asked++
		}
	}
	require.Equal(t, 2, asked, "the first, and the row; the last is not a record of its own")
}
