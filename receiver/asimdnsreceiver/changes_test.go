// SPDX-License-Identifier: Apache-2.0

// These tests ask the generated traffic, by attributes alone, who changed the server, what changed, and from where.

package asimdnsreceiver

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// Users of the generated traffic.
const (
	domain        = "S-1-5-21-3623811015-3361044348-30300820-"
	administrator = domain + "500"
	dnsOperator   = domain + "1187"
	employee      = domain + "1104"
)

// collectedOf returns the attributes of every record of a file that the shipped keywords collect.
func collectedOf(t *testing.T, file string, profile dns.Profile) (all []map[string]any) {
	t.Helper()
	cfg, err := load(t, "enable_flags: security")
	require.NoError(t, err)
	if file == clientFile {
		cfg, err = load(t, "{provider_guid: Microsoft-Windows-DNS-Client, enable_flags: security}")
		require.NoError(t, err)
	}
	sink, _, _ := replayAll(t, replayOf(file, func(c *Config) {
		c.ProviderGUID, c.EnableFlags, c.Profile = cfg.ProviderGUID, cfg.EnableFlags, profile
		c.Packet.Keep = dnslog.KeepPacketNever
	}))
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { all = append(all, lr.Attributes().AsRaw()) })
	return all
}

// more returns a field of AdditionalFields.
func more(attrs map[string]any, name string) any {
	fields, _ := attrs["AdditionalFields"].(map[string]any)
	return fields[name]
}

func TestWhoChangedTheServersPolicies(t *testing.T) {
	var got []any
	for _, a := range collectedOf(t, serverFile, dns.ProfileWindows) {
		if a["EventType"] == "Update" && more(a, "ObjectType") == "Policy Rule" {
			got = append(got, []any{a["SrcUserId"], a["EventSubType"], more(a, "Object")})
		}
	}
	require.ElementsMatch(t, []any{[]any{dnsOperator, "create", "BlackholePolicy"}, []any{dnsOperator, "delete", "TemporaryPolicy"}}, got)
}

func TestWhatTheAdministratorSet(t *testing.T) {
	var got []any
	for _, a := range collectedOf(t, serverFile, dns.ProfileWindows) {
		if a["SrcUserId"] == administrator && a["EventSubType"] == "set" && more(a, "OriginalObjectType") == "Server Setting" {
			got = append(got, []any{more(a, "Object"), more(a, "NewValue"), a["SrcProcessId"]})
		}
	}
	require.ElementsMatch(t, []any{[]any{"EnableDnsSec", "1", "3336"}, []any{"LogLevel", "0x8000f331", "3336"}}, got)
}

func TestWhichRecordsWereDeletedAndWhatTheyHeld(t *testing.T) {
	got := map[any][]any{}
	for _, a := range collectedOf(t, serverFile, dns.ProfileWindows) {
		if a["EventType"] == "Update" && a["EventSubType"] == "delete" && a["SrcUserId"] == administrator && a["DnsQuery"] != nil {
			got[a["DnsQuery"]] = append(got[a["DnsQuery"]], a["DnsQueryTypeName"], more(a, "OldValue"))
		}
	}
	require.Equal(t, map[any][]any{
		"legacy.contoso.com": {"A", "10.0.40.12"}, "contoso.com": {"MX", "30 mail3.contoso.com"}, "_acme-challenge.web.contoso.com": {"TXT", nil},
		"decommissioned.contoso.com": {nil, nil}, "login.adatum.com": {"A", nil},
	}, got)
}

// Packets are not kept. The records still list what each update asks for; the audit events show what was done, with the
// client.
func TestWhichClientsChangedWhichRecordsByDynamicUpdate(t *testing.T) {
	for profile, names := range map[dns.Profile]struct{ verb, record, user string }{
		dns.ProfileWindows: {"EventSubType", "DnsQuery", "SrcUserId"}, dns.ProfileASIM: {"EventType", "Object", "ActorUserId"},
	} {
		asked, done := map[any]bool{}, map[any]bool{}
		for _, a := range collectedOf(t, serverFile, profile) {
			if a["SrcIpAddr"] == nil {
				continue
			}
			updates, _ := more(a, "DnsUpdates").([]any)
			for _, u := range updates {
				if u := u.(map[string]any); u["operation"] == "add" {
					asked[[2]any{a["SrcIpAddr"], u["name"]}] = true
				}
			}
			if verb := a[names.verb]; (verb == "create" || verb == "Create") && a[names.user] == nil {
				value, typ := more(a, "NewValue"), a["DnsQueryTypeName"]
				if profile == dns.ProfileASIM {
					value, typ = a["NewValue"], more(a, "DnsQueryTypeName")
				}
				require.Equal(t, []any{"A", "10.1.4.27"}, []any{typ, value})
				done[[2]any{a["SrcIpAddr"], a[names.record]}] = true
			}
		}
		require.Greater(t, len(asked), 5)
		require.Greater(t, len(done), 5)
		for who := range done {
			require.True(t, asked[who], "%v", who)
		}
	}
}

func TestWhoAskedForAName(t *testing.T) {
	for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
		var users []any
		for _, a := range collectedOf(t, clientFile, profile) {
			if user := a["SrcUserId"]; user != nil && !slices.Contains(users, user) {
				users = append(users, user)
			}
		}
		require.ElementsMatch(t, []any{employee, "S-1-5-18"}, users, "the service's own account asked for nothing")
	}
}
