// SPDX-License-Identifier: Apache-2.0

package correlate

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEventsThatGoBecauseMemoryIsFullAreCounted(t *testing.T) {
	m := server(t)
	corr := New(Settings{Window: time.Hour, MaxEvents: 3, MaxBytes: 1 << 20})
	early := int64(0)
	for i := range 10 {
		for corr.Due() {
			corr.Release(corr.PopOldest(true))
			early++
		}
		e, raw := m.event(256, 0, query("a.example", "GUID", fmt.Sprintf("{%d}", i)))
		require.Equal(t, Held, corr.Add(e, raw, 1).Verdict)
	}
	require.Positive(t, early)
	require.Equal(t, early, corr.Early())
	for corr.Held() > 0 { // the end of the stream
		corr.Release(corr.PopOldest(false))
	}
	require.Equal(t, early, corr.Early())
}

func TestEventsThatGoWhenTheirTimeIsOverAreNotEarly(t *testing.T) {
	m, corr := server(t), correlator(10*time.Second)
	e, raw := m.event(256, 0, query("a.example", "GUID", "{1}"))
	require.Equal(t, Held, corr.Add(e, raw, 1).Verdict)
	pass(corr, 0)
	corr.Clock.Silence(time.Hour)
	require.True(t, corr.Due())
	corr.Release(corr.PopOldest(true))
	require.Zero(t, corr.Early())
}
