// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// silences are what the ticks of a worker have reported, in seconds; its interval is one second.
type silences struct {
	mu   sync.Mutex
	list []float64
}

func (s *silences) add(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, d.Seconds())
}

// taken returns what was reported since the last call.
func (s *silences) taken() []float64 {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.list
	s.list = nil
	return list
}

// runTicking runs a worker whose Handle and Tick take the given times, and returns what Tick reported.
func runTicking(t *testing.T, handling, ticking func() time.Duration, test func(*Queue, *silences)) {
	synctest.Test(t, func(*testing.T) {
		q := New(4, nil)
		var said silences
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			q.Run(stop, Worker{
				Interval: time.Second, Handle: func(*Chunk) { time.Sleep(handling()) },
				Tick: func(d time.Duration) { said.add(d); time.Sleep(ticking()) }, Late: func(int) {},
			})
		}()
		test(q, &said)
		close(stop)
		<-done
	})
}

func never() time.Duration { return 0 }

// once returns a duration at the first call, then 0.
func once(d time.Duration) func() time.Duration {
	return func() time.Duration {
		was := d
		d = 0
		return was
	}
}

func TestASilenceIsATimeInWhichNothingIsQueuedAndNothingHandled(t *testing.T) {
	runTicking(t, never, never, func(q *Queue, said *silences) {
		time.Sleep(3 * time.Second)
		require.Equal(t, []float64{1, 1, 1}, said.taken())
		time.Sleep(500 * time.Millisecond)
		q.Offer(1, []byte("event"), nil)
		time.Sleep(2 * time.Second)
		require.Equal(t, []float64{0, 1}, said.taken(), "an event came in the first second")

		c := q.withRoom(1) // a producer that is in the middle of an event
		require.Nil(t, c)
		<-q.free
		c = q.begin()
		time.Sleep(2 * time.Second)
		require.Equal(t, []float64{0, 0}, said.taken(), "an event is on its way")
		q.store(c, 1, []byte("event"), nil)
		time.Sleep(2 * time.Second)
		require.Equal(t, []float64{0, 1}, said.taken())
	})
}

func TestATimeInWhichTheWorkerIsHeldUpIsNoSilence(t *testing.T) {
	runTicking(t, once(time.Hour), never, func(q *Queue, said *silences) {
		q.Offer(1, []byte("event"), nil)
		time.Sleep(time.Hour + 3*time.Second + 500*time.Millisecond)
		require.Equal(t, []float64{0, 0, 1, 1}, said.taken(), "by what it does with a chunk")
	})
	runTicking(t, never, once(time.Hour), func(_ *Queue, said *silences) {
		time.Sleep(time.Hour + 3*time.Second + 500*time.Millisecond)
		require.Equal(t, []float64{1, 0, 1, 1}, said.taken(), "by what a tick does")
	})
}

func TestTicksGoOnWhileEventsWait(t *testing.T) {
	handled := 0
	runTicking(t, func() time.Duration { handled++; return 10 * time.Second }, never, func(q *Queue, said *silences) {
		event := make([]byte, MaxEventSize)
		for range 15 {
			require.Empty(t, q.Offer(1, event, nil))
		}
		time.Sleep(145 * time.Second)
		list := said.taken()
		require.Equal(t, 15, handled)
		require.Greater(t, len(list), 1, "a tick in between")
		for _, d := range list {
			require.Zero(t, d)
		}
	})
}
