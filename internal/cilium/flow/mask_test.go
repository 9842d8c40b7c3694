// SPDX-License-Identifier: Apache-2.0

package flow

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

var (
	maskSource      = netip.MustParseAddr("10.0.0.1")
	maskDestination = netip.MustParseAddr("10.0.0.2")
)

// maskedFlow is a drop of a TCP packet with a body that JSON must escape.
func maskedFlow(t *testing.T) *Flow {
	t.Helper()
	packet := mt.Ethernet(mt.EtherIPv4, mt.IPv4(maskSource, maskDestination, mt.ProtoTCP, mt.TCP(40000, 443, mt.SYN|mt.ACK, nil)))
	var n monitor.Notification
	require.NoError(t, monitor.Decoder{}.Decode(mt.Drop{
		Capture: mt.Capture{Packet: packet, OrigLen: 60, Source: 7}, Version: 2, Reason: 133, SrcLabel: 1001, DstLabel: 2, DstID: 7,
	}.Bytes(), &n))
	var f Flow
	f.Decode(&n)
	return &f
}

func TestAMaskLeavesItsFieldsOnly(t *testing.T) {
	f, at := maskedFlow(t), time.Date(2026, 3, 4, 5, 6, 7, 8e6, time.UTC)
	for mask, want := range map[string][2]string{
		"verdict":      {`{"flow":{"verdict":"DROPPED"}}`, "N/A:  (unknown) <>  (unknown) UNKNOWN DROPPED ()"},
		"time verdict": {`{"flow":{"time":"2026-03-04T05:06:07.008Z","verdict":"DROPPED"},"time":"2026-03-04T05:06:07.008Z"}`, "Mar  4 05:06:07.008:  (unknown) <>  (unknown) UNKNOWN DROPPED ()"},
		"node_name":    {`{"flow":{"node_name":"n\"1\\,{"},"node_name":"n\"1\\,{"}`, "N/A:  (unknown) <>  (unknown) UNKNOWN VERDICT_UNKNOWN ()"},
		"IP.source source.identity l4.TCP.destination_port": {
			`{"flow":{"IP":{"source":"10.0.0.1"},"l4":{"TCP":{"destination_port":443}},"source":{"identity":1001}}}`,
			"N/A: 10.0.0.1 (ID:1001) <> :443 (unknown) UNKNOWN VERDICT_UNKNOWN ()",
		},
		"l4.TCP.flags.SYN l4.UDP.source_port": {`{"flow":{"l4":{"TCP":{"flags":{"SYN":true}}}}}`, "N/A:  (unknown) <>  (unknown) UNKNOWN VERDICT_UNKNOWN ()"},
		"l4.UDP":                              {`{"flow":{"l4":{}}}`, "N/A:  (unknown) <>  (unknown) UNKNOWN VERDICT_UNKNOWN ()"},
		"l4.TCP.flags.SYN l4 l4.TCP": {
			`{"flow":{"l4":{"TCP":{"source_port":40000,"destination_port":443,"flags":{"SYN":true,"ACK":true}}}}}`,
			"N/A:  (unknown) <>  (unknown) UNKNOWN VERDICT_UNKNOWN ()",
		},
		"source.labels tunnel.IP.source interface.name": {
			`{"flow":{"source":{},"tunnel":{"IP":{}},"interface":{}}}`, "N/A:  (unknown) <>  (unknown) UNKNOWN VERDICT_UNKNOWN ()",
		},
		"event_type Summary": {`{"flow":{"event_type":{"type":1,"sub_type":133},"Summary":"TCP Flags: SYN, ACK"}}`, "N/A:  (unknown) <>  (unknown) Policy denied VERDICT_UNKNOWN (TCP Flags: SYN, ACK)"},
	} {
		m, err := NewMask(strings.Fields(mask))
		require.NoError(t, err)
		got := m.AppendHubbleJSON([]byte("before"), f, `n"1\,{`, at)
		require.Equal(t, "before"+want[0], string(got), mask)
		require.True(t, json.Valid(got[6:]))
		require.Equal(t, "before"+want[1], string(m.AppendLine([]byte("before"), f, at)), mask)
	}
}

