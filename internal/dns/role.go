// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"slices"
	"strings"
)

// Role says who asks whom in what an event reports.
type Role uint8

// The roles.
const (
	RoleInfo              Role = iota // part of no exchange
	RoleClientQuery                   // a client asks: another host asks this server, or this host asks its servers
	RoleClientResponse                // what became of that
	RoleRecursiveQuery                // this server asks another, on a client's behalf
	RoleRecursiveResponse             // what became of that
	RoleCache                         // a look into what this host has itself: a cache, the server's own zones
	RoleTransfer                      // zone transfers and their notifications, in either direction
	RoleUpdate                        // dynamic updates, in either direction
	RoleAudit                         // something was done to the server
)

// roleNames are the values of DnsRole, by role.
var roleNames = [...]string{
	RoleInfo: "info", RoleClientQuery: "client-query", RoleClientResponse: "client-response", RoleRecursiveQuery: "recursive-query",
	RoleRecursiveResponse: "recursive-response", RoleCache: "cache", RoleTransfer: "transfer", RoleUpdate: "update", RoleAudit: "audit",
}

func (r Role) String() string { return roleNames[r] }

// RoleNames lists the names of the roles.
func RoleNames() []string { return slices.Clone(roleNames[:]) }

// ParseRole gives the role of a name, in any case.
func ParseRole(name string) (r Role, ok bool) {
	i := slices.IndexFunc(roleNames[:], func(known string) bool { return strings.EqualFold(name, known) })
	return Role(max(i, 0)), i >= 0
}

// Role gives the event's role: that of its id, but for audit events, which are one whatever their id.
func (e *Event) Role() Role {
	if e.Audit {
		return RoleAudit
	}
	return e.Meaning.Role
}
