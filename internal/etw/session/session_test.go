// SPDX-License-Identifier: Apache-2.0

package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOpenDeliversEventsAndCloseStopsTheSessionBeforeTheConsumer(t *testing.T) {
	f := newFakeAPI()
	log, logs := observed()
	delivered := make(chan []byte, 1)
	s, err := open(f, testConfig(), func(header, userData []byte) {
		delivered <- append(bytes.Clone(header), userData...)
	}, log)
	require.NoError(t, err)

	var record etw.Record
	require.NoError(t, record.Parse(<-delivered))
	assert.Equal(t, testProvider, record.Provider)
	assert.Equal(t, []uint32{1}, f.asked, "EVENT_ENABLE_PROPERTY_SID")
	assert.Equal(t, "user data", string(record.UserData))

	require.NoError(t, s.Err())
	closeSession(t, s)
	<-s.Done()
	require.NoError(t, s.Err(), "an orderly end is not an error")
	assert.Equal(t, []string{
		"lockName", "providerRegistered", "startTrace", "query", "enableProvider", "openTrace",
		"stop", "processTrace", "closeTrace",
	}, f.record())
	requireNothingHeld(t, f)
	closeSession(t, s) // again: nothing happens

	started := logs.FilterMessage("ETW session started").All()
	require.Len(t, started, 1)
	fields := started[0].ContextMap()
	assert.Equal(t, []any{"Microsoft-Windows-DNSServer {EB79061A-A566-4698-9119-3ED2807060E7} level 4 keywords 0x000000000000003F"}, fields["providers"])
	assert.Equal(t, "0x08800100", fields["log_file_mode"])
	assert.EqualValues(t, 256, fields["buffer_size_kb"])
	assert.Equal(t, time.Second, fields["flush_interval"])
	assert.Empty(t, logs.FilterLevelExact(zap.WarnLevel).All())
}

func TestAFailedStartLeavesNothingBehind(t *testing.T) {
	for method, call := range map[string]string{
		"lockName": "", "startTrace": "StartTrace", "enableProvider": "EnableTraceEx2", "openTrace": "OpenTrace",
	} {
		t.Run(method, func(t *testing.T) {
			f := newFakeAPI()
			f.fail[method] = errFake
			_, err := open(f, testConfig(), ignore, nil)
			require.ErrorIs(t, err, errFake)
			var refused *CallError
			if call != "" {
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, call, refused.Call)
			}
			requireNothingHeld(t, f)
		})
	}
}

func TestAStartThatCannotReadBackOrEnumerateGoesOn(t *testing.T) {
	f := newFakeAPI()
	f.fail["query"], f.fail["providerRegistered"] = errFake, errFake
	log, logs := observed()
	s, err := open(f, testConfig(), ignore, log)
	require.NoError(t, err)
	assert.Len(t, logs.FilterLevelExact(zap.WarnLevel).FilterMessageSnippet("cannot read the ETW session back").All(), 1)
	closeSession(t, s)
}

func TestOpenWarnsOfModesThatWindowsStripped(t *testing.T) {
	f := newFakeAPI()
	f.granted = modeRealTime
	log, logs := observed()
	s, err := open(f, testConfig(), ignore, log)
	require.NoError(t, err)
	defer closeSession(t, s)
	var names []any
	for _, entry := range logs.FilterLevelExact(zap.WarnLevel).All() {
		names = append(names, entry.ContextMap()["mode"])
	}
	assert.Equal(t, []any{"EVENT_TRACE_PERSIST_ON_HYBRID_SHUTDOWN", "EVENT_TRACE_INDEPENDENT_SESSION_MODE"}, names)
}

func TestAHostWithoutTheProviderFailsTheStartAndSaysWhatToInstall(t *testing.T) {
	f := newFakeAPI()
	f.unknown = []etw.GUID{testProvider}
	_, err := open(f, testConfig(), ignore, nil)
	require.ErrorIs(t, err, ErrNotRegistered)
	require.EqualError(t, err, `ETW session "ASIMDNSServerTrace": the provider is not registered on this host: `+
		"Microsoft-Windows-DNSServer {EB79061A-A566-4698-9119-3ED2807060E7}: install the role")
	requireNothingHeld(t, f)
	assert.NotContains(t, f.record(), "startTrace")
}

