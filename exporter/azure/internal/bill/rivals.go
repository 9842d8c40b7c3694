// SPDX-License-Identifier: Apache-2.0

// What two other ways to Sentinel's table write for the same events. Neither program runs here: their rows are built from what their
// documentation and their source say.

package main

import (
	"errors"
	"strconv"
	"unicode/utf16"

	windns "github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// The recorded server.
const (
	hostName  = "dc01.corp.contoso.com"
	shortName = "dc01"
	hostIP    = "10.0.10.5"
	osVersion = "10.0.26100"
)

// rivals sums what the others write.
type rivals struct {
	catalog *schema.Catalog
	record  etw.Record
	decoded schema.Decoded
	AMA     bill
	Peer    bill
	calls   struct{ AMA, Peer *wire }
}

func newRivals() *rivals {
	r := &rivals{catalog: windns.ServerCatalog(), AMA: newBill(), Peer: newBill()}
	r.calls.AMA, r.calls.Peer = newWire(), newWire()
	return r
}

// end computes the bytes on the wire, as if both sent their rows as this project's exporter does.
func (r *rivals) end() { r.AMA.Wire, r.Peer.Wire = r.calls.AMA.end(), r.calls.Peer.end() }

// add adds the rows of an event.
func (r *rivals) add(raw []byte) error {
	if err := r.record.Parse(raw); err != nil {
		return err
	}
	r.catalog.Decode(&r.record, &r.decoded)
	if r.record.ID < 256 || r.record.ID > 262 {
		return nil // the flags of the receiver's default leave it out
	}
	fields := map[string]string{}
	for i, v := range r.decoded.Values {
		f := r.decoded.Template.Fields[i]
		fields[f.Name] = text(f, v)
	}
	return errors.Join(r.ama(fields), r.peer(fields))
}

// text returns a field as Windows formats it: numbers are decimal, binary is 0x and hexadecimal digits.
func text(f schema.Field, v schema.Value) string {
	switch f.Type {
	case schema.ANSI:
		return string(v.Bytes)
	case schema.UTF16:
		var units []uint16
		for i := 0; i+1 < len(v.Bytes); i += 2 {
			units = append(units, uint16(v.Bytes[i])|uint16(v.Bytes[i+1])<<8)
		}
		return string(utf16.Decode(units))
	case schema.Binary:
		const digits = "0123456789ABCDEF"
		b := []byte("0x")
		for _, c := range v.Bytes {
			b = append(b, digits[c>>4], digits[c&15])
		}
		return string(b)
	}
	return strconv.FormatUint(v.Num, 10)
}

// row is a row's columns.
type row map[string]string

func (b *bill) addRow(id string, r row) {
	b.Rows++
	p := b.Parts[id]
	if p == nil {
		p = &part{}
		b.Parts[id] = p
	}
	p.Rows++
	for name, value := range r {
		sum := b.Columns[name]
		if sum == nil {
			sum = new(int)
			b.Columns[name] = sum
		}
		*sum += len(value)
		b.Billed += len(value)
		p.Billed += len(value)
	}
}

var (
	typeNames = map[string]string{"1": "A", "6": "SOA", "12": "PTR", "15": "MX", "16": "TXT", "28": "AAAA", "33": "SRV", "65": "HTTPS"}
	codeNames = map[string]string{"0": "NOERROR", "2": "SERVFAIL", "3": "NXDOMAIN", "5": "REFUSED"}
	flags     = map[string]string{"0": "false", "1": "true"}
)

// ama adds the row of the connector Windows DNS Events via AMA. Each event is a row of its own: the connector's filters select events by
// their id, 256 to 280 (https://learn.microsoft.com/azure/sentinel/connect-dns-ama). The row has the columns that the connector's reference
// lists (https://learn.microsoft.com/azure/sentinel/dns-ama-fields), DnsQueryTypeName, by which its filters select, and those that ASIM's
// schema makes mandatory (https://learn.microsoft.com/azure/sentinel/normalization-schema-dns). It has nothing else: a row of the service
// may be larger.
func (r *rivals) ama(f map[string]string) error {
	id := strconv.Itoa(int(r.record.ID))
	at := r.record.Time().Format(stamp)
	out := row{
		"TimeGenerated": at, "EventStartTime": at, "EventEndTime": at, "EventCount": "1", "EventType": "Query", "EventSubType": "request",
		"EventResult": "NA", "EventResultDetails": "NA", "EventProduct": "DNS Server", "EventVendor": "Microsoft", "EventSchemaVersion": "0.1.7",
		"EventOriginalType": id, "Dvc": hostName, "DvcIpAddr": f["InterfaceIP"], "DnsQuery": f["QNAME"], "DnsQueryType": f["QTYPE"],
		"DnsQueryTypeName": typeNames[f["QTYPE"]], "SrcPortNumber": f["Port"], "DnsNetworkDuration": f["ElapsedTime"], "DnsSessionId": f["GUID"],
		"DnsFlagsAuthoritative": flags[f["AA"]], "DnsFlagsAuthenticated": flags[f["AD"]],
	}
	source := f["Source"] + f["Destination"] // the client
	if r.record.ID >= 260 {
		source = "127.0.0.1" // "For a recursive DNS request, this value is typically the reporting device's IP, in most cases, 127.0.0.1."
	}
	out["SrcIpAddr"], out["Src"] = source, source
	switch r.record.ID {
	case 257, 258:
		out["EventSubType"], out["EventResult"], out["EventResultDetails"] = "response", "Success", codeNames[f["RCODE"]]
		if f["RCODE"] != "0" {
			out["EventResult"] = "Failure"
		}
	case 259, 261, 262:
		out["EventSubType"] = "response"
	}
	r.AMA.addRow(id, out)
	return r.calls.AMA.add(out, nil)
}

// peer adds the row of asim-dns-collector, as its source makes it (https://github.com/LaurieRhodes/asim-dns-collector, commits bf36a91 and
// e8df419, internal/receiver/asimdns: dns_server_helpers.go, helpers.go, dns_helpers.go). Each event is a row: its deduplication looks at
// events of the DNS Client only. AdditionalFields has every field of the event again.
func (r *rivals) peer(f map[string]string) error {
	id := strconv.Itoa(int(r.record.ID))
	subType := map[uint16]string{256: "request", 257: "request", 258: "response", 259: "response"}[r.record.ID]
	if subType == "" {
		subType = "recursive"
	}
	process := strconv.Itoa(int(r.record.ProcessID))
	protocol := "UDP"
	if f["TCP"] == "1" {
		protocol = "TCP"
	}
	var set []byte
	for _, name := range []string{"RD", "AA", "AD"} {
		if f[name] == "1" {
			set = append(append(set, ' '), name...)
		}
	}
	dnsFlags := ""
	if len(set) > 0 {
		dnsFlags = "[" + string(set[1:]) + "]"
	}
	source := f["Source"]
	if source == "" {
		source = f["InterfaceIP"]
	}
	out := row{
		"TimeGenerated": r.record.Time().Format(stamp), "EventProduct": "DNS Server", "EventVendor": "Microsoft", "EventOriginalType": id, "EventCount": "1",
		"DnsSessionId": process + "-" + id + "-" + strconv.FormatInt(r.record.Time().UnixNano(), 10), "SrcProcessId": process,
		"DvcHostname": shortName, "Dvc": shortName, "DvcOs": "Windows", "DvcOsVersion": osVersion + ".1", "DvcDomainType": "FQDN", "DvcIpAddr": hostIP,
		"EventType": "Query", "EventSubType": subType, "DnsQuery": f["QNAME"], "DnsQueryType": f["QTYPE"], "DnsQueryTypeName": typeNames[f["QTYPE"]],
		"SrcIpAddr": source, "DstIpAddr": f["Destination"], "SrcPortNumber": f["Port"], "DstPortNumber": "53", "NetworkProtocol": protocol,
		"DnsFlagsRecursionDesired": strconv.FormatBool(f["RD"] == "1"), "DnsFlagsCheckingDisabled": "false", "DnsFlags": dnsFlags, "DnsZone": f["Zone"],
		"EventResult": "NA", "EventResultDetails": "NA",
	}
	if subType == "response" && f["RCODE"] != "" {
		out["DnsResponseCode"], out["DnsResponseName"], out["EventResult"], out["EventResultDetails"] = f["RCODE"], codeNames[f["RCODE"]], "Failure", codeNames[f["RCODE"]]
	}
	more := 0
	for name, value := range f {
		more += len(name) + len(value) + len(`"":"",`)
	}
	r.Peer.addRow(id, out)
	r.Peer.addSize(id, "AdditionalFields", more+1)
	return r.calls.Peer.add(out, f)
}

// addSize adds a value of the last row.
func (b *bill) addSize(id, column string, n int) {
	sum := b.Columns[column]
	if sum == nil {
		sum = new(int)
		b.Columns[column] = sum
	}
	*sum += n
	b.Billed += n
	b.Parts[id].Billed += n
}
