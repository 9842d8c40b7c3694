// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestASessionThatAKilledCollectorLeftIsStoppedThoughWindowsListsNoProviders(t *testing.T) {
	f := newFakeAPI()
	f.add("asimDNSserverTrace", logFileMode).properties.guid = ownGUID(testConfig().Name)
	f.fail["enabledProviders"] = errnoAccessDenied // one registered GUID that refuses this account is enough
	s, err := open(f, testConfig(), ignore, nil)
	require.NoError(t, err)
	assert.NotContains(t, f.record(), "enabledProviders")
	closeSession(t, s)
	requireNothingHeld(t, f)
}

func TestAStartWaitsForASessionThatWindowsIsStillStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for lingers, wait := range []time.Duration{0, 50 * time.Millisecond, 250 * time.Millisecond, 750 * time.Millisecond} {
			f := newFakeAPI()
			f.lingers = lingers
			begun := time.Now()
			s, err := open(f, testConfig(), ignore, nil)
			require.NoError(t, err)
			assert.Equal(t, wait, time.Since(begun), "%d refusals", lingers)
			closeSession(t, s)
			requireNothingHeld(t, f)
		}
		f := newFakeAPI()
		f.lingers = 4
		_, err := open(f, testConfig(), ignore, nil)
		require.ErrorIs(t, err, errnoAlreadyExists)
		requireNothingHeld(t, f)
	})
}

func TestASessionThatIsStoppedBeforeItsProvidersAreEnabledIsStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeAPI()
		stops := 2
		f.onEnable = func() error {
			if stops == 0 {
				return nil
			}
			stops--
			f.stopFromOutside(testConfig().Name)
			return errnoInvalidParameter
		}
		s, err := open(f, testConfig(), ignore, nil)
		require.NoError(t, err)
		closeSession(t, s)
		requireNothingHeld(t, f)

		f.onEnable = func() error {
			f.stopFromOutside(testConfig().Name)
			return errnoInvalidParameter
		}
		_, err = open(f, testConfig(), ignore, nil)
		require.ErrorIs(t, err, errStoppedInStart)
		require.NotContains(t, err.Error(), "provider_guid")
		requireNothingHeld(t, f)

		f.onEnable = func() error { return errnoInvalidParameter }
		_, err = open(f, testConfig(), ignore, nil)
		require.ErrorContains(t, err, "provider_guid", "the session runs, so its settings are wrong")
		requireNothingHeld(t, f)
	})
}

func TestALockOfAnUntrustedAccountKeepsTheNameOnlyWhileASessionRuns(t *testing.T) {
	for _, owner := range []string{"S-1-5-21-1-2-3-1001", ""} {
		f := newFakeAPI()
		f.strangers = map[string]string{testConfig().Name: owner}
		log, logs := observed()
		s, err := open(f, testConfig(), ignore, log)
		require.NoError(t, err)
		said := logs.FilterMessageSnippet("starting without the lock").All()
		require.Len(t, said, 1)
		assert.Equal(t, owner, said[0].ContextMap()["owner"])
		closeSession(t, s)
		requireNothingHeld(t, f)

		f.add(testConfig().Name, logFileMode)
		_, err = open(f, testConfig(), ignore, nil)
		require.ErrorIs(t, err, ErrInUse)
		require.ErrorContains(t, err, "the owner of the lock Global\\otelcol-winnet-")
		require.NotNil(t, f.session(testConfig().Name), "the session still runs")

		f = newFakeAPI()
		f.strangers = map[string]string{testConfig().Name: owner}
		f.fail["query"] = errnoAccessDenied
		_, err = open(f, testConfig(), ignore, nil)
		require.ErrorIs(t, err, ErrInUse, "nobody knows whether a session runs")
	}
}

func TestTheNameStaysClaimedWhileNoSessionRuns(t *testing.T) {
	f := newFakeAPI()
	w := newWatcher()
	k, err := keep(f, testConfig(), ignore, nil, w.watch(), quick)
	require.NoError(t, err)
	f.mu.Lock()
	f.fail["startTrace"] = errnoAccessDenied
	f.mu.Unlock()
	f.stopFromOutside(testConfig().Name)
	require.ErrorIs(t, <-w.stopped, ErrStopped)
	require.ErrorIs(t, <-w.stopped, errnoAccessDenied)
	f.mu.Lock()
	assert.True(t, f.locks[testConfig().Name], "another collector cannot take it in the gap")
	delete(f.fail, "startTrace")
	f.mu.Unlock()
	for restarted := false; !restarted; {
		select {
		case err := <-w.stopped:
			require.True(t, errors.Is(err, errnoAccessDenied))
		case <-w.restarted:
			restarted = true
		}
	}
	closeSupervisor(t, k)
	requireNothingHeld(t, f)
}
