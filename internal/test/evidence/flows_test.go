// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

func TestTheQuestionsOfANodesRecords(t *testing.T) {
	files, err := incident.Write(t.TempDir())
	require.NoError(t, err)
	truth := incident.Pods()
	for _, level := range []string{"none", "low", "medium", "maximum"} {
		rows := replay(t, ciliumwindowsreceiver.NewFactory(), map[string]any{
			"monitor_aggregation_level": level, "enabled_events": []string{"DROP", "TRACE", "POLICY_VERDICT"},
			"replay": map[string]any{"path": files.Pods},
		})
		ask := func(question string, do func(t *testing.T)) { t.Run(level+"/"+question, do) }

		ask("how many bytes one sends another", func(t *testing.T) {
			sent := map[string]int{}
			for _, r := range rows.where("cilium.packet.primary", "true") {
				bytes, _ := r.of["SrcBytes"].(int64)
				back, _ := r.of["DstBytes"].(int64)
				sent[r.text("SrcIpAddr")+" "+r.text("DstIpAddr")] += int(bytes)
				if back > 0 {
					sent[r.text("DstIpAddr")+" "+r.text("SrcIpAddr")] += int(back)
				}
			}
			require.Equal(t, truth.Sent, sent)
		})
		ask("which connections of pods go out, and which come in", func(t *testing.T) {
			ways := map[string]bool{}
			for _, way := range rows.where("EventResult", "Success", "cilium.packet.primary", "true").
				distinct("SrcIpAddr", "DstIpAddr", "cilium.is_reply", "NetworkDirection") {
				ways[way] = true
			}
			require.Equal(t, truth.Ways, ways)
			for _, point := range []string{"FROM_ENDPOINT", "TO_ENDPOINT", "TO_OVERLAY", "TO_STACK", "TO_NETWORK"} {
				require.Empty(t, rows.where("NetworkProtocol", "TCP", "cilium.trace.observation_point", point, "NetworkDirection", "NA"), point)
			}
		})
		ask("how often who was denied what, and by which rule", func(t *testing.T) {
			denied := map[string]map[uint16]int{}
			for _, r := range rows.where("cilium.drop.primary", "true") {
				key := r.text("SrcIpAddr") + " " + r.text("DstIpAddr")
				if denied[key] == nil {
					denied[key] = map[uint16]int{}
				}
				port, _ := r.of["DstPortNumber"].(int64)
				count, _ := r.of["EventCount"].(int64)
				denied[key][uint16(port)] += int(count)
			}
			require.Equal(t, truth.Denied, denied)
			require.Equal(t, []string{truth.Cookie}, rows.where("DvcAction", "Deny").distinct("cilium.policy.cookie"))
		})
		ask("who tries many ports", func(t *testing.T) {
			ports := map[string]int{}
			for _, r := range rows.where("EventResult", "Failure").distinct("SrcIpAddr", "DstIpAddr", "DstPortNumber") {
				var source, destination, port string
				_, err := fmt.Sscan(r, &source, &destination, &port)
				require.NoError(t, err)
				ports[source+" "+destination]++
			}
			require.Equal(t, []string{incident.Bought().Address + " " + incident.Orders().Address}, most(ports, 10))
		})
	}
}
