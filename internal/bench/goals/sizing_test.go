// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSizesFollowFromTheFigures(t *testing.T) {
	p := perEvent{agent: 10_000, worker: 4_000, gateway: 10_000, row: 1500, zipped: 150, otlp: 2000, held: 4000, memory: 200}
	s := p.sizeOf(10_000, 2.4, 1, 1)
	require.InDelta(t, 24_000, s.Events, 1e-6)
	require.InDelta(t, 24_000*1500*86_400/1e9, s.GBDay, 1e-6)
	require.InDelta(t, 24_000*1500*60/1e6, s.CallsMin, 1e-6)
	require.Equal(t, 2, s.Rules, "2.16 GB a minute")
	require.InDelta(t, 1<<30/(24_000*2000.), s.QueueTime, 1e-6)

	half := p.sizeOf(10_000, 2.4, 0.5, 1)
	require.InDelta(t, s.GBDay/2, half.GBDay, 1e-6, "rows of half the size")
	require.InDelta(t, 2*s.QueueTime, half.QueueTime, 1e-6)

	idle := p.sizeOf(1, 2.4, 1, 3)
	require.InDelta(t, 180, idle.CallsMin, 1e-9, "a call a second of each sender")
	require.Equal(t, 1, idle.Rules)
}

func TestTheCoresOfAVolumeAreThoseOfItsEventsAndItsRows(t *testing.T) {
	p := perEvent{agent: 10_000, worker: 4_000}
	c := costOf(2_000, 3_000)
	c.add(p, 10_000, 0.5, 2)
	c.add(p, 300_000, 0.5, 2)
	require.InDelta(t, 500_000, c.Most, 1e-6)
	require.InDelta(t, 24_000*3e-6+5_000*2*6e-6, c.Loads[0].Cores, 1e-9)
	require.InDelta(t, 24_000*2e-6, c.Loads[0].Worker, 1e-9)
	require.False(t, c.Loads[0].TooMuch())
	require.True(t, c.Loads[1].TooMuch(), "1.4 of a worker")
}

func TestAVolumeThatIsNotMeasuredSaysSo(t *testing.T) {
	r, _, err := readResults([]string{"../../../docs/benchmarks.txt", "../../../docs/volume.txt"})
	require.NoError(t, err)
	for _, v := range volumes {
		for part, ns := range map[string]float64{"": 2_000, "/receiver": 3_000} {
			r[key{"receiver/asimdnsreceiver", "Volumes/" + v.line + part, cpu}] = []float64{ns}
		}
	}
	page, err := sizing(r)
	require.NoError(t, err)
	require.Contains(t, string(page), "| `volume: balanced` | 2,000 ns | 3,000 ns | 500,000 events/s |")
	require.NotContains(t, string(page), "not measured")
	require.NotContains(t, string(page), "longer with `lean` than with `balanced`")

	r[key{"receiver/asimdnsreceiver", "Volumes/lean", cpu}] = []float64{2_500}
	page, err = sizing(r)
	require.NoError(t, err)
	require.Contains(t, string(page), "longer with `lean` than with `balanced`")

	delete(r, key{"receiver/asimdnsreceiver", "Volumes/correlate", cpu})
	page, err = sizing(r)
	require.NoError(t, err)
	require.Contains(t, string(page), "| `volume: full`, `correlate: true` | not measured | not measured |")
	require.Contains(t, string(page), "| `volume: balanced` | 2,000 ns |")
}

func TestMemoryIsWhatIsHeldAndWhatComesOnTop(t *testing.T) {
	p := perEvent{otlp: 2000, held: 4000}
	const batches = 10 * 2 * 2e6 / (1 << 20)
	b := p.agentMemory(sentinelBatch, 100)
	require.InDelta(t, 48+100+batches, b.Held, 1e-9, "the queue, what is held back, and ten batches")
	require.InDelta(t, b.Held+60, b.Limit, 1e-9)
	require.InDelta(t, b.Limit+60, b.With, 1e-9)
	require.InDelta(t, 60+2*(b.Held+15), b.Without, 1e-9)
	require.InDelta(t, 2*256, p.gatewayMemory().Held, 1e-9)
}

