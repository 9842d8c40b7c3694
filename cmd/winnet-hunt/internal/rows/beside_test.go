// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
)

// beside returns a store of rows that a recording cannot have, or that others write: with names of users, of other products, kinds and roles. Each is at the edge of one
// condition. The rows are from five to seven o'clock; what is new comes after six.
func beside(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	type fields = map[string]any
	add := func(table string, minute float64, usual, own fields) {
		at := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC).Add(time.Duration(minute * float64(time.Minute))).Format(time.RFC3339Nano)
		row := fields{"TimeGenerated": at, "EventStartTime": at, "EventEndTime": at, "EventCount": 1}
		maps.Copy(row, usual)
		maps.Copy(row, own)
		raw, err := json.Marshal(row)
		require.NoError(t, err)
		require.NoError(t, s.Add(table, raw))
	}

	answer := fields{
		"EventProduct": "DNS Server", "EventType": "Query", "EventSubType": "response", "EventResult": "Success", "EventResultDetails": "NOERROR", "DnsQuery": "www.usual.example",
		"DnsQueryTypeName": "A", "AdditionalFields": fields{"DnsRole": "client-response"},
	}
	asked := func(minute float64, own fields) { add(sentinelrow.DNS, minute, answer, own) }
	asked(0, fields{"SrcIpAddr": "10.0.0.1"})
	asked(120, fields{"SrcIpAddr": "10.0.0.1"})
	asked(100, fields{"SrcIpAddr": "10.0.0.2", "Src": "a name"})
	asked(100, fields{"SrcIpAddr": "10.0.0.3", "EventType": "Status"})
	asked(100, fields{"SrcIpAddr": "10.0.0.4", "EventSubType": "request"})
	asked(100, fields{"SrcIpAddr": "10.0.0.5", "AdditionalFields": fields{"DnsRole": "recursive-response"}})
	asked(100, fields{"SrcIpAddr": "10.0.0.10", "EventResult": "NA", "EventResultDetails": "NA"})
	for i := range 30 {
		asked(10, fields{"SrcIpAddr": "10.0.0.6", "EventResult": "Failure", "EventResultDetails": "SERVFAIL", "DnsQuery": fmt.Sprintf("bcdfghjklmnp%c%c.example", 'b'+i%20, 'b'+i/20)})
		asked(10, fields{"SrcIpAddr": "10.0.0.7", "DnsQuery": "hints.example", "DnsQueryTypeName": "HTTPS", "AdditionalFields": fields{"DnsAnswers": []string{fmt.Sprintf("20.%d.0.1", i)}}})
	}
	for range 5 { // neither of which is a process of a workstation
		asked(20, fields{"SrcIpAddr": "10.0.0.8", "Dvc": "ws8", "EventProduct": "DNS Client", "EventOriginalType": "3008", "DnsQuery": "alone.example"})
		asked(20, fields{"SrcIpAddr": "10.0.0.9", "Dvc": "dns9", "SrcProcessId": "77", "DnsQuery": "own.example"})
	}
	for i := range 41 { // a server's rows say whom it asks by their role alone
		resolver := "192.0.2.1"
		if i > 38 {
			resolver = "192.0.2.2"
		}
		asked(20, fields{"SrcIpAddr": "10.0.0.1", "Dvc": "dns9", "EventOriginalType": "3008", "DstIpAddr": resolver})
	}

	update := fields{"EventProduct": "DNS Server", "EventType": "Update", "EventSubType": "response", "EventOriginalType": "264", "DnsQuery": "zone.example", "AdditionalFields": fields{"DnsRole": "update"}}
	add(sentinelrow.DNS, 100, update, fields{"SrcIpAddr": "10.0.0.20", "EventResult": "Failure"})

	change := fields{
		"EventProduct": "DNS Server", "EventType": "Update", "Dvc": "dns9", "SrcUserId": "S-1-5-21-1", "AdditionalFields": fields{"DnsRole": "audit", "Operation": "Server setting", "Object": "x"},
	}
	for _, own := range []fields{{"SrcUsername": `CORP\ann`}, {"EventType": "Status"}, {"AdditionalFields": fields{"DnsRole": "info"}}} {
		add(sentinelrow.DNS, 30, change, own)
	}
	audit := fields{"EventProduct": "DNS Server", "EventType": "Set", "ActorUserId": "S-1-5-21-1", "Operation": "Server setting", "Object": "x", "AdditionalFields": fields{"DnsRole": "audit", "Dvc": "dns9"}}
	for _, own := range []fields{
		{"ActorUsername": `CORP\ann`, "DvcHostname": "host", "DvcFQDN": "host.example"}, {"DvcHostname": "host"}, {}, {"EventProduct": "File Server"}, {"AdditionalFields": fields{"DnsRole": "info"}},
	} {
		add(sentinelrow.Audit, 30, audit, own)
	}

	packet := fields{
		"EventType": "Flow", "EventResult": "Success", "DvcAction": "Allow", "SrcIpAddr": "10.0.0.1", "NetworkProtocol": "TCP", "AdditionalFields": fields{"cilium.packet.primary": true},
	}
	add(sentinelrow.Network, 100, packet, fields{"DstIpAddr": "203.0.113.1", "DstPortNumber": 32767})
	add(sentinelrow.Network, 100, packet, fields{"DstIpAddr": "203.0.113.2", "DstPortNumber": 32768})
	add(sentinelrow.Network, 100, packet, fields{
		"EventType": "NetworkSession", "DstIpAddr": "203.0.113.3", "DstPortNumber": 50000, "AdditionalFields": fields{"cilium.packet.primary": true, "cilium.connection.opener": "unknown"},
	})

	state := fields{"Component": "asimdns"}
	for _, own := range []fields{{"Kind": "heartbeat", "State": "replayed", "Dvc": "file"}, {"Kind": "loss", "Dvc": "lossy"}, {"Kind": "canary", "State": "raised", "EventType": "CanaryMissing", "Dvc": "bird"}} {
		add(sentinelrow.Status, 30, state, own)
	}
	require.NoError(t, s.Finish())
	return s
}
