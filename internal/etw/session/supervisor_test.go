// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// quick is a timing for tests: it restarts at once and checks for losses all the time.
var quick = timing{wait: always(time.Millisecond), poll: time.Millisecond}

// always is a constant backoff.
func always(d time.Duration) backoff.ExponentialBackOff {
	return backoff.ExponentialBackOff{InitialInterval: d, MaxInterval: d, Multiplier: 1}
}

// watcher is a Watch whose calls wait for the test.
type watcher struct {
	stopped   chan error
	restarted chan struct{}
}

func newWatcher() watcher { return watcher{stopped: make(chan error), restarted: make(chan struct{})} }

func (w watcher) watch() Watch {
	return Watch{Stopped: func(err error) { w.stopped <- err }, Restarted: func() { w.restarted <- struct{}{} }}
}

func closeSupervisor(t *testing.T, k *Supervisor) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, k.Close(ctx))
}

func TestASessionThatIsStoppedFromOutsideIsStartedAgain(t *testing.T) {
	f := newFakeAPI()
	w := newWatcher()
	k, err := keep(f, testConfig(), ignore, nil, w.watch(), quick)
	require.NoError(t, err)
	for restarts := range 3 {
		f.mu.Lock()
		f.sessions["asimdnsservertrace"].properties.eventsLost = 10
		f.mu.Unlock()
		require.EqualValues(t, 10*(restarts+1), k.Totals().EventsLost, "those of the earlier sessions included")
		f.stopFromOutside(testConfig().Name)
		require.ErrorIs(t, <-w.stopped, ErrStopped)
		<-w.restarted
		require.EqualValues(t, restarts+1, k.Totals().Restarts)
	}
	closeSupervisor(t, k)
	closeSupervisor(t, k) // again: nothing happens
	requireNothingHeld(t, f)
}

func TestARestartIsTriedUntilItWorks(t *testing.T) {
	f := newFakeAPI()
	w := newWatcher()
	k, err := keep(f, testConfig(), ignore, nil, w.watch(), quick)
	require.NoError(t, err)
	f.mu.Lock()
	f.fail["startTrace"] = errnoAccessDenied
	f.mu.Unlock()
	f.stopFromOutside(testConfig().Name)
	require.ErrorIs(t, <-w.stopped, ErrStopped)
	for range 3 {
		require.ErrorIs(t, <-w.stopped, errnoAccessDenied)
	}
	f.mu.Lock()
	delete(f.fail, "startTrace")
	f.mu.Unlock()
	for {
		select {
		case err := <-w.stopped:
			require.ErrorIs(t, err, errnoAccessDenied)
			continue
		case <-w.restarted:
		}
		break
	}
	closeSupervisor(t, k)
	requireNothingHeld(t, f)
}

func TestARoleThatIsRemovedWhileTheSessionRunsIsTriedAgain(t *testing.T) {
	f := newFakeAPI()
	w := newWatcher()
	k, err := keep(f, testConfig(), ignore, nil, w.watch(), quick)
	require.NoError(t, err)
	f.mu.Lock()
	f.unknown = []etw.GUID{testProvider}
	f.mu.Unlock()
	f.stopFromOutside(testConfig().Name)
	require.ErrorIs(t, <-w.stopped, ErrStopped)
	require.ErrorIs(t, <-w.stopped, ErrNotRegistered)
	f.mu.Lock()
	f.unknown = nil
	f.mu.Unlock()
	for again := false; !again; {
		select {
		case err := <-w.stopped:
			require.ErrorIs(t, err, ErrNotRegistered)
		case <-w.restarted:
			again = true
		}
	}
	closeSupervisor(t, k)
	requireNothingHeld(t, f)
}

func TestCloseBetweenTwoSessionsEndsTheWaiting(t *testing.T) {
	f := newFakeAPI()
	stopped := make(chan struct{})
	k, err := keep(f, testConfig(), ignore, nil, Watch{Stopped: func(error) { close(stopped) }}, timing{wait: always(time.Hour), poll: time.Hour})
	require.NoError(t, err)
	f.stopFromOutside(testConfig().Name)
	<-stopped
	closeSupervisor(t, k)
	requireNothingHeld(t, f)
	assert.Zero(t, k.Totals().Restarts)
}

func TestASessionIsStoppedThoughCloseDidNotWaitForIt(t *testing.T) {
	f := newHeldUp()
	k, err := keep(f, testConfig(), ignore, nil, Watch{}, quick)
	require.NoError(t, err)
	f.armed.Store(true)
	<-f.answered // by the check for losses
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, k.Close(ctx), context.Canceled)
	close(f.release)
	require.Eventually(t, func() bool { return f.session(testConfig().Name) == nil }, time.Minute, time.Millisecond)
	closeSupervisor(t, k)
	requireNothingHeld(t, f.fakeAPI)
}

func TestFiguresThatAreOnTheirWayWhenASessionEndsAreKept(t *testing.T) {
	f := newHeldUp()
	restarted := make(chan struct{})
	k, err := keep(f, testConfig(), ignore, nil, Watch{Restarted: func() { close(restarted) }}, timing{wait: quick.wait, poll: time.Hour})
	require.NoError(t, err)
	f.mu.Lock()
	f.sessions["asimdnsservertrace"].properties.eventsLost = 6
	f.mu.Unlock()
	f.armed.Store(true)
	asked := make(chan Totals)
	go func() { asked <- k.Totals() }()
	<-f.answered
	f.stopFromOutside(testConfig().Name)
	select {
	case <-restarted:
	case <-time.After(50 * time.Millisecond): // the end of the session waits for the answer
	}
	close(f.release)
	require.EqualValues(t, 6, (<-asked).EventsLost)
	<-restarted
	require.EqualValues(t, 6, k.Totals().EventsLost)
	closeSupervisor(t, k)
	requireNothingHeld(t, f.fakeAPI)
}

