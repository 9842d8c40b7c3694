// SPDX-License-Identifier: Apache-2.0

package networklog

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// repeated derives an attribute that slim records leave out from those that they have. It returns nil where nothing is said.
type repeated func(a map[string]any, f *flow.Flow) any

func as(value any) repeated { return func(map[string]any, *flow.Flow) any { return value } }

func of(name string) repeated { return func(a map[string]any, _ *flow.Flow) any { return a[name] } }

func unset(_ map[string]any, f *flow.Flow) any {
	if f.L4.HasFlags {
		return false
	}
	return nil
}

// The attributes that a slim record leaves out follow from those that it has. The exceptions are numbers of the node (processor, endpoint,
// interface) and, of IP packets, the MAC addresses.
func TestWhatASlimRecordLeavesOutFollowsFromTheRest(t *testing.T) {
	names := map[string]string{}
	for identity := range uint32(20) {
		if name, ok := flow.IdentityName(identity); ok {
			names[strconv.Itoa(int(identity))] = name
		}
	}
	reasons := map[string]uint32{} // those with a name, by Cilium's sentence
	for reason := range uint32(256) {
		if text := monitor.DropReasonText(uint8(reason)); flow.DropReasonNamed(reason) {
			require.NotContains(t, reasons, text)
			require.NotContains(t, text, ", ")
			reasons[text] = reason
		}
	}
	reason := func(a map[string]any) uint32 {
		text, _, _ := strings.Cut(a["EventOriginalResultDetails"].(string), ", ") // of the datapath's error
		require.Contains(t, reasons, text)
		return reasons[text]
	}
	verdict := func(a map[string]any, _ *flow.Flow) any {
		if name, ok := a["DvcOriginalAction"]; ok {
			return name
		}
		return map[any]any{"Allow": "FORWARDED", "Drop": "DROPPED", "Deny": "DROPPED"}[a["DvcAction"]]
	}
	identity := func(zone string) repeated {
		return func(a map[string]any, _ *flow.Flow) any {
			n, err := strconv.ParseInt(a[zone].(string), 10, 64)
			require.NoError(t, err)
			return n
		}
	}
	identityName := func(zone string) repeated {
		return func(a map[string]any, _ *flow.Flow) any { return names[a[zone].(string)] }
	}
	follows := map[string]repeated{
		"EventResultDetails": func(a map[string]any, _ *flow.Flow) any {
			if a["EventResult"] == "Failure" {
				return "Unknown"
			}
			return "NA"
		},
		"NetworkDirection": as("NA"), "cilium.verdict": verdict, "DvcOriginalAction": verdict,
		"cilium.source.pod": of("SrcHostname"), "cilium.destination.pod": of("DstHostname"),
		"cilium.source.workload.name": of("SrcAppName"), "cilium.destination.workload.name": of("DstAppName"),
		"Src": of("SrcIpAddr"), "Dst": of("DstIpAddr"), "NetworkBytes": of("SrcBytes"), "NetworkPackets": of("SrcPackets"),
		"cilium.source.identity": identity("SrcZone"), "cilium.destination.identity": identity("DstZone"),
		"cilium.source.identity_name": identityName("SrcZone"), "cilium.destination.identity_name": identityName("DstZone"),
		"TcpFlagsAck": unset, "TcpFlagsFin": unset, "TcpFlagsPsh": unset, "TcpFlagsRst": unset, "TcpFlagsSyn": unset, "TcpFlagsUrg": unset,
		"NetworkProtocolVersion": func(_ map[string]any, f *flow.Flow) any {
			if f.IP.Source.Is4() || f.IP.Destination.Is4() {
				return "IPv4"
			}
			return "IPv6"
		},
		"cilium.event.type": func(a map[string]any, _ *flow.Flow) any {
			if typ, ok := a["EventOriginalType"]; ok {
				return typ
			}
			return "trace"
		},
		"cilium.event.sub_type": func(a map[string]any, _ *flow.Flow) any {
			if typ, ok := a["EventOriginalSubType"]; ok {
				return typ
			}
			return monitor.DropReasonText(uint8(reason(a)))
		},
		"cilium.trace.observation_point": func(a map[string]any, _ *flow.Flow) any {
			require.NotContains(t, a, "EventOriginalType")
			return strings.ReplaceAll(strings.ToUpper(a["EventOriginalSubType"].(string)), "-", "_")
		},
		"cilium.drop_reason":      func(a map[string]any, _ *flow.Flow) any { return flow.DropReasonName(reason(a)) },
		"cilium.drop_reason_code": func(a map[string]any, _ *flow.Flow) any { return int64(reason(a)) },
		"cilium.policy.verdict": func(a map[string]any, f *flow.Flow) any {
			return map[any]any{"FORWARDED": "allow", "DROPPED": "deny", "AUDIT": "audit", "REDIRECTED": "redirect"}[verdict(a, f)]
		},
		"cilium.is_reply": func(a map[string]any, f *flow.Flow) any {
			reason, ok := a["cilium.trace.reason"]
			require.True(t, ok || a["EventOriginalType"] == "policy-verdict")
			return reason == "REPLY"
		},
		"cilium.endpoint.id": nil, "cilium.interface.index": nil, "cilium.cpu": nil, "SrcMacAddr": nil, "DstMacAddr": nil,
	}
	columns := []string{"EventOriginalType", "EventOriginalSubType", "SrcZone", "DstZone"}
	var full []map[string]any
	eachNetworkEvent(t, networkOptions, func(_ *flow.Flow, lr plog.LogRecord) { full = append(full, lr.Attributes().AsRaw()) })
	options := networkOptions
	options.Slim = true
	left, i := map[string]bool{}, 0
	eachNetworkEvent(t, options, func(f *flow.Flow, lr plog.LogRecord) {
		slim := lr.Attributes().AsRaw()
		for name, want := range full[i] {
			if got, ok := slim[name]; ok {
				require.Equal(t, want, got)
				continue
			}
			rule, ok := follows[name]
			require.True(t, ok, "%s is left out", name)
			left[name] = true
			if rule != nil {
				require.Equal(t, want, rule(slim, f), "%s of %v", name, slim)
			}
			delete(full[i], name)
		}
		for _, column := range columns {
			delete(slim, column)
		}
		require.Equal(t, full[i], slim, "nothing else is added")
		i++
	})
	for name := range follows {
		if name != "cilium.cpu" { // the test's events have none
			require.True(t, left[name], name)
		}
	}
	section := kit.Section(t, "../../../receiver/ciliumwindowsreceiver/README.md", "### Slim records")
	for _, row := range regexp.MustCompile("(?m)^\\| ((?:`[A-Za-z.0-9_]+`(?:, )?)+) \\|").FindAllStringSubmatch(section, -1) {
		for name := range strings.SplitSeq(row[1], ", ") {
			delete(follows, strings.Trim(name, "`"))
		}
	}
	require.Empty(t, follows, "the README lists what is left out")
}

