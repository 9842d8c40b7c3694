// SPDX-License-Identifier: Apache-2.0

// The rules of Microsoft Sentinel's schema tester for ASIM, as far as one record can keep them. A schema's fields are a table,
// testdata/dnsschema.tsv and networksessionschema.tsv; conformance_events_test.go and networkconformance_test.go hold every
// recorded event against them.

package asim

import (
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// schemaField is one row of the table.
type schemaField struct {
	name, kind, class, logical string
	values                     []string
	goesWith                   string // the field that an alias repeats, or that a conditional field goes with
}

// dnsSchemaFields reads the table of the DNS schema.
func dnsSchemaFields(t *testing.T) map[string]schemaField {
	return schemaFields(t, "dnsschema.tsv", 151)
}

// schemaFields reads a table of so many fields.
func schemaFields(t *testing.T, file string, count int) map[string]schemaField {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	fields := map[string]schemaField{}
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		c := strings.Split(line, "\t")
		require.Len(t, c, 6, line)
		for i := range c {
			if c[i] == "-" {
				c[i] = ""
			}
		}
		f := schemaField{name: c[0], kind: c[1], class: c[2], logical: c[3], goesWith: c[5]}
		if c[4] != "" {
			f.values = strings.Split(c[4], "|")
		}
		require.NotContains(t, fields, f.name)
		fields[f.name] = f
	}
	require.Len(t, fields, count)
	return fields
}

// columnsOfTheTable are Mandatory and no attribute: TimeGenerated is the record's own time stamp, and Type the name of the table
// that a record goes to. Azure Monitor writes both.
var columnsOfTheTable = []string{"TimeGenerated", "Type"}

// Patterns of logical types. They are those of the tester, where it has one; a Domain and a DnsDomain may have labels with an
// underscore, as service records have, and end in letters.
var (
	domainPattern   = regexp.MustCompile(`^([_a-zA-Z0-9][_a-zA-Z0-9-]{0,62}\.)*[a-zA-Z]{2,63}$`)
	fqdnPattern     = regexp.MustCompile(`^([_a-zA-Z0-9][_a-zA-Z0-9-]{0,62}\.)+[a-zA-Z]{2,63}$`)
	hostnamePattern = regexp.MustCompile(`^[a-zA-Z0-9-]{1,61}$`)
	guidPattern     = regexp.MustCompile(`^\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?$`)
	macPattern      = regexp.MustCompile(`^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$`)
	// The tester has no rule for these two: hexadecimal digits as in the schema's own example, and a version of three numbers.
	hexPattern     = regexp.MustCompile(`^(0x)?[0-9a-fA-F]+$`)
	versionPattern = regexp.MustCompile(`^\d+\.\d+(\.\d+)?$`)
	// Types and classes without a name have one by RFC 3597.
	typePattern  = regexp.MustCompile(`^TYPE\d+$`)
	classPattern = regexp.MustCompile(`^CLASS\d+$`)
)

// isAddress takes an address as KQL's ipv4_is_match and ipv6_is_match do: no zone.
func isAddress(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}

// isTypeName takes the names of the IANA registry, ANY, and TYPEn.
func isTypeName(s string) bool {
	beyond := strings.Fields("WKS NSAP A6 SINK DSYNC HHIT BRID DOA WALLET CLA IPN") // of the registry, but not of the library
	_, known := mdns.StringToType[s]
	return known || slices.Contains(beyond, s) || s == "ANY" || typePattern.MatchString(s)
}

// responseNames are the names of the IANA registry in capitals and, for codes without one, those of ASIM's look-up function.
var responseNames = strings.Fields("NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE DSOTYPENI " +
	"BADVERS BADSIG BADKEY BADTIME BADMODE BADNAME BADALG BADTRUNC BADCOOKIE NA Unassigned")

// networkKeywords are the keywords of IANA's protocol numbers that a cluster's packets have.
var networkKeywords = strings.Fields("ICMP IGMP TCP UDP IPv4 IPv6 GRE ESP AH IPv6-ICMP VRRP SCTP")

