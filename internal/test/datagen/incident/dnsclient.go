// SPDX-License-Identifier: Apache-2.0

// The workstation's half hour.

package incident

import (
	"fmt"
	"time"

	"github.com/miekg/dns"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/win32"
)

// The workstation's programs, by process id.
const (
	Workstation = "10.1.4.27"
	Browser     = 7312
	Implant     = 6666 // should not resolve names
	Bypass      = 4711 // asks the resolver Odd instead of the workstation's own
	Service     = 2164 // the DNS Client service, which sends all queries
)

// ImplantName is the name that the implant looks up. BypassName is the name that Bypass asks Odd for.
const (
	ImplantName = "stage2.example"
	BypassName  = "update.example"
)

// The numbers of planted lookups.
const (
	Implanted = 6
	Bypassed  = 5
)

// Failed returns the names whose lookups fail, with their final status.
func Failed() map[string]int {
	return map[string]int{
		"late.example": win32.StatusTimeout, "stopped.example": win32.StatusCancelled, "broken.example": win32.StatusServFail, "none.example": win32.StatusNXDomain,
		"nohost.example": win32.StatusNoHost,
	}
}

const usualOptions = 0x40006000

// lookup is one call of a program.
type lookup struct {
	process uint32
	user    string // of the program's events; "" for none
	version uint8  // of the service's events
	name    string
	status  int
	results string
	server  string
	cached  bool
	probe   bool // getaddrinfo first tries whether the name is an address
}

func (t *trace) dnsClient() {
	for n := range 90 {
		l := lookup{process: Browser, version: uint8(n % 3), name: fmt.Sprintf("www%d.adatum.com", n), results: "198.51.100.7;", server: Server}
		l.cached, l.probe = n%3 == 1, n%4 == 0
		t.lookup(time.Duration(n)*20*time.Second, l)
	}
	for n := range 3 { // answers without records are not failures
		t.lookup(at(4, n), lookup{process: Browser, version: 1, name: "v4only.example", status: win32.StatusNoRecords, server: Server})
	}
	minute := 6
	for name, status := range Failed() {
		t.lookup(at(minute, 0), lookup{process: Browser, version: 2, name: name, status: status, server: Server})
		minute++
	}
	for n := range Implanted {
		t.lookup(at(14, 5*n), lookup{process: Implant, version: 0, name: ImplantName, results: "203.0.113.20;", server: Server})
	}
	t.dnsUsers()
	for n := range Bypassed {
		t.lookup(at(16, 5*n), lookup{process: Bypass, version: 1, name: BypassName, results: "203.0.113.9;", server: Odd})
	}
}

// lookup adds the events of a call.
func (t *trace) lookup(at time.Duration, l lookup) {
	step := func() time.Duration { at += 100 * time.Microsecond; return at }
	program, service := origin{process: l.process, user: l.user}, origin{process: Service, user: win32.NetworkService}
	own := func(id uint16, f fields) {
		f["QueryName"], f["QueryType"], f["QueryOptions"] = l.name, dns.TypeA, uint64(usualOptions)
		t.add(step(), program, id, 0, f)
	}
	forIt := func(id uint16, most uint8, f fields) {
		version := min(l.version, most)
		f["QueryName"] = l.name
		layout := t.catalog.Candidates(id, version)[0]
		usual := fields{"QueryType": dns.TypeA, "QueryOptions": uint64(usualOptions), "ClientPID": l.process, "InterfaceIndex": 12}
		for name, v := range usual {
			if layout.Find(name) >= 0 {
				f[name] = v
			}
		}
		t.add(step(), service, id, version, f)
	}
	if l.probe {
		own(3006, fields{})
		own(3008, fields{"QueryStatus": win32.StatusInvalid, "QueryResults": ""})
	}
	servers := ""
	if l.server != Server {
		servers = l.server + ";"
	}
	own(3006, fields{"ServerList": servers})
	forIt(3016, 2, fields{})
	if l.cached {
		forIt(3018, 2, fields{"Status": l.status, "QueryResults": l.results})
	} else {
		forIt(3018, 2, fields{"Status": win32.StatusNotCached, "QueryResults": ""})
		forIt(3019, 2, fields{})
		forIt(3009, 2, fields{
			"InterfaceCount": 1, "AdapterName": "Ethernet0", "LocalAddress": Workstation + ";", "DNSServerAddress": l.server + ";",
		})
		forIt(3010, 1, fields{"DnsServerIpAddress": l.server})
		at += 20 * time.Millisecond
		if l.status != win32.StatusTimeout && l.status != win32.StatusCancelled {
			forIt(3011, 2, fields{"DnsServerIpAddress": l.server, "ResponseStatus": l.status})
		}
		forIt(3020, 2, fields{"Status": l.status, "QueryResults": l.results})
	}
	own(3008, fields{"QueryStatus": l.status, "QueryResults": l.results})
}
