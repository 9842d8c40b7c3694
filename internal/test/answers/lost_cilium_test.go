// SPDX-License-Identifier: Apache-2.0

package answers

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// ciliumRows returns the records of a recording of Cilium.
func ciliumRows(t *testing.T, file, mode, level string) []fields {
	t.Helper()
	return rows(t, ciliumwindowsreceiver.NewFactory(), file, map[string]any{"volume": mode, "monitor_aggregation_level": level})
}

// saidByConnection reports whether the record of a connection says a value of one of its packets by other names: cilium.policy.egress.… and
// …ingress.…, and NetworkConnectionHistory.
func saidByConnection(name, value string) bool {
	return strings.HasPrefix(name, "cilium.policy.") || strings.HasPrefix(name, "TcpFlags") || name == "DvcOriginalAction" && value == "REDIRECTED"
}

func TestThePageListsWhatEachVolumeLosesOfCilium(t *testing.T) {
	s := map[string]bool{}
	for _, row := range cells(kit.Section(t, "../../../receiver/ciliumwindowsreceiver/README.md", "### Slim records")) {
		if !strings.HasPrefix(row[len(row)-1], "Lost. ") {
			for _, m := range quoted.FindAllStringSubmatch(row[0], -1) {
				s[m[1]] = true
			}
		}
	}
	slimLost, slimHad, connectionLost, connectionHad := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, file := range []string{"cilium_events.pcapng", "cilium_ways.pcapng"} {
		for _, level := range []string{"none", "medium"} {
			full, balanced, lean := ciliumRows(t, file, "full", level), ciliumRows(t, file, "balanced", level), ciliumRows(t, file, "lean", level)
			require.Len(t, balanced, len(full))
			byUID, ofConnections, whole := map[string]fields{}, map[string]bool{}, map[string]fields{}
			for _, b := range balanced {
				byUID[b["EventOriginalUid"]] = b
			}
			for _, f := range full {
				b, ok := byUID[f["EventOriginalUid"]]
				require.True(t, ok)
				for name := range f {
					slimHad[name] = true
					if _, kept := b[name]; !kept && !s[name] {
						slimLost[name] = true
					}
				}
			}
			for _, l := range lean {
				if l["EventType"] != "NetworkSession" {
					whole[l["EventOriginalUid"]] = l
					continue
				}
				for name := range l {
					ofConnections[name] = true
				}
			}
			require.NotEmpty(t, ofConnections)
			for _, b := range balanced {
				l, alone := whole[b["EventOriginalUid"]]
				for name, v := range b {
					if saidByConnection(name, v) {
						continue
					}
					_, kept := l[name]
					require.True(t, kept || !alone, "a record that is whole has %s", name)
					if !alone {
						connectionHad[name] = true
						if !ofConnections[name] {
							connectionLost[name] = true
						}
					}
				}
			}
		}
	}
	requireListed(t, "Cilium, `balanced` and `lean`", slimLost, slimHad)
	requireListed(t, "Cilium, `lean` only", connectionLost, connectionHad)
}
