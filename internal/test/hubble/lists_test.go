// SPDX-License-Identifier: Apache-2.0

package hubble

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cilium/cilium/pkg/hubble/container"
	"github.com/stretchr/testify/require"
)

func TestTheListsAndTheOtherEventsAreThoseOfCiliumsOwnServer(t *testing.T) {
	_, flows := bodies(t)
	c := start(t, fmt.Sprintf("body: hubble_json, node_name: node-1, replay: {path: %q}", capture(t)), "node_name: node-1")
	c.await(flows)
	theirs := ciliums(t, c.flows(), container.Capacity4095)
	for _, args := range []string{
		"list namespaces", "list namespaces -o json", "observe agent-events --last 5", "observe agent-events --all", "observe debug-events --last 5",
	} {
		want := lines(t, append(strings.Fields(args), "--server", theirs)...)
		got := lines(t, append(strings.Fields(args), "--server", c.address)...)
		if args == "observe agent-events --last 5" || args == "observe agent-events --all" {
			require.LessOrEqual(t, len(want), 1, "the event behind the flows")
			want = nil
		}
		requireSame(t, want, got)
	}
	// Cilium's local server has no list of nodes; only Relay has.
	_, err := hubble(t, "list", "nodes", "--server", theirs)
	require.ErrorContains(t, err, "not implemented")
	nodes := lines(t, "list", "nodes", "--server", c.address)
	require.Len(t, nodes, 2)
	require.Regexp(t, fmt.Sprintf(`^node-1 +Connected +\S+ +\S+ +%d/4095`, flows), nodes[1])
}
