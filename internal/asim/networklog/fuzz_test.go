// SPDX-License-Identifier: Apache-2.0

package networklog

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

// FuzzNetworkRecord maps any bytes as a notification, between ends whose names are any bytes, with every body, with and without pseudonyms: the body is one line that a reader can trust,
// JSON is valid, and all text is UTF-8.
func FuzzNetworkRecord(f *testing.F) {
	a, b := netip.MustParseAddr("10.244.1.7"), netip.MustParseAddr("10.244.2.9")
	packet := mt.Ethernet(mt.EtherIPv4, mt.IPv4(a, b, mt.ProtoTCP, mt.TCP(40000, 443, mt.SYN, nil)))
	captured := mt.Capture{Source: 10, Hash: 0xbeef, Packet: packet}
	for _, m := range []interface{ Bytes() []byte }{
		mt.Drop{Capture: captured, Version: 3, Reason: 133, File: 101, IPTraceID: 99}, mt.Trace{Capture: captured, Version: 2, Point: 4, OrigIP: a},
		mt.PolicyVerdict{Capture: captured, Long: true, Verdict: -133}, mt.Debug{SubType: 48, Arg1: 1, Arg2: 2, Arg3: 3}, mt.TraceSock{Long: true, Point: 4, DstIP: b},
		mt.DebugCapture{Capture: captured, Point: 4}, mt.Recorder{Packet: packet}, mt.PacketMonitor{Packet: packet, Reason: 210},
	} {
		f.Add(m.Bytes())
		f.Add(append(m.Bytes(), 0xFF, 0x1B, '\n'))
	}
	f.Add(mt.Raw(129, []byte("\u202e\x1b[2J\r\n")...))
	var mappers []*Mapper
	for _, body := range []Body{BodySummary, BodyHubbleJSON, BodyNone} {
		for _, p := range []*pseudonym.Pseudonymizer{nil, pseudonym.New(pseudonym.Addresses|pseudonym.MACs|pseudonym.Names, []byte("0123456789abcdef0123456789abcdef"))} {
			mappers = append(mappers, NewMapper(Options{Device: Device{NodeName: "node-1"}, Body: body, Pseudonyms: p}))
		}
	}
	at := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var n monitor.Notification
		if (monitor.Decoder{}).Decode(raw, &n) != nil {
			return
		}
		var event flow.Flow
		event.Decode(&n)
		text := string(raw[:min(len(raw), 40)])
		event.Resolve(one{&flow.Endpoint{
			ClusterName: text, Namespace: text, PodName: text, Labels: []string{text, "k8s:a=" + text}, Workloads: []flow.Workload{{Kind: text, Name: text}},
		}, &flow.Service{Namespace: text, Name: text}}, 0)
		for _, m := range mappers {
			lr := plog.NewLogRecord()
			m.Append(lr, &event, uid.ID{1}, at, at)
			body := lr.Body().AsString()
			require.Equal(t, printable.String(body), body)
			if m.options.Body == BodyHubbleJSON {
				require.True(t, json.Valid([]byte(body)), body)
			}
			for name, v := range lr.Attributes().All() {
				require.True(t, utf8.ValidString(v.AsString()), name)
			}
		}
	})
}