func TestASupervisorThatCannotStartFails(t *testing.T) {
	f := newFakeAPI()
	f.fail["openTrace"] = errFake
	_, err := keep(f, testConfig(), ignore, nil, Watch{}, quick)
	require.ErrorIs(t, err, errFake)
	requireNothingHeld(t, f)
}

func TestALossIsLoggedOnceALookAndNamesTheSetting(t *testing.T) {
	log, logs := observed()
	l := lossLog{log: log}
	l.look(Totals{})
	assert.Zero(t, logs.Len())
	l.look(Totals{EventsLost: 5, NumberOfBuffers: 8, FreeBuffers: 1})
	l.look(Totals{EventsLost: 5})
	l.look(Totals{EventsLost: 7, RealTimeBuffersLost: 1})
	entries := logs.FilterLevelExact(zap.WarnLevel).All()
	require.Len(t, entries, 2)
	assert.Contains(t, entries[0].Message, "buffers.maximum")
	assert.EqualValues(t, 5, entries[0].ContextMap()["events_lost"])
	assert.EqualValues(t, 7, entries[0].ContextMap()["buffers_in_use"])
	assert.EqualValues(t, 2, entries[1].ContextMap()["events_lost"])
	assert.EqualValues(t, 7, entries[1].ContextMap()["events_lost_in_all"])

	l.look(Totals{EventsLost: 7, RealTimeBuffersLost: 1, Counters: Counters{LostEventNotices: 1, LostBufferNotices: 1}})
	entries = logs.FilterLevelExact(zap.WarnLevel).All()
	require.Len(t, entries, 3, "the figures may not be readable")
	assert.EqualValues(t, 2, entries[2].ContextMap()["notices_of_loss"])
	l.look(Totals{EventsLost: 7, RealTimeBuffersLost: 1, Counters: Counters{LostEventNotices: 1, LostBufferNotices: 1, LostFileNotices: 1}})
	require.Equal(t, 1, logs.FilterMessageSnippet("lost the file").Len())
	require.Equal(t, 4, logs.Len())
}

func TestALossAfterTheLastLookIsSaidAtTheEnd(t *testing.T) {
	f := newFakeAPI()
	log, logs := observed()
	k, err := keep(f, testConfig(), ignore, log, Watch{}, defaultTiming)
	require.NoError(t, err)
	f.mu.Lock()
	f.sessions["asimdnsservertrace"].properties.eventsLost = 3
	f.mu.Unlock()
	closeSupervisor(t, k)
	closeSupervisor(t, k)
	require.Equal(t, 1, logs.FilterMessageSnippet("buffers.maximum").Len())
}

func TestTheSupervisorLooksForLosses(t *testing.T) {
	f := newFakeAPI()
	log, logs := observed()
	k, err := keep(f, testConfig(), ignore, log, Watch{}, quick)
	require.NoError(t, err)
	f.mu.Lock()
	f.sessions["asimdnsservertrace"].properties.eventsLost = 3
	f.mu.Unlock()
	require.Eventually(t, func() bool { return logs.FilterMessageSnippet("buffers.maximum").Len() == 1 }, time.Minute, time.Millisecond)
	closeSupervisor(t, k)
}

func TestTheWaitBeforeARestartGrowsToHalfAMinuteAndDiffersByChance(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 100 {
		wait := defaultTiming.wait
		for attempt, middle := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
			middle *= time.Second
			require.InDelta(t, middle, wait.NextBackOff(), float64(middle)/4+1, "attempt %d", attempt)
		}
		wait.Reset()
		first := wait.NextBackOff() // docs/reliability.md has these bounds
		require.GreaterOrEqual(t, first, 750*time.Millisecond-1)
		require.LessOrEqual(t, first, 1250*time.Millisecond+1)
		for range 20 {
			require.LessOrEqual(t, wait.NextBackOff(), 37500*time.Millisecond+1)
		}
		seen[wait.NextBackOff()] = true
	}
	require.Greater(t, len(seen), 10)
}

func TestTheWaitBeforeARestartGrowsWithEachOneAndBeginsAnewAfterALongRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeAPI()
		restarted := make(chan struct{})
		slow := timing{wait: defaultTiming.wait, poll: time.Hour}
		slow.wait.RandomizationFactor = 0
		k, err := keep(f, testConfig(), ignore, nil, Watch{Restarted: func() { restarted <- struct{}{} }}, slow)
		require.NoError(t, err)
		stopAndWait := func() time.Duration {
			synctest.Wait()
			begun := time.Now()
			f.stopFromOutside(testConfig().Name)
			<-restarted
			return time.Since(begun)
		}
		for _, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second} {
			require.Equal(t, want, stopAndWait())
		}
		time.Sleep(31 * time.Second)
		require.Equal(t, time.Second, stopAndWait())
		closeSupervisor(t, k)
	})
}
