// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// atRisk matches what a collector logs after a run that did not end.
var atRisk = regexp.MustCompile(`the last run did not end.*"at_risk_until": "?([^",]+)"?.*"at_risk_from": "?([^",]+)"?`)

// RequireAtRisk requires that a collector's log names one span of time at risk after a kill. It begins while the killed run ran, and ends when
// the next run started. The log's times have no fractions of a millisecond.
func RequireAtRisk(t testing.TB, log string, started, killed, startedAgain, ready time.Time) {
	t.Helper()
	all := atRisk.FindAllStringSubmatch(log, -1)
	require.Len(t, all, 1, "%s", log)
	var span [2]time.Time
	for i, text := range all[0][1:] {
		var err error
		span[i], err = time.Parse("2006-01-02T15:04:05.999Z0700", text)
		require.NoError(t, err)
	}
	until, from := span[0], span[1]
	within := func(what string, at, after, before time.Time) {
		require.False(t, at.Before(after.Truncate(time.Millisecond)), "%s %v, want %v to %v", what, at, after, before)
		require.False(t, at.After(before), "%s %v, want %v to %v", what, at, after, before)
	}
	within("at_risk_from", from, started, killed)
	within("at_risk_until", until, startedAgain, ready)
}
