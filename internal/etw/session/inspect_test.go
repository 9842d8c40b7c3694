// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// supervised keeps a session and returns what each look finds.
func supervised(t *testing.T, f *fakeAPI, cfg Config) (next func() Findings, sup *Supervisor) {
	t.Helper()
	found := make(chan Findings, 100)
	sup, err := keep(f, cfg, ignore, nil, Watch{Found: func(f Findings) { found <- f }}, defaultTiming)
	require.NoError(t, err)
	return func() Findings { return <-found }, sup
}

func TestADisabledProviderAndAnotherKeywordAreFoundAtTheNextLookAndTheirEndToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeAPI()
		next, sup := supervised(t, f, testConfig())
		as := Findings{Providers: []ProviderFindings{{Name: "Microsoft-Windows-DNSServer"}}}
		require.Equal(t, as, next(), "right after the start")
		begun := time.Now()
		require.Equal(t, as, next())
		require.Equal(t, defaultTiming.poll, time.Since(begun))

		f.change(func(_ *properties, in map[etw.GUID]enabling) { in[testProvider] = enabling{level: 4, any: 0x1} })
		p := next().Providers[0]
		assert.Contains(t, p.Changed, "level 4 keywords 0x0000000000000001")
		assert.Contains(t, p.Changed, "it had level 4 keywords 0x000000000000003F")
		assert.Empty(t, p.Disabled)

		f.change(func(_ *properties, in map[etw.GUID]enabling) { delete(in, testProvider) })
		p = next().Providers[0]
		assert.Contains(t, p.Disabled, "was disabled")
		assert.Empty(t, p.Changed)

		f.change(func(_ *properties, in map[etw.GUID]enabling) { in[testProvider] = enabling{level: 4, any: 0x3F} })
		require.Equal(t, as, next())
		require.NoError(t, sup.Close(context.Background()))
	})
}

func TestSettingsOfTheSessionThatSomeoneElseChangesAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeAPI()
		next, sup := supervised(t, f, testConfig())
		require.Empty(t, next().Session)
		f.change(func(p *properties, _ map[etw.GUID]enabling) {
			p.logFileMode &^= modeRealTime
			p.flushTimer = 60
			p.freeBuffers = 3
		})
		require.Equal(t, "the settings of the ETW session were changed: flush_interval 1s -> 1m0s, log_file_mode 0x08800100 -> 0x08800000", next().Session)
		require.NoError(t, sup.Close(context.Background()))
	})
}

func TestARestartedSessionIsComparedWithItsOwnStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeAPI()
		next, sup := supervised(t, f, testConfig())
		next()
		f.change(func(_ *properties, in map[etw.GUID]enabling) { delete(in, testProvider) })
		require.NotEmpty(t, next().Providers[0].Disabled)
		f.stopFromOutside(testConfig().Name)
		require.Empty(t, next().Providers[0].Disabled, "the restart has enabled it again")
		require.True(t, sup.Running())
		require.NoError(t, sup.Close(context.Background()))
	})
}

// A host may not tell what a session has enabled: a guess would be an alarm on every host like it.
func TestWhatWindowsDoesNotTellIsNotJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeAPI()
		cfg := testConfig()
		s, err := open(f, cfg, ignore, nil)
		require.NoError(t, err)
		f.change(func(_ *properties, in map[etw.GUID]enabling) { clear(in) })
		got, ok := s.inspect()
		require.True(t, ok)
		require.Empty(t, got.Providers[0].Disabled, "it was never seen enabled")
		f.mu.Lock()
		f.fail["providerInfo"] = errFake
		f.mu.Unlock()
		_, ok = s.inspect()
		require.False(t, ok)
		closeSession(t, s)
	})
}

func TestAWatchWithoutFoundAsksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeAPI()
		sup, err := keep(f, testConfig(), ignore, nil, Watch{}, defaultTiming)
		require.NoError(t, err)
		time.Sleep(2 * defaultTiming.poll)
		require.NoError(t, sup.Close(context.Background()))
		require.NotContains(t, f.record(), "providerInfo")
	})
}

func TestHowASessionHasEnabledAProviderIsReadFromItsBlock(t *testing.T) {
	info := guidInfo([]uint16{3, 4}, nil, []uint16{9})
	for _, id := range []uint16{3, 4, 9} {
		e, ok := enabledBy(info, id)
		require.True(t, ok)
		require.Equal(t, enabling{level: 4, any: 0x3F, all: uint64(id)}, e)
	}
}
