// SPDX-License-Identifier: Apache-2.0

// What users of the workstation look up: what the cache has and what it has not, and by whose account.

package incident

import "time"

// Employee is the workstation's user; Intruder has an account there as well.
const Employee = "S-1-5-21-1004336348-1177238915-682003330-1104"

// The users' look-ups.
const (
	CachedName = "intranet.contoso.com" // asked once, and then had from the cache
	AskedName  = "www.litware.example"  // asked each time
	ToolName   = "tool.example"         // by the intruder's account
	Mail       = 5120                   // the employee's program
	Tool       = 9120                   // the intruder's
)

// PairNames are asked by the employee's program at a time: the events of the two look-ups take turns on the service's one thread.
func PairNames() []string { return []string{"docs.fabrikam.example", "mail.fabrikam.example"} }

// Numbers of the users' look-ups, and of the events of one that asks a server and of one that the cache answers.
const (
	CachedTimes  = 12
	AskedTimes   = 9
	ToolTimes    = 4
	PairTimes    = 3
	AskedEvents  = 9
	CachedEvents = 4
)

// dnsUsers adds the users' look-ups, at times when the browser has none. The service's events name the process for which they are, so that they
// can be brought together.
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
