// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package asimdnsreceiver

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/runner"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

func TestWineAHostWithoutTheProviderFailsTheStartOrIsWaitedForAsConfigured(t *testing.T) {
	wine.Play(t, liveFile)
	events, _ := generated(t, serverFile)
	there := os.Getenv("WINDOWSTEST_SCHEMA")
	t.Setenv("WINDOWSTEST_SCHEMA", "")
	for _, when := range []runner.WhenMissing{runner.Fail, runner.Wait} {
		sink := &consumertest.LogsSink{}
		r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), liveConfig(func(c *Config) { c.WhenMissing = when }), sink)
		require.NoError(t, err)
		h := &statusHost{Host: componenttest.NewNopHost(), reported: make(chan *componentstatus.Event, 10)}
		err = r.Start(context.Background(), h)
		if when == runner.Fail {
			require.ErrorIs(t, err, session.ErrNotRegistered)
			require.Empty(t, h.reported)
		} else {
			require.NoError(t, err)
			said := <-h.reported
			require.Equal(t, componentstatus.StatusRecoverableError, said.Status())
			require.ErrorIs(t, said.Err(), session.ErrNotRegistered)
		}
		require.ErrorIs(t, wine.Stop("ASIMDNSServerTrace"), windows.ERROR_WMI_INSTANCE_NOT_FOUND, "no session is left")
		if when == runner.Wait { // the role is installed, and the source is opened again, as the runner does
			t.Setenv("WINDOWSTEST_SCHEMA", there)
			stop, err := r.openLive(h)
			require.NoError(t, err)
			require.Eventually(t, func() bool { return sink.LogRecordCount() == events }, time.Minute, time.Millisecond)
			require.NoError(t, stop(context.Background()))
		}
		require.NoError(t, r.Shutdown(context.Background()))
	}
}
