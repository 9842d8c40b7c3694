// SPDX-License-Identifier: Apache-2.0

package hubble

import (
	"encoding/json"
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

// The version and the numbers that go with the time are each server's own.
func TestTheStatusIsThatOfCiliumsOwnServer(t *testing.T) {
	_, flows := bodies(t)
	receiver := fmt.Sprintf("body: hubble_json, node_name: node-1, replay: {path: %q}", capture(t))
	whole := start(t, receiver, "node_name: node-1")
	whole.await(flows)
	for capacity, c := range map[container.Capacity]*collector{
		container.Capacity4095: whole, container.Capacity255: start(t, receiver, "node_name: node-1, max_flows: 255"),
	} {
		c.await(flows)
		theirs := startCiliums(t, capacity)
		theirs.take(whole.flows())
		want, got := status(t, theirs.address), status(t, c.address)
		for _, all := range []map[string]any{want, got} {
			require.NotEmpty(t, all["uptime_ns"])
			require.NotEmpty(t, all["version"])
			for _, own := range []string{"uptime_ns", "version", "flows_rate"} {
				delete(all, own)
			}
		}
		require.Equal(t, want, got)
		require.Equal(t, fmt.Sprint(capacity.Cap()), got["max_flows"])
		require.Equal(t, fmt.Sprint(min(flows, int(capacity.Cap()))), got["num_flows"])
		require.Equal(t, fmt.Sprint(flows), got["seen_flows"])
	}
}

// status is what the hubble command prints of a server's status in JSON.
func status(t *testing.T, address string) map[string]any {
	t.Helper()
	out := lines(t, "status", "-o", "json", "--server", address)
	all := map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(strings.Join(out, "\n")), &all))
	return all
}
