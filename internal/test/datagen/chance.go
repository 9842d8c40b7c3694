// SPDX-License-Identifier: Apache-2.0

// Random choices that are the same in every run, and how they spread traffic over time.

package main

import (
	"math/rand/v2"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// chance makes random choices.
type chance struct{ *rand.Rand }

func newChance(seed uint64) chance { return chance{rand.New(rand.NewPCG(seed, 0))} }

// between returns a duration of whole 100 ns, the resolution of a time stamp.
func (c chance) between(low, high time.Duration) time.Duration {
	return (low + time.Duration(c.Int64N(int64(high-low)+1))).Truncate(100)
}

// one returns true once in n times.
func (c chance) one(n int) bool { return c.IntN(n) == 0 }

func pick[T any](c interface{ IntN(n int) int }, list []T) T { return list[c.IntN(len(list))] }

// guid returns a random GUID, version 4.
func (c chance) guid() etw.GUID {
	var g etw.GUID
	for i := range g {
		g[i] = byte(c.Uint32())
	}
	g[7] = g[7]&0x0F | 0x40 // upper byte of the third group
	g[8] = g[8]&0x3F | 0x80
	return g
}

// schedule calls every step once, in random order, at times spread over a span: in bursts, like real traffic.
func (c chance) schedule(span time.Duration, steps []func(at time.Duration)) {
	c.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	gaps := make([]time.Duration, len(steps))
	var bursts, pauses time.Duration // sums
	for i := range gaps {
		if c.one(3) {
			gaps[i] = -c.between(time.Millisecond, time.Second) // a pause; its length is computed below
			pauses -= gaps[i]
		} else {
			gaps[i] = c.between(60*time.Microsecond, 900*time.Microsecond)
			bursts += gaps[i]
		}
	}
	at := time.Duration(0)
	for i, step := range steps {
		if gap := gaps[i]; gap > 0 {
			at += gap
		} else {
			at += time.Duration(float64(-gap) * float64(span-bursts) / float64(pauses)).Truncate(100)
		}
		step(at)
	}
}
