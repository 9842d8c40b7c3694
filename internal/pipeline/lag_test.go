// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// dated is a handler whose events happened some time after they were received.
type dated struct {
	byFirst
	after time.Duration
}

func (d dated) Handle(ev Event, records plog.LogRecordSlice) Outcome {
	lr := records.AppendEmpty()
	lr.SetTimestamp(pcommon.Timestamp(ev.Received + int64(d.after)))
	lr.SetObservedTimestamp(pcommon.Timestamp(ev.Received))
	return Outcome{Kind: Emitted}
}

func TestTheLagCountsFromTheEventUnlessItsTimeIsAStray(t *testing.T) {
	const century, underway = 100 * 365 * 24 * time.Hour, 3 * time.Second
	for _, c := range []struct {
		after time.Duration
		live  bool
		want  time.Duration
	}{
		{0, true, underway},
		{-2 * time.Second, true, underway + 2*time.Second},
		{-time.Minute, true, underway + time.Minute},
		{-time.Hour, true, underway},
		{-century, true, underway},
		{math.MinInt64 / 4, true, underway}, // before 1970
		{time.Second, true, underway},
		{century, true, underway},
		{-2 * time.Second, false, underway},
		{-century, false, underway},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPipeline(t, &consumertest.LogsSink{}, func(s *Settings) { s.Handler, s.Live = dated{after: c.after}, c.live })
			require.True(t, p.Offer(time.Now().UnixNano(), []byte("1"), nil))
			time.Sleep(underway)
			require.NoError(t, p.Shutdown(context.Background(), noSource))
			require.Equal(t, c.want, time.Duration(p.Stats.Lag()), "%v after its receipt, live %v", c.after, c.live)
		})
	}
}
