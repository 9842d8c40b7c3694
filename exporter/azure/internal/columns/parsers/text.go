// SPDX-License-Identifier: Apache-2.0

// The parts of a parser's text that the lists of columns decide.

package main

import (
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
)

//go:embed schema.tsv
var schemaList string

// schemaColumns returns the types of the columns that a result may have, by schema and name.
func schemaColumns() (map[string]map[string]string, error) {
	out := map[string]map[string]string{"Dns": {}, "NetworkSession": {}}
	for line := range strings.Lines(schemaList) {
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "schema\t") {
			continue
		}
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) < 4 {
			return nil, fmt.Errorf("schema.tsv: %q has no four fields", line)
		}
		for name, all := range out {
			if f[0] == name || f[0] == "Common" && all[f[1]] == "" {
				all[f[1]] = f[2]
			}
		}
	}
	return out, nil
}

// unpacking returns the statements of WinnetDns.kql that make rows of packed ones: from that of text to that of unpacked, without that of rows.
func unpacking(file string) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var out []string
	for _, name := range []string{"text", "unpacked"} {
		_, statement, found := strings.Cut(string(raw), "\nlet "+name+" = ")
		statement, _, ended := strings.Cut(statement, ";\n")
		if !found || !ended {
			return "", fmt.Errorf("%s: want the statement let %s = … that ends with ; at the end of a line", file, name)
		}
		for line := range strings.Lines("let " + name + " = " + statement + ";\n") {
			out = append(out, "    "+strings.TrimRight(line, "\n"))
		}
	}
	return strings.Join(out, "\n"), nil
}

// conversions are the functions that make a value of a type.
var conversions = map[columns.Type]string{
	columns.String: "tostring", columns.Int: "toint", columns.Long: "tolong", columns.Real: "todouble", columns.Bool: "tobool", columns.Datetime: "todatetime",
}

var byName = map[string]columns.Type{
	"string": columns.String, "int": columns.Int, "long": columns.Long, "real": columns.Real, "bool": columns.Bool, "datetime": columns.Datetime,
}

// notFields are the properties of an item that AdditionalFields of a row has not: those that are columns, and what describes the collector.
var notFields = []string{
	"AdditionalFields", "EventSchema", "host.name", "instrumentationlibrary.name", "instrumentationlibrary.version", "os.type", "service.instance.id",
	"service.name", "service.namespace", "service.version", "winnet.tier",
}

// traces returns the operators that make columns of the properties of an item, which are texts. What has no column goes into AdditionalFields, as in
// the table. An item with a longer AdditionalFields than the service takes may have a text that is no JSON: its fields are lost.
func traces(table *columns.Table) string {
	var names, values []string
	for _, c := range table.Columns {
		if c.Name == "TimeGenerated" || c.Type == columns.Dynamic {
			continue
		}
		names = append(names, "'"+c.Name+"'")
		value := "tostring(Properties." + c.Name + ")"
		if c.Type != columns.String {
			value = conversions[c.Type] + "(" + value + ")"
		}
		values = append(values, c.Name+" = "+value)
	}
	for _, name := range notFields {
		names = append(names, "'"+name+"'")
	}
	return "        | extend Own = parse_json(tostring(Properties.AdditionalFields))\n" +
		"        | project TimeGenerated, Type, _ItemId,\n" + wrap(values, "            ") + ",\n" +
		"            AdditionalFields = bag_merge(iff(gettype(Own) == 'dictionary', Own, dynamic({})), bag_remove_keys(Properties, dynamic([\n" +
		wrap(names, "                ") + "])))"
}

// projection returns the columns of the result: those of the table that the schema has, in its types, and the aliases.
func projection(s schema, known map[string]string) string {
	own := map[string]string{
		"EventUid": "_ItemId", "EventSchema": "'" + s.Name + "'", "EventSchemaVersion": "coalesce(EventSchemaVersion, '" + s.Version + "')",
		"Dvc":  "coalesce(Dvc, DvcFQDN, DvcHostname, DvcIpAddr)",
		"Type": "Type",
	}
	aliases := map[string]string{
		"Src": "coalesce(Src, SrcFQDN, SrcHostname, SrcIpAddr)", "Dst": "coalesce(Dst, DstFQDN, DstHostname, DstIpAddr)", "Domain": "DnsQuery", "IpAddr": "SrcIpAddr",
		"Hostname": "SrcHostname", "User": "SrcUsername", "Process": "SrcProcessName", "SessionId": "DnsSessionId", "Duration": "DnsNetworkDuration",
		"DnsResponseCodeName": "EventResultDetails", "DomainCategory": "UrlCategory", "EventOriginalSubType": "tostring(AdditionalFields.EventOriginalSubType)",
		"EventOriginalResultDetails": "tostring(AdditionalFields.EventOriginalResultDetails)",
		// What a slim record leaves out, because it follows from the rest.
		"DstPortNumber":          "iff(isnull(DstPortNumber) and EventProduct == 'DNS Server' and isnotempty(DstIpAddr), int(53), DstPortNumber)",
		"NetworkProtocolVersion": "case(isnotempty(NetworkProtocolVersion), NetworkProtocolVersion, isempty(coalesce(DstIpAddr, SrcIpAddr)), '', coalesce(DstIpAddr, SrcIpAddr) contains ':', 'IPv6', 'IPv4')",
	}
	if s.Name == "NetworkSession" {
		aliases = map[string]string{
			"Src": "coalesce(SrcFQDN, SrcHostname, SrcIpAddr)", "Dst": "coalesce(DstFQDN, DstHostname, DstIpAddr)", "IpAddr": "SrcIpAddr", "Hostname": "DstHostname",
			"User": "DstUsername", "SessionId": "NetworkSessionId", "Duration": "NetworkDuration", "Rule": "coalesce(NetworkRuleName, tostring(NetworkRuleNumber))",
			"InnerVlanId": "SrcVlanId", "OuterVlanId": "DstVlanId", "DvcInterface": "coalesce(DvcInterface, DvcInboundInterface, DvcOutboundInterface)",
			"ASimMatchingIpAddr": "ASimMatchingIpAddr", "ASimMatchingHostname": "ASimMatchingHostname",
		}
	}
	for name, value := range aliases {
		own[name] = value
	}
	var out []string
	for _, c := range s.Table.Columns {
		want, in := known[c.Name]
		if _, replaced := own[c.Name]; replaced || !in {
			continue
		}
		out = append(out, c.Name)
		if to, ok := byName[want]; ok && to != c.Type {
			own[c.Name] = conversions[to] + "(" + c.Name + ")"
			out = out[:len(out)-1]
		}
	}
	for name, value := range own {
		if name == value {
			out = append(out, name)
		} else {
			out = append(out, name+" = "+value)
		}
	}
	slices.Sort(out)
	return wrap(out, "        ")
}

// wrap joins texts with commas, in lines of at most 160 characters where that is possible.
func wrap(texts []string, indent string) string {
	var b strings.Builder
	width := 0
	for i, t := range texts {
		switch {
		case i == 0:
			b.WriteString(indent)
			width = len(indent)
		case width+len(t)+2 > 160:
			b.WriteString(",\n" + indent)
			width = len(indent)
		default:
			b.WriteString(", ")
			width += 2
		}
		b.WriteString(t)
		width += len(t)
	}
	return b.String()
}
