// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

var otherProvider = etw.MustGUID("{1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}")

func TestASessionWithProvidersThatAreNotOursIsNotStopped(t *testing.T) {
	f := newFakeAPI()
	foreign := f.add(testConfig().Name, modeRealTime)
	foreign.providers = []etw.GUID{testProvider, otherProvider}
	_, err := open(f, testConfig(), ignore, nil)
	require.ErrorIs(t, err, ErrInUse)
	for _, part := range []string{otherProvider.String(), `logman query "ASIMDNSServerTrace" -ets`, "take_over: true"} {
		require.ErrorContains(t, err, part)
	}
	require.Same(t, foreign, f.session(testConfig().Name), "it still runs")
	assert.Empty(t, f.locks)

	cfg := testConfig()
	cfg.TakeOver = true
	s, err := open(f, cfg, ignore, nil)
	require.NoError(t, err)
	<-foreign.stopped
	closeSession(t, s)
	requireNothingHeld(t, f)
}

func TestASessionOfTheKernelIsNotStopped(t *testing.T) {
	for name, change := range map[string]func(*properties){
		"by its flags": func(p *properties) { p.enableFlags = 0x3 },
		"by its mode":  func(p *properties) { p.logFileMode |= modeSystemLogger },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeAPI()
			cfg := testConfig()
			cfg.Name = "NT Kernel Logger"
			change(&f.add(cfg.Name, modeRealTime).properties)
			_, err := open(f, cfg, ignore, nil)
			require.ErrorIs(t, err, ErrInUse)
			require.ErrorContains(t, err, "receives the events of the kernel")
			require.NotNil(t, f.session(cfg.Name), "it still runs")
		})
	}
}

func TestASessionWhoseProvidersAreNotKnownIsNotStopped(t *testing.T) {
	f := newFakeAPI()
	f.add(testConfig().Name, modeRealTime)
	f.fail["enabledProviders"] = errFake
	_, err := open(f, testConfig(), ignore, nil)
	require.ErrorIs(t, err, errFake)
	require.ErrorContains(t, err, "take_over: true")
	require.NotNil(t, f.session(testConfig().Name))
}

// guidInfo returns an answer of EnumerateTraceGuidsEx: one block for each instance, with the ids of the sessions that enabled it.
func guidInfo(instances ...[]uint16) []byte {
	le := binary.LittleEndian
	info := le.AppendUint64(nil, uint64(len(instances)))
	for i, sessions := range instances {
		size := instanceInfoSize + len(sessions)*enableInfoSize
		if i == len(instances)-1 {
			size = 0
		}
		info = le.AppendUint32(info, uint32(size))
		info = le.AppendUint32(info, uint32(len(sessions)))
		info = le.AppendUint64(info, 4242)
		for _, id := range sessions {
			enable := make([]byte, enableInfoSize)
			enable[0], enable[offEnabledLevel], enable[offMatchAny], enable[offMatchAll] = 1, 4, 0x3F, byte(id)
			le.PutUint16(enable[offLoggerID:], id)
			info = append(info, enable...)
		}
	}
	return info
}

func TestEnabledByReadsEveryInstance(t *testing.T) {
	info := guidInfo([]uint16{3, 4}, nil, []uint16{9})
	for id, want := range map[uint16]bool{3: true, 4: true, 9: true, 5: false, 0: false} {
		_, enabled := enabledBy(info, id)
		assert.Equal(t, want, enabled, "session %d", id)
	}
	for n := range info { // cut off anywhere, it is read up to the cut
		enabledBy(info[:n], 5)
	}
	_, enabled := enabledBy(nil, 3)
	assert.False(t, enabled)
}

func TestAttachConsumesASessionAndLeavesItRunning(t *testing.T) {
	f := newFakeAPI()
	cfg := testConfig()
	cfg.Attach = true
	_, err := open(f, cfg, ignore, nil)
	require.ErrorIs(t, err, errnoInstanceNotFound)
	require.ErrorContains(t, err, "none to attach to")
	require.ErrorIs(t, err, ErrNoSession)

	f.add(cfg.Name, 0x1)
	_, err = open(f, cfg, ignore, nil)
	require.ErrorContains(t, err, "not a real-time session")

	running := f.add(cfg.Name, modeRealTime)
	running.properties.eventsLost = 7
	delivered := make(chan struct{}, 1)
	log, logs := observed()
	s, err := open(f, cfg, func(_, _ []byte) { delivered <- struct{}{} }, log)
	require.NoError(t, err)
	<-delivered
	said := logs.FilterMessageSnippet("had lost events before").All()
	require.Len(t, said, 1)
	assert.EqualValues(t, 7, said[0].ContextMap()["events_lost"])
	require.Equal(t, 1, logs.FilterMessageSnippet("has not enabled the provider").Len())
	f.mu.Lock()
	running.properties.eventsLost = 9
	f.mu.Unlock()
	closeSession(t, s)
	stats, err := s.Stats()
	require.NoError(t, err)
	assert.EqualValues(t, 2, stats.EventsLost, "those since it was attached to")
	require.Same(t, running, f.session(cfg.Name), "it still runs")
	assert.NotContains(t, f.record(), "stop")
	assert.NotContains(t, f.record(), "startTrace")
	assert.NotContains(t, f.record(), "enableProvider")
	assert.Empty(t, f.locks)
}

func TestAttachToASessionWithTheProviderSaysNothing(t *testing.T) {
	f := newFakeAPI()
	cfg := testConfig()
	cfg.Attach = true
	f.add(cfg.Name, modeRealTime).providers = []etw.GUID{otherProvider, testProvider}
	log, logs := observed()
	s, err := open(f, cfg, ignore, log)
	require.NoError(t, err)
	closeSession(t, s)
	assert.Empty(t, logs.FilterLevelExact(zap.WarnLevel).All())

	f.fail["enabledProviders"] = errFake
	s, err = open(f, cfg, ignore, log)
	require.NoError(t, err)
	closeSession(t, s)
	assert.Empty(t, logs.FilterLevelExact(zap.WarnLevel).All(), "it may be denied")
}

func TestASessionThatWasStoppedIsNotStoppedAgain(t *testing.T) {
	f := newFakeAPI()
	s, err := open(f, testConfig(), ignore, nil)
	require.NoError(t, err)
	f.stopFromOutside(testConfig().Name)
	<-s.Done()
	f.add(testConfig().Name, modeRealTime) // another program's session of the same name
	closeSession(t, s)
	require.NotNil(t, f.session(testConfig().Name))
}
