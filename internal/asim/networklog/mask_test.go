// SPDX-License-Identifier: Apache-2.0

package networklog

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

func mtDrop() []byte {
	return mt.Drop{Capture: mt.Capture{Source: 10, Packet: networkTCP(mt.SYN)}, Version: 3, Reason: 133, SrcLabel: 1001, DstLabel: 2, DstID: 10}.Bytes()
}

// The README's table of attributes is the table that masks use.
func TestTheReadmesTableOfAttributesIsThatOfTheMasks(t *testing.T) {
	section := kit.Section(t, "../../../receiver/ciliumwindowsreceiver/README.md", "### Attributes")
	var documented []source
	for _, row := range regexp.MustCompile("(?m)^\\| ((?:`[A-Za-z.0-9_]+`(?:, )?)+) \\| (–|`[A-Za-z0-9_.*]+`) \\| ").FindAllStringSubmatch(section, -1) {
		field := strings.Trim(row[2], "`")
		if field == "–" {
			field = ""
		}
		for name := range strings.SplitSeq(row[1], ", ") {
			documented = append(documented, source{strings.Trim(name, "`"), field})
		}
	}
	require.ElementsMatch(t, networkSources(), documented)
}

func TestEveryAttributeOfARecordIsInTheTable(t *testing.T) {
	known := map[string]bool{}
	for _, s := range networkSources() {
		require.False(t, known[s.attribute], s.attribute)
		known[s.attribute] = true
	}
	seen := map[string]bool{}
	look := func(_ *flow.Flow, lr plog.LogRecord) {
		for name := range lr.Attributes().All() {
			require.True(t, known[name], name)
			seen[name] = true
		}
	}
	eachNetworkEvent(t, networkOptions, look)
	slim := networkOptions
	slim.Slim = true
	eachNetworkEvent(t, slim, look)
	later := networkFlow(t, mt.Trace{Version: 3}.Bytes()) // no datapath writes one yet
	look(later, networkAppend(t, networkOptions, later))
	for _, c := range networkConnections() {
		look(nil, networkAppendConnection(networkOptions, c))
	}
	maps.DeleteFunc(known, func(name string, _ bool) bool { return seen[name] })
	require.Empty(t, slices.Sorted(maps.Keys(known)), "the capture has no event with these")
}

// A mask leaves an attribute as it is or out, and with it what comes from the same field.
func TestAMaskLeavesOutWhatComesFromOtherFields(t *testing.T) {
	for _, fields := range []string{"verdict", "l4.TCP.destination_port", "l4", "IP.source l4.UDP l4.TCP.flags", "time event_type source.labels"} {
		mask, err := flow.NewMask(strings.Fields(fields))
		require.NoError(t, err)
		options := networkOptions
		options.Mask = mask
		var whole []map[string]any
		eachNetworkEvent(t, networkOptions, func(_ *flow.Flow, lr plog.LogRecord) { whole = append(whole, lr.Attributes().AsRaw()) })
		i := 0
		eachNetworkEvent(t, options, func(f *flow.Flow, lr plog.LogRecord) {
			want := maps.Clone(whole[i])
			i++
			if f.Class == flow.ClassPacket || f.Class == flow.ClassSocket {
				for _, s := range networkSources() {
					field := strings.ReplaceAll(s.field, "*", f.L4.Protocol.String())
					if s.field != "" && !mask.Has(strings.TrimSuffix(field, ".")) {
						delete(want, s.attribute)
					}
				}
			}
			require.Equal(t, want, lr.Attributes().AsRaw(), fields)
		})
	}
}

func TestAMaskedRecord(t *testing.T) {
	mask, err := flow.NewMask([]string{"time", "IP.source", "l4.TCP.destination_port", "drop_reason_desc"})
	require.NoError(t, err)
	options := networkOptions
	options.Mask = mask
	lr := networkAppend(t, options, networkFlow(t, mtDrop()))
	require.Equal(t, "Mar  4 05:06:04.123: 10.0.0.1 (unknown) <> :443 (unknown) UNKNOWN VERDICT_UNKNOWN ()", lr.Body().Str())
	require.Equal(t, plog.SeverityNumberWarn, lr.SeverityNumber())
	require.Equal(t, map[string]any{
		"EventProduct": "Cilium", "EventVendor": "Isovalent", "EventSchema": "NetworkSession", "EventSchemaVersion": "0.2.6",
		"EventType": "Flow", "EventCount": int64(1), "EventStartTime": "2026-03-04T05:06:04.1234567Z",
		"EventEndTime": "2026-03-04T05:06:04.1234567Z", "EventResult": "Failure", "EventResultDetails": "Unknown",
		"EventSeverity": "Low", "Dvc": "node-1", "DvcHostname": "win1", "DvcDomain": "corp.example", "DvcDomainType": "FQDN",
		"DvcIpAddr": "192.0.2.7", "EventOriginalResultDetails": "Policy denied", "cilium.drop_reason": "POLICY_DENIED",
		"Src": "10.0.0.1", "SrcIpAddr": "10.0.0.1", "DstPortNumber": int64(443), "NetworkProtocol": "TCP",
		"NetworkBytes": int64(54), "NetworkPackets": int64(1), "SrcBytes": int64(54), "SrcPackets": int64(1), "cilium.endpoint.id": int64(10),
	}, lr.Attributes().AsRaw())
}
