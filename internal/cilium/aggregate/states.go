// SPDX-License-Identifier: Apache-2.0

package aggregate

import "github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"

// states holds the states of connections by number, without pointers for the garbage collector to follow.
type states struct {
	chunks [][]state
	unused []uint32 // numbers of states that were given back
	next   uint32   // the number that was never given out
	memory budget.Account
}

// statesInChunk is the number of states whose memory is reserved at once.
const statesInChunk = 1 << 9

// chunkSize is the memory of so many states, and of as many numbers in unused, in bytes.
const chunkSize = statesInChunk * (int64(stateSize) + 4)

// reserve reports whether the budget has room for the next state.
func (s *states) reserve() bool {
	return len(s.unused) > 0 || s.next%statesInChunk != 0 || s.memory.Reserve(chunkSize)
}

// close gives all memory back to the budget.
func (s *states) close() {
	s.memory.Give(int64(len(s.chunks)) * chunkSize)
	s.memory.Close()
}

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
		s.memory.Use(chunkSize)
		s.chunks = append(s.chunks, make([]state, statesInChunk))
	}
	return number
}

// free gives a state back.
func (s *states) free(number uint32) { s.unused = append(s.unused, number) }
