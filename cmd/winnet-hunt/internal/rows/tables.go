// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"database/sql/driver"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
)

// kind is how a value is stored.
type kind uint8

const (
	text    kind = iota // a text, '' if there is none
	number              // an integer or null
	stamp               // microseconds since 1970, or null
	flag                // 1, 0 or null
	list                // JSON text, '' if there is none
	derived             // what a function of the queries makes of another column
)

// derive has the functions of the queries that are computed when a row is stored: by the name of the column, which is their call.
var derive = map[string]struct {
	from string
	make func(string) driver.Value
}{
	"domain(DnsQuery)":  {"DnsQuery", func(s string) driver.Value { return domainOf(s) }},
	"inside(SrcIpAddr)": {"SrcIpAddr", inside},
	"inside(DstIpAddr)": {"DstIpAddr", inside},
}

// table is the part of a table that is stored.
type table struct {
	name    string
	columns []column
	index   map[string]int // of the columns of the row
	more    map[string]int // of the fields of AdditionalFields
	derived []int          // columns
}

type column struct {
	name string
	kind kind
}

// moreOf begins the name of a column that is a field of AdditionalFields.
const moreOf = "AdditionalFields."

func newTable(name, columns string) *table {
	t := &table{name: name, index: map[string]int{}, more: map[string]int{}}
	kinds := map[string]kind{"text": text, "number": number, "stamp": stamp, "flag": flag, "list": list, "derived": derived}
	for line := range strings.Lines(columns) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		for _, name := range words[1:] {
			i := len(t.columns)
			t.columns = append(t.columns, column{name, kinds[words[0]]})
			if words[0] == "derived" {
				t.derived = append(t.derived, i)
			}
			if field, ok := strings.CutPrefix(name, moreOf); ok {
				t.more[field] = i
			} else {
				t.index[name] = i
			}
		}
	}
	return t
}

// tables returns the tables that are stored, by name.
func tables() map[string]*table {
	return map[string]*table{
		sentinelrow.DNS: newTable(sentinelrow.DNS, `
			stamp TimeGenerated EventStartTime EventEndTime
			number EventCount
			text EventProduct EventOriginalType EventType EventSubType EventResult EventResultDetails Dvc
			text Src SrcIpAddr SrcProcessId SrcProcessName SrcUserId SrcUsername DstIpAddr
			text DnsQuery DnsQueryTypeName DnsResponseName
			derived domain(DnsQuery)
			number DnsNetworkDuration
			text AdditionalFields.DnsRole AdditionalFields.Zone AdditionalFields.Operation AdditionalFields.ObjectType AdditionalFields.Object
			number AdditionalFields.GapSum AdditionalFields.GapSquareSum AdditionalFields.DnsAnswerMinTtl
			list AdditionalFields.DnsAnswers AdditionalFields.RecursionServers`),
		sentinelrow.Network: newTable(sentinelrow.Network, `
			stamp TimeGenerated EventStartTime EventEndTime
			number EventCount
			text EventType EventSubType EventResult EventOriginalResultDetails DvcAction Dvc
			text SrcIpAddr SrcHostname DstIpAddr DstHostname NetworkProtocol NetworkDirection
			number SrcPortNumber DstPortNumber SrcBytes DstBytes SrcPackets DstPackets
			flag TcpFlagsSyn TcpFlagsAck AdditionalFields.cilium.packet.primary AdditionalFields.cilium.drop.primary AdditionalFields.cilium.is_reply
			text AdditionalFields.cilium.event.type AdditionalFields.cilium.trace.reason AdditionalFields.cilium.connection.opener
			derived inside(SrcIpAddr) inside(DstIpAddr)`),
		sentinelrow.Audit: newTable(sentinelrow.Audit, `
			stamp TimeGenerated EventStartTime EventEndTime
			number EventCount
			text EventProduct EventType DvcFQDN DvcHostname ActorUserId ActorUsername Operation Object
			text AdditionalFields.DnsRole AdditionalFields.Dvc AdditionalFields.Zone`),
		sentinelrow.Status: newTable(sentinelrow.Status, `
			stamp TimeGenerated EventStartTime EventEndTime
			number EventCount
			text Kind EventType EventSeverity State Object Dvc Component Message
			number Received Emitted Dropped KernelLost`),
	}
}

// create is the statement that creates the table.
func (t *table) create() string {
	types := map[kind]string{text: "TEXT DEFAULT ''", number: "INTEGER", stamp: "INTEGER", flag: "INTEGER", list: "TEXT DEFAULT ''", derived: "DEFAULT ''"}
	var columns []string
	for _, c := range t.columns {
		columns = append(columns, `"`+c.name+`" `+types[c.kind])
	}
	return "CREATE TABLE " + t.name + " (" + strings.Join(columns, ", ") + ")"
}

// insert is the statement that inserts the values of columns, which are at least one.
func (t *table) insert(columns []int) string {
	var names []string
	for _, i := range columns {
		names = append(names, `"`+t.columns[i].name+`"`)
	}
	return "INSERT INTO " + t.name + " (" + strings.Join(names, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(names)-1) + ")"
}
