// SPDX-License-Identifier: Apache-2.0

package aggregate

import "time"

// recentTimes is the number of latest times that a row remembers. An exchange may come after as many later ones of its row.
const recentTimes = 8

// gaps adds up the gaps between successive times of a row. Times may come out of order. Each is a number of whole milliseconds since 1970,
// so the sums are exact and do not depend on the order.
type gaps struct {
	first   int64
	recent  [recentTimes]int64 // the latest times, in order of time
	n       uint8              // of recent
	lost    bool               // a time came between two that are forgotten: squares is not known
	squares int64              // of the gaps, ms²
}

// millis returns the whole milliseconds of a time in nanoseconds, rounded down.
func millis(at int64) int64 {
	const unit = int64(time.Millisecond)
	ms := at / unit
	if at%unit < 0 {
		ms--
	}
	return ms
}

// add adds a time.
func (g *gaps) add(at int64) {
	recent := g.recent[:g.n]
	i := len(recent) // the place of the time
	for i > 0 && at < recent[i-1] {
		i--
	}
	square := func(from, to int64) int64 { return (to - from) * (to - from) }
	switch {
	case g.n == 0:
		g.first = at
	case i == len(recent):
		g.squares += square(recent[i-1], at)
	case i > 0:
		g.squares += square(recent[i-1], at) + square(at, recent[i]) - square(recent[i-1], recent[i])
	case at <= g.first:
		g.squares += square(at, g.first)
		before := g.first
		if g.first = at; before < recent[0] {
			return // the times between are forgotten, and this one is older
		}
	default:
		g.lost = true
		return
	}
	if len(recent) < recentTimes {
		g.n++
		copy(g.recent[i+1:g.n], g.recent[i:])
		g.recent[i] = at
		return
	}
	if i > 0 { // the oldest is forgotten
		copy(g.recent[:i-1], g.recent[1:i])
		g.recent[i-1] = at
	}
}

// sum is the sum of the gaps, in milliseconds.
func (g *gaps) sum() int64 { return g.recent[g.n-1] - g.first }
