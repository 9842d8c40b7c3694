// SPDX-License-Identifier: Apache-2.0

package answers

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// pair is two pods, or a pod and a host of the world.
type pair struct{ from, to string }

// scans returns who was denied at least 20 ports of whom, with the number of these ports.
func scans(records []plog.LogRecord) map[pair]int {
	ports := map[pair]map[int64]bool{}
	for _, lr := range records {
		if action := kit.Text(lr, "DvcAction"); action != "Deny" && action != "Drop" {
			continue
		}
		p := pair{kit.Text(lr, "SrcIpAddr"), kit.Text(lr, "DstIpAddr")}
		if ports[p] == nil {
			ports[p] = map[int64]bool{}
		}
		port, _ := lr.Attributes().Get("DstPortNumber")
		ports[p][port.Int()] = true
	}
	found := map[pair]int{}
	for p, list := range ports {
		if len(list) >= 20 {
			found[p] = len(list)
		}
	}
	return found
}

// talks returns which pods and hosts exchanged packets that passed, whoever sent first.
func talks(records []plog.LogRecord) []pair {
	found := map[pair]bool{}
	for _, lr := range records {
		if kit.Text(lr, "DvcAction") != "Allow" {
			continue
		}
		p := pair{kit.Text(lr, "SrcIpAddr"), kit.Text(lr, "DstIpAddr")}
		if p.from > p.to {
			p.from, p.to = p.to, p.from
		}
		found[p] = true
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b pair) int { return slices.Compare([]string{a.from, a.to}, []string{b.from, b.to}) })
}

func TestEachModeGivesTheSameAnswersAboutPods(t *testing.T) {
	files, err := incident.Write(t.TempDir())
	require.NoError(t, err)
	var want []pair
	sizes := map[string]int{}
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			var records []plog.LogRecord
			kit.EachRecord(kit.Replay(t, ciliumwindowsreceiver.NewFactory(), map[string]any{"replay": map[string]any{"path": files.Pods}, "volume": mode}),
				func(_ plog.ResourceLogs, lr plog.LogRecord) { records = append(records, lr) })
			sizes[mode] = len(records)
			require.Equal(t, map[pair]int{{incident.Bought().Address, incident.Orders().Address}: 30}, scans(records))
			if got := talks(records); want == nil {
				want = got
			} else {
				require.Equal(t, want, got, "who exchanged packets")
			}
		})
	}
	require.LessOrEqual(t, sizes["balanced"], sizes["full"])
	require.Less(t, sizes["lean"], sizes["balanced"])
}
