// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

var (
	localSystem = etw.SID{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}
	alice       = append(etw.SID{1, 5, 0, 0, 0, 0, 0, 5}, "\x15\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x50\x04\x00\x00"...)
)

const aliceText = "S-1-5-21-1-2-3-1104"

func TestTheUserOfAnEventIsTheOneWhoDidWhatItSays(t *testing.T) {
	update := map[string]any{"Source": "10.0.0.9"}
	for name, tc := range map[string]struct {
		p      *dns.Provider
		id     uint16
		user   etw.SID
		fields map[string]any
		sid    any
		pid    any
	}{
		"an administrator":              {dns.Server(), 541, alice, nil, aliceText, "852"},
		"the server itself":             {dns.Server(), 521, localSystem, nil, "S-1-5-18", "852"},
		"a client of a dynamic update":  {dns.Server(), 519, alice, update, aliceText, nil},
		"the server, for such a client": {dns.Server(), 520, localSystem, update, nil, nil},
		"without a user":                {dns.Server(), 541, nil, nil, nil, "852"},
		"the server's own account":      {dns.Server(), 256, localSystem, nil, nil, nil},
		"the program that asks":         {dns.Client(), 3006, alice, nil, aliceText, "852"},
		"its answer":                    {dns.Client(), 3008, alice, nil, aliceText, "852"},
		"a program or the service":      {dns.Client(), 3000, alice, nil, aliceText, "852"},
		"the service or a program":      {dns.Client(), 3005, localSystem, nil, nil, nil},
		"either, without a user":        {dns.Client(), 3003, nil, nil, nil, "852"},
		"the DNS Client service":        {dns.Client(), 1019, localSystem, map[string]any{"Location": 1}, nil, "852"},
	} {
		r := etw.Record{ID: tc.id, ProcessID: 852, User: tc.user}
		for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
			names, pid := []string{"SrcUserId", "SrcUserIdType", "SrcProcessId", "SrcUsername"}, tc.pid
			if profile == dns.ProfileASIM && tc.p.GUID == dns.Server().GUID && tc.id >= 512 { // of the schema AuditEvent
				names, pid = []string{"ActorUserId", "ActorUserIdType", "TargetAppId", "ActorUsername"}, "852"
			}
			var kind any
			if tc.sid != nil {
				kind = "SID"
			}
			require.Equal(t, []any{tc.sid, kind, pid, nil}, attrsOf(t, tc.p, profile, dc1, r, tc.fields, names...), name)
		}
		require.Equal(t, []any{nil, nil}, attrsOf(t, tc.p, dns.ProfileDocumented, dc1, r, tc.fields, "SrcUserId", "SrcUserIdType"), name)
		if tc.p.GUID == dns.Server().GUID {
			require.Equal(t, []any{nil}, attrsOf(t, tc.p, dns.ProfileDocumented, dc1, r, tc.fields, "SrcProcessId"), name)
		}
	}
}

// namer names one SID.
type namer map[string][2]string

func (n namer) Account(sid etw.SID) (name, kind string) {
	return n[sid.String()][0], n[sid.String()][1]
}

func TestAUserIsNamedWhereTheHostKnowsIt(t *testing.T) {
	for sid, want := range map[string][]any{aliceText: {"CONTOSO\\alice", "Windows", aliceText}, "S-1-1-0": {nil, nil, aliceText}} {
		decoder, m := dns.NewDecoder(dns.Server()), NewMapper(dns.Server(), dns.ProfileWindows, dc1, "")
		m.SetUsers(namer{sid: {`CONTOSO\alice`, "Windows"}})
		e := dns.Event{Record: etw.Record{ID: 541, User: alice}}
		decoder.Decode(&e)
		records := m.Begin(plog.NewLogs())
		m.Append(records, &e, 1)
		raw := records.At(0).Attributes().AsRaw()
		require.Equal(t, want, []any{raw["SrcUsername"], raw["SrcUsernameType"], raw["SrcUserId"]})
	}
}
