// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// dnsAttributes are the attributes that a DNS record may have.
func dnsAttributes() []string {
	return []string{
		additionalFields, "DnsFlags", "DnsFlagsAuthenticated", "DnsFlagsAuthoritative", "DnsFlagsCheckingDisabled",
		"DnsFlagsRecursionAvailable", "DnsFlagsRecursionDesired", "DnsFlagsTruncated", "DnsFlagsZ", "DnsNetworkDuration", "DnsQuery",
		"DnsQueryClass", "DnsQueryClassName", "DnsQueryType", "DnsQueryTypeName", "DnsResponseCode", "DnsResponseCodeName",
		"DnsResponseName", "DnsSessionId", "Dst", "DstIpAddr", "DstPortNumber", "Dvc", "DvcDomain", "DvcDomainType", "DvcHostname",
		"DvcIpAddr", "DvcOs", "DvcOsVersion", "EventCount", "EventEndTime", "EventOriginalResultDetails", "EventOriginalSubType",
		"EventOriginalType", "EventOriginalUid", "EventProduct", "EventResult", "EventResultDetails", "EventSchema",
		"EventSchemaVersion", "EventSeverity", "EventStartTime", "EventSubType", "EventType", "EventVendor", "NetworkProtocol",
		"NetworkProtocolVersion", "Src", "SrcIpAddr", "SrcPortNumber", "SrcProcessId", "SrcProcessName", "TransactionIdHex",
	}
}

// additionalFields is the map of the fields without an attribute of their own.
const additionalFields = "AdditionalFields"

// OmitAttributes are the names of attributes that are never built, and of fields of AdditionalFields, as
// "AdditionalFields.PacketData".
type OmitAttributes []string

// Validate names a value that is no attribute, and what is allowed. The fields of AdditionalFields are the manifests' own and
// are not checked.
func (o OmitAttributes) Validate() error {
	known := dnsAttributes()
	for _, name := range o {
		if field, ok := strings.CutPrefix(name, additionalFields+"."); ok && field != "" {
			continue
		}
		if !slices.Contains(known, name) {
			return fmt.Errorf("%q is not an attribute of a DNS record; want %s.<field> or one of %s", name, additionalFields, strings.Join(known, ", "))
		}
	}
	return nil
}

// omitted are the names that are left out, of a record and of its AdditionalFields.
type omitted struct {
	attributes, additional map[string]bool
}

func (o OmitAttributes) set() omitted {
	s := omitted{map[string]bool{}, map[string]bool{}}
	for _, name := range o {
		if field, ok := strings.CutPrefix(name, additionalFields+"."); ok {
			s.additional[field] = true
		} else {
			s.attributes[name] = true
		}
	}
	return s
}

// attributes is a map that leaves some names out.
type attributes struct {
	pcommon.Map
	omit map[string]bool
}

func (a attributes) omits(key string) bool { return len(a.omit) > 0 && a.omit[key] }

// PutStr is Map.PutStr for a key that is not left out.
func (a attributes) PutStr(key, value string) {
	if !a.omits(key) {
		a.Map.PutStr(key, value)
	}
}

// PutInt is Map.PutInt for a key that is not left out.
func (a attributes) PutInt(key string, value int64) {
	if !a.omits(key) {
		a.Map.PutInt(key, value)
	}
}

// PutBool is Map.PutBool for a key that is not left out.
func (a attributes) PutBool(key string, value bool) {
	if !a.omits(key) {
		a.Map.PutBool(key, value)
	}
}
