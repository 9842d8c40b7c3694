// SPDX-License-Identifier: Apache-2.0

package names

// expiring is something that ended at a time: an address's or frontend's owner, or an identity.
type expiring struct {
	at       int64
	frontend frontend
	number   uint32
	service  bool
}

// expiry has what ended, in the order of its ends.
type expiry struct {
	queue []expiring
	first int
}

func (e *expiry) push(x expiring) {
	if e.first > 0 && e.first >= len(e.queue)/2 { // move what is left to the front
		e.queue = append(e.queue[:0], e.queue[e.first:]...)
		e.first = 0
	}
	e.queue = append(e.queue, x)
}

// next takes the first one, if it ended before a time.
func (e *expiry) next(before int64) (expiring, bool) {
	if e.first == len(e.queue) || e.queue[e.first].at >= before {
		return expiring{}, false
	}
	x := e.queue[e.first]
	e.first++
	if e.first == len(e.queue) {
		e.queue, e.first = nil, 0
	}
	return x, true
}
