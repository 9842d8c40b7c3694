// SPDX-License-Identifier: Apache-2.0

// What users of the workstation look up: names that are in the cache or not, and by which account.

package incident

import "time"

// Employee is the workstation's user. Intruder has an account there as well.
const Employee = "S-1-5-21-1004336348-1177238915-682003330-1104"

// The users' lookups.
const (
	CachedName = "intranet.contoso.com" // asked once, then answered from the cache
	AskedName  = "www.litware.example"  // asked each time
	ToolName   = "tool.example"         // by the intruder's account
	Mail       = 5120                   // process of the employee's program
	Tool       = 9120                   // process of the intruder's program
)

// PairNames are names that the employee's program looks up at the same time: the events of the two lookups alternate on
// one thread of the service.
func PairNames() []string { return []string{"docs.fabrikam.example", "mail.fabrikam.example"} }

// The numbers of the users' lookups, and of the events of a lookup that asks a server and of one that the cache
// answers.
const (
	CachedTimes  = 12
	AskedTimes   = 9
	ToolTimes    = 4
	PairTimes    = 3
	AskedEvents  = 9
	CachedEvents = 4
)

// dnsUsers adds the users' lookups, at times without lookups of the browser. The service's events name the process of
// the lookup, so that they can be correlated.
func (t *trace) dnsUsers() {
	for n := range CachedTimes {
		t.lookup(at(18, 5+20*n), lookup{process: Mail, user: Employee, version: 1, name: CachedName, results: "10.0.40.20;", server: Server, cached: n > 0})
	}
	for n := range AskedTimes {
		t.lookup(at(22, 10+20*n), lookup{process: Mail, user: Employee, version: 2, name: AskedName, results: "198.51.100.30;", server: Server})
	}
	for n := range ToolTimes {
		t.lookup(at(26, 15+20*n), lookup{process: Tool, user: Intruder, version: 1, name: ToolName, results: "203.0.113.66;", server: Server})
	}
	for n := range PairTimes {
		for i, name := range PairNames() {
			begun := at(29, 5+20*n) + time.Duration(i)*50*time.Microsecond
			t.lookup(begun, lookup{process: Mail, user: Employee, version: 2, name: name, results: "198.51.100.40;", server: Server})
		}
	}
}
