// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package session

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
)

// The tests of this file run the session with the real Windows calls, under Wine with the stand-in for ETW. Those that call wine.Host also run on
// a real Windows with the role DNS Server: they write their events themselves, and count no others. Those that call wine.Play need calls that
// fail, or buffers that are lost at will.

const (
	serverFile   = "testdata/dnsserver.etl"
	serverEvents = 2393 // in that file, as testdata/counts.json says
)

// wineConfig returns a configuration for every event.
func wineConfig() Config {
	c := testConfig()
	c.Providers[0].Level, c.Providers[0].Keywords = 5, 0
	return c
}

// counter counts the delivered events of the test's own.
type counter struct{ n atomic.Int64 }

func (c *counter) deliver(header, _ []byte) {
	if wine.Own(header) {
		c.n.Add(1)
	}
}

// played counts the delivered events that the stand-in plays, which are of no process here.
type played struct{ counter }

func (p *played) deliver(_, _ []byte) { p.n.Add(1) }

func (c *counter) await(t *testing.T, n int64) {
	t.Helper()
	require.Eventually(t, func() bool { return c.n.Load() >= n }, time.Minute, time.Millisecond, "%d of %d events", c.n.Load(), n)
}

// requireNoSession fails if the host runs a session of this name.
func requireNoSession(t *testing.T, name string) {
	t.Helper()
	require.ErrorIs(t, windowsAPI{}.controlTrace(name, newControlProperties(), controlQuery), windows.ERROR_WMI_INSTANCE_NOT_FOUND)
}

// leaveSession starts a session that a dead process, or another program, would leave.
func leaveSession(t *testing.T, providers ...etw.GUID) {
	t.Helper()
	var a windowsAPI
	p := newStartProperties(testConfig())
	p.guid = etw.GUID{} // as a session of an older collector, or of someone else
	handle, err := a.startTrace(testConfig().Name, p)
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.controlTrace(testConfig().Name, newControlProperties(), controlStop) })
	for _, p := range providers {
		require.NoError(t, a.enableProvider(handle, p, 5, 0, enablePropertySID))
	}
}

func TestWineStartAndStop(t *testing.T) {
	wine.Host(t)
	t.Setenv("WINDOWSTEST_LAST_ERROR", "2") // the handle of OpenTrace decides, not the last error
	var c counter
	log, logs := observed()
	s, err := Open(wineConfig(), c.deliver, log)
	require.NoError(t, err)
	wine.Write(t, serverFile)
	c.await(t, serverEvents)
	stats, err := s.Stats()
	require.NoError(t, err)
	assert.EqualValues(t, 256, stats.BufferSize)
	assert.GreaterOrEqual(t, stats.NumberOfBuffers, uint32(64))
	assert.Empty(t, NotGranted(stats.LogFileMode))
	if !wine.Real() { // Windows may add modes and buffers
		assert.EqualValues(t, 64, stats.NumberOfBuffers)
		assert.EqualValues(t, logFileMode, stats.LogFileMode)
		assert.EqualValues(t, 1, stats.HeaderInfo)
	}
	assert.Zero(t, stats.EventsLost)
	closeSession(t, s)
	require.NoError(t, s.Err())
	requireNoSession(t, wineConfig().Name)
	assert.EqualValues(t, serverEvents, c.n.Load())
	assert.Empty(t, logs.FilterLevelExact(zap.WarnLevel).All())
}

