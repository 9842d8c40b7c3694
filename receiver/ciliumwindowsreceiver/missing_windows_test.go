// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/runner"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// The stand-in for eBPF for Windows is installed where the test says; Wine itself has none.
func TestWineAHostWithoutEBPFForWindowsFailsTheStartOrIsWaitedForAsConfigured(t *testing.T) {
	wine.Require(t, "a host without eBPF for Windows, on which it is installed later")
	for _, when := range []runner.WhenMissing{runner.Fail, runner.Wait} {
		cfg := createDefaultConfig().(*Config)
		cfg.CheckCiliumOnWindows, cfg.WhenMissing = false, when
		sink := &consumertest.LogsSink{}
		r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, sink)
		require.NoError(t, err)
		h := &statusHost{}
		err = r.Start(context.Background(), h)
		if when == runner.Fail {
			require.ErrorIs(t, err, pinned.ErrNotInstalled)
			status, _ := h.last()
			require.Equal(t, componentstatus.StatusNone, status)
			require.NoError(t, r.Shutdown(context.Background()))
			continue
		}
		require.NoError(t, err)
		h.requireStatus(t, componentstatus.StatusRecoverableError, pinned.ErrNotInstalled.Error())
		t.Setenv("WINDOWSTEST_CAPTURE", filepath.Join(wine.Root(t), wine.CapturePath))
		wine.InstallEBPF(t).Pin(t, "cilium_events", "ring", 1, 0, 64<<10)
		h.requireStatus(t, componentstatus.StatusOK, "")
		require.Eventually(t, func() bool { return sink.LogRecordCount() > 0 }, time.Minute, time.Millisecond)
		require.NoError(t, r.Shutdown(context.Background()))
	}
}
