// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/replay"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

func TestABadFileOfAPatternHidesNoOtherAndMakesTheShutdownFail(t *testing.T) {
	raw, err := os.ReadFile(captureFile)
	require.NoError(t, err)
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"a.pcapng": raw, "b.pcapng": []byte("no capture"), "c.pcapng": raw, "d.pcapng": raw[:len(raw)/2+1], "e.pcapng": raw,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "f.pcapng"), 0o700))
	events, _ := generated(t)
	r, logs := startReceiver(t, receivertest.NewNopSettings(metadata.Type), replayOf(filepath.Join(dir, "*.pcapng"), everything), consumertest.NewNop())
	<-r.source.(*fileSource).player.Done()
	require.Greater(t, r.pipeline.Stats.Received.Load(), int64(3*events), "the whole files are read, and half a one")
	err = r.Shutdown(context.Background())
	var unread *replay.UnreadError
	require.ErrorAs(t, err, &unread)
	require.Len(t, unread.Files, 3)
	for i, name := range []string{"b.pcapng", "d.pcapng", "f.pcapng"} {
		require.Contains(t, unread.Files[i].String(), filepath.Join(dir, name))
	}
	require.Len(t, logs.FilterMessage("not every file could be read in full").All(), 1, "one line names all")
}

// endedHost is a collector's host that is told of its end.
type endedHost struct {
	component.Host
	ended chan *componentstatus.Event
}

func (h *endedHost) NotifyComponentStatusChange(_ *componentstatus.InstanceID, e *componentstatus.Event) {
	h.ended <- e
}

func TestAReceiverInTwoPipelinesEndsTheCollectorOnce(t *testing.T) {
	h := &endedHost{Host: componenttest.NewNopHost(), ended: make(chan *componentstatus.Event, 10)}
	cfg := replayOf(captureFile, func(c *Config) { c.Replay.ExitWhenDone = true })
	logs, metrics, records, points := pipelines(t, NewFactory(), cfg, false)
	require.NoError(t, logs.Start(context.Background(), h))
	require.NoError(t, metrics.Start(context.Background(), h))
	select {
	case e := <-h.ended:
		require.Equal(t, componentstatus.StatusFatalError, e.Status())
	case <-time.After(time.Minute):
		t.Fatal("the collector is not asked to end")
	}
	require.Positive(t, records.LogRecordCount())
	require.NoError(t, logs.Shutdown(context.Background()))
	require.NoError(t, metrics.Shutdown(context.Background()))
	require.Positive(t, points.DataPointCount())
	require.Empty(t, h.ended)
}