func TestWineOddNamesAndBuffersAtTheirLimits(t *testing.T) {
	wine.Host(t)
	for _, change := range []func(*Config){
		func(c *Config) { c.Name = strings.Repeat("n", MaxNameLength) },
		func(c *Config) { c.Name = `Überwachung 域名 😀 "quoted" 'too' %PATH% & | *` },
		func(c *Config) { c.BufferSizeKB, c.MinimumBuffers, c.MaximumBuffers = MinBufferSizeKB, 2, 2 },
		func(c *Config) { c.BufferSizeKB, c.MinimumBuffers, c.MaximumBuffers = MaxBufferSizeKB, 2, 3 },
		func(c *Config) { c.BufferSizeKB, c.MinimumBuffers, c.MaximumBuffers, c.FlushInterval = 0, 0, 0, 0 },
		func(c *Config) { c.Providers[0].Level, c.Providers[0].Keywords = 255, ^uint64(0) },
		func(c *Config) { c.Providers[0].Level = 0 },
	} {
		cfg := wineConfig()
		change(&cfg)
		var c counter
		log, logs := observed()
		s, err := Open(cfg, c.deliver, log)
		require.NoError(t, err, "%+v", cfg)
		_, err = Open(cfg, ignore, nil)
		require.ErrorIs(t, err, ErrInUse)
		wine.Write(t, serverFile)
		require.Eventually(t, func() bool { // Windows refuses an event that is larger than a buffer, and may not count it
			stats, err := s.Stats()
			return err == nil && (c.n.Load()+int64(stats.EventsLost) == serverEvents || wine.Real() && c.n.Load() > 0)
		}, time.Minute, time.Millisecond, "%+v", cfg)
		inForce := logs.FilterMessage("ETW session started").All()[0].ContextMap()
		for _, setting := range []string{"buffer_size_kb", "minimum_buffers", "maximum_buffers", "flush_interval"} {
			assert.NotZero(t, inForce[setting], setting)
		}
		closeSession(t, s)
		requireNoSession(t, cfg.Name)
	}
}

func TestWineLevelAndKeywordsFilterAsTheDNSReceiverDoes(t *testing.T) {
	wine.Host(t)
	cfg := wineConfig()
	cfg.Providers[0].Keywords = 0x8 // IGNORED_QUERY
	var other atomic.Int64
	seen := make(chan struct{}, 1)
	s, err := Open(cfg, func(header, userData []byte) {
		if !wine.Own(header) {
			return
		}
		var r etw.Record
		if r.Parse(slices.Concat(header, userData)) != nil || r.ID != 259 && r.Keyword != 0 {
			other.Add(1)
		}
		select {
		case seen <- struct{}{}:
		default:
		}
	}, nil)
	require.NoError(t, err)
	wine.Write(t, serverFile)
	<-seen
	closeSession(t, s)
	assert.Zero(t, other.Load())
}

func TestWineAStaleSessionIsStopped(t *testing.T) {
	wine.Host(t)
	leaveSession(t, testProvider)
	var c counter
	log, logs := observed()
	s, err := Open(wineConfig(), c.deliver, log)
	require.NoError(t, err)
	require.Equal(t, 1, logs.FilterMessageSnippet("left behind").Len())
	wine.Write(t, serverFile)
	c.await(t, serverEvents)
	closeSession(t, s)
}

func TestWineTheSessionOfAKilledCollectorIsStoppedThoughProvidersCannotBeListed(t *testing.T) {
	wine.Host(t)
	var a windowsAPI
	_, err := a.startTrace(testConfig().Name, newStartProperties(testConfig()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.controlTrace(testConfig().Name, newControlProperties(), controlStop) })
	t.Setenv("WINDOWSTEST_FAIL", "EnumerateTraceGuidsEx=5") // a real Windows lists them
	var c counter
	s, err := Open(wineConfig(), c.deliver, nil)
	require.NoError(t, err)
	wine.Write(t, serverFile)
	c.await(t, serverEvents)
	closeSession(t, s)
}

func TestWineAForeignSessionIsLeftAloneUnlessTakenOver(t *testing.T) {
	wine.Host(t)
	leaveSession(t, otherProvider, testProvider)
	_, err := Open(wineConfig(), ignore, nil)
	require.ErrorIs(t, err, ErrInUse)
	require.ErrorContains(t, err, otherProvider.String())
	p := newControlProperties()
	require.NoError(t, windowsAPI{}.controlTrace(testConfig().Name, p, controlQuery), "it still runs")
	assert.Equal(t, testConfig().Name, p.name())

	cfg := wineConfig()
	cfg.TakeOver = true
	var c counter
	s, err := Open(cfg, c.deliver, nil)
	require.NoError(t, err)
	wine.Write(t, serverFile)
	c.await(t, serverEvents)
	closeSession(t, s)
}

