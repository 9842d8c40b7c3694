// SPDX-License-Identifier: Apache-2.0

// Package budget bounds the memory of all holders of one receiver together. In come requests for memory in coarse steps: a chunk of the
// queue, a segment or a table of events kept back. Out comes whether there is room. A holder that is refused sheds: a queue drops and
// counts, or makes its producer wait; events that are kept back go early.
//
// Each holder has a Share. A part of the budget is reserved for it, so that no other holder can take it. So events that are kept back
// cannot fill the memory that the queue needs.
package budget

import "sync"

// Budget is the memory that holders have together. All its methods and those of its shares may be called from any goroutine.
type Budget struct {
	mu        sync.Mutex
	limit     int64
	committed int64 // the sum over the shares of max(reserved, used)
	used      int64
	most      int64
}

// New returns a budget in bytes.
func New(limit int64) *Budget { return &Budget{limit: limit} }

// Share is one holder's part of a budget. A nil Share has no limit and counts nothing.
type Share struct {
	of             *Budget
	reserved, used int64
}

// Share returns a share for which so many bytes are reserved. A nil Budget returns nil. The sum of all reserved bytes must not be larger
// than the budget.
func (b *Budget) Share(reserved int64) *Share {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.committed+reserved > b.limit {
		panic("budget: more is reserved than there is")
	}
	b.committed += reserved
	return &Share{of: b, reserved: reserved}
}

// Take takes n bytes, and reports whether there was room for them. If not, nothing is taken.
func (s *Share) Take(n int64) bool {
	if s == nil {
		return true
	}
	b := s.of
	b.mu.Lock()
	defer b.mu.Unlock()
	more := max(s.reserved, s.used+n) - max(s.reserved, s.used)
	if b.committed+more > b.limit {
		return false
	}
	s.used += n
	b.committed += more
	b.used += n
	b.most = max(b.most, b.used)
	return true
}

// Give gives n bytes back.
func (s *Share) Give(n int64) {
	if s == nil {
		return
	}
	b := s.of
	b.mu.Lock()
	defer b.mu.Unlock()
	b.committed -= max(s.reserved, s.used) - max(s.reserved, s.used-n)
	s.used -= n
	b.used -= n
}

// Used returns how many bytes of a share are taken; 0 for a nil Share.
func (s *Share) Used() int64 {
	if s == nil {
		return 0
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	return s.used
}

// Used returns the number of bytes that all shares have taken now, and the largest such number so far.
func (b *Budget) Used() (now, most int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used, b.most
}

// Limit returns the budget in bytes.
func (b *Budget) Limit() int64 { return b.limit }
