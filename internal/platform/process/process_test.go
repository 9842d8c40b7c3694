// SPDX-License-Identifier: Apache-2.0

package process

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeHost is a host whose processes a test controls.
type fakeHost struct {
	running map[uint32]*fakeProcess
	opens   int
	open    int // handles
}

type fakeProcess struct {
	host    *fakeHost
	path    string
	started time.Time
	exited  bool
}

func (h *fakeHost) Open(pid uint32) (Process, error) {
	h.opens++
	p, ok := h.running[pid]
	if !ok {
		return nil, errors.New("the parameter is incorrect")
	}
	h.open++
	return p, nil
}

func (p *fakeProcess) Path() string       { return p.path }
func (p *fakeProcess) Started() time.Time { return p.started }
func (p *fakeProcess) Exited() bool       { return p.exited }
func (p *fakeProcess) Close()             { p.host.open-- }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func newHost() (*fakeHost, *Names, *time.Time) {
	h := &fakeHost{running: map[uint32]*fakeProcess{}}
	n, clock := NewNames(h), noon
	n.now = func() time.Time { return clock }
	return h, n, &clock
}

func (h *fakeHost) start(pid uint32, path string, at time.Time) *fakeProcess {
	p := &fakeProcess{host: h, path: path, started: at}
	h.running[pid] = p
	return p
}

func TestAProcessIsLookedUpOnce(t *testing.T) {
	h, n, _ := newHost()
	h.start(42, `C:\Windows\System32\curl.exe`, noon.Add(-time.Hour))
	for range 1000 {
		require.Equal(t, `C:\Windows\System32\curl.exe`, n.Name(42, noon))
	}
	require.Equal(t, 1, h.opens)
}

// A file's name on Windows can be any 16-bit units. What Go makes of an unpaired surrogate is not valid UTF-8, and a receiver of OTLP
// then refuses the whole request.
func TestANameIsUTF8WhateverTheFileIsCalled(t *testing.T) {
	h, n, _ := newHost()
	h.start(42, "C:\\\xed\xa0\x80tools\\é.exe", noon.Add(-time.Hour))
	require.Equal(t, "C:\\\uFFFDtools\\é.exe", n.Name(42, noon))
}

func TestAnEventOlderThanTheProcessIsAnotherProcesss(t *testing.T) {
	h, n, _ := newHost()
	h.start(42, "new.exe", noon.Add(-time.Second))
	require.Empty(t, n.Name(42, noon.Add(-2*time.Second)))
	require.Equal(t, "new.exe", n.Name(42, noon.Add(-time.Second)))
}

func TestAReusedIDIsNotMisnamed(t *testing.T) {
	h, n, clock := newHost()
	old := h.start(42, "old.exe", noon.Add(-time.Hour))
	require.Equal(t, "old.exe", n.Name(42, noon))
	old.exited = true
	require.Equal(t, "old.exe", n.Name(42, noon), "its last events arrive after its end")
	require.Equal(t, 1, h.open, "while it is open, its id is not used again")

	*clock = noon.Add(sweepEvery)
	require.Equal(t, "old.exe", n.Name(42, noon), "looked up again: nobody else has the id yet")
	h.start(42, "new.exe", noon.Add(sweepEvery))
	*clock = noon.Add(2 * sweepEvery)
	require.Empty(t, n.Name(42, noon), "an event of the old one")
	require.Equal(t, "new.exe", n.Name(42, *clock))
	require.Equal(t, 1, h.open)
}

func TestAProcessThatCannotBeOpenedIsTriedAgainLater(t *testing.T) {
	h, n, clock := newHost()
	for range 10 {
		require.Empty(t, n.Name(42, noon))
	}
	require.Equal(t, 1, h.opens)
	h.start(42, "late.exe", noon)
	*clock = noon.Add(retryAfter)
	require.Equal(t, "late.exe", n.Name(42, *clock))
}

func TestTheCacheIsBoundedAndKeepsWhatIsUsed(t *testing.T) {
	h, n, clock := newHost()
	for pid := range uint32(3 * maxProcesses) {
		h.start(pid, fmt.Sprintf("%d.exe", pid), noon.Add(-time.Hour))
		*clock = clock.Add(time.Microsecond)
		require.Equal(t, fmt.Sprintf("%d.exe", pid), n.Name(pid, noon))
		require.Equal(t, "0.exe", n.Name(0, noon))
		require.LessOrEqual(t, h.open, maxProcesses)
	}
	require.Equal(t, 3*maxProcesses, h.opens, "the one that is always used is looked up once")
}

func TestCloseClosesAllProcesses(t *testing.T) {
	h, n, _ := newHost()
	for pid := range uint32(10) {
		h.start(pid, "x", noon)
		n.Name(pid, noon)
	}
	n.Close()
	require.Zero(t, h.open)
	require.Empty(t, n.Name(1, noon))
	require.Zero(t, h.open)
}

func TestAClockThatIsSetBackLeavesTheNames(t *testing.T) {
	h, n, clock := newHost()
	h.start(42, "known.exe", noon.Add(-time.Minute))
	h.start(43, "new.exe", noon.Add(-time.Minute))
	require.Equal(t, "known.exe", n.Name(42, noon))

	*clock = noon.Add(-time.Hour)
	require.Equal(t, "known.exe", n.Name(42, *clock), "it has been open since before the step, so the id is its own")
	require.Equal(t, "known.exe", n.Name(42, noon.Add(-time.Second)), "an event from before the step that comes late")
	require.Empty(t, n.Name(42, noon.Add(-2*time.Minute)), "an event from before the step that is older than the process")

	require.Empty(t, n.Name(43, clock.Add(-time.Millisecond)), "opened after the event, which another process may have written")
	require.Equal(t, "new.exe", n.Name(43, *clock))

	*clock = noon
	require.Equal(t, "new.exe", n.Name(43, noon))
}
