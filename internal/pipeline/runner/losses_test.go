// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
)

func TestALossAndItsEndAreLoggedOnceEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lost atomic.Int64
		f := prepared(t, consumertest.NewNop())
		f.Parts.Losses = func() map[string]int64 { return map[string]int64{"etw_events": lost.Load()} }
		require.NoError(t, f.Start(t.Context(), componenttest.NewNopHost()))
		time.Sleep(time.Minute + time.Second) // all that follows is between two looks
		require.Zero(t, f.logs.FilterFieldKey("event_log_id").Len())
		for range 30 { // for five minutes
			lost.Add(7)
			time.Sleep(lossInterval)
		}
		time.Sleep(5 * time.Minute)
		f.Pipeline.Drop("queue_full", 2)
		time.Sleep(2 * time.Minute)
		require.NoError(t, f.Shutdown(t.Context()))

		var said []map[string]any
		for _, e := range f.logs.FilterFieldKey("event_log_id").All() {
			said = append(said, e.ContextMap())
		}
		require.Equal(t, []map[string]any{
			{"event_log_id": int64(201), "lost": map[string]int64{"etw_events": 7}},
			{"event_log_id": int64(202), "lost_before": map[string]int64{"etw_events": 210}},
			{"event_log_id": int64(201), "lost": map[string]int64{"queue_full": 2}},
			{"event_log_id": int64(202), "lost_before": map[string]int64{"queue_full": 2}},
		}, said)
	})
}
