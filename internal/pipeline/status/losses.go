// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// losses finds what has been lost between two looks. It is used by one goroutine at a time.
type losses struct {
	seen map[string]int64 // by source
	at   time.Time        // of the last look
}

// look returns a record for each source that has lost events since the last look. timed reports whether a source's losses happened between the
// two looks; the record of any other source has no times.
func (l *losses) look(a Account, now time.Time, timed func(string) bool) (records []*record) {
	by := lostBy(a)
	for _, source := range slices.Sorted(maps.Keys(by)) {
		n := by[source] - l.seen[source]
		if n <= 0 {
			continue
		}
		rec := &record{kind: Loss, typ: typeLoss, object: source, count: n, at: now}
		if timed(source) {
			rec.start, rec.end = l.at, now
		}
		rec.message = rec.lossMessage()
		records = append(records, rec)
	}
	l.seen, l.at = by, now
	return records
}

// lostBy returns all losses by source: those before the receiver, the receiver's own, and those of copies.
func lostBy(a Account) map[string]int64 {
	by := map[string]int64{}
	maps.Copy(by, a.Lost)
	maps.Copy(by, a.CopiesLost)
	for reason, n := range a.Dropped {
		by[reason] += n
	}
	return by
}

func (r *record) lossMessage() string {
	if r.start.IsZero() {
		return fmt.Sprintf("%s: %d lost", r.object, r.count)
	}
	return fmt.Sprintf("%s: %d lost from %s to %s", r.object, r.count, r.start.UTC().Format(time.RFC3339), r.end.UTC().Format(time.RFC3339))
}

// plus returns the sum of a loss and a later one, o, of the same source.
func (r *record) plus(o *record) *record {
	both := *o
	both.count += r.count
	both.start = r.start
	both.message = both.lossMessage()
	return &both
}
