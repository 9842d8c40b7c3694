// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
)

// eventSchema is the attribute with the name of the schema.
const eventSchema = "EventSchema"

// eventOriginalUID is the attribute with the event's identifier.
const eventOriginalUID = "EventOriginalUid"

// dnsAttributes are the attributes that a DNS record may have.
func dnsAttributes() []string {
	return []string{
		attrs.AdditionalFields, "DnsFlags", "DnsFlagsAuthenticated", "DnsFlagsAuthoritative", "DnsFlagsCheckingDisabled",
		"DnsFlagsRecursionAvailable", "DnsFlagsRecursionDesired", "DnsFlagsTruncated", "DnsFlagsZ", "DnsNetworkDuration", "DnsQuery",
		"DnsQueryClass", "DnsQueryClassName", "DnsQueryType", "DnsQueryTypeName", "DnsResponseCode", "DnsResponseCodeName",
		"DnsResponseName", "DnsSessionId", "Dst", "DstIpAddr", "DstPortNumber", "Dvc", "DvcDomain", "DvcDomainType", "DvcHostname",
		"DvcIpAddr", "DvcOs", "DvcOsVersion", "EventCount", "EventEndTime", "EventOriginalResultDetails", "EventOriginalSubType",
		"EventOriginalType", eventOriginalUID, "EventProduct", "EventResult", "EventResultDetails", "EventSchema",
		"EventSchemaVersion", "EventSeverity", "EventStartTime", "EventSubType", "EventType", "EventVendor", "NetworkProtocol",
		"NetworkProtocolVersion", "Src", "SrcDomain", "SrcDomainType", "SrcHostname", "SrcIpAddr", "SrcPortNumber", "SrcProcessId",
		"SrcProcessName", "SrcUserId", "SrcUserIdType", "SrcUsername", "SrcUsernameType", "TransactionIdHex",
	}
}

// auditEventAttributes are the attributes that a record of the schema AuditEvent has and a DNS record has not.
func auditEventAttributes() []string {
	return []string{
		"ActorUserId", "ActorUserIdType", "ActorUsername", "ActorUsernameType", "DvcFQDN", auditNewValue, auditObject, auditObjectType,
		auditOldValue, auditOperation, auditKind, "TargetAppId", "TargetAppName", "TargetAppType", "TargetDomain", "TargetDomainType",
		"TargetDvcOs", "TargetFQDN", "TargetHostname", "TargetIpAddr",
	}
}

// OmitAttributes are the names of attributes that are never built, and of fields of AdditionalFields, as
// "AdditionalFields.PacketData".
type OmitAttributes []string

// Validate returns an error for a value that is no attribute. The error says what is allowed. Fields of AdditionalFields are not checked:
// manifests define them.
func (o OmitAttributes) Validate() error {
	known := slices.Concat(dnsAttributes(), auditEventAttributes())
	for _, name := range o {
		if field, ok := strings.CutPrefix(name, attrs.AdditionalFields+"."); ok && strings.TrimSpace(field) != "" {
			continue
		}
		if !slices.Contains(known, name) {
			return fmt.Errorf("%q is not an attribute of a record; want %s.<field> or one of %s", name, attrs.AdditionalFields, strings.Join(known, ", "))
		}
	}
	return nil
}

// OmitsAny reports whether one of the names is left out.
func (o OmitAttributes) OmitsAny(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(o, name) })
}

// sets are the names that are left out of a record, and of its AdditionalFields.
func (o OmitAttributes) sets() (main, additional map[string]bool) {
	main, additional = map[string]bool{}, map[string]bool{}
	for _, name := range o {
		if field, ok := strings.CutPrefix(name, attrs.AdditionalFields+"."); ok {
			additional[field] = true
		} else {
			main[name] = true
		}
	}
	return main, additional
}
