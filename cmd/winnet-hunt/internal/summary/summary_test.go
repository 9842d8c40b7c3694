// SPDX-License-Identifier: Apache-2.0

package summary

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCountsAreExactUntilThereAreMoreNamesThanAreKept(t *testing.T) {
	c := newTop(3)
	for name, n := range map[string]int64{"a": 5, "b": 2, "c": 2} {
		for range n {
			c.add(name, 1)
		}
	}
	require.Equal(t, []Count{{"a", 5, false}, {"b", 2, false}, {"c", 2, false}}, c.inOrder())
}

func TestACountIsNeverTooHighAndAFrequentNameIsNeverMissed(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const kept = 100
	c, truth := newTop(kept), map[string]int64{}
	var sum int64
	for range 200_000 {
		name := fmt.Sprint("rare", r.IntN(50_000))
		if r.IntN(2) == 0 {
			name = fmt.Sprint("frequent", r.IntN(10))
		}
		n := 1 + r.Int64N(3)
		truth[name] += n
		sum += n
		c.add(name, n)
	}
	first := c.inOrder()
	require.Len(t, first, kept)
	for _, x := range first {
		require.LessOrEqual(t, x.Count, truth[x.Name])
		if !x.AtLeast {
			require.Equal(t, truth[x.Name], x.Count)
		}
	}
	for i := range 10 {
		name := fmt.Sprint("frequent", i)
		require.Greater(t, truth[name], sum/kept)
		require.Condition(t, func() bool {
			for _, x := range first[:10] {
				if x.Name == name {
					return true
				}
			}
			return false
		}, name)
	}
}

func TestANameThatIsTooLongForOneTakesBoundedMemory(t *testing.T) {
	c := newTop(3)
	for _, end := range []string{"a", "b"} {
		c.add(strings.Repeat("ä", 40_000)+end, 1)
	}
	c.add(strings.Repeat("b", longest), 1)
	first := c.inOrder()
	require.Equal(t, []Count{{strings.Repeat("ä", longest/2) + "…", 2, false}, {strings.Repeat("b", longest), 1, false}}, first)
}

func TestATimeLineKeepsEveryEventInBoundedMemory(t *testing.T) {
	line := newTimeline()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const n = 100_000
	for i := range n {
		line.at(at.Add(time.Duration(i*i%n)*7*time.Minute).UnixMicro()).DNS++
		require.LessOrEqual(t, len(line.buckets), mostBuckets)
	}
	var sum int64
	buckets := line.inOrder()
	for i, b := range buckets {
		sum += b.DNS
		require.True(t, i == 0 || buckets[i-1].At.Before(b.At))
		require.True(t, b.At.Truncate(line.steps[0]).Equal(b.At))
	}
	require.EqualValues(t, n, sum)
}

func TestEachStepIsAMultipleOfTheOneBeforeIt(t *testing.T) {
	steps := Steps()
	for i := range steps[1:] {
		require.Zero(t, steps[i+1]%steps[i], "%v", steps[i+1])
	}
}
