// SPDX-License-Identifier: Apache-2.0

// The rules of Microsoft Sentinel's schema tester for ASIM, as far as one record can keep them. A schema's fields are a table,
// testdata/dnsschema.tsv, networksessionschema.tsv and auditschema.tsv; the tests of dnslog and networklog hold every recorded event against them.

// Package asimtest holds the rules of the ASIM schemas for the tests of what makes records.
package asimtest

import (
	"embed"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Field is one row of the table.
type Field struct {
	name, kind, class, logical string
	Values                     []string
	goesWith                   string // the field that an alias repeats, or that a conditional field goes with
}

// DNSFields reads the table of the DNS schema.
func DNSFields(t *testing.T) map[string]Field {
	return readFields(t, "dnsschema.tsv", 151)
}

// NetworkSessionFields reads the table of the NetworkSession schema.
func NetworkSessionFields(t *testing.T) map[string]Field {
	return readFields(t, "networksessionschema.tsv", 162)
}

// AuditEventFields reads the table of the AuditEvent schema.
func AuditEventFields(t *testing.T) map[string]Field {
	return readFields(t, "auditschema.tsv", 133)
}

//go:embed testdata
var tables embed.FS

// readFields reads a table of so many fields.
func readFields(t *testing.T, file string, count int) map[string]Field {
	t.Helper()
	raw, err := tables.ReadFile("testdata/" + file)
	require.NoError(t, err)
	fields := map[string]Field{}
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
		f := Field{name: c[0], kind: c[1], class: c[2], logical: c[3], goesWith: c[5]}
		if c[4] != "" {
			f.Values = strings.Split(c[4], "|")
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

// isAddress reports whether s is an address, as KQL's ipv4_is_match and ipv6_is_match read it: without a zone.
func isAddress(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}

// IsTypeName reports whether s is a name of the IANA registry, ANY, or TYPEn.
func IsTypeName(s string) bool {
	beyond := strings.Fields("WKS NSAP A6 SINK DSYNC HHIT BRID DOA WALLET CLA IPN") // of the registry, but not of the library
	_, known := mdns.StringToType[s]
	return known || slices.Contains(beyond, s) || s == "ANY" || typePattern.MatchString(s)
}

// IsResponseName reports whether the schema takes a name of a response code.
func IsResponseName(name string) bool {
	return slices.Contains(responseNames, name) || name == "Reserved for Private Use"
}

// responseNames are the names of the IANA registry in capitals and, for codes without one, those of ASIM's look-up function.
var responseNames = strings.Fields("NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE DSOTYPENI " +
	"BADVERS BADSIG BADKEY BADTIME BADMODE BADNAME BADALG BADTRUNC BADCOOKIE NA Unassigned")

// networkKeywords are the keywords of IANA's protocol numbers that a cluster's packets have.
var networkKeywords = strings.Fields("ICMP IGMP TCP UDP IPv4 IPv6 GRE ESP AH IPv6-ICMP VRRP SCTP")

// logicalTypes has, for each logical type, a function that reports whether a value is of it.
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
	"dnsquerytypename":     IsTypeName,
	"dnsqueryclassname":    func(s string) bool { return classPattern.MatchString(s) }, // beside the values of the table
	"recommendeddnsdomain": domainPattern.MatchString,
	"networkprotocol":      func(s string) bool { return slices.Contains(networkKeywords, s) },
}

// Finding is one thing that the tester would say of a field, in words that are equal for equal things.
type Finding struct {
	Warning bool   // the tester only warns
	Field   string // of the schema, or the attribute that it has not
	What    string // is wrong
}

func (f Finding) String() string {
	if f.Warning {
		return fmt.Sprintf("warning: %s: %s", f.Field, f.What)
	}
	return fmt.Sprintf("error: %s: %s", f.Field, f.What)
}

// Conform holds a record's attributes against the schema.
func Conform(fields map[string]Field, attrs pcommon.Map) []Finding {
	var found []Finding
	fail := func(field, format string, args ...any) {
		found = append(found, Finding{Field: field, What: fmt.Sprintf(format, args...)})
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
		if name == "EventResultDetails" && f.Values == nil && !IsResponseName(v.Str()) {
			fail(name, "%q", v.Str())
		}
		listed := slices.Contains(f.Values, v.AsString())
		if check := logicalTypes[f.logical]; !listed && (f.Values != nil && check == nil || check != nil && !check(v.AsString())) {
			found = append(found, Finding{f.logical == "recommendeddnsdomain", name, fmt.Sprintf("%q", v.AsString())})
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
