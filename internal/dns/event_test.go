// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

func TestProvidersAreFoundByGUIDAndByName(t *testing.T) {
	for _, text := range []string{"{EB79061A-A566-4698-9119-3ED2807060E7}", "eb79061a-a566-4698-9119-3ed2807060e7", "microsoft-windows-dnsserver"} {
		p, err := Find(text)
		require.NoError(t, err)
		require.Equal(t, "DNS Server", p.Product)
	}
	p, err := Find("1C95126E-7EEA-49A9-A3FE-A378B03DDB4D")
	require.NoError(t, err)
	require.Equal(t, "windows_dns_client", p.Service)

	_, err = Find("{EB79061A-A566-4698-9119-3ED2807060E8}")
	require.ErrorContains(t, err, "{EB79061A-A566-4698-9119-3ED2807060E8} is not a DNS provider; want {EB79061A")
	_, err = Find("DNS")
	require.ErrorContains(t, err, `"DNS" is neither a GUID nor the name of a DNS provider`)
}

func TestEnableIsTheRuleOfETW(t *testing.T) {
	record := func(level uint8, keyword uint64) *etw.Record { return &etw.Record{Level: level, Keyword: keyword} }
	e := Enable{Level: 4, Keywords: 0x3F}
	require.True(t, e.Wants(record(4, 0x8000000000000002)))
	require.False(t, e.Wants(record(5, 0x8000000000000002)), "too verbose")
	require.False(t, e.Wants(record(2, 0x8000000000000040)), "another keyword")
	require.True(t, e.Wants(record(0, 1)), "level 0 is always logged")
	require.True(t, e.Wants(record(4, 0)), "an event without a keyword always comes")
	require.True(t, Enable{Level: 5}.Wants(record(5, 1<<40)), "no mask is every keyword")
	require.True(t, Client().Keywords == 0x8000000000000FFF && Client().Enable(5, Client().Keywords).Wants(record(4, 1<<63)))
}

func TestAddressesAreReadAsEventsWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "0.0.0.0": "0.0.0.0", "2001:db8::1": "2001:db8::1", "::ffff:192.0.2.7": "192.0.2.7", "fe80::1%5": "fe80::1%5",
	} {
		a, ok := ParseAddr([]byte(text))
		require.True(t, ok, text)
		require.Equal(t, want, a.String())
	}
	for _, text := range []string{"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1..2.3", "a", "1.2.3.4 ", strings.Repeat("1", 100), "NULL"} {
		_, ok := ParseAddr([]byte(text))
		require.False(t, ok, text)
	}
}

func TestParseIPv4AgreesWithTheStandardLibrary(t *testing.T) {
	for _, text := range []string{"1.2.3.4", "255.255.255.255", "0.0.0.0", "00.0.0.0", "1.2.3.04", "1.2.3.256", "1.2.3.", ".1.2.3", "1.2.3.4.", "999.1.1.1", "1.2.3.10"} {
		want, err := netip.ParseAddr(text)
		got, ok := parseIPv4([]byte(text))
		require.Equal(t, err == nil, ok, text)
		if ok {
			require.Equal(t, want, got)
		}
	}
}

func TestSockaddrsOfBothFamiliesAreRead(t *testing.T) {
	v4, _ := hex.DecodeString("02000035c00002350000000000000000")
	a, ok := ParseSockaddr(v4)
	require.True(t, ok)
	require.Equal(t, "192.0.2.53:53", a.String())
	v6, _ := hex.DecodeString("1700003500000000" + "20010db8000000000000000000000053" + "00000000")
	a, ok = ParseSockaddr(v6)
	require.True(t, ok)
	require.Equal(t, "[2001:db8::53]:53", a.String())
	for n := range v6 {
		_, ok = ParseSockaddr(v6[:n])
		require.Equal(t, n >= 24, ok, "%d bytes", n)
	}
	_, ok = ParseSockaddr([]byte{1, 0, 0, 53, 1, 2, 3, 4})
	require.False(t, ok, "another family")
}

func TestFieldsAreFoundByMeaningWhateverTheManifestCallsThem(t *testing.T) {
	d := NewDecoder(Client())
	var tmplID uint16 = 3009
	tmpl := d.catalog.Candidates(tmplID, 1)[0]
	raw, err := tmpl.Encode(nil, 8, map[string]any{
		"QueryName": "example.com", "LocalAddress": "192.168.123.53;10.0.0.1;", "DNSServerAddress": "192.168.123.10;", "ClientPID": 42,
	})
	require.NoError(t, err)
	e := Event{Record: etw.Record{ID: tmplID, Version: 1, UserData: raw}}
	d.Decode(&e)
	require.True(t, e.Decoded().Exact)
	require.Equal(t, Request, e.Phase)
	text, ok := e.Text(nil, QueryName)
	require.True(t, ok)
	require.Equal(t, "example.com", string(text))
	addr, more, ok := e.FirstAddr(LocalAddress)
	require.True(t, ok)
	require.Equal(t, 1, more)
	require.Equal(t, "192.168.123.53", addr.String())
	addr, more, ok = e.FirstAddr(ServerAddress)
	require.True(t, ok)
	require.Zero(t, more)
	require.Equal(t, "192.168.123.10", addr.String())
	pid, ok := e.Num(ClientPID)
	require.True(t, ok)
	require.Equal(t, uint64(42), pid)
	_, ok = e.Num(QueryType)
	require.False(t, ok, "3009 has no query type")
}

func TestTheServersOwnProcessIsNoneThatActs(t *testing.T) {
	server := NewDecoder(Server())
	for id, want := range map[uint16]uint32{256: 0, 257: 0, 259: 0, 260: 0, 263: 0, 270: 0, 513: 3336, 541: 3336, 519: 0, 520: 0} {
		template := ServerCatalog().Candidates(id, 0)[0]
		data, err := template.Encode(nil, 8, map[string]any{})
		require.NoError(t, err)
		e := Event{Record: etw.Record{
			Flags: etw.Flag64BitHeader, ProcessID: 3336, Provider: template.Provider, ID: id, Channel: template.Channel, Keyword: template.Keyword, UserData: data,
		}}
		server.Decode(&e)
		require.Equal(t, want, Server().ActingProcess(&e), "event %d", id)
	}
	later := Event{Record: etw.Record{Flags: etw.Flag64BitHeader, ProcessID: 3336, Provider: Server().GUID, ID: 640, Channel: AuditChannel}}
	server.Decode(&later)
	require.Equal(t, uint32(3336), Server().ActingProcess(&later), "an audit event that the manifest does not have")
}
