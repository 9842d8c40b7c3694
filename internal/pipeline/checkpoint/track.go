// SPDX-License-Identifier: Apache-2.0

// From numbers of events to places in files.

package checkpoint

import (
	"slices"
	"sync"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

// Track finds the part and the file of an event by the event's number. The replay calls Begin, Skip and End; the pipeline calls Done,
// on any worker's goroutine, never on two at once.
type Track struct {
	store *Store

	mu      sync.Mutex
	parts   []part   // parts with events that may not have left, in the order of playing
	left    []update // positions of parts whose events have all left, until they are stored
	written map[span.ID]Position
}

// part is a part of a file that is or was played, or a stretch of one between two skipped events.
type part struct {
	id    span.ID
	path  string
	span  span.Span
	skip  int64 // events of the part before the first one here
	first int64 // events that were put before that one
	end   int64 // events that were put until the last one here; open while it is played
	whole bool  // the last one here is the last of the part

	complete bool // and the part is the last of the file
}

const open = -1

// at returns the position in the part after the first events have left. events is their number, counted as they were put.
func (p *part) at(events int64) update {
	u := update{id: p.id, path: p.path, Position: Position{Span: p.span, Events: p.skip + events - p.first}}
	if p.whole && events == p.end {
		u.Position = Position{Span: span.Span{From: p.span.To, To: p.span.To}, Complete: p.complete}
	}
	return u
}

// NewTrack returns a Track that writes to the store.
func NewTrack(s *Store) *Track { return &Track{store: s, written: map[span.ID]Position{}} }

// Begin notes that a part is played from now on. put is the number of events that were put into the pipeline before it. skip is the number of
// the part's first events that are not put, because they left in an earlier run.
func (t *Track) Begin(id span.ID, path string, s span.Span, skip, put int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.parts = append(t.parts, part{id: id, path: path, span: s, skip: skip, first: put, end: open})
}

// Skip notes an event that the pipeline did not take, but accounted for. skip is the number of the part's events up to this one.
func (t *Track) Skip(skip, put int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := &t.parts[len(t.parts)-1]
	p.end = put
	next := *p
	next.skip, next.first, next.end = skip, put, open
	t.parts = append(t.parts, next)
}

// End notes that the part is not played any further. whole says that it was played to its end.
func (t *Track) End(put int64, whole bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := &t.parts[len(t.parts)-1]
	p.end, p.whole = put, whole
}

// Complete notes that nothing more is to be read of a file, and where its reading ended. It is stored when all events of the file have left.
func (t *Track) Complete(id span.ID, path string, at Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.parts) - 1; i >= 0; i-- {
		if t.parts[i].id == id {
			t.parts[i].complete = true
			return
		}
	}
	at.Complete = true
	t.left = put(t.left, update{id: id, path: path, Position: at})
}

// Done stores the positions that follow from it that the first events have left, counted as they were put.
func (t *Track) Done(events int64) {
	updates := t.positions(events)
	if len(updates) == 0 || !t.store.write(updates) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = t.left[:0]
	for _, u := range updates {
		t.written[u.id] = u.Position
	}
}

// positions returns the positions that are not stored yet. It forgets parts of which all events have left.
func (t *Track) positions(events int64) []update {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for n < len(t.parts) && t.parts[n].end != open && t.parts[n].end <= events {
		t.left = put(t.left, t.parts[n].at(t.parts[n].end))
		n++
	}
	t.parts = append(t.parts[:0], t.parts[n:]...)
	updates := slices.Clone(t.left)
	if len(t.parts) > 0 && events >= t.parts[0].first {
		updates = put(updates, t.parts[0].at(events))
	}
	return slices.DeleteFunc(updates, func(u update) bool {
		written, ok := t.written[u.id]
		return ok && written == u.Position
	})
}

// put adds an update. It replaces an earlier update of the same file.
func put(updates []update, u update) []update {
	if i := slices.IndexFunc(updates, func(other update) bool { return other.id == u.id }); i >= 0 {
		updates[i] = u
		return updates
	}
	return append(updates, u)
}