// The size is what a row's values have, written as Sentinel's columns have them.
func TestTheSizeOfARecordIsThatOfItsValues(t *testing.T) {
	for _, slim := range []bool{false, true} {
		options := networkOptions
		options.Slim, options.DeviceInResource = slim, slim
		m := NewMapper(options)
		eachNetworkEvent(t, options, func(f *flow.Flow, lr plog.LogRecord) {
			want, more := 0, map[string]any{}
			for name, v := range lr.Attributes().AsRaw() {
				v, _ := json.Marshal(v)
				switch {
				case name == "EventSchema":
				case name == "Src", name == "Dst", strings.HasPrefix(name, "cilium."):
					more[name] = json.RawMessage(v)
				default:
					want += len(strings.Trim(string(v), `"`))
				}
			}
			object, err := json.Marshal(more)
			require.NoError(t, err)
			want += len(object)
			if slim {
				want += len("node-1" + "win1" + "corp.example" + "FQDN" + "192.0.2.7")
			}
			require.InDelta(t, want, m.RecordSize(lr.Attributes()), 4, "%v", lr.Attributes().AsRaw())
		})
	}
}

func TestASlimRecordIsSmallerByWhatIsCountedAsSaved(t *testing.T) {
	whole, slim := NewMapper(networkOptions), NewMapper(func() Options { o := networkOptions; o.Slim = true; return o }())
	var saved, sizes int
	eachNetworkEvent(t, networkOptions, func(f *flow.Flow, lr plog.LogRecord) {
		one := plog.NewLogRecord()
		slim.Append(one, f, [16]byte{1}, networkAt, networkAt)
		require.Equal(t, slim.RecordSize(one.Attributes()), slim.AppendedSize())
		sizes += whole.RecordSize(lr.Attributes())
		saved += whole.RecordSize(lr.Attributes()) - slim.RecordSize(one.Attributes())
	})
	require.InEpsilon(t, saved, slim.Saved(), 0.02)
	require.Zero(t, whole.Saved())
	require.Greater(t, float64(saved)/float64(sizes), 0.3)
	t.Logf("%d of %d bytes", saved, sizes)
}

func TestAMinimalRecordHasOnlyTheNameAndTheAddressOfTheDevice(t *testing.T) {
	sizes := map[bool]int{}
	for _, minimal := range []bool{false, true} {
		options := networkOptions
		options.Slim, options.Minimal = true, minimal
		m := NewMapper(options)
		eachNetworkEvent(t, options, func(_ *flow.Flow, lr plog.LogRecord) {
			a := lr.Attributes().AsRaw()
			require.Equal(t, "node-1", a["Dvc"])
			require.Equal(t, "192.0.2.7", a["DvcIpAddr"])
			for _, name := range []string{"DvcHostname", "DvcDomain", "DvcDomainType"} {
				require.Equal(t, !minimal, a[name] != nil, name)
			}
			sizes[minimal] += m.RecordSize(lr.Attributes())
		})
	}
	require.Less(t, sizes[true], sizes[false])
}
