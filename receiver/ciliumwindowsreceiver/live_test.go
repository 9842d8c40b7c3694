// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// statusHost is a host that keeps the status that the receiver reports.
type statusHost struct {
	mu     sync.Mutex
	events []*componentstatus.Event
}

var (
	_ component.Host           = (*statusHost)(nil)
	_ componentstatus.Reporter = (*statusHost)(nil)
)

func (h *statusHost) GetExtensions() map[component.ID]component.Component { return nil }

func (h *statusHost) Report(ev *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, ev)
}

// last returns the status reported last, or StatusNone.
func (h *statusHost) last() (componentstatus.Status, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.events) == 0 {
		return componentstatus.StatusNone, nil
	}
	ev := h.events[len(h.events)-1]
	return ev.Status(), ev.Err()
}

func (h *statusHost) requireStatus(t *testing.T, want componentstatus.Status, text string) {
	t.Helper()
	require.Eventually(t, func() bool {
		status, err := h.last()
		return status == want && (text == "" || err != nil && strings.Contains(err.Error(), text))
	}, time.Minute, time.Millisecond, "status %v with %q", want, text)
}

// startLiveReceiver starts a receiver on a host that keeps its status.
func startLiveReceiver(t *testing.T, cfg *Config, next consumer.Logs) (*ciliumReceiver, *statusHost, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	set := receivertest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(core)
	r, err := newReceiver(set, cfg, next)
	require.NoError(t, err)
	h := &statusHost{}
	require.NoError(t, r.Start(context.Background(), h))
	return r, h, logs
}

func TestAMapThatIsNotThereIsWaitedForUntilShutdown(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.EventsMap = filepath.Join(t.TempDir(), "cilium_events")
	cfg.CheckCiliumOnWindows = false
	want := "no map is pinned at " + cfg.EventsMap
	if runtime.GOOS == "windows" {
		want = "eBPF for Windows is not installed" // true where the tests run
	}
	r, h, logs := startLiveReceiver(t, cfg, consumertest.NewNop())
	h.requireStatus(t, componentstatus.StatusRecoverableError, want)
	require.Len(t, logs.FilterMessageSnippet("checking again").All(), 1)
	require.NoError(t, r.Shutdown(context.Background()))
	require.Len(t, h.events, 1)
}

func TestTheEventsMapIsNotLookedForWhileWindowsDoesNotSayThatCiliumIsOn(t *testing.T) {
	for _, c := range []struct {
		says  uint64
		err   error
		check bool
		wants string // "" is ready
		logs  int
	}{
		{1, nil, true, "", 1},
		{0, nil, true, "CiliumOnWindows is 0; waiting until it is 1", 1},
		{0, os.ErrNotExist, true, "CiliumOnWindows is missing", 1},
		{0, nil, false, "", 1},
		{0, errors.ErrUnsupported, true, "", 0},
	} {
		core, logs := observer.New(zap.DebugLevel)
		l := &liveSource{
			r:        &ciliumReceiver{cfg: &Config{CheckCiliumOnWindows: c.check}, log: zap.New(core)},
			registry: func(string, string) (uint64, error) { return c.says, c.err },
		}
		for range 3 {
			if err := l.ready(); c.wants == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.wants)
				require.ErrorContains(t, err, "set check_cilium_on_windows to false")
			}
		}
		require.Len(t, logs.FilterMessage("state of Cilium in the Windows registry").All(), c.logs, "logged once")
	}
}

func TestAMapThatIsNearlyFullIsWarnedOfOnceAnInterval(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	l := &liveSource{r: &ciliumReceiver{log: zap.New(core)}}
	info := events.MapInfo{Path: "/pin", Size: 1000}
	warned := func() int { return logs.FilterMessageSnippet("nearly full").Len() }
	for _, c := range []struct {
		peak  int
		share float64
		known bool
		warns int
	}{{-1, 0, false, 0}, {0, 0, true, 0}, {800, 0.8, true, 0}, {801, 0.801, true, 1}, {1000, 1, true, 1}, {3, 0.003, true, 1}} {
		l.watch(info, c.peak)
		share, known := l.utilization()
		require.Equal(t, c.known, known)
		if known {
			require.InDelta(t, c.share, share, 1e-6)
		}
		require.Equal(t, c.warns, warned(), "%d bytes of 1000", c.peak)
	}
	l.full = l.full.Add(-fullInterval)
	l.watch(info, 900)
	require.Equal(t, 2, warned())
}
