// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Sentinel reads the calls of the shipped gateway and does not answer. The agent gets the gateway's error before its own
// timeout: when it sends again, the gateway has no copy of the batch any more.
func TestAgentsGetTheAnswerOfAGatewayWhoseSentinelIsSilent(t *testing.T) {
	t.Parallel()
	const all = 100
	trip := roadOf("examples/gateway/agent.yaml").begin(t)
	far := trip.far.(*sentinelGatewayFar)
	far.set(silent)
	c := trip.run(recording(t, "silent", all, 4), 0)
	c.untilAccepted(all)
	c.untilLogged("Exporting failed")
	require.NotContains(t, c.out.String(), "code = DeadlineExceeded", "the agent's own timeout")
	require.Contains(t, c.out.String(), "code = Unavailable")
	require.Empty(t, trip.got())

	far.set(0)
	trip.untilArrived(c, "silent", all)
	require.Equal(t, all, c.interrupt())
	far.running.stopWithin(patience)
	requireOnce(t, trip.got(), names("silent", all))
}
