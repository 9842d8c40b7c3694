// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadatatest"
)

// A flood without answers fills the memory. Of ten queries one is answered, 400 ms later.
func TestExchangesThatAFullMemorySplitsAreCountedAndReported(t *testing.T) {
	x := newExchanges(t)
	var events [][]byte
	at := traceBegun.Add(time.Hour)
	const answered = 1_000_000
	for n := range 10_000 {
		at = at.Add(100 * time.Microsecond)
		events = append(events, x.event(256, at, "flood.example.", n))
		if n%10 == 0 {
			events = append(events, x.event(256, at, "www.example.com.", answered+n))
			if n >= 4000 {
				events = append(events, x.event(257, at, "www.example.com.", answered+n-4000))
			}
		}
	}
	path := filepath.Join(t.TempDir(), "flood.etl")
	writeFile(t, path, events, traceBegun, false)
	for mib, split := range map[int]bool{1: true, 64: false} {
		tel := componenttest.NewTelemetry()
		sink := &consumertest.LogsSink{}
		r, logs := startReceiver(t, metadatatest.NewSettings(tel), replayOf(path, func(c *Config) { c.Correlate, c.Correlation.MaxSizeMiB = true, mib }), sink)
		<-r.Player.Done()
		early := r.handler.correlator.Early()
		metadatatest.AssertEqualExchangesClosedEarly(t, tel, kit.Point(r.Receiver.ID, early), metricdatatest.IgnoreTimestamp())
		require.NoError(t, r.Shutdown(context.Background()))
		require.NoError(t, tel.Shutdown(context.Background()))
		warnings := logs.FilterMessageSnippet("correlation.max_size_mib or memory.max_mib was reached").All()
		if !split {
			require.Zero(t, early)
			require.Empty(t, warnings)
			require.Equal(t, 11_000, sink.LogRecordCount())
			continue
		}
		require.Len(t, warnings, 1)
		require.Equal(t, early, warnings[0].ContextMap()["events"])
		extra := int64(sink.LogRecordCount() - 11_000)
		require.Positive(t, extra)
		require.GreaterOrEqual(t, early, extra)
	}
}