func TestTheReceiversREADMEHasTheSameMemory(t *testing.T) {
	raw, err := os.ReadFile("../../../receiver/asimdnsreceiver/README.md")
	require.NoError(t, err)
	require.Contains(t, string(raw), fmt.Sprintf("at most %d MiB + 2 × (the receivers' memory + %d MiB)", binaryPages, otherHeap))
	require.Contains(t, string(raw), fmt.Sprintf("With `GOMEMLIMIT` at the receivers' memory and %d MiB it takes at most %d MiB more than that limit", limitRoom, binaryPages))
}

func TestMemoryOfAVolumeHasWhatItHoldsBack(t *testing.T) {
	p := perEvent{otlp: 2000, held: 4000}
	of := map[string]float64{}
	for _, v := range p.memoryOf() {
		require.InDelta(t, p.agentMemory(sentinelBatch, 0).Held+v.HeldBack, v.Held, 1e-9)
		of[v.Name] = v.HeldBack
	}
	require.Equal(t, map[string]float64{"`volume: full`": 0, "`volume: full`, `correlate: true`": 64, "`volume: balanced`": 64, "`volume: lean`": 64 + 512 + 64}, of)
}

func TestAPartitionTakesAMessageAtATime(t *testing.T) {
	p := perEvent{otlp: 2000}
	require.InDelta(t, 100_000, p.message(50), 1e-9, "of a second")
	require.InDelta(t, 900_000, p.message(5000), 1e-9)
	require.InDelta(t, 400, p.partitions(50*1000, 100_000), 1e-9, "1,000 messages a second of 0.4 s each")
}

func TestNumbersAreRounded(t *testing.T) {
	for want, v := range map[string]float64{
		"32,800": 32_763, "10,000": 9_999.9, "1.0 million": 999_960, "9,999": 9_999.2, "1,000": 999.7, "283": 283.4, "0.054": 0.0536, "5.4": 5.36, "32,700": 32_749,
	} {
		require.Equal(t, want, number(v))
	}
}

func TestAFigureThatIsMissingIsNamed(t *testing.T) {
	_, err := sizing(results{})
	require.ErrorContains(t, err, "the benchmark Collector/dns/sentinel/ours of internal/bench/collector has no value in cpu-ns/event")
}

func TestTheSizingPageIsOfTheBenchmarksThatAreShippedWithIt(t *testing.T) {
	r, _, err := readResults([]string{"../../../docs/benchmarks.txt", "../../../docs/volume.txt"})
	require.NoError(t, err)
	want, err := sizing(r)
	require.NoError(t, err)
	got, err := os.ReadFile("../../../docs/sizing.md")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "go run ./internal/bench/goals -sizing docs/sizing.md docs/benchmarks.txt docs/volume.txt")
}

func TestTheSizesOfCiliumAreThoseOfItsBills(t *testing.T) {
	read := func(page, from string) (rows map[string][]string) {
		raw, err := os.ReadFile("../../../docs/" + page)
		require.NoError(t, err)
		_, part, found := strings.Cut(string(raw), from)
		require.True(t, found, "%s: %s", page, from)
		part, _, _ = strings.Cut(part, "\n#")
		rows = map[string][]string{}
		for line := range strings.Lines(part) {
			if cells := strings.Split(line, " | "); len(cells) > 2 {
				rows[strings.TrimPrefix(cells[0], "| ")] = cells[1:]
			}
		}
		return rows
	}
	sizes := read("sizing.md", "\nOf Cilium,")
	for i, load := range ciliumLoads {
		bills := read("volume.md", "\n### Cilium, "+load.Name)
		for _, w := range ciliumWays {
			require.Len(t, bills[w.Name], 4, w.Name)
			require.Len(t, sizes[w.Name], len(ciliumLoads), w.Name)
			require.Equal(t, bills[w.Name][0], strings.TrimSuffix(sizes[w.Name][i], " |\n"), "%s, %s", w.Name, load.Name)
		}
	}
}