// twoProviders returns the configuration of a session with both providers.
func twoProviders() Config {
	c := testConfig()
	c.Providers = append(c.Providers, Provider{GUID: otherProvider, Name: "Microsoft-Windows-DNS-Client", Origin: "start the service", Level: 5})
	return c
}

func TestOneOfTwoProvidersThatIsNotRegisteredIsAWarning(t *testing.T) {
	f := newFakeAPI()
	f.unknown = []etw.GUID{testProvider}
	log, logs := observed()
	s, err := open(f, twoProviders(), ignore, log)
	require.NoError(t, err)
	closeSession(t, s)
	warnings := logs.FilterLevelExact(zap.WarnLevel).All()
	require.Len(t, warnings, 1)
	require.Contains(t, warnings[0].ContextMap()["error"], "Microsoft-Windows-DNSServer {EB79061A-A566-4698-9119-3ED2807060E7}: install the role")
	assert.Equal(t, []etw.GUID{testProvider, otherProvider}, f.enabled, "its events come when it is installed later")

	f.unknown = append(f.unknown, otherProvider)
	_, err = open(f, twoProviders(), ignore, nil)
	require.ErrorIs(t, err, ErrNotRegistered)
	require.ErrorContains(t, err, "install the role")
	require.ErrorContains(t, err, "start the service")
	requireNothingHeld(t, f)
}

func TestASessionOfBothProvidersThatWasLeftBehindIsOurs(t *testing.T) {
	f := newFakeAPI()
	stale := f.add(testConfig().Name, modeRealTime)
	stale.providers = []etw.GUID{otherProvider, testProvider}
	s, err := open(f, twoProviders(), ignore, nil)
	require.NoError(t, err)
	<-stale.stopped
	closeSession(t, s)
	requireNothingHeld(t, f)
}

func TestAnEnableThatFailsNamesTheProvider(t *testing.T) {
	f := newFakeAPI()
	f.fail["enableProvider"] = errnoInvalidParameter
	_, err := open(f, twoProviders(), ignore, nil)
	require.ErrorIs(t, err, errnoInvalidParameter)
	require.ErrorContains(t, err, "(provider Microsoft-Windows-DNSServer {EB79061A-A566-4698-9119-3ED2807060E7})")
	requireNothingHeld(t, f)
}

func TestTwoSessionsOfOneNameInOneProcessAreAnError(t *testing.T) {
	f := newFakeAPI()
	s, err := open(f, testConfig(), ignore, nil)
	require.NoError(t, err)
	again := testConfig()
	again.Name = "asimdnsservertrace"
	_, err = open(f, again, ignore, nil)
	require.ErrorIs(t, err, ErrInUse)
	require.ErrorContains(t, err, "session_name")
	require.NotNil(t, f.session(again.Name), "the first session still runs")
	closeSession(t, s)

	s, err = open(f, again, ignore, nil)
	require.NoError(t, err, "the name is free after Close")
	closeSession(t, s)
	requireNothingHeld(t, f)
}

func TestASessionOfAnotherProcessIsNotStolen(t *testing.T) {
	for _, spelling := range []string{"ASIMDNSServerTrace", "asimDNSserverTRACE"} {
		t.Run(spelling, func(t *testing.T) {
			f := newFakeAPI()
			f.add(spelling, logFileMode)
			f.locks[spelling] = true
			_, err := open(f, testConfig(), ignore, nil)
			require.ErrorIs(t, err, ErrInUse)
			require.ErrorContains(t, err, fmt.Sprintf("logman query %q -ets", spelling))
			require.NotNil(t, f.session(spelling), "the other's session still runs")
			assert.Equal(t, map[string]bool{spelling: true}, f.locks)
		})
	}
}

