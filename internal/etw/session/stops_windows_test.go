// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package session

import (
	"bytes"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
)

// rounds counts the events since the first one of the file was delivered last.
type rounds struct {
	first []byte
	n     atomic.Int64
}

func (r *rounds) deliver(header, userData []byte) {
	event := append(bytes.Clone(header), userData...)
	if r.first == nil {
		r.first = event
	}
	if bytes.Equal(event, r.first) {
		r.n.Store(0)
	}
	r.n.Add(1)
}

// The stops come at any point of a start: between StartTrace and EnableTraceEx2, and before OpenTrace, too. A start that is stopped waits before it tries again, so WINNET_STOPS=70 take 12 seconds.
func TestWineAfterStopsInATightLoopTheNextSessionDeliversEveryEvent(t *testing.T) {
	wine.Play(t, serverFile)
	stops := 20
	if n, err := strconv.Atoi(os.Getenv("WINNET_STOPS")); err == nil {
		stops = n
	}
	var r rounds
	k, err := keep(windowsAPI{}, wineConfig(), r.deliver, nil, Watch{}, quick)
	require.NoError(t, err)
	for n := 0; n < stops; {
		if (windowsAPI{}).controlTrace(wineConfig().Name, newControlProperties(), controlStop) == nil {
			n++
		}
	}
	require.Eventually(t, func() bool { return k.Running() && r.n.Load() == serverEvents }, time.Minute, time.Millisecond, "%d events", r.n.Load())
	totals := k.Totals()
	assert.NotZero(t, totals.Restarts)
	assert.Zero(t, totals.Oversized+totals.Panics+totals.Discarded)
	closeSupervisor(t, k)
	assert.EqualValues(t, serverEvents, r.n.Load())
	requireNoSession(t, wineConfig().Name)
}
