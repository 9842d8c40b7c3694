// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package wine

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const serverEvents = 2393 // in serverFile, as testdata/counts.json says

// number returns a number that a variable of the environment sets for a longer run, else the short one.
func number(t *testing.T, name string, short int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return short
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// awaitRecords waits until the collector of this host has written a number of records.
func (h *host) awaitRecords(c *collector, n int) {
	h.t.Helper()
	var at int64
	written := 0
	require.Eventually(h.t, func() bool {
		file, err := os.Open(h.records())
		if err != nil {
			return false
		}
		defer file.Close()
		text, err := io.ReadAll(io.NewSectionReader(file, at, 1<<40))
		if err != nil {
			return false
		}
		whole := bytes.LastIndexByte(text, '\n') + 1
		at += int64(whole)
		written += bytes.Count(text[:whole], []byte(`"timeUnixNano"`))
		return written >= n
	}, 5*time.Minute, 100*time.Millisecond, "%s", c.out)
	require.Equal(h.t, n, written)
}

// WINNET_ROUNDS=51 are 122,043 events, in a minute: make endurance.
func TestEveryEventOfTwoThousandASecondBecomesARecord(t *testing.T) {
	rounds := number(t, "WINNET_ROUNDS", 2)
	h := newHost(t, serverFile)
	h.set("WINDOWSTEST_RATE", "2000")
	h.set("WINDOWSTEST_REPEAT", strconv.Itoa(rounds))
	c := h.start()
	h.awaitRecords(c, rounds*serverEvents)
	c.interrupt()
	require.Contains(t, c.out.String(), fmt.Sprintf("received %d = emitted %[1]d + ", rounds*serverEvents))
	require.NotContains(t, c.out.String(), "\twarn\t")
}

// WINNET_KILLS=11 take half a minute: make endurance.
func TestACollectorStartsAgainAfterEveryKillAndTheLastOneReceivesEveryEvent(t *testing.T) {
	h := newHost(t, serverFile)
	h.set("WINDOWSTEST_RATE", "2000")
	h.set("WINDOWSTEST_REPEAT", "0") // without end
	const leftBehind = "stopped an ETW session of this name that an earlier process left behind"
	for n := range number(t, "WINNET_KILLS", 2) {
		c := h.start()
		h.writes(c, 1)
		require.NoError(t, c.cmd.Process.Kill())
		<-c.ended
		if n > 0 {
			c.await(leftBehind, 1)
		}
		_, err := h.logman("query", serverSession)
		require.NoError(t, err, "the session outlives its collector")
		require.NoError(t, os.Remove(h.records()))
	}
	h.set("WINDOWSTEST_REPEAT", "1")
	c := h.start()
	c.await(leftBehind, 1)
	h.awaitRecords(c, serverEvents)
	c.interrupt()
	require.Contains(t, c.out.String(), fmt.Sprintf("received %d = emitted %[1]d + ", serverEvents))
	out, err := h.logman("query")
	require.NoError(t, err)
	require.Empty(t, out, "no session is left")
}