// logicalTypes says whether a value is of a logical type.
var logicalTypes = map[string]func(string) bool{
	"ip address": isAddress,
	"domain":     domainPattern.MatchString,
	"fqdn":       fqdnPattern.MatchString,
	// A host may be known by its address only.
	"hostname":             func(s string) bool { return hostnamePattern.MatchString(s) || isAddress(s) },
	"guid":                 guidPattern.MatchString,
	"mac address":          macPattern.MatchString,
	"hexadecimal":          hexPattern.MatchString,
	"schemaversion":        versionPattern.MatchString,
	"dnsquerytypename":     isTypeName,
	"dnsqueryclassname":    func(s string) bool { return classPattern.MatchString(s) }, // beside the values of the table
	"recommendeddnsdomain": domainPattern.MatchString,
	"networkprotocol":      func(s string) bool { return slices.Contains(networkKeywords, s) },
}

// finding is one thing that the tester would say of a field, in words that are equal for equal things.
type finding struct {
	warning bool
	field   string
	what    string
}

func (f finding) String() string {
	if f.warning {
		return fmt.Sprintf("warning: %s: %s", f.field, f.what)
	}
	return fmt.Sprintf("error: %s: %s", f.field, f.what)
}

// conform holds a record's attributes against the schema.
func conform(fields map[string]schemaField, attrs pcommon.Map) []finding {
	var found []finding
	fail := func(field, format string, args ...any) {
		found = append(found, finding{field: field, what: fmt.Sprintf(format, args...)})
	}
	for name, v := range attrs.All() {
		f, ok := fields[name]
		if !ok {
			fail(name, "is not in the schema")
			continue
		}
		if !isKind(f.kind, v) {
			fail(name, "%s is no %s", v.Type(), f.kind)
			continue
		}
		if v.AsString() == "" {
			fail(name, "is empty")
			continue
		}
		if f.class == "Alias" {
			if of, ok := attrs.Get(f.goesWith); !ok || !of.Equal(v) {
				fail(name, "%q is not the value of %s", v.AsString(), f.goesWith)
			}
		}
		if name == "EventResultDetails" && f.values == nil && !slices.Contains(responseNames, v.Str()) && v.Str() != "Reserved for Private Use" {
			fail(name, "%q", v.Str())
		}
		listed := slices.Contains(f.values, v.AsString())
		if check := logicalTypes[f.logical]; !listed && (f.values != nil && check == nil || check != nil && !check(v.AsString())) {
			found = append(found, finding{f.logical == "recommendeddnsdomain", name, fmt.Sprintf("%q", v.AsString())})
		}
	}
	for name, f := range fields {
		_, has := attrs.Get(name)
		_, wanted := attrs.Get(f.goesWith)
		switch {
		case has || slices.Contains(columnsOfTheTable, name):
		case f.class == "Mandatory":
			fail(name, "is missing")
		case f.class == "Conditional" && wanted:
			fail(name, "is missing, though there is %s", f.goesWith)
		}
	}
	return found
}

// isKind reports whether an attribute is of a column's type. Attributes have no type for time: text in the form of ISO 8601 is what
// a column of type datetime is filled from. An int has 32 bits.
func isKind(kind string, v pcommon.Value) bool {
	switch kind {
	case "string":
		return v.Type() == pcommon.ValueTypeStr
	case "int":
		return v.Type() == pcommon.ValueTypeInt && v.Int() >= math.MinInt32 && v.Int() <= math.MaxInt32
	case "long":
		return v.Type() == pcommon.ValueTypeInt
	case "bool":
		return v.Type() == pcommon.ValueTypeBool
	case "real":
		return v.Type() == pcommon.ValueTypeDouble
	case "dynamic":
		return v.Type() == pcommon.ValueTypeMap
	case "datetime":
		_, err := time.Parse(time.RFC3339Nano, v.AsString())
		return v.Type() == pcommon.ValueTypeStr && err == nil
	}
	return false
}

