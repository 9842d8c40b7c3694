// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

func TestWhereThisServerIsAnEndItsAddressIsThatOfTheDevice(t *testing.T) {
	for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
		for _, tc := range []struct {
			ids      []uint16
			peer     string
			src, dst any
		}{
			{[]uint16{260, 262, 268, 272, 278, 289, 291}, "Destination", "10.0.0.1", "192.0.2.9"},
			{[]uint16{261, 265, 269, 274, 275, 286, 290}, "Source", "10.0.0.1", "192.0.2.9"},
			{[]uint16{256, 259, 263, 266, 270, 273, 279, 280, 287}, "Source", "192.0.2.9", "10.0.0.1"},
			{[]uint16{257, 258, 264, 267, 271, 276, 281, 284, 285}, "Destination", "192.0.2.9", "10.0.0.1"},
		} {
			for _, id := range tc.ids {
				got := attrsOf(t, dns.Server(), profile, dc1, etw.Record{ID: id}, map[string]any{"InterfaceIP": "0.0.0.0", tc.peer: "192.0.2.9"},
					"SrcIpAddr", "DstIpAddr", "DvcIpAddr")
				require.Equal(t, []any{tc.src, tc.dst, "10.0.0.1"}, got, "event %d in profile %s", id, profile)
			}
		}
		got := attrsOf(t, dns.Server(), profile, dc1, etw.Record{ID: 277}, map[string]any{"ForwardInterfaceIP": "::", "Destination": "192.0.2.9"}, "SrcIpAddr")
		require.Equal(t, []any{"10.0.0.1"}, got)
	}
	got := attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 260}, map[string]any{"InterfaceIP": "0.0.0.0", "Destination": "2001:db8::9"}, "Src", "SrcIpAddr")
	require.Equal(t, []any{"dc1.corp.example.com", nil}, got, "an IPv4 address reaches no other kind")
}

func TestAnEndThatIsNotThisDeviceAndNotKnownIsLeftOut(t *testing.T) {
	for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
		got := attrsOf(t, dns.Server(), profile, dc1, etw.Record{ID: 256}, map[string]any{"InterfaceIP": "10.0.0.1"}, "Src", "Dst")
		require.Equal(t, []any{nil, "10.0.0.1"}, got)
		got = attrsOf(t, dns.Server(), profile, dc1, etw.Record{ID: 260}, map[string]any{"InterfaceIP": "10.0.0.1"}, "Src", "Dst")
		require.Equal(t, []any{"10.0.0.1", nil}, got)
		// 288 names neither end: this server judged what another one answered.
		got = attrsOf(t, dns.Server(), profile, dc1, etw.Record{ID: 288}, map[string]any{}, "Src", "Dst", "DstPortNumber")
		require.Equal(t, []any{"10.0.0.1", nil, nil}, got)
		for _, id := range []uint16{1001, 3000, 3006, 3008, 3019, 3020, 3023} {
			got = attrsOf(t, dns.Client(), profile, dc1, etw.Record{ID: id}, map[string]any{}, "Src", "Dst", "DstIpAddr", "DstPortNumber", "NetworkProtocol", "NetworkProtocolVersion")
			require.Equal(t, []any{"10.0.0.1", nil, nil, nil, nil, nil}, got, "event %d", id)
		}
	}
	got := attrsOf(t, dns.Server(), dns.ProfileWindows, dc1, etw.Record{ID: 515}, map[string]any{}, "Src", "Dst")
	require.Equal(t, []any{"dc1.corp.example.com", nil}, got, "what happened on the device has no other end")
	got = attrsOf(t, dns.Server(), dns.ProfileDocumented, dc1, etw.Record{ID: 256}, map[string]any{}, "Src", "Dst", "DstPortNumber")
	require.Equal(t, []any{"dc1.corp.example.com", "dc1.corp.example.com", int64(53)}, got)
}

func TestTheSourceOfAClientsEventHasTheDevicesName(t *testing.T) {
	names := []string{"SrcHostname", "SrcDomain", "SrcDomainType"}
	for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
		for _, id := range []uint16{1001, 3006, 3008, 3010, 3020} {
			require.Equal(t, []any{"dc1", "corp.example.com", "FQDN"}, attrsOf(t, dns.Client(), profile, dc1, etw.Record{ID: id}, map[string]any{}, names...))
		}
		short := Device{Name: "ws7", Host: true}
		require.Equal(t, []any{"ws7", nil, nil}, attrsOf(t, dns.Client(), profile, short, etw.Record{ID: 3008}, map[string]any{}, names...))
		require.Equal(t, []any{nil, nil, nil}, attrsOf(t, dns.Client(), profile, capture, etw.Record{ID: 3008}, map[string]any{}, names...), "a file is no host")
		require.Equal(t, []any{nil, nil, nil}, attrsOf(t, dns.Server(), profile, dc1, etw.Record{ID: 256}, map[string]any{"Source": "192.0.2.9"}, names...))
	}
	require.Equal(t, []any{nil, nil, nil}, attrsOf(t, dns.Client(), dns.ProfileDocumented, dc1, etw.Record{ID: 3008}, map[string]any{}, names...))
}

// The DNS Client service writes 3009 to 3020, and some others, for the process that asks, which the first version of them does not name.
func TestTheServiceIsNotTheProcessThatAsks(t *testing.T) {
	const service, asker = 2164, 42
	served := map[uint16]bool{}
	decoder := dns.NewDecoder(dns.Client())
	for _, tmpl := range decoder.Templates() {
		if tmpl.Find("ClientPID") >= 0 {
			served[tmpl.ID] = true
		}
	}
	for id := uint16(3009); id <= 3020; id++ {
		require.True(t, served[id] || id == 3015 || id == 3017, "event %d", id)
	}
	for _, tmpl := range decoder.Templates() {
		fields := emptyFields(tmpl)
		want := any("2164")
		if served[tmpl.ID] {
			want = nil
		}
		if tmpl.Find("ClientPID") >= 0 {
			fields["ClientPID"], want = asker, "42"
		}
		r := etw.Record{ID: tmpl.ID, Version: tmpl.Version, ProcessID: service}
		for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
			require.Equal(t, []any{want}, attrsOf(t, dns.Client(), profile, dc1, r, fields, "SrcProcessId"), "event %d version %d", tmpl.ID, tmpl.Version)
		}
		if want == nil {
			want = "2164"
		}
		require.Equal(t, []any{want}, attrsOf(t, dns.Client(), dns.ProfileDocumented, dc1, r, fields, "SrcProcessId"), "event %d version %d", tmpl.ID, tmpl.Version)
	}
}
