// SPDX-License-Identifier: Apache-2.0

// The audit events of the DNS Server: the kind of change, and the fields that name the object and its values.

package dns

import (
	"bytes"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// Audit is the meaning of an audit event beyond its fields.
type Audit struct {
	ID uint16
	// Operation is the event's name in the column Type of Microsoft's documentation. It does not list 512 and the ids from 583 on: their
	// names are made from the message in the provider's manifest in the same manner.
	Operation string
	// Changes marks a change of settings or data. Other events report an action of the server, or a request to it.
	Changes bool
	// Verb is the action in lower case. If ASIM's schema AuditEvent has a value of EventType for it, it is that value.
	Verb string
	// Kind is the kind of the object.
	Kind ObjectKind
	// Object, Old and New are the fields with the object's name and its values before and after; empty if the event has no such field.
	Object, Old, New string
	// Result is ResultSuccess if the event's message in the manifest says that a thing was done, and ResultNA if it does not: a request (548),
	// any text (553), a refresh that is scheduled (558).
	Result Result
	// Source is the document that the row is from.
	Source AuditSource
}

// ObjectKind is a kind of object that audit events are about.
type ObjectKind string

// AuditSource is the document that a row of the table of audit events is from.
type AuditSource string

// The sources of the table of audit events. Object, Old and New are always from the provider's manifest.
const (
	// FromDocumentation is the table "Audit events" of Microsoft's "Enable DNS Logging and Diagnostics in Windows Server".
	FromDocumentation AuditSource = "Enable DNS Logging and Diagnostics in Windows Server"
	// FromManifest is the event's message in the manifest of Windows Server 2025 (10.0.26100.1457).
	FromManifest AuditSource = "Microsoft-Windows-DNSServer, manifest of 10.0.26100.1457"
)

// The kinds of objects.
const (
	kindZone          ObjectKind = "Zone"
	kindZoneScope     ObjectKind = "Zone Scope"
	kindRecord        ObjectKind = "Resource Record"
	kindRecordSet     ObjectKind = "Resource Record Set"
	kindNode          ObjectKind = "Node"
	kindDelegation    ObjectKind = "Delegation"
	kindKey           ObjectKind = "Signing Key"
	kindRollover      ObjectKind = "Key Rollover"
	kindKeyMaster     ObjectKind = "Key Master Role"
	kindMetadata      ObjectKind = "DNSSEC Metadata"
	kindTrustAnchor   ObjectKind = "Trust Anchor"
	kindTrustPoint    ObjectKind = "Trust Point"
	kindCache         ObjectKind = "Cache Entry"
	kindForwarders    ObjectKind = "Forwarder List"
	kindRootHints     ObjectKind = "Root Hints"
	kindSetting       ObjectKind = "Server Setting"
	kindListen        ObjectKind = "Listen Addresses"
	kindRecursion     ObjectKind = "Recursion Scope"
	kindServer        ObjectKind = "Server"
	kindDebugLog      ObjectKind = "Debug Log"
	kindStatistics    ObjectKind = "Statistics"
	kindScavenging    ObjectKind = "Scavenging Cycle"
	kindPartition     ObjectKind = "Directory Partition"
	kindSubnet        ObjectKind = "Client Subnet"
	kindServerPolicy  ObjectKind = "Server Level Policy"
	kindZonePolicy    ObjectKind = "Zone Level Policy"
	kindForwardPolicy ObjectKind = "Recursion Policy"
	kindRateLimiting  ObjectKind = "Response Rate Limiting"
	kindRateException ObjectKind = "Response Rate Limiting Exception List"
	kindInstance      ObjectKind = "Virtualization Instance"
)

// ASIM returns the kind as a value of ObjectType in ASIM's schema AuditEvent.
func (k ObjectKind) ASIM() string {
	switch k {
	case kindSetting, kindListen, kindForwarders, kindRootHints, kindRateLimiting:
		return "Configuration Atom"
	case kindServerPolicy, kindZonePolicy, kindForwardPolicy:
		return "Policy Rule"
	case kindDebugLog:
		return "Event Log"
	case kindServer:
		return "Service"
	case kindPartition:
		return "Directory Service Object"
	}
	return "Other"
}

// Audits lists the DNS Server's audit events, by id. A new one is a row here and its list of fields in dnsserver.txt.
func Audits() []Audit {
	const (
		doc, manifest = FromDocumentation, FromManifest
		done, unsaid  = ResultSuccess, ResultNA
	)
	return []Audit{
		{512, "Zone create", true, "create", kindZone, "Name", "", "", done, manifest},
		{513, "Zone delete", true, "delete", kindZone, "Zone", "", "", done, doc},
		{514, "Zone updated", true, "set", kindZone, "Zone", "", "NewValue", done, doc},
		{515, "Record create", true, "create", kindRecord, "NAME", "", "RDATA", done, doc},
		{516, "Record delete", true, "delete", kindRecord, "NAME", "RDATA", "", done, doc},
		{517, "RRSET delete", true, "delete", kindRecordSet, "NAME", "", "", done, doc},
		{518, "Node delete", true, "delete", kindNode, "NAME", "", "", done, doc},
		{519, "Record create - dynamic update", true, "create", kindRecord, "NAME", "", "RDATA", done, doc},
		{520, "Record delete - dynamic update", true, "delete", kindRecord, "NAME", "RDATA", "", done, doc},
		{521, "Record scavenge", true, "delete", kindRecord, "NAME", "RDATA", "", done, doc},
		{522, "Zone scope create", true, "create", kindZoneScope, "ZoneScope", "", "", done, doc},
		{523, "Zone scope delete", true, "delete", kindZoneScope, "ZoneScope", "", "", done, doc},
		{525, "Zone sign", true, "sign", kindZone, "ZoneName", "", "", done, doc},
		{526, "Zone unsign", true, "unsign", kindZone, "Zone", "", "", done, doc},
		{527, "Zone re-sign", true, "sign", kindZone, "ZoneName", "", "", done, doc},
		{528, "Key rollover start", true, "start", kindRollover, "GUID", "", "", done, doc},
		{529, "Key rollover end", true, "stop", kindRollover, "GUID", "", "", done, doc},
		{530, "Key retire", true, "set", kindKey, "GUID", "", "", done, doc},
		{531, "Key rollover triggered", true, "start", kindRollover, "GUID", "", "", done, doc},
		{533, "Key poke rollover", true, "set", kindRollover, "GUID", "", "", done, doc},
		{534, "Export DNSSEC", false, "export", kindMetadata, "Zone", "", "", done, doc},
		{535, "Import DNSSEC", true, "import", kindMetadata, "Zone", "", "", done, doc},
		{536, "Cache purge", true, "delete", kindCache, "QNAME", "", "", done, doc},
		{537, "Forwarder reset", true, "set", kindForwarders, "Scope", "", "Forwarders", done, doc},
		{540, "Root hints", true, "set", kindRootHints, "", "", "", done, doc},
		{541, "Server setting", true, "set", kindSetting, "Setting", "", "NewValue", done, doc},
		{542, "Server scope create", true, "create", kindRecursion, "RecursionScope", "", "", done, doc},
		{543, "Server scope delete", true, "delete", kindRecursion, "RecursionScope", "", "", done, doc},
		{544, "Add trust point DNSKEY", true, "create", kindTrustAnchor, "Name", "", "", done, doc},
		{545, "Add trust point DS", true, "create", kindTrustAnchor, "Name", "", "", done, doc},
		{546, "Remove trust point", true, "delete", kindTrustPoint, "Name", "", "", done, doc},
		{547, "Add trust point root", true, "create", kindTrustAnchor, "", "", "", done, doc},
		{548, "Restart server", false, "restart", kindServer, "", "", "", unsaid, doc},
		{549, "Clear debug logs", true, "clear", kindDebugLog, "FilePath", "", "", done, doc},
		{550, "Write dirty zones", false, "write", kindZone, "", "", "", done, doc},
		{551, "Clear statistics", true, "clear", kindStatistics, "", "", "", done, doc},
		{552, "Start scavenging", false, "start", kindScavenging, "", "", "", done, doc},
		{553, "Enlist directory partition", true, "set", kindPartition, "", "", "", unsaid, doc},
		{554, "Abort scavenging", false, "stop", kindScavenging, "", "", "", done, doc},
		{555, "Prepare for demotion", true, "set", kindServer, "", "", "", done, doc},
		{556, "Write root hints", false, "write", kindRootHints, "", "", "", done, doc},
		{557, "Listen address", true, "set", kindListen, "", "", "ListenAddresses", done, doc},
		{558, "Active refresh trust points", false, "refresh", kindTrustPoint, "", "", "", unsaid, doc},
		{559, "Pause zone", true, "pause", kindZone, "Zone", "", "", done, doc},
		{560, "Resume zone", true, "resume", kindZone, "Zone", "", "", done, doc},
		{561, "Reload zone", true, "reload", kindZone, "Zone", "", "", done, doc},
		{562, "Refresh zone", true, "refresh", kindZone, "Zone", "", "", done, doc},
		{563, "Expire zone", true, "expire", kindZone, "Zone", "", "", done, doc},
		{564, "Update from DS", true, "reload", kindZone, "Zone", "", "", done, doc},
		{565, "Write and notify", false, "write", kindZone, "Zone", "", "", done, doc},
		{566, "Force aging", true, "set", kindNode, "NodeName", "", "", done, doc},
		{567, "Scavenge servers", true, "set", kindZone, "Zone", "", "ScavengeServers", done, doc},
		{568, "Transfer key master", true, "set", kindKeyMaster, "Zone", "", "", done, doc},
		{569, "Add SKD", true, "create", kindKey, "KeyId", "", "", done, doc},
		{570, "Modify SKD", true, "set", kindKey, "GUID", "", "", done, doc},
		{571, "Delete SKD", true, "delete", kindKey, "GUID", "", "", done, doc},
		{572, "Modify SKD state", true, "set", kindKey, "GUID", "", "", done, doc},
		{573, "Add delegation", true, "create", kindDelegation, "ChildZone", "", "NameServer", done, doc},
		{574, "Create client subnet record", true, "create", kindSubnet, "ClientSubnetRecord", "", "ClientSubnetList", done, doc},
		{575, "Delete client subnet record", true, "delete", kindSubnet, "ClientSubnetRecord", "", "", done, doc},
		{576, "Update client subnet record", true, "set", kindSubnet, "ClientSubnetRecord", "", "ClientSubnetList", done, doc},
		{577, "Create server level policy", true, "create", kindServerPolicy, "Policy", "", "", done, doc},
		{578, "Create zone level policy", true, "create", kindZonePolicy, "Policy", "", "", done, doc},
		{579, "Create forwarding policy", true, "create", kindForwardPolicy, "Policy", "", "", done, doc},
		{580, "Delete server level policy", true, "delete", kindServerPolicy, "Policy", "", "", done, doc},
		{581, "Delete zone level policy", true, "delete", kindZonePolicy, "Policy", "", "", done, doc},
		{582, "Delete forwarding policy", true, "delete", kindForwardPolicy, "Policy", "", "", done, doc},
		{583, "Update server level policy", true, "set", kindServerPolicy, "Policy", "OldPropertyValues", "NewPropertyValues", done, manifest},
		{584, "Update zone level policy", true, "set", kindZonePolicy, "Policy", "OldPropertyValues", "NewPropertyValues", done, manifest},
		{585, "Update forwarding policy", true, "set", kindForwardPolicy, "Policy", "OldPropertyValues", "NewPropertyValues", done, manifest},
		{586, "Remove scope from zone level policy", true, "set", kindZonePolicy, "Policy", "Scope", "", done, manifest},
		{587, "Add scope to zone level policy", true, "set", kindZonePolicy, "Policy", "", "Scope", done, manifest},
		{588, "Update scope weight of zone level policy", true, "set", kindZonePolicy, "Policy", "ScopeWeightOld", "ScopeWeightNew", done, manifest},
		{589, "Update scope of forwarding policy", true, "set", kindForwardPolicy, "Policy", "OldScope", "NewScope", done, manifest},
		{590, "Response rate limiting", true, "set", kindRateLimiting, "", "", "", done, manifest},
		{591, "Create RRL exception list", true, "create", kindRateException, "RRLExceptionlist", "", "Criteria", done, manifest},
		{592, "Delete RRL exception list", true, "delete", kindRateException, "RRLExceptionlist", "", "", done, manifest},
		{593, "Update RRL exception list", true, "set", kindRateException, "RRLExceptionlist", "OldPropertyValues", "NewPropertyValues", done, manifest},
		{594, "Create virtualization instance", true, "create", kindInstance, "VirtualizationID", "", "", done, manifest},
		{595, "Delete virtualization instance", true, "delete", kindInstance, "VirtualizationID", "", "", done, manifest},
		{596, "Update virtualization instance", true, "set", kindInstance, "VirtualizationID", "OldFriendlyName", "NewFriendlyName", done, manifest},
	}
}

// auditsByID returns the rows of Audits by id.
func auditsByID() map[uint16]*Audit {
	m := map[uint16]*Audit{}
	for _, a := range Audits() {
		m[a.ID] = &a
	}
	return m
}

// AuditPlan is an audit event's row of the table, and the indices of its fields in Values, -1 for none.
type AuditPlan struct {
	Audit
	ObjectAt, OldAt, NewAt int
}

// plan looks the fields of the row up in a template.
func (a *Audit) plan(t *schema.Template) *AuditPlan {
	return &AuditPlan{*a, t.Find(a.Object), t.Find(a.Old), t.Find(a.New)}
}

// HasAuditLayout reports whether the event's fields are those of an audit event.
func (e *Event) HasAuditLayout() bool {
	e.Decoded()
	return e.plan.meaning.Audit
}

// AuditPlan returns the plan of an audit event, or nil if the table does not have it.
func (e *Event) AuditPlan() *AuditPlan {
	e.Decoded()
	return e.plan.audit
}

// auditFields maps the fields of audit events that name the changed record or zone, and the client. The same names mean something else in an
// analytic event.
func auditFields() map[string]Field {
	return map[string]Field{
		"NAME": RecordName, "NodeName": RecordName, "QNAME": RecordName, "Type": QueryType, "QTYPE": QueryType,
		"Zone": Zone, "RDATA": RecordData, "Source": Source,
		"Name": DomainName, "ZoneName": DomainName, "ChildZone": DomainName, "NameServer": DomainName,
	}
}

// auditField returns the meaning of a field of an audit event. A field Type is the type of a resource record only if it is a number.
// Some events have a text with that name.
func auditField(names map[string]Field, f schema.Field) (Field, bool) {
	field, ok := names[f.Name]
	return field, ok && (field != QueryType || f.Type == schema.U32)
}

// recordName appends the full name of the changed record. It has a dot at the end only if the event's name has one. No public source says
// whether NAME is relative to Zone, and recorded events have both forms. So a name that ends in a dot or in the zone's name is complete, and
// any other name gets the zone's name appended.
func (e *Event) recordName(dst []byte) []byte {
	from := len(dst)
	dst, ok := e.Text(dst, RecordName)
	name := dst[from:]
	if !ok || len(name) == 0 || name[len(name)-1] == '.' {
		return dst
	}
	var room [maxNameWire]byte
	zone, _ := e.Text(room[:0], Zone)
	zone = WithoutFinalDot(zone)
	if len(zone) == 0 || zone[0] == '.' { // the root; "..Cache" and the like are no names
		return dst
	}
	if len(name) == 1 && name[0] == '@' {
		return append(dst[:from], zone...)
	}
	if at := len(name) - len(zone); at >= 0 && bytes.EqualFold(name[at:], zone) && (at == 0 || name[at-1] == '.') {
		return dst
	}
	return append(append(dst, '.'), zone...)
}

// AppendRecordData appends the data of the changed record in master file form. ok is false if the event has no readable data.
func (e *Event) AppendRecordData(dst []byte) (text []byte, ok bool) {
	data := e.Bytes(RecordData)
	qtype, typed := e.Word(QueryType)
	if len(data) == 0 || !typed {
		return dst, false
	}
	return appendStoredData(dst, uint16(qtype), data)
}