func TestTheRulesFindWhatIsWrong(t *testing.T) {
	fields := dnsSchemaFields(t)
	record := func(change func(pcommon.Map)) []string {
		a := pcommon.NewMap()
		for name, f := range fields {
			if f.class != "Mandatory" || slices.Contains(columnsOfTheTable, name) {
				continue
			}
			switch {
			case f.kind == "int":
				a.PutInt(name, 1)
			case f.kind == "datetime":
				a.PutStr(name, "2026-01-02T03:04:05.1234567Z")
			case f.values != nil:
				a.PutStr(name, f.values[0])
			case f.logical == "schemaversion":
				a.PutStr(name, "0.1.7")
			default:
				a.PutStr(name, "NA")
			}
		}
		change(a)
		var texts []string
		for _, f := range conform(fields, a) {
			texts = append(texts, f.String())
		}
		slices.Sort(texts)
		return texts
	}
	put := func(name, value string) func(pcommon.Map) {
		return func(a pcommon.Map) { a.PutStr(name, value) }
	}
	for _, tc := range []struct {
		change func(pcommon.Map)
		want   []string
	}{
		{func(pcommon.Map) {}, nil},
		{func(a pcommon.Map) { a.Remove("Dvc") }, []string{"error: Dvc: is missing"}},
		{put("Dvc", ""), []string{"error: Dvc: is empty"}},
		{put("DnsZone", "x"), []string{"error: DnsZone: is not in the schema"}},
		{put("EventCount", "1"), []string{"error: EventCount: Str is no int"}},
		{func(a pcommon.Map) { a.PutInt("DnsResponseCode", 1<<31) }, []string{"error: DnsResponseCode: Int is no int"}},
		{func(a pcommon.Map) { a.PutInt("DnsFlagsZ", 1) }, []string{"error: DnsFlagsZ: Int is no bool"}},
		{put("EventStartTime", "yesterday"), []string{"error: EventStartTime: Str is no datetime"}},
		{put("AdditionalFields", "{}"), []string{"error: AdditionalFields: Str is no dynamic"}},
		{put("EventType", "DnsCache"), []string{`error: EventType: "DnsCache"`}},
		{put("EventSubType", "recursive"), []string{`error: EventSubType: "recursive"`}},
		{put("EventResultDetails", "ERROR_TIMEOUT"), []string{`error: EventResultDetails: "ERROR_TIMEOUT"`}},
		{put("DnsResponseCodeName", "NXDOMAIN"), []string{`error: DnsResponseCodeName: "NXDOMAIN" is not the value of EventResultDetails`}},
		{put("SrcIpAddr", "fe80::1%5"), []string{`error: SrcIpAddr: "fe80::1%5"`}},
		{put("DvcHostname", "dc1.corp"), []string{`error: DvcHostname: "dc1.corp"`}},
		{put("DvcHostname", "192.0.2.1"), nil},
		{put("DvcDomain", "corp.example.com"), []string{"error: DvcDomainType: is missing, though there is DvcDomain"}},
		{put("TransactionIdHex", "12g"), []string{`error: TransactionIdHex: "12g"`}},
		{put("DnsQueryTypeName", "WINS"), []string{`error: DnsQueryTypeName: "WINS"`}},
		{put("DnsQueryTypeName", "TYPE65281"), nil},
		{put("DnsQueryClassName", "INET"), []string{`error: DnsQueryClassName: "INET"`}},
		{put("DnsQueryClassName", "CLASS32"), nil},
		{put("SrcProcessGuid", "1"), []string{`error: SrcProcessGuid: "1"`}},
		{put("DnsQuery", "_ldap._tcp.example.com"), nil},
		{put("DnsQuery", "."), []string{`warning: DnsQuery: "."`}},
		{put("DnsQuery", "a.xn--p1ai"), []string{`warning: DnsQuery: "a.xn--p1ai"`}},
	} {
		require.Equal(t, tc.want, record(tc.change))
	}
}

func TestEveryNameOfATypeIsOneThatASIMTakes(t *testing.T) {
	for code := range uint64(1 << 16) {
		r := dnsRecord{DNSMapper: &DNSMapper{profile: ProfileASIM}}
		require.True(t, isTypeName(r.typeName(code)), "type %d is %s", code, r.typeName(code))
	}
	values := dnsSchemaFields(t)["DnsQueryClassName"].values
	seen := map[string]bool{}
	for code := range 1 << 16 {
		name := DNSClassName(uint16(code))
		require.Contains(t, values, name)
		seen[name] = true
	}
	require.Len(t, seen, len(values))
	for code := range uint64(1 << 12) {
		name := DNSResponseName(code)
		require.True(t, slices.Contains(responseNames, name) || name == "Reserved for Private Use", name)
	}
}
