// SPDX-License-Identifier: Apache-2.0

package soak

import (
	"fmt"
	"time"
)

// series are the values of one figure, one for each sample.
type series struct {
	name, unit string
	values     []float64
	bounded    bool    // it must not grow
	allowed    float64 // growth that is noise, in the unit
}

// run is what was measured.
type run struct {
	at     []time.Duration // of each sample, since the start
	slow   []bool          // whether the far end was slow
	series []*series
}

// warm is the part of the run after which nothing may grow: each phase has come once.
const warm = 1.0 / 3

// mostGrowth is the share of the mean by which a figure may grow after that.
const mostGrowth = 0.1

// growth returns by how much a figure grows from the end of the warm-up to the end of the run, by the line of least squares, and its mean.
// The means of the slow and the fast phases are made equal first, since a queue is full in the one and empty in the other.
func (r *run) growth(s *series) (growth, mean float64) {
	from := len(r.at)
	for i, at := range r.at {
		if at.Seconds() >= warm*r.at[len(r.at)-1].Seconds() {
			from = i
			break
		}
	}
	var sum, count [2]float64
	for i := from; i < len(s.values); i++ {
		sum[phase(r.slow[i])] += s.values[i]
		count[phase(r.slow[i])]++
	}
	n := count[0] + count[1]
	if n < 2 {
		return 0, 0
	}
	mean = (sum[0] + sum[1]) / n
	var times, product, square float64
	for i := from; i < len(s.values); i++ {
		times += r.at[i].Seconds() / n
	}
	for i := from; i < len(s.values); i++ {
		p := phase(r.slow[i])
		x, y := r.at[i].Seconds()-times, s.values[i]-sum[p]/count[p]
		product += x * y
		square += x * x
	}
	if square == 0 {
		return 0, mean
	}
	return product / square * (r.at[len(r.at)-1] - r.at[from]).Seconds(), mean
}

func phase(slow bool) int {
	if slow {
		return 1
	}
	return 0
}

// grown returns a line for each bounded figure that grows by more than is allowed.
func (r *run) grown() (lines []string) {
	for _, s := range r.series {
		if growth, mean := r.growth(s); s.bounded && growth > max(mostGrowth*mean, s.allowed) {
			lines = append(lines, fmt.Sprintf("%s grows by %.1f %s after the warm-up; its mean is %.1f, and at most %.1f is noise",
				s.name, growth, s.unit, mean, max(mostGrowth*mean, s.allowed)))
		}
	}
	return lines
}