func TestAStaleSessionIsStoppedAndStartedAgain(t *testing.T) {
	f := newFakeAPI()
	stale := f.add("asimdnsSERVERtrace", modeRealTime)
	stale.properties.eventsLost = 12
	log, logs := observed()
	s, err := open(f, testConfig(), ignore, log)
	require.NoError(t, err)
	<-stale.stopped
	assert.Equal(t, []string{"lockName", "providerRegistered", "startTrace", "query", "lockName", "enabledProviders", "stop", "startTrace"}, f.record()[:8])
	warning := logs.FilterMessageSnippet("left behind").All()
	require.Len(t, warning, 1)
	assert.EqualValues(t, 12, warning[0].ContextMap()["events_lost"])
	closeSession(t, s)
	requireNothingHeld(t, f)
}

func TestASessionThatIsNotRealTimeIsNotTakenForAStaleOne(t *testing.T) {
	f := newFakeAPI()
	f.add(testConfig().Name, 0x1)
	_, err := open(f, testConfig(), ignore, nil)
	require.ErrorIs(t, err, ErrInUse)
	require.ErrorContains(t, err, "0x00000001")
	require.NotNil(t, f.session(testConfig().Name))
}

func TestASessionThatKeepsComingBackEndsTheStart(t *testing.T) {
	f := newFakeAPI()
	f.fail["startTrace"] = errnoAlreadyExists
	_, err := open(f, testConfig(), ignore, nil)
	require.ErrorIs(t, err, errnoAlreadyExists)
	requireNothingHeld(t, f)
}

func TestAStopFromOutsideIsSeenAndTheNameCanBeOpenedAgain(t *testing.T) {
	for _, result := range []error{nil, errnoInstanceNotFound, errFake} {
		t.Run(fmt.Sprint(result), func(t *testing.T) {
			f := newFakeAPI()
			f.fail["processTrace"] = result
			s, err := open(f, testConfig(), ignore, nil)
			require.NoError(t, err)
			f.stopFromOutside(testConfig().Name)
			<-s.Done()
			want := ErrStopped
			if errors.Is(result, errFake) {
				require.ErrorIs(t, s.Err(), errFake)
				require.NotErrorIs(t, s.Err(), ErrStopped, "nobody stopped it")
				want = ErrRead
			}
			require.ErrorIs(t, s.Err(), want)

			stats, err := s.Stats()
			require.ErrorIs(t, err, want)
			assert.EqualValues(t, logFileMode, stats.LogFileMode, "the newest figures that are known")
			closeSession(t, s)
			requireNothingHeld(t, f)
		})
	}
}

// ProcessTrace may return seconds after a STOP that has worked. Nothing is left for the user to do then.
func TestAConsumerThatEndsLateAfterTheStopIsNoError(t *testing.T) {
	for _, attach := range []bool{false, true} {
		f := newFakeAPI()
		f.stuck = make(chan struct{})
		cfg := testConfig()
		if cfg.Attach = attach; attach {
			f.add(cfg.Name, logFileMode)
		}
		log, logs := observed()
		s, err := open(f, cfg, ignore, log)
		require.NoError(t, err)
		s.beginClose()
		require.Eventually(t, s.stopped.Load, time.Minute, time.Millisecond)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, s.Close(ctx))
		require.True(t, s.consumer.discard.Load())
		said := logs.FilterMessageSnippet("its consumer still ends").All()
		require.Len(t, said, 1)
		require.Equal(t, zap.InfoLevel, said[0].Level)
		require.Zero(t, logs.FilterMessageSnippet("logman").Len())

		close(f.stuck) // now ProcessTrace returns, and a second Close sees that
		closeSession(t, s)
		if attach {
			f.stopFromOutside(cfg.Name)
		}
		requireNothingHeld(t, f)
	}
}

func TestCloseIsBoundedByItsContextAndSaysHowToStopASessionWhoseStopHasNoAnswer(t *testing.T) {
	f := newHeldUp()
	f.code = controlStop
	s, err := open(f, testConfig(), ignore, nil)
	require.NoError(t, err)
	f.armed.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = s.Close(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "logman stop")
	require.True(t, s.consumer.discard.Load())

	<-f.answered
	close(f.release)
	closeSession(t, s)
	requireNothingHeld(t, f.fakeAPI)
}

