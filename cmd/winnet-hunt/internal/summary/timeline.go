// SPDX-License-Identifier: Apache-2.0

package summary

import (
	"maps"
	"slices"
	"time"
)

// Bucket is the number of events in a part of the time that begins at At.
type Bucket struct {
	At                     time.Time
	DNS, DNSFailed         int64 // DNSFailed are part of DNS
	Network, NetworkDenied int64 // NetworkDenied are part of Network
	Audit                  int64
}

// Steps are the widths of buckets. Each is a multiple of the one before it, so buckets can be joined.
func Steps() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{
		time.Second, 2 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, day, 7 * day, 28 * day, 364 * day,
	}
}

// mostBuckets bounds the memory of a time line. A line with more gets wider buckets.
const mostBuckets = 4096

// timeline counts events over time.
type timeline struct {
	steps   []time.Duration // from the one in use
	buckets map[int64]*Bucket
	last    *Bucket // used last
	from    int64   // of last, in nanoseconds since 1970
}

func newTimeline() timeline { return timeline{steps: Steps(), buckets: map[int64]*Bucket{}} }

// at returns the bucket of a time in microseconds since 1970.
func (t *timeline) at(microseconds int64) *Bucket {
	begin := t.begin(time.UnixMicro(microseconds))
	if t.last != nil && begin == t.from {
		return t.last
	}
	b, ok := t.buckets[begin]
	if !ok {
		if len(t.buckets) == mostBuckets && len(t.steps) > 1 {
			t.widen()
			return t.at(microseconds)
		}
		b = &Bucket{At: time.Unix(0, begin).UTC()}
		t.buckets[begin] = b
	}
	t.last, t.from = b, begin
	return b
}

func (t *timeline) begin(at time.Time) int64 { return at.Truncate(t.steps[0]).UnixNano() }

// widen joins buckets.
func (t *timeline) widen() {
	t.steps, t.last = t.steps[1:], nil
	joined := map[int64]*Bucket{}
	for _, b := range t.buckets {
		begin := t.begin(b.At)
		if joined[begin] == nil {
			joined[begin] = &Bucket{At: time.Unix(0, begin).UTC()}
		}
		joined[begin].Add(*b)
	}
	t.buckets = joined
}

// Add adds the numbers of another bucket.
func (b *Bucket) Add(o Bucket) {
	b.DNS, b.DNSFailed, b.Audit = b.DNS+o.DNS, b.DNSFailed+o.DNSFailed, b.Audit+o.Audit
	b.Network, b.NetworkDenied = b.Network+o.Network, b.NetworkDenied+o.NetworkDenied
}

// inOrder returns the buckets in the order of time.
func (t *timeline) inOrder() (all []Bucket) {
	for _, begin := range slices.Sorted(maps.Keys(t.buckets)) {
		all = append(all, *t.buckets[begin])
	}
	return all
}
