// SPDX-License-Identifier: Apache-2.0

package networklog

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/asimtest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// networkTCPConnection is a connection of ten packets that both sides have finished.
func networkTCPConnection() *flow.Connection {
	return &flow.Connection{
		Source: flow.Side{
			Address: networkSrc, Port: 40000, Identity: 1001, Packets: 6, Bytes: 900,
			Flags: flow.TCPSyn | flow.TCPAck | flow.TCPPsh | flow.TCPFin,
		},
		Destination: flow.Side{Address: networkDst, Port: 443, Identity: 2, Packets: 4, Bytes: 4000, Flags: flow.TCPSyn | flow.TCPAck | flow.TCPFin},
		Opened:      true, IPVersion: 4, Protocol: 6, L4: flow.L4TCP, Egress: true,
		Policies: [2]flow.Policy{{Known: true, Match: 2, Cookie: 17}},
		Events:   13, First: networkAt, Last: networkAt.Add(1500 * time.Millisecond), Received: networkReceived, ID: [16]byte{1}, End: flow.EndFin,
	}
}

// networkConnections are connections that have, together, every attribute.
func networkConnections() []*flow.Connection {
	proxied, echo := networkTCPConnection(), networkTCPConnection()
	proxied.Source.Translated, proxied.Destination.Translated = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	proxied.Opened, proxied.Ingress, proxied.End, proxied.Session = false, true, flow.EndInterim, [16]byte{2}
	proxied.ProxyPort, proxied.Tunnel, proxied.Encrypted = 15001, flow.TunnelVXLAN, true
	p := flow.Policy{Known: true, Match: 4, Cookie: 18, Redirect: true, Auth: 1}
	proxied.Policies = [2]flow.Policy{p, p}
	echo.Source.Endpoint, echo.Source.Service = everyone.endpoint, everyone.service
	echo.Destination.Endpoint, echo.Destination.Service = everyone.endpoint, everyone.service
	echo.Protocol, echo.L4, echo.Type, echo.IPVersion, echo.Source.Port, echo.Destination.Port = 58, flow.L4ICMPv6, 128, 6, 0, 0
	return []*flow.Connection{networkTCPConnection(), proxied, echo}
}

func networkAppendConnection(options Options, c *flow.Connection) plog.LogRecord {
	lr := plog.NewLogRecord()
	NewMapper(options).AppendConnection(lr, c)
	return lr
}

func TestTheRecordOfAConnection(t *testing.T) {
	lr := networkAppendConnection(networkOptions, networkTCPConnection())
	whole := map[string]any{
		"EventProduct": "Cilium", "EventVendor": "Isovalent", "EventSchema": "NetworkSession", "EventSchemaVersion": "0.2.6",
		"EventType": "NetworkSession", "EventSubType": "End", "EventOriginalSubType": "fin", "EventCount": int64(13), "EventStartTime": "2026-03-04T05:06:04.1234567Z",
		"EventEndTime": "2026-03-04T05:06:05.6234567Z", "EventResult": "Success", "EventResultDetails": "Terminated", "EventOriginalUid": "01000000000000000000000000000000",
		"EventSeverity": "Informational", "Dvc": "node-1", "DvcHostname": "win1", "DvcDomain": "corp.example",
		"DvcDomainType": "FQDN", "DvcIpAddr": "192.0.2.7", "cilium.event.type": "connection",
		"DvcAction": "Allow", "DvcOriginalAction": "FORWARDED", "cilium.verdict": "FORWARDED",
		"Src": "10.0.0.1", "SrcIpAddr": "10.0.0.1", "SrcPortNumber": int64(40000), "cilium.source.identity": int64(1001),
		"Dst": "10.0.0.2", "DstIpAddr": "10.0.0.2", "DstPortNumber": int64(443), "cilium.destination.identity": int64(2), "cilium.destination.identity_name": "world",
		"NetworkDirection": "Outbound", "NetworkProtocol": "TCP", "NetworkProtocolVersion": "IPv4",
		"NetworkBytes": int64(4900), "NetworkPackets": int64(10), "SrcBytes": int64(900), "SrcPackets": int64(6), "DstBytes": int64(4000), "DstPackets": int64(4),
		"cilium.packet.primary": true, "NetworkDuration": int64(1500), "NetworkConnectionHistory": "SAPFsaf",
		"TcpFlagsAck": true, "TcpFlagsFin": true, "TcpFlagsPsh": true, "TcpFlagsRst": false, "TcpFlagsSyn": true, "TcpFlagsUrg": false,
		"cilium.policy.egress.match_type": "L3-L4", "cilium.policy.egress.verdict": "allow", "cilium.policy.egress.cookie": "17",
	}
	require.Equal(t, whole, lr.Attributes().AsRaw())
	require.Empty(t, lr.Body().AsString())
	require.Equal(t, networkAt.Add(1500*time.Millisecond), lr.Timestamp().AsTime())
	require.Equal(t, networkReceived, lr.ObservedTimestamp().AsTime())
	require.Equal(t, "INFO", lr.SeverityText())

	options := networkOptions
	options.Slim, options.DeviceInResource = true, true
	slim := networkAppendConnection(options, networkTCPConnection()).Attributes().AsRaw()
	for _, repeated := range []string{
		"Dvc", "DvcHostname", "DvcDomain", "DvcDomainType", "DvcIpAddr", "cilium.event.type", "cilium.verdict", "DvcOriginalAction", "Src", "Dst",
		"cilium.source.identity", "cilium.destination.identity", "cilium.destination.identity_name", "NetworkProtocolVersion", "cilium.policy.egress.verdict",
		"TcpFlagsAck", "TcpFlagsFin", "TcpFlagsPsh", "TcpFlagsRst", "TcpFlagsSyn", "TcpFlagsUrg",
	} {
		require.Contains(t, whole, repeated)
		delete(whole, repeated)
	}
	whole["SrcZone"], whole["DstZone"] = "1001", "2" // the identities
	require.Equal(t, whole, slim)
}

