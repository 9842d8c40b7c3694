// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"unsafe"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
)

// states holds the states of connections by number, without pointers for the garbage collector to follow, but for names.
type states struct {
	chunks [][]state
	names  [][]sideNames // empty if connections have no names
	named  bool
	unused []uint32 // numbers of states that were given back
	next   uint32   // the number that was never given out
	memory budget.Account
}

// sideNames are the names of the lower and of the upper side, each nil where it is not known.
type sideNames [2]struct {
	endpoint *flow.Endpoint
	service  *flow.Service
}

const sideNamesSize = int(unsafe.Sizeof(sideNames{}))

// statesInChunk is the number of states whose memory is reserved at once.
const statesInChunk = 1 << 9

// chunkSize returns the memory of so many states, and of as many numbers in unused, in bytes.
func (s *states) chunkSize() int64 {
	size := stateSize + 4
	if s.named {
		size += sideNamesSize
	}
	return statesInChunk * int64(size)
}

// reserve reports whether the budget has room for the next state.
func (s *states) reserve() bool {
	return len(s.unused) > 0 || s.next%statesInChunk != 0 || s.memory.Reserve(s.chunkSize())
}

// close gives all memory back to the budget.
func (s *states) close() {
	s.memory.Give(int64(len(s.chunks)) * s.chunkSize())
	s.memory.Close()
}

// at returns the state with a number.
func (s *states) at(number uint32) *state {
	return &s.chunks[number/statesInChunk][number%statesInChunk]
}

// namesAt returns the names of a state with a number, if connections have names.
func (s *states) namesAt(number uint32) *sideNames {
	return &s.names[number/statesInChunk][number%statesInChunk]
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
		s.memory.Use(s.chunkSize())
		s.chunks = append(s.chunks, make([]state, statesInChunk))
		if s.named {
			s.names = append(s.names, make([]sideNames, statesInChunk))
		}
	}
	return number
}

// free gives a state back.
func (s *states) free(number uint32) { s.unused = append(s.unused, number) }
