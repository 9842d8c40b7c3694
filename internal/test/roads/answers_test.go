// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// silent means no answer at all: the far end reads the request and does not answer.
const silent = -1

// mood is the far end's answer to requests; 0 accepts them.
type mood struct {
	mu     sync.Mutex
	answer int
	given  int           // how often, since it was set
	turned chan struct{} // closed when it changes
}

func (m *mood) set(answer int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.turned != nil {
		close(m.turned)
	}
	m.answer, m.given, m.turned = answer, 0, make(chan struct{})
}

func (m *mood) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.given
}

// serve answers a request and reports whether it did.
func (m *mood) serve(w http.ResponseWriter, r *http.Request) bool {
	m.mu.Lock()
	answer, turned := m.answer, m.turned
	m.given++
	m.mu.Unlock()
	switch answer {
	case 0:
		return false
	case silent:
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-turned:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	default:
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(answer)
		return true
	}
}

// moody returns the mood of a far end.
func moody(f far) *mood {
	switch f := f.(type) {
	case *azureOTLPFar:
		return &f.mood
	case *blobFar:
		return &f.mood
	case *trackFar:
		return &f.mood
	}
	return nil
}

// A temporary answer of the far end loses nothing if the exporter tries again, and is counted if it does not, as the
// examples document. The collector is killed while the far end is silent.
func TestAnswersOfTheFarEndLoseNothingOrAreCounted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		road   string
		tried  []int // is sent again
		refuse []int // is dropped and counted
	}{
		{"config.yaml", []int{429, 500, 503, 408}, nil},
		{"examples/azure-blob/config.yaml", []int{429, 500, 503, 403, 413}, nil},
		{"examples/azure-monitor-otlp/config.yaml", []int{429, 502, 503, 504}, []int{500, 400, 401, 403, 413}},
	} {
		r := roadOf(test.road)
		t.Run(r.config, func(t *testing.T) {
			t.Parallel()
			trip := r.begin(t, fmt.Sprintf("yaml:exporters::%s::timeout: 3s", r.exporters[0]))
			far := moody(trip.far)
			require.NotNil(t, far)

			far.set(silent)
			c := trip.run(recording(t, "silent", 200, 4), 0)
			c.untilAccepted(200)
			c.until("a request waits for its answer", func() bool { return far.count() > 0 })
			c.kill()

			c = trip.run(recording(t, "tried", 3000, 4), 100)
			for _, answer := range test.tried {
				far.set(answer)
				c.until(fmt.Sprintf("the far end has answered %d twice", answer), func() bool { return far.count() > 1 })
			}
			far.set(0)
			c.until("all records of the first part have arrived", func() bool { return ofPart(trip.got(), "silent") == 200 })
			require.Zero(t, c.metric("otelcol_exporter_send_failed_log_records"))
			n := c.interrupt()
			want := append(names("silent", 200), names("tried", n)...)

			for i, answer := range test.refuse {
				c = trip.run(recording(t, fmt.Sprint("before", i), 100, 4), 0)
				want = append(want, names(fmt.Sprint("before", i), 100)...)
				c.until("all earlier records have arrived", func() bool { return len(missing(trip.got(), want)) == 0 })
				c.interrupt()
				far.set(answer)
				c = trip.run(recording(t, fmt.Sprint("refused", i), 100, 4), 0)
				c.until(fmt.Sprintf("%d is counted", answer), func() bool { return c.metric("otelcol_exporter_send_failed_log_records") == 100 })
				require.Equal(t, 100, c.interrupt())
				far.set(0)
			}
			c = trip.run(recording(t, "last", 100, 4), 0)
			want = append(want, names("last", 100)...)
			c.until("all records have arrived", func() bool { return len(missing(trip.got(), want)) == 0 })
			require.Equal(t, 100, c.interrupt())
			requireExactly(t, trip.got(), want)
		})
	}
}
