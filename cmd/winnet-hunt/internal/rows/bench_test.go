// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
)

// The row of an answer, as a server in volume: full gives it.
const usualRow = `{"TimeGenerated":"2026-03-04T05:06:07.8940001Z","EventProduct":"DNS Server","EventVendor":"Microsoft","EventSchemaVersion":"0.1.7","EventCount":1,"EventStartTime":"2026-03-04T05:06:07.8940001Z",` +
	`"EventEndTime":"2026-03-04T05:06:07.8940001Z","EventOriginalType":"257","EventOriginalUid":"0145d3eaeca2b09663a8cc8372577d92","EventType":"Query","EventSubType":"response","EventResult":"Success",` +
	`"EventResultDetails":"NOERROR","EventSeverity":"Informational","Dvc":"dns01.contoso.com","DvcHostname":"dns01","DvcDomain":"contoso.com","DvcOs":"Windows","SrcIpAddr":"10.1.4.100","SrcPortNumber":50123,` +
	`"DstIpAddr":"10.0.0.53","DstPortNumber":53,"NetworkProtocol":"UDP","DnsQuery":"www.example.com","DnsQueryType":1,"DnsQueryTypeName":"A","DnsResponseCode":0,"DnsResponseName":"NOERROR","TransactionIdHex":"4348",` +
	`"DnsFlags":"RD,RA","DnsFlagsRecursionDesired":true,"AdditionalFields":{"EventOriginalSubType":"RESPONSE_SUCCESS","DnsRole":"client-response","Zone":"..Cache","DnsAnswers":["198.51.100.20","198.51.100.21"],` +
	`"DnsAnswerMinTtl":300,"PacketData":"434881800001000200000000037777770765786d61706c6503636f6d0000010001","Flags":"33152","BufferSize":65,"Scope":"Default","PolicyName":"NULL","ElapsedTime":2}}`

func BenchmarkStore(b *testing.B) {
	s, err := Open(filepath.Join(b.TempDir(), "rows.db"))
	require.NoError(b, err)
	defer s.Close()
	row := []byte(usualRow)
	b.SetBytes(int64(len(row)))
	for b.Loop() {
		if err := s.Add(sentinelrow.DNS, row); err != nil {
			b.Fatal(err)
		}
	}
}