func TestWineAttachLeavesTheSessionRunning(t *testing.T) {
	wine.Host(t)
	cfg := wineConfig()
	cfg.Attach = true
	_, err := Open(cfg, ignore, nil)
	require.ErrorIs(t, err, windows.ERROR_WMI_INSTANCE_NOT_FOUND)
	leaveSession(t, testProvider)
	for range 2 {
		var c counter
		s, err := Open(cfg, c.deliver, nil)
		require.NoError(t, err)
		wine.Write(t, serverFile)
		c.await(t, serverEvents)
		closeSession(t, s)
		require.NoError(t, windowsAPI{}.controlTrace(cfg.Name, newControlProperties(), controlQuery), "it still runs")
	}
}

func TestWineAccessDeniedLeavesNothingAndSaysWhatToDo(t *testing.T) {
	wine.Play(t, serverFile)
	for _, call := range []string{"StartTraceW", "EnableTraceEx2", "OpenTraceW"} {
		t.Setenv("WINDOWSTEST_FAIL", call+"=5")
		_, err := Open(wineConfig(), ignore, nil)
		require.ErrorIs(t, err, windows.ERROR_ACCESS_DENIED)
		require.ErrorContains(t, err, "Performance Log Users")
		requireNoSession(t, wineConfig().Name)
	}
}

func TestWineAHostWithoutTheProviderFailsTheStart(t *testing.T) {
	wine.Play(t, serverFile)
	t.Setenv("WINDOWSTEST_SCHEMA", "")
	_, err := Open(wineConfig(), ignore, nil)
	require.ErrorIs(t, err, ErrNotRegistered)
	require.ErrorContains(t, err, "install the role")
	requireNoSession(t, wineConfig().Name)
}

func TestWineModesThatAreNotGrantedAreSaid(t *testing.T) {
	wine.Play(t, serverFile)
	t.Setenv("WINDOWSTEST_STRIP", "0x08000000")
	log, logs := observed()
	s, err := Open(wineConfig(), ignore, log)
	require.NoError(t, err)
	closeSession(t, s)
	require.Equal(t, 1, logs.FilterMessageSnippet("does not grant a mode").Len())
}

func TestWineASecondReceiverOfTheNameIsAnError(t *testing.T) {
	wine.Host(t)
	s, err := Open(wineConfig(), ignore, nil)
	require.NoError(t, err)
	_, err = Open(wineConfig(), ignore, nil)
	require.ErrorIs(t, err, ErrInUse)
	closeSession(t, s)
}

func TestWineAPanicOfTheSinkLosesOnlyItsEvent(t *testing.T) {
	wine.Host(t)
	var calls, panics int64
	s, err := Open(wineConfig(), func(header, _ []byte) {
		if !wine.Own(header) {
			return
		}
		if calls++; calls%3 == 0 {
			panics++
			panic("the sink broke")
		}
	}, nil)
	require.NoError(t, err)
	wine.Write(t, serverFile)
	require.Eventually(t, func() bool {
		stats, _ := s.Stats()
		return stats.Panics == serverEvents/3
	}, time.Minute, time.Millisecond)
	closeSession(t, s)
	assert.EqualValues(t, serverEvents, calls)
	assert.EqualValues(t, serverEvents/3, panics)
}

func TestWineASlowConsumerLosesInTheKernelAndTheSumHolds(t *testing.T) {
	wine.Host(t)
	cfg := wineConfig()
	cfg.BufferSizeKB, cfg.MinimumBuffers, cfg.MaximumBuffers = 16, 2, 4
	var delivered atomic.Int64
	s, err := Open(cfg, func(header, _ []byte) {
		if wine.Own(header) && delivered.Add(1)%100 == 0 {
			time.Sleep(time.Millisecond)
		}
	}, nil)
	require.NoError(t, err)
	wine.Write(t, serverFile, serverFile, serverFile)
	require.Eventually(t, func() bool {
		stats, _ := s.Stats()
		sum := int64(stats.EventsLost) + delivered.Load()
		return sum == 3*serverEvents || wine.Real() && sum > 3*serverEvents // others' events are lost, too
	}, time.Minute, 10*time.Millisecond)
	closeSession(t, s)
	stats, err := s.Stats()
	require.NoError(t, err)
	assert.Positive(t, stats.EventsLost)
	assert.Positive(t, stats.LostEventNotices)
	assert.LessOrEqual(t, uint64(stats.LostEventNotices), uint64(stats.EventsLost))
	t.Logf("%d events: %d delivered, %d lost, %d notices", 3*serverEvents, delivered.Load(), stats.EventsLost, stats.LostEventNotices)
}

