// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// stretched returns the events of random connections, in the order of their times. They begin now and go on for a time.
func stretched(during time.Duration) []events.Record {
	all := talk(rand.New(rand.NewPCG(7, 8)), 500)
	slices.SortStableFunc(all, func(a, b events.Record) int { return cmp.Compare(a.Time, b.Time) })
	begun, last := all[0].Time, all[len(all)-1].Time
	now := time.Now().UnixNano()
	for i := range all {
		all[i].Time = now + int64(float64(all[i].Time-begun)/float64(last-begun)*float64(during))
	}
	return all
}

// An outage of three times every window gives the records that are given without it, at every level.
func TestAnOutageOfThreeWindowsGivesTheSameRecords(t *testing.T) {
	for name, test := range map[string]struct {
		yaml    string
		longest time.Duration // of the windows
	}{
		"none":            {"monitor_aggregation_level: none", 5 * time.Second},
		"low":             {"monitor_aggregation_level: low", 5 * time.Second},
		"medium":          {"monitor_aggregation_level: medium", 5 * time.Second},
		"maximum":         {"monitor_aggregation_level: maximum", 5 * time.Second},
		"volume balanced": {"volume: balanced", 5 * time.Second},
		"volume lean":     {"volume: lean\nbatch: {flush_interval: 10s}", time.Hour},
	} {
		config := func(t *testing.T) *Config {
			cfg, err := load(t, test.yaml)
			require.NoError(t, err)
			return cfg
		}
		t.Run(name+", live", func(t *testing.T) {
			kit.RequireNoAmplification(t, test.longest, func(t *testing.T, next *kit.Outage) {
				synctest.Test(t, func(t *testing.T) {
					l := startWithConfig(t, config(t), next)
					for _, r := range stretched(6 * test.longest) {
						time.Sleep(time.Until(time.Unix(0, r.Time)))
						l.offer(r)
					}
					kit.RequireNothingHeld(t, test.longest+time.Minute, l.handler.Held)
					l.shutdown()
				})
			})
		})
		t.Run(name+", replay", func(t *testing.T) {
			var all []events.Record
			synctest.Test(t, func(*testing.T) { all = stretched(6 * test.longest) })
			path := captureOf(t, all...)
			kit.RequireNoAmplification(t, test.longest, func(t *testing.T, next *kit.Outage) {
				synctest.Test(t, func(t *testing.T) {
					cfg := config(t)
					cfg.Replay.Path, cfg.Replay.Rate = replay.Paths{path}, float64(len(all))/(6*test.longest).Seconds()
					kit.ReplayInto(t, NewFactory(), cfg, next)
				})
			})
		})
	}
}
