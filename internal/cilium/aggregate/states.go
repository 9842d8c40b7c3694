// SPDX-License-Identifier: Apache-2.0

package aggregate

// states holds the states of connections by number, without pointers for the garbage collector to follow.
type states struct {
	chunks [][]state
	unused []uint32 // numbers of states that were given back
	next   uint32   // the number that was never given out
}

// statesInChunk is the number of states whose memory is reserved at once.
const statesInChunk = 1 << 9

// at returns the state with a number.
func (s *states) at(number uint32) *state {
	return &s.chunks[number/statesInChunk][number%statesInChunk]
}

// take returns the number of a state that is not in use. Its content is not defined.
func (s *states) take() (number uint32) {
	if last := len(s.unused) - 1; last >= 0 {
		number, s.unused = s.unused[last], s.unused[:last]
		return number
	}
	number = s.next
	s.next++
	if number%statesInChunk == 0 {
		s.chunks = append(s.chunks, make([]state, statesInChunk))
	}
	return number
}

// free gives a state back.
func (s *states) free(number uint32) { s.unused = append(s.unused, number) }
