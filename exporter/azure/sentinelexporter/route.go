// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
)

// kind is a kind of record. It has a stream and a table.
type kind uint8

const (
	kindDNS kind = iota
	kindNetwork
	kindAudit
	kindStatus
	kindDNSArchive
	kindNetworkArchive
	kindCount
	unrouted kind = 255
)

var (
	kindNames  = [kindCount]string{"dns", "network", "audit", "status", "archive_dns", "archive_network"}
	kindTables = [kindCount]*columns.Table{columns.DNS, columns.Network, columns.Audit, columns.Status, columns.DNSArchive, columns.NetworkArchive}
	// kindSchemas are the values of EventSchema that the tables imply.
	kindSchemas = [kindCount]string{
		kindDNS: "Dns", kindNetwork: "NetworkSession", kindAudit: "AuditEvent", kindDNSArchive: "Dns", kindNetworkArchive: "NetworkSession",
	}
	// kindScopes are the instrumentation scopes that select a kind. This project's receivers write the first three.
	kindScopes = [...]string{"asim.dns.events", "asim.network.events", "asim.audit.events", "winnet.status"}
	// kindArchives are the kinds of archived records. The archive has no table of audit events: they go to that of the
	// DNS server that reports them.
	kindArchives = [kindCount]kind{kindDNSArchive, kindNetworkArchive, kindDNSArchive, kindStatus, kindDNSArchive, kindNetworkArchive}
	// kindBodies are the columns for a record's body. The body of DNS and network records repeats their columns, so by
	// default it is not written.
	kindBodies = [kindCount]string{kindAudit: "EventMessage", kindStatus: "Message"}
)

// A record belongs to the archive if it, or its resource, has this attribute with this value.
const (
	tierAttribute = "winnet.tier"
	tierArchive   = "archive"
)

// router selects the kind, and thus the stream, of records.
type router struct {
	streams   [kindCount]string
	attribute string
}

// scope returns the kind of all records of a scope, or unrouted if each record decides.
func (r *router) scope(name string) kind {
	for k, scope := range kindScopes {
		if name == scope {
			return kind(k)
		}
	}
	return unrouted
}

// record returns the kind of a record whose scope has the kind ofScope. The tier decides first between the archive and
// the other kinds. Then the configured attribute decides, then the scope, then EventSchema.
func (r *router) record(attributes, resource pcommon.Map, ofScope kind) kind {
	archived := text(attributes, resource, tierAttribute) == tierArchive
	to, named := r.named(attributes, resource)
	switch {
	case archived:
		return r.known(archive(to, schema(attributes, resource, ofScope)))
	case named:
		return r.known(to)
	}
	return r.known(schema(attributes, resource, ofScope))
}

// named returns the kind that the configured attribute names. named reports whether a record has the attribute; if it
// names no kind, the kind is unrouted.
func (r *router) named(attributes, resource pcommon.Map) (_ kind, named bool) {
	if r.attribute == "" {
		return unrouted, false
	}
	to := text(attributes, resource, r.attribute)
	if to == "" {
		return unrouted, false
	}
	for k := range kindCount {
		if to == kindNames[k] || to == r.streams[k] {
			return k, true
		}
	}
	return unrouted, true
}

// archive returns the kind of an archived record that the attribute sends to the kind to, and that is itself of the kind
// own. Either may be unrouted. The attribute chooses between the kinds of the archive; else the record's own kind decides,
// so that nothing takes a record out of the archive. Of a record without a kind of its own the attribute may say it.
func archive(to, own kind) kind {
	switch {
	case to == kindDNSArchive || to == kindNetworkArchive:
		return to
	case own != unrouted:
		return kindArchives[own]
	case to == unrouted || to == kindStatus:
		return unrouted
	}
	return kindArchives[to]
}

// schema returns the kind of a record by its scope, else by EventSchema.
func schema(attributes, resource pcommon.Map, ofScope kind) kind {
	if ofScope != unrouted {
		return ofScope
	}
	switch text(attributes, resource, "EventSchema") {
	case kindSchemas[kindDNS]:
		return kindDNS
	case kindSchemas[kindNetwork]:
		return kindNetwork
	case kindSchemas[kindAudit]:
		return kindAudit
	}
	return unrouted
}

// known returns the kind, or unrouted if the kind has no stream.
func (r *router) known(k kind) kind {
	if k == unrouted || r.streams[k] == "" {
		return unrouted
	}
	return k
}

// text returns the text of an attribute of the record, else of its resource, else "".
func text(attributes, resource pcommon.Map, name string) string {
	v, ok := attributes.Get(name)
	if !ok {
		v, ok = resource.Get(name)
	}
	if !ok || v.Type() != pcommon.ValueTypeStr {
		return ""
	}
	return v.Str()
}
