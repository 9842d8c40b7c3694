// SPDX-License-Identifier: Apache-2.0

// Package recordtest makes log records like those of the project's receivers, for tests and benchmarks.
package recordtest

import (
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Base is the time of the first record.
var Base = time.Date(2026, 3, 4, 5, 6, 7, 894000100, time.UTC)

// DNS returns n records of the DNS Server, a millisecond apart, with the names host0.example.com, host1.example.com …
// and their index in EventOriginalUid.
func DNS(n int) plog.Logs { return DNSFrom(0, n, Base) }

// DNSFrom returns n records with indices from first on.
func DNSFrom(first, n int, base time.Time) plog.Logs {
	logs := plog.NewLogs()
	records := scope(logs, "asim.dns.events", map[string]string{
		"service.name": "windows_dns_server", "service.namespace": "asim_dns", "host.name": "dc1", "os.type": "windows",
	})
	for i := first; i < first+n; i++ {
		at := base.Add(time.Duration(i) * time.Millisecond)
		lr := records.AppendEmpty()
		lr.SetTimestamp(pcommon.NewTimestampFromTime(at))
		lr.SetObservedTimestamp(lr.Timestamp())
		lr.SetSeverityNumber(plog.SeverityNumberInfo)
		lr.Body().SetStr("DNS Server Event: Query response (ID: 257)")
		a := lr.Attributes()
		a.EnsureCapacity(52)
		put(a, "EventProduct", "DNS Server", "EventVendor", "Microsoft", "EventSchema", "Dns", "EventSchemaVersion", "0.1.7", "EventCount", 1,
			"EventStartTime", at.Format("2006-01-02T15:04:05.0000000Z"), "EventEndTime", at.Format("2006-01-02T15:04:05.0000000Z"),
			"EventOriginalUid", fmt.Sprintf("%08d", i), "EventOriginalType", "257", "EventOriginalSubType", "RESPONSE_SUCCESS",
			"EventType", "Query", "EventSubType", "response", "EventSeverity", "Informational", "EventResult", "Success",
			"EventResultDetails", "NOERROR", "DnsResponseCode", 0, "DnsResponseCodeName", "NOERROR", "DnsResponseName", "NOERROR",
			"Dvc", "dc1.corp.example.com", "DvcHostname", "dc1", "DvcDomain", "corp.example.com", "DvcDomainType", "FQDN",
			"DvcOs", "Windows", "DvcOsVersion", "10.0.20348", "DvcIpAddr", "172.31.87.64", "Src", "216.160.83.56",
			"SrcIpAddr", "216.160.83.56", "SrcPortNumber", 59560, "Dst", "172.31.87.64", "DstIpAddr", "172.31.87.64", "DstPortNumber", 53,
			"NetworkProtocol", "UDP", "NetworkProtocolVersion", "IPv4", "DnsQuery", fmt.Sprintf("host%d.example.com", i),
			"DnsQueryType", 28, "DnsQueryTypeName", "AAAA", "DnsQueryClass", 1, "DnsQueryClassName", "IN", "TransactionIdHex", "0007",
			"DnsSessionId", "{BF629903-4288-435F-9182-470BEDF5C0A4}", "DnsNetworkDuration", 9, "DnsFlagsAuthoritative", false,
			"DnsFlagsTruncated", false, "DnsFlagsRecursionDesired", true, "DnsFlagsRecursionAvailable", true, "DnsFlagsZ", false,
			"DnsFlagsAuthenticated", false, "DnsFlagsCheckingDisabled", false, "DnsFlags", "RD,RA")
		more := a.PutEmptyMap("AdditionalFields")
		more.EnsureCapacity(9)
		more.PutEmptySlice("DnsAnswers").AppendEmpty().SetStr("2607:f8b0:4004:c17::5e")
		put(more, "DNSSEC", 0, "Flags", 33152, "Scope", "Default", "Zone", "..Cache", "PolicyName", "NULL", "BufferSize", 55,
			"PacketData", "0x00078180000100010000000006676F6F676C6502657300001C0001C00C001C00010000012C00102607F8B040040C17000000000000005E",
			"AdditionalInfo", "VirtualizationInstance:.")
	}
	return logs
}

// MoveDevice moves the attributes that describe the device from the records to their resources, as receivers do that
// write them once. Each resource must have the records of one device.
func MoveDevice(logs plog.Logs) {
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				lr.Attributes().RemoveIf(func(name string, v pcommon.Value) bool {
					of := strings.HasPrefix(name, "Dvc") && name != "DvcAction" && name != "DvcOriginalAction"
					if of {
						v.CopyTo(rl.Resource().Attributes().PutEmpty(name))
					}
					return of
				})
			}
		}
	}
}

// Network returns n records of Cilium's events.
func Network(n int) plog.Logs {
	logs := plog.NewLogs()
	records := scope(logs, "asim.network.events", map[string]string{
		"service.name": "windows_cilium", "service.namespace": "asim_network_session", "k8s.node.name": "node1",
	})
	for i := range n {
		lr := records.AppendEmpty()
		lr.SetTimestamp(pcommon.NewTimestampFromTime(Base.Add(time.Duration(i) * time.Millisecond)))
		lr.Body().SetStr("Mar  4 05:06:21.016: 10.244.1.12:57235 (ID:20417) <> 10.244.2.40:5432 (ID:47031) Policy denied DROPPED (TCP Flags: SYN)")
		put(lr.Attributes(), "EventProduct", "Cilium", "EventVendor", "Isovalent", "EventSchema", "NetworkSession",
			"EventSchemaVersion", "0.2.6", "EventType", "Flow", "EventCount", 1, "EventOriginalUid", fmt.Sprintf("n%08d", i),
			"EventResult", "Failure", "DvcAction", "Drop", "Dvc", "node1", "SrcIpAddr", "10.244.1.12", "SrcPortNumber", 57235,
			"DstIpAddr", "10.244.2.40", "DstPortNumber", 5432, "NetworkProtocol", "TCP", "NetworkBytes", 62, "NetworkPackets", 1,
			"TcpFlagsSyn", true, "cilium.event.type", "drop", "cilium.drop_reason_code", 181)
	}
	return logs
}

func scope(logs plog.Logs, name string, resource map[string]string) plog.LogRecordSlice {
	rl := logs.ResourceLogs().AppendEmpty()
	for key, value := range resource {
		rl.Resource().Attributes().PutStr(key, value)
	}
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(name)
	return sl.LogRecords()
}

// put adds keys and values. The values are texts, ints and bools.
func put(m pcommon.Map, pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		switch key := pairs[i].(string); v := pairs[i+1].(type) {
		case string:
			m.PutStr(key, v)
		case int:
			m.PutInt(key, int64(v))
		case bool:
			m.PutBool(key, v)
		}
	}
}
