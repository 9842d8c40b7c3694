// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"slices"
	"strings"
)

// Role is the part of the reported exchange: who sends a query to whom, or receives what.
type Role uint8

// The roles.
const (
	RoleInfo              Role = iota // no exchange
	RoleClientQuery                   // a client's query: from another host to this server, or from this host to its servers
	RoleClientResponse                // the result of a client's query
	RoleRecursiveQuery                // a query from this server to another, on a client's behalf
	RoleRecursiveResponse             // the result of such a query
	RoleCache                         // a look-up in this host's own data: a cache, the server's zones
	RoleTransfer                      // a zone transfer or its notification, in either direction
	RoleUpdate                        // a dynamic update, in either direction
	RoleAudit                         // a change or an action on the server
)

// roleNames are the values of DnsRole, by role.
var roleNames = [...]string{
	RoleInfo: "info", RoleClientQuery: "client-query", RoleClientResponse: "client-response", RoleRecursiveQuery: "recursive-query",
	RoleRecursiveResponse: "recursive-response", RoleCache: "cache", RoleTransfer: "transfer", RoleUpdate: "update", RoleAudit: "audit",
}

func (r Role) String() string { return roleNames[r] }

// RoleNames lists the names of the roles.
func RoleNames() []string { return slices.Clone(roleNames[:]) }

// ParseRole returns the role with a name, in any case.
func ParseRole(name string) (r Role, ok bool) {
	i := slices.IndexFunc(roleNames[:], func(known string) bool { return strings.EqualFold(name, known) })
	return Role(max(i, 0)), i >= 0
}

// Role returns the event's role: RoleAudit for an audit event, else the role of its id.
func (e *Event) Role() Role {
	if e.Audit {
		return RoleAudit
	}
	return e.Meaning.Role
}