func TestWineBuffersThatAreLostOnTheirWayAreCountedAndToldApart(t *testing.T) {
	wine.Play(t, serverFile)
	t.Setenv("WINDOWSTEST_RATE", "20000") // so that no event is lost because no buffer is free
	t.Setenv("WINDOWSTEST_LOSE_BUFFERS", "3")
	t.Setenv("WINDOWSTEST_LOSE_FILE", "1")
	cfg := wineConfig()
	cfg.BufferSizeKB, cfg.FlushInterval = 16, time.Second
	var c played
	s, err := Open(cfg, c.deliver, nil)
	require.NoError(t, err)
	var stats Stats
	require.Eventually(t, func() bool { // all of the file's buffers, about 120, have been delivered
		before := stats
		stats, err = s.Stats()
		return err == nil && stats.BuffersWritten+stats.RealTimeBuffersLost > 50 && stats == before && stats.FreeBuffers == stats.NumberOfBuffers
	}, time.Minute, 1500*time.Millisecond)
	closeSession(t, s)
	assert.EqualValues(t, (stats.BuffersWritten+stats.RealTimeBuffersLost)/3, stats.RealTimeBuffersLost)
	assert.EqualValues(t, stats.RealTimeBuffersLost, stats.LostBufferNotices)
	assert.EqualValues(t, 1, stats.LostFileNotices)
	assert.Zero(t, stats.LostEventNotices)
	assert.Zero(t, stats.EventsLost)
	assert.Less(t, c.n.Load(), int64(serverEvents))
	assert.Greater(t, c.n.Load(), int64(serverEvents/3))
}

// nextHandle returns the value of the next handle that this process gets. Wine returns the lowest free one, so the value grows with every
// handle that is not closed. It is not the number of open handles.
func nextHandle(t *testing.T) uintptr {
	t.Helper()
	event, err := windows.CreateEvent(nil, 0, 0, nil)
	require.NoError(t, err)
	require.NoError(t, windows.CloseHandle(event))
	return uintptr(event)
}

func TestWineRestartsLeaveNothingBehind(t *testing.T) {
	wine.Host(t)
	const settled = 20
	restarts := 200
	if n, err := strconv.Atoi(os.Getenv("WINNET_RESTARTS")); err == nil { // 10,000 take two minutes
		restarts = n
	}
	w := newWatcher()
	k, err := keep(windowsAPI{}, wineConfig(), ignore, nil, w.watch(), quick)
	require.NoError(t, err)
	var goroutines int
	var held uintptr
	for i := range settled + restarts {
		if i == settled { // threads and lazily made parts exist
			goroutines, held = runtime.NumGoroutine(), nextHandle(t)
		}
		require.NoError(t, windowsAPI{}.controlTrace(wineConfig().Name, newControlProperties(), controlStop))
		for ended := false; !ended; {
			select {
			case err := <-w.stopped:
				require.True(t, errors.Is(err, ErrStopped), "%v", err)
			case <-w.restarted:
				ended = true
			}
		}
	}
	assert.EqualValues(t, settled+restarts, k.Totals().Restarts)
	assert.InDelta(t, goroutines, runtime.NumGoroutine(), 3)
	if !wine.Real() { // which handle comes next is Wine's way
		assert.InDelta(t, int(held), int(nextHandle(t)), 4*20, "handles count in fours")
	}
	t.Logf("goroutines %d -> %d, next handle %d -> %d", goroutines, runtime.NumGoroutine(), held, nextHandle(t))
	closeSupervisor(t, k)
	requireNoSession(t, wineConfig().Name)
}

func TestWineCloseIsBoundedWhileTheSinkIsBusy(t *testing.T) {
	wine.Host(t)
	free := make(chan struct{})
	busy := make(chan struct{}, 2*serverEvents) // others may come, too
	s, err := Open(wineConfig(), func(_, _ []byte) { busy <- struct{}{}; <-free }, nil)
	require.NoError(t, err)
	wine.Write(t, serverFile)
	<-busy
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.NoError(t, s.Close(ctx), "the session is stopped")
	requireNoSession(t, wineConfig().Name)
	close(free)
	closeSession(t, s)
	stats, err := s.Stats()
	require.NoError(t, err)
	assert.Positive(t, stats.Discarded)
}
