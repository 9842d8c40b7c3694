// SPDX-License-Identifier: Apache-2.0

package deliverytest

import (
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Answers makes do answer the next n calls before the server reads them; -1 means all calls.
func Answers(n int, do http.HandlerFunc) Fault {
	return func(w http.ResponseWriter, r *http.Request, accepted bool) bool {
		if accepted || n == 0 {
			return false
		}
		n--
		do(w, r)
		return true
	}
}

// nth makes do answer the nth call, from 1, before the server reads it.
func nth(n int, do http.HandlerFunc) Fault {
	return func(w http.ResponseWriter, r *http.Request, accepted bool) bool {
		if !accepted {
			n--
		}
		if accepted || n != 0 {
			return false
		}
		do(w, r)
		return true
	}
}

// Trouble makes a server fail at random for a number of calls.
type Trouble struct {
	calls int64
	met   atomic.Int64 // calls so far

	mu     sync.Mutex
	random *rand.Rand
}

// NewTrouble returns trouble for a number of calls. Equal seeds make equal random numbers.
func NewTrouble(seed uint64, calls int64) *Trouble {
	return &Trouble{calls: calls, random: rand.New(rand.NewPCG(seed, seed))}
}

// Chance returns a random number from 0 to 99.
func (r *Trouble) Chance() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.random.IntN(100)
}

// Over reports whether the trouble has ended.
func (r *Trouble) Over() bool { return r.met.Load() >= r.calls }

// Fault breaks connections at random, also after the server has accepted a call's records. For other calls it runs answer with a random
// number from 10 to 99; answer may answer the call, and reports whether it did. When the trouble ends, it runs end, which must remove the
// fault.
func (r *Trouble) Fault(end func(), answer func(n int, w http.ResponseWriter) bool) Fault {
	return func(w http.ResponseWriter, req *http.Request, accepted bool) bool {
		if !accepted && r.met.Add(1) == r.calls {
			end()
		}
		switch n := r.Chance(); {
		case accepted && n < 8: // accepted, and the answer is lost
			panic(http.ErrAbortHandler)
		case accepted:
		case n < 5:
			panic(http.ErrAbortHandler)
		case n < 10: // the server reads slowly, and resets the connection half-way
			_, _ = io.CopyN(io.Discard, req.Body, 1000)
			time.Sleep(10 * time.Millisecond)
			panic(http.ErrAbortHandler)
		default:
			return answer(n, w)
		}
		return false
	}
}