// What a mask does not have of the names, neither form shows.
func TestAMaskOfNames(t *testing.T) {
	f, at := maskedFlow(t), time.Date(2026, 3, 4, 5, 6, 7, 8e6, time.UTC)
	f.Ends = Ends{
		Source:      &Endpoint{ID: 7, Identity: 1001, Local: true, Namespace: "shop", PodName: "cart-1", Labels: []string{"k8s:app=cart"}, Workloads: []Workload{{"Deployment", "cart"}}},
		Destination: &Endpoint{Namespace: "data"}, DestinationService: &Service{Namespace: "other", Name: "db"},
	}
	const tail = " (unknown) UNKNOWN VERDICT_UNKNOWN ()"
	for mask, want := range map[string][2]string{
		"IP source.pod_name": {`{"flow":{"IP":{"source":"10.0.0.1","destination":"10.0.0.2","ipVersion":"IPv4"},"source":{"pod_name":"cart-1"}}}`, "N/A: cart-1 (unknown) <> 10.0.0.2" + tail},
		"IP.source source.namespace source.pod_name": {
			`{"flow":{"IP":{"source":"10.0.0.1"},"source":{"namespace":"shop","pod_name":"cart-1"}}}`, "N/A: shop/cart-1 (unknown) <> " + tail,
		},
		"IP destination_service": {
			`{"flow":{"IP":{"source":"10.0.0.1","destination":"10.0.0.2","ipVersion":"IPv4"},"destination_service":{"name":"db","namespace":"other"}}}`,
			"N/A: 10.0.0.1 (unknown) <> other/db" + tail,
		},
		"IP.destination destination.namespace destination_service.name": {
			`{"flow":{"IP":{"destination":"10.0.0.2"},"destination":{"namespace":"data"},"destination_service":{"name":"db"}}}`, "N/A:  (unknown) <> db" + tail,
		},
		"IP.source source.pod_name source.namespace source_service.name": { // Hubble makes a service of the mask, whose namespace wins
			`{"flow":{"IP":{"source":"10.0.0.1"},"source":{"namespace":"shop","pod_name":"cart-1"},"source_service":{}}}`, "N/A: cart-1 (unknown) <> " + tail,
		},
		"source.workloads source.labels source.ID": {
			`{"flow":{"source":{"ID":7,"labels":["k8s:app=cart"],"workloads":[{"name":"cart","kind":"Deployment"}]}}}`, "N/A:  (unknown) <> " + tail,
		},
	} {
		m, err := NewMask(strings.Fields(mask))
		require.NoError(t, err)
		require.Equal(t, want[0], string(m.AppendHubbleJSON(nil, f, "", at)), mask)
		require.Equal(t, want[1], string(m.AppendLine(nil, f, at)), mask)
	}
}

func TestAMaskOfEveryFieldChangesNothing(t *testing.T) {
	m, err := NewMask(strings.Split(fieldNames("Flow"), ", "))
	require.NoError(t, err)
	f, at := maskedFlow(t), time.Unix(1, 0)
	require.Equal(t, string(f.AppendHubbleJSON(nil, "node", at)), string(m.AppendHubbleJSON(nil, f, "node", at)))
	require.Equal(t, string(f.AppendLine(nil, at)), string(m.AppendLine(nil, f, at)))
	var none *Mask
	require.Equal(t, string(f.AppendHubbleJSON(nil, "node", at)), string(none.AppendHubbleJSON(nil, f, "node", at)))
}

func TestWhatIsNoFlowIsNotMasked(t *testing.T) {
	m, err := NewMask([]string{"verdict"})
	require.NoError(t, err)
	at := time.Unix(1, 0)
	for _, class := range []Class{ClassDebug, ClassLost, ClassRaw} {
		f := Flow{Class: class, Raw: []byte{1}}
		require.Equal(t, string(f.AppendHubbleJSON(nil, "node", at)), string(m.AppendHubbleJSON(nil, &f, "node", at)))
		require.Equal(t, string(f.AppendLine(nil, at)), string(m.AppendLine(nil, &f, at)))
	}
}

func TestAPathThatIsNoFieldIsRefused(t *testing.T) {
	for path, want := range map[string][]string{
		"verdikt":           {`"verdikt" is no field of a flow`, "verdict, drop_reason"},
		"source.pod":        {`"source.pod": "pod" is no field of source`, "identity", "pod_name"},
		"l4.tcp":            {`"tcp" is no field of l4`, "TCP, UDP"},
		"verdict.name":      {"verdict is taken whole; want verdict"},
		"time.seconds":      {"time is taken whole"},
		"source.labels.0":   {"source.labels is taken whole"},
		"":                  {`"" is no field of a flow`},
		"source.":           {`"" is no field of source`},
		"l4.TCP.flags.SYNC": {`"SYNC" is no field of l4.TCP.flags; want one of FIN, SYN`},
	} {
		m, err := NewMask([]string{"l4", path, "IP"})
		require.Error(t, err, path)
		require.Nil(t, m)
		for _, text := range want {
			require.ErrorContains(t, err, text)
		}
	}
	m, err := NewMask(nil)
	require.NoError(t, err)
	require.Nil(t, m)
}

// appendJSON has one of 64 bits for each field of a mask.
func TestNoMessageHasMoreThan64Fields(t *testing.T) {
	for message, fields := range messages {
		require.LessOrEqual(t, len(strings.Fields(fields)), 64, message)
	}
}

func BenchmarkMaskedJSON(b *testing.B) {
	m, _ := NewMask([]string{"time", "verdict", "IP", "l4.TCP.destination_port", "is_reply"})
	f := Flow{Verdict: VerdictForwarded, Headers: Headers{IP: IP{Version: 4, Source: maskSource, Destination: maskDestination}, L4: L4{Protocol: L4TCP, DestinationPort: 443}}}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = m.AppendHubbleJSON(dst[:0], &f, "node-1", time.Unix(1, 0))
	}
}
