// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Go's own clock moves in steps of up to 15.6 ms on Windows, within which a replay reads many events.
func TestTheObservedTimeOfAReplayIsTheFineOne(t *testing.T) {
	sink, _, _ := replayAll(t, replayOf(serverFile, func(c *Config) { c.EnableFlags, c.EnableLevel = &everything, 5 }))
	times := map[pcommon.Timestamp]bool{}
	for _, logs := range sink.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					times[lr.ObservedTimestamp()] = true
				}
			}
		}
	}
	require.Greater(t, len(times), sink.LogRecordCount()/2)
}
