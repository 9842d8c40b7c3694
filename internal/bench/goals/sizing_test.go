// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSizesFollowFromTheFigures(t *testing.T) {
	p := perEvent{agent: 10_000, worker: 4_000, gateway: 10_000, row: 1500, zipped: 150}
	s := p.sizeOf("", 10_000, 2.4, 1)
	require.InDelta(t, 24_000, s.Events, 1e-6)
	require.InDelta(t, 0.24, s.Cores, 1e-9)
	require.InDelta(t, 0.096, s.Worker, 1e-9)
	require.InDelta(t, 24_000*1500*86_400/1e9, s.GBDay, 1e-6)
	require.InDelta(t, 24_000*1500*60/1e6, s.CallsMin, 1e-6)
	require.Equal(t, 2, s.Rules, "2.16 GB a minute")
	require.InDelta(t, 1<<30/(24_000*1500.), s.QueueTime, 1e-6)

	idle := p.sizeOf("", 1, 2.4, 3)
	require.InDelta(t, 180, idle.CallsMin, 1e-9, "a call a second of each sender")
	require.Equal(t, 1, idle.Rules)
}

func TestAFigureThatIsMissingIsNamed(t *testing.T) {
	_, err := sizing(results{})
	require.ErrorContains(t, err, "the benchmark Collector/dns/sentinel/ours of internal/bench/collector has no value in cpu-ns/event")
}

func TestTheSizingPageIsOfTheBenchmarksThatAreShippedWithIt(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/benchmarks.txt")
	require.NoError(t, err)
	r := results{}
	require.NoError(t, r.read(bytes.NewReader(raw)))
	want, err := sizing(r)
	require.NoError(t, err)
	got, err := os.ReadFile("../../../docs/sizing.md")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "go run ./internal/bench/goals -sizing docs/sizing.md docs/benchmarks.txt")
}
