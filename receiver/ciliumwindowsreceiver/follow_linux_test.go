// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

func TestManyFollowedCapturesAreNotAllOpenAndAreReadOn(t *testing.T) {
	whole, err := os.ReadFile(captureFile)
	require.NoError(t, err)
	dir := t.TempDir()
	const files = 150
	half := int(blockAfter(whole, len(whole)/40))
	for i := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.pcapng", i)), whole[:half], 0o600))
	}
	cfg := replayOf(filepath.Join(dir, "*.pcapng"), everything)
	cfg.Replay.Follow = true
	sink := &consumertest.LogsSink{}
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, sink)
	require.NoError(t, err)
	require.NoError(t, r.Start(context.Background(), componenttest.NewNopHost()))
	received := func() int64 { return r.Pipeline.Stats.Received.Load() }
	var before int64
	require.Eventually(t, func() bool { before = received(); return before > 0 && before%files == 0 }, time.Minute, 10*time.Millisecond)
	require.LessOrEqual(t, openIn(t, dir), 64+1)
	for i := range files {
		f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("%d.pcapng", i)), os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.Write(whole[half:int(blockAfter(whole, len(whole)/20))])
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	require.Eventually(t, func() bool { return received() > before && received()%files == 0 }, time.Minute, 10*time.Millisecond)
	require.NoError(t, r.Shutdown(context.Background()))
}

// blockAfter returns the offset of the first block at or after an offset.
func blockAfter(raw []byte, from int) (at uint32) {
	for int(at) < from {
		at += uint32(raw[at+4]) | uint32(raw[at+5])<<8 | uint32(raw[at+6])<<16
	}
	return at
}

// openIn counts the files of a folder that this process has open.
func openIn(t *testing.T, dir string) (n int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for _, fd := range fds {
		if path, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(path, dir) {
			n++
		}
	}
	return n
}
