// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// sum sums a numeric attribute over the rows, by the values of other attributes.
func (t table) sum(of string, by ...string) map[string]int {
	sums := map[string]int{}
	for i, key := range t.values(by...) {
		n, _ := t[i].of[of].(int64)
		sums[key] += int(n)
	}
	return sums
}

// set returns the existing values.
func (t table) set(names ...string) map[string]bool {
	set := map[string]bool{}
	for _, v := range t.values(names...) {
		set[v] = true
	}
	return set
}

// Datagrams, a proxy, services and the node's address on a packet's way.
func TestTheQuestionsOfPacketsOnIndirectWays(t *testing.T) {
	files, err := incident.Write(t.TempDir())
	require.NoError(t, err)
	truth := incident.Pods()
	for _, level := range []string{"none", "low", "medium", "maximum"} {
		rows := replay(t, ciliumwindowsreceiver.NewFactory(), map[string]any{
			"monitor_aggregation_level": level, "enabled_events": []string{"DROP", "TRACE", "POLICY_VERDICT"},
			"replay": map[string]any{"path": files.Pods},
		})
		packets := rows.where("cilium.packet.primary", "true")
		ask := func(question string, do func(t *testing.T)) { t.Run(level+"/"+question, do) }

		ask("how many datagrams who sends whom, and who asked", func(t *testing.T) {
			require.Equal(t, truth.Datagrams, packets.where("NetworkProtocol", "UDP").
				sum("EventCount", "SrcIpAddr", "DstIpAddr", "cilium.is_reply", "NetworkDirection"))
		})
		ask("which connections go through a proxy", func(t *testing.T) {
			through := packets.where("cilium.trace.observation_point", "TO_PROXY")
			require.Equal(t, truth.Proxied, through.sum("EventCount", "SrcIpAddr", "DstIpAddr", "NetworkDirection"))
			require.Equal(t, []string{"10901"}, through.distinct("cilium.proxy_port"))
		})
		ask("how many bytes the ends of a proxied connection send each other", func(t *testing.T) {
			straight := packets.that(func(r row) bool { return !r.has("cilium.trace.observation_point", "TO_PROXY") })
			sent := straight.sum("SrcBytes", "SrcIpAddr", "DstIpAddr")
			for ends, bytes := range truth.Ends {
				require.Equal(t, bytes, sent[ends], ends)
				require.Greater(t, truth.Sent[ends], bytes)
			}
		})
		ask("which pods are behind a service's address, and who calls them", func(t *testing.T) {
			service := packets.that(func(r row) bool {
				return r.text("SrcIpAddr") == incident.Ledger().Address || r.text("DstIpAddr") == incident.Ledger().Address
			})
			require.Equal(t, truth.Service, service.set("SrcIpAddr", "DstIpAddr", "cilium.is_reply", "NetworkDirection"))
			require.Equal(t, []string{incident.Ledger().Address}, rows.where("SrcNatIpAddr", incident.ServiceAddress).distinct("SrcIpAddr"))
			require.Empty(t, packets.where("DstIpAddr", incident.ServiceAddress), "a packet counts where it goes")
		})
		ask("which pod is behind the node's address", func(t *testing.T) {
			require.Equal(t, truth.Outside, rows.where("SrcNatIpAddr", incident.NodeAddress).set("SrcIpAddr", "SrcNatIpAddr", "DstIpAddr"))
			require.Empty(t, rows.where("SrcIpAddr", incident.NodeAddress))
		})
		ask("what is denied after it left its pod", func(t *testing.T) {
			late := rows.where("cilium.drop.primary", "true").that(func(r row) bool { return !r.has("cilium.packet.primary", "true") })
			require.Equal(t, truth.Late, late.sum("EventCount", "SrcIpAddr", "DstIpAddr"))
		})
	}
}
