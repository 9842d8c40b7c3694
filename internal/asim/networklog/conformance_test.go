// SPDX-License-Identifier: Apache-2.0

// Every event of the Cilium capture, held against the schema.

package networklog

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/asimtest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// rareNetworkEvents are some that the capture has none of: two VLAN tags, a fragment, a policy that asks for authentication.
func rareNetworkEvents() [][]byte {
	inner := mt.IPv4(networkSrc, networkDst, mt.ProtoTCP, mt.TCP(40000, 443, mt.SYN, nil))
	fragment := mt.IPv4Options(networkSrc, networkDst, mt.ProtoUDP, 0x2001, nil, []byte{1, 2, 3, 4, 5, 6, 7, 8})
	return [][]byte{
		mt.Drop{Capture: mt.Capture{Packet: mt.Ethernet(mt.EtherVLAN, mt.VLAN(7, mt.EtherVLAN, mt.VLAN(8, mt.EtherIPv4, inner)))}, Version: 2}.Bytes(),
		mt.Drop{Capture: mt.Capture{Packet: mt.Ethernet(mt.EtherIPv4, fragment)}, Version: 2}.Bytes(),
		mt.PolicyVerdict{Capture: mt.Capture{Packet: networkTCP(mt.SYN)}, AuthType: 1}.Bytes(),
	}
}

// eachNetworkEvent maps every event of the capture, those above, a loss, and reports that stand for several traces.
func eachNetworkEvent(t *testing.T, options Options, do func(*flow.Flow, plog.LogRecord)) (count int) {
	t.Helper()
	mapper := NewMapper(options)
	record := func(f *flow.Flow, at int64) {
		lr := plog.NewLogRecord()
		mapper.Append(lr, f, uid.ID{1}, time.Unix(0, at), time.Unix(0, at))
		do(f, lr)
		count++
	}
	var n monitor.Notification
	var f flow.Flow
	var last int64
	_, err := capture.Replay(context.Background(), "../../../testdata/cilium_events.pcapng", func(_ context.Context, head, body []byte) error {
		r, err := events.Parse(slices.Concat(head, body))
		require.NoError(t, err)
		require.NoError(t, monitor.Decoder{}.Decode(r.Data, &n))
		f.Decode(&n)
		f.Resolve(everyone, r.Time)
		record(&f, r.Time)
		last = r.Time
		if f.Type == monitor.TypeTrace {
			f.Aggregate = flow.Aggregate{Count: 7, Bytes: 5 << 32, First: time.Unix(0, r.Time-1e9)}
			f.Primary, f.PrimaryDrop = true, true
			record(&f, r.Time)
		}
		return nil
	})
	require.NoError(t, err)
	for _, raw := range rareNetworkEvents() {
		record(networkFlow(t, raw), last)
	}
	f.SetLost(flow.LostPerfEventRingBuffer, 3, 1, time.Unix(0, last), time.Unix(0, last))
	record(&f, last)
	return count
}

// The schema's list of products and vendors has neither Cilium nor Isovalent. What Hubble knows beyond the schema stands in
// attributes of its own, cilium.*. Nothing else is found.
func TestNetworkEventsConform(t *testing.T) {
	fields := asimtest.NetworkSessionFields(t)
	options := networkOptions
	options.Device.HostName = "win1.corp.example.com"
	found := map[string]int{}
	count := eachNetworkEvent(t, options, func(_ *flow.Flow, lr plog.LogRecord) {
		for _, f := range asimtest.Conform(fields, lr.Attributes()) {
			if strings.HasPrefix(f.Field, "cilium.") && f.What == "is not in the schema" {
				continue
			}
			found[f.String()]++
		}
	})
	require.Greater(t, count, 1200)
	require.Equal(t, map[string]int{`error: EventProduct: "Cilium"`: count, `error: EventVendor: "Isovalent"`: count}, found)
}

func TestTheRulesFindWhatIsWrongWithANetworkRecord(t *testing.T) {
	fields := asimtest.NetworkSessionFields(t)
	for want, change := range map[string]func(pcommon.Map){
		"error: DvcAction: \"Reject\"":                                func(a pcommon.Map) { a.PutStr("DvcAction", "Reject") },
		"error: NetworkBytes: Str is no long":                         func(a pcommon.Map) { a.PutStr("NetworkBytes", "1") },
		"error: EventResult: is missing":                              func(a pcommon.Map) { a.Remove("EventResult") },
		"error: EventSeverity: is missing":                            func(a pcommon.Map) { a.Remove("EventSeverity") },
		"error: EventResultDetails: \"Policy denied\"":                func(a pcommon.Map) { a.PutStr("EventResultDetails", "Policy denied") },
		"error: NetworkDirection: \"ingress\"":                        func(a pcommon.Map) { a.PutStr("NetworkDirection", "ingress") },
		"error: NetworkProtocol: \"tcp\"":                             func(a pcommon.Map) { a.PutStr("NetworkProtocol", "tcp") },
		"error: SrcMacAddr: \"0a0b\"":                                 func(a pcommon.Map) { a.PutStr("SrcMacAddr", "0a0b") },
		"error: DvcDomainType: is missing, though there is DvcDomain": func(a pcommon.Map) { a.Remove("DvcDomainType") },
		"error: SrcPod: is not in the schema":                         func(a pcommon.Map) { a.PutStr("SrcPod", "x") },
	} {
		attrs := networkAppend(t, networkOptions, networkFlow(t, mtDrop())).Attributes()
		before := asimtest.Conform(fields, attrs)
		change(attrs)
		var added []string
		for _, f := range asimtest.Conform(fields, attrs) {
			if !slices.Contains(before, f) {
				added = append(added, f.String())
			}
		}
		require.Equal(t, []string{want}, added)
	}
}