func TestHowTheEndOfAConnectionIsWritten(t *testing.T) {
	for end, want := range map[flow.End][3]string{
		flow.EndFin: {"End", "fin", "Terminated"}, flow.EndRst: {"End", "rst", "Reset"}, flow.EndSilence: {"End", "silence", "Timeout"},
		flow.EndInterim: {"", "interim", "NA"}, flow.EndMemory: {"", "memory", "NA"}, flow.EndClock: {"", "clock", "NA"}, flow.EndStop: {"", "stop", "NA"},
	} {
		c := networkTCPConnection()
		c.End = end
		a := networkAppendConnection(networkOptions, c).Attributes().AsRaw()
		if want[0] == "" {
			require.NotContains(t, a, "EventSubType")
		} else {
			require.Equal(t, want[0], a["EventSubType"])
		}
		require.Equal(t, want[1], a["EventOriginalSubType"])
		require.Equal(t, want[2], a["EventResultDetails"])
	}
}

func TestAConnectionOfWhichNoPacketIsCountedHasNoAmounts(t *testing.T) {
	c := networkTCPConnection()
	c.Source.Packets, c.Source.Bytes, c.Destination.Packets, c.Destination.Bytes = 0, 0, 0, 0
	a := networkAppendConnection(networkOptions, c).Attributes().AsRaw()
	for _, name := range []string{"NetworkBytes", "NetworkPackets", "SrcBytes", "SrcPackets", "DstBytes", "DstPackets", "cilium.packet.primary"} {
		require.NotContains(t, a, name)
	}
}

func TestConnectionsAndSlimRecordsConform(t *testing.T) {
	fields := asimtest.NetworkSessionFields(t)
	options := networkOptions
	options.Device.HostName = "win1.corp.example.com"
	found, count := map[string]int{}, 0
	look := func(attributes pcommon.Map) {
		count++
		for _, f := range asimtest.Conform(fields, attributes) {
			if !strings.HasPrefix(f.Field, "cilium.") || f.What != "is not in the schema" {
				found[f.String()]++
			}
		}
	}
	for _, options.Slim = range []bool{false, true} {
		for _, c := range networkConnections() {
			look(networkAppendConnection(options, c).Attributes())
		}
	}
	eachNetworkEvent(t, options, func(_ *flow.Flow, lr plog.LogRecord) { look(lr.Attributes()) })
	require.Greater(t, count, 1200)
	require.Equal(t, map[string]int{`error: EventProduct: "Cilium"`: count, `error: EventVendor: "Isovalent"`: count}, found)
}
