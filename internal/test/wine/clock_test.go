// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package wine

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakedClock lets the programs of this host that start from now on, and Wine's server, have a clock of their own, which the function sets to a
// distance from the machine's. Their monotonic clock is the machine's, as it is when someone sets the clock of a Windows.
func (h *host) fakedClock() (set func(distance string)) {
	h.t.Helper()
	library, err := filepath.Glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
	require.NoError(h.t, err)
	require.NotEmpty(h.t, library, "rig.sh installs faketime")
	h.end()
	h.t.Cleanup(h.end)
	path := filepath.Join(h.dir, "clock")
	set = func(distance string) {
		require.NoError(h.t, os.WriteFile(path+".new", []byte(distance+"\n"), 0o600))
		require.NoError(h.t, os.Rename(path+".new", path))
	}
	set("+0")
	h.set("LD_PRELOAD", library[0])
	h.set("FAKETIME_TIMESTAMP_FILE", path)
	h.set("FAKETIME_NO_CACHE", "1")
	h.set("FAKETIME_DONT_FAKE_MONOTONIC", "1")
	h.set("NO_FAKE_STAT", "1") // Wine would take its prefix for outdated
	return set
}

// The events have the time of the host, so that their clock is set, too.
func TestTheHostsClockIsSetWhileEventsPourInAndEachIsARecord(t *testing.T) {
	h := newHost(t, serverFile)
	set := h.fakedClock()
	h.set("WINDOWSTEST_NOW", "1")
	h.set("WINDOWSTEST_RATE", "500") // in about 5 s
	h.set("WINDOWSTEST_WAIT", "1")
	begun := time.Now()
	c := h.start("receivers::asimdns::heartbeat: 1s")
	events := func() (n int) {
		for _, r := range readRecords(t, h.records()) {
			if r.Attributes["EventSchema"] == "Dns" {
				n++
			}
		}
		return n
	}
	await := func(n int) {
		t.Helper()
		require.Eventually(t, func() bool { return events() >= n }, time.Minute, 50*time.Millisecond, "%d of %d: %s", events(), n, c.out)
	}
	await(100)
	set("-3600")
	await(serverEvents / 2)
	set("+31536000")
	await(serverEvents)
	c.interrupt()
	took := time.Since(begun)

	require.Equal(t, serverEvents, events())
	now, clocks, heartbeats := time.Now(), map[string]int{}, 0
	for _, r := range readRecords(t, h.records()) {
		if r.Attributes["Kind"] == "heartbeat" {
			heartbeats++
			continue
		}
		switch away := r.Time.Sub(now); {
		case away < -30*time.Minute:
			clocks["an hour back"]++
		case away > 300*24*time.Hour:
			clocks["a year ahead"]++
		default:
			clocks["the machine's"]++
		}
	}
	t.Logf("%v, %d heartbeats in %v", clocks, heartbeats, took)
	require.Len(t, clocks, 3, "the clock was set")
	require.GreaterOrEqual(t, heartbeats, 4, "the clock that is set back does not hold them up")
	require.LessOrEqual(t, heartbeats, int(took.Seconds())+2, "the clock that is set ahead does not make more")
}
