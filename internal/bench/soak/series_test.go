// SPDX-License-Identifier: Apache-2.0

package soak

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// made returns a run of 600 samples, in six phases, with a figure that is value.
func made(value func(i int, slow bool) float64) *run {
	r := &run{series: []*series{{name: "memory", unit: "MiB", bounded: true, allowed: 5}}}
	for i := range 600 {
		slow := i/100%2 == 1
		r.at, r.slow = append(r.at, time.Duration(i+1)*time.Second), append(r.slow, slow)
		r.series[0].values = append(r.series[0].values, value(i, slow))
	}
	return r
}

func TestWhatGrowsAfterTheWarmUpIsFound(t *testing.T) {
	noise := func(i int) float64 { return 10 * math.Sin(float64(i)) }
	phases := func(slow bool) float64 { return 100 + 200*float64(phase(slow)) }
	require.Empty(t, made(func(i int, slow bool) float64 { return phases(slow) + noise(i) }).grown(), "queues are full in slow phases")
	require.Empty(t, made(func(i int, slow bool) float64 { return phases(slow) + 300*min(1, float64(i)/150) }).grown(), "the warm-up may grow")
	grown := made(func(i int, slow bool) float64 { return phases(slow) + noise(i) + float64(i)/5 }).grown()
	require.Len(t, grown, 1)
	require.Contains(t, grown[0], "memory grows by")
}

func TestThePlotIsWellFormed(t *testing.T) {
	var picture bytes.Buffer
	made(func(i int, _ bool) float64 { return float64(i) }).plot(&picture, "ten minutes")
	d, elements := xml.NewDecoder(strings.NewReader(picture.String())), 0
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		elements++
	}
	require.Greater(t, elements, 300)
}
