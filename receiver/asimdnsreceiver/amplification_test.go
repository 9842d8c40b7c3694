// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// An outage of three times every window gives the records that are given without it, whether events are correlated, aggregated or both.
func TestAnOutageOfThreeWindowsGivesTheSameRecords(t *testing.T) {
	const count = 500
	for name, test := range map[string]struct {
		change  func(*Config)
		longest time.Duration // of the windows
	}{
		"every event":               {func(c *Config) { c.EnableFlags, c.EnableLevel = &everything, 5 }, 10 * time.Second},
		"correlate":                 {correlating, 10 * time.Second},
		"aggregation":               {func(c *Config) { c.Aggregation.Window = time.Minute }, time.Minute},
		"correlate and aggregate":   {func(c *Config) { correlating(c); c.Aggregation.Window = time.Minute }, time.Minute},
		"volume balanced":           {func(c *Config) { c.useVolume(volume.Balanced); correlating(c) }, 10 * time.Second},
		"volume lean, every window": {func(c *Config) { c.useVolume(volume.Lean); correlating(c); c.Batch.FlushInterval = 10 * time.Second }, leanNoiseWindow},
	} {
		// The events of the exchanges: some have the same name, one in forty is not answered. They go on for six windows.
		x := newExchanges(t)
		pause := 6 * test.longest / count
		deliver := func(offer func(raw []byte)) {
			for i := range count {
				name := fmt.Sprintf("host-%d.example.", i%7)
				if i%5 == 0 {
					name = fmt.Sprintf("once-%d.example.", i)
				}
				offer(x.event(256, time.Now(), name, i))
				time.Sleep(min(pause, time.Second))
				if i%40 != 0 {
					offer(x.event(257, time.Now(), name, i))
				}
				time.Sleep(pause - min(pause, time.Second))
			}
		}
		t.Run(name+", live", func(t *testing.T) {
			kit.RequireNoAmplification(t, test.longest, func(t *testing.T, next *kit.Outage) {
				synctest.Test(t, func(t *testing.T) {
					l := startWithoutSession(t, test.change, next)
					deliver(l.offer)
					kit.RequireNothingHeld(t, test.longest+time.Minute, l.handler.Held)
					l.shutdown()
				})
			})
		})
		t.Run(name+", replay", func(t *testing.T) {
			var all [][]byte
			synctest.Test(t, func(*testing.T) { deliver(func(raw []byte) { all = append(all, raw) }) })
			path := eventsFile(t, all)
			kit.RequireNoAmplification(t, test.longest, func(t *testing.T, next *kit.Outage) {
				synctest.Test(t, func(t *testing.T) {
					cfg := createDefaultConfig().(*Config)
					test.change(cfg)
					cfg.Replay.Path, cfg.Replay.Rate = replay.Paths{path}, float64(len(all))/(6*test.longest).Seconds()
					kit.ReplayInto(t, NewFactory(), cfg, next)
				})
			})
		})
	}
}
