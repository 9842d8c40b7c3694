// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
)

// kind is a kind of record: it has a stream and a table.
type kind uint8

const (
	kindDNS kind = iota
	kindNetwork
	kindAudit
	kindStatus
	kindCount
	unrouted kind = 255
)

var (
	kindNames  = [kindCount]string{"dns", "network", "audit", "status"}
	kindTables = [kindCount]*columns.Table{columns.DNS, columns.Network, columns.Audit, columns.Status}
	// kindSchemas are the values of EventSchema.
	kindSchemas = [kindCount]string{kindDNS: "Dns", kindNetwork: "NetworkSession", kindAudit: "AuditEvent"}
	// kindScopes are the instrumentation scopes that say the kind. This project's receivers write the first two.
	kindScopes = [kindCount]string{"asim.dns.events", "asim.network.events", "asim.audit.events", "winnet.status"}
	// kindBodies are the columns for a record's body. Those of DNS and network records say what the columns say, and go nowhere
	// by default.
	kindBodies = [kindCount]string{kindAudit: "EventMessage", kindStatus: "Message"}
)

// router says where records go.
type router struct {
	streams   [kindCount]string
	attribute string
}

// scope is the kind of all records of a scope, or unrouted when the records decide.
func (r *router) scope(name string) kind {
	for k, scope := range kindScopes {
		if name == scope {
			return r.known(kind(k))
		}
	}
	return unrouted
}

// record is the kind of a record whose scope has the kind ofScope: what the attribute of the configuration says, then the scope,
// then EventSchema.
func (r *router) record(attributes, resource pcommon.Map, ofScope kind) kind {
	if r.attribute != "" {
		if to := text(attributes, resource, r.attribute); to != "" {
			for k := range kindCount {
				if to == kindNames[k] || to == r.streams[k] {
					return r.known(k)
				}
			}
			return unrouted
		}
	}
	if ofScope != unrouted {
		return ofScope
	}
	if schema := text(attributes, resource, "EventSchema"); schema != "" {
		for k, name := range kindSchemas {
			if schema == name {
				return r.known(kind(k))
			}
		}
	}
	return unrouted
}

// known is the kind, or unrouted when it has no stream.
func (r *router) known(k kind) kind {
	if r.streams[k] == "" {
		return unrouted
	}
	return k
}

// text is the text of a record's attribute, or else of its resource's, or "".
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