func TestASessionThatCannotBeStoppedStillEndsItsConsumer(t *testing.T) {
	f := newFakeAPI()
	s, err := open(f, testConfig(), ignore, nil)
	require.NoError(t, err)
	f.mu.Lock()
	f.fail["stop"] = errnoAccessDenied
	f.mu.Unlock()
	err = s.Close(t.Context())
	require.ErrorIs(t, err, errnoAccessDenied)
	<-s.Done()
	assert.Empty(t, f.locks)
}

func TestStatsAreThoseOfWindowsAndOfTheConsumerAndOutliveTheSession(t *testing.T) {
	f := newFakeAPI()
	s, err := open(f, testConfig(), ignore, nil)
	require.NoError(t, err)
	set := func(lost uint32) {
		f.mu.Lock()
		defer f.mu.Unlock()
		p := &f.sessions["asimdnsservertrace"].properties
		p.eventsLost, p.realTimeBuffersLost, p.logBuffersLost, p.freeBuffers = lost, 2, 3, 9
	}
	set(41)
	s.consumer.oversized.Add(5)
	stats, err := s.Stats()
	require.NoError(t, err)
	assert.Equal(t, Stats{
		KernelStats: KernelStats{
			EventsLost: 41, RealTimeBuffersLost: 2, LogBuffersLost: 3, NumberOfBuffers: 64, FreeBuffers: 9, BufferSize: 256,
			MinimumBuffers: 64, MaximumBuffers: 256, FlushInterval: time.Second, LogFileMode: logFileMode,
		},
		Counters: Counters{Oversized: 5},
	}, stats)

	set(42)
	closeSession(t, s)
	stats, err = s.Stats()
	require.NoError(t, err)
	assert.EqualValues(t, 42, stats.EventsLost, "the last figures come with the stop")
}

// heldUp is a fakeAPI that delays an answer. Once armed, it answers the next query, or what else code says, only after release is closed.
type heldUp struct {
	*fakeAPI
	code              uint32
	armed             atomic.Bool
	answered, release chan struct{}
}

func newHeldUp() *heldUp {
	return &heldUp{fakeAPI: newFakeAPI(), code: controlQuery, answered: make(chan struct{}), release: make(chan struct{})}
}

func (h *heldUp) controlTrace(name string, p *properties, code uint32) error {
	err := h.fakeAPI.controlTrace(name, p, code)
	if code == h.code && h.armed.CompareAndSwap(true, false) {
		close(h.answered)
		<-h.release
	}
	return err
}

func TestAnAnswerThatIsHeldUpDoesNotTakeTheLastFiguresPlace(t *testing.T) {
	f := newHeldUp()
	s, err := open(f, testConfig(), ignore, nil)
	require.NoError(t, err)
	f.armed.Store(true)
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_, _ = s.Stats()
	}()
	<-f.answered
	f.mu.Lock()
	f.sessions["asimdnsservertrace"].properties.eventsLost = 7
	f.mu.Unlock()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		closeSession(t, s)
	}()
	select {
	case <-closed: // the stop has returned the figures
	case <-time.After(50 * time.Millisecond): // the stop waits for the answer
	}
	close(f.release)
	<-asked
	<-closed
	stats, err := s.Stats()
	require.NoError(t, err)
	require.EqualValues(t, 7, stats.EventsLost)
}

func TestAFailingQueryKeepsTheLastFigures(t *testing.T) {
	f := newFakeAPI()
	s, err := open(f, testConfig(), ignore, nil)
	require.NoError(t, err)
	defer closeSession(t, s)
	f.mu.Lock()
	f.fail["query"] = errnoAccessDenied
	f.mu.Unlock()
	stats, err := s.Stats()
	require.ErrorIs(t, err, syscall.Errno(5))
	assert.EqualValues(t, 256, stats.BufferSize)
}

func TestOpenNeedsASink(t *testing.T) {
	_, err := open(newFakeAPI(), testConfig(), nil, nil)
	require.ErrorContains(t, err, "no function to deliver")
}
