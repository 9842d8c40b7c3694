// SPDX-License-Identifier: Apache-2.0

// Calls by their course: answered from the cache, by a server, or not at all.

package main

import (
	"time"

	"github.com/miekg/dns"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/win32"
)

// called adds 3006, the program's call, with options in addition to the usual ones. servers are those that the program
// names, mostly none.
func (c *call) called(name string, qtype uint16, options int, servers string) {
	c.own(3006, fields{
		"QueryName": name, "QueryType": qtype, "QueryOptions": usualOptions | options, "ServerList": servers,
		"IsNetworkQuery": 0, "NetworkQueryIndex": 0, "InterfaceIndex": 0, "IsAsyncQuery": 0,
	})
}

// returned adds 3008, the result for the program.
func (c *call) returned(name string, qtype uint16, options, status int, text string) {
	c.own(3008, fields{
		"QueryName": name, "QueryType": qtype, "QueryOptions": usualOptions | options, "QueryStatus": status, "QueryResults": text,
	})
}

// probe is the first step of getaddrinfo, which always fails.
func (c *call) probe(name string) {
	if c.one(3) {
		c.called(name, dns.TypeA, 0, "")
		c.pace()
		c.returned(name, dns.TypeA, 0, win32.StatusInvalid, "")
		c.pace()
	}
}

// looked is the service's lookup in its cache, 3016 and 3018.
func (c *call) looked(name string, qtype uint16, options, status int, text string) {
	f := fields{"QueryName": name, "QueryType": qtype, "QueryOptions": usualOptions | options}
	c.service(3016, fields{"QueryName": name, "QueryType": qtype, "QueryOptions": usualOptions | options, "InterfaceIndex": 0})
	c.pace()
	f["Status"], f["QueryResults"] = status, text
	c.service(3018, f)
	c.pace()
}

// cached is a call that the cache answers. For AAAA it asks for both kinds of addresses.
func (c *call) cached(name string, qtype uint16) {
	status, answer := c.status(name, qtype)
	mapped := qtype == dns.TypeAAAA
	if mapped {
		c.probe(name)
		_, other := c.status(name, dns.TypeA)
		answer, status = append(answer, addresses(other)...), win32.StatusSuccess
	}
	c.called(name, qtype, 0, "")
	c.pace()
	c.looked(name, qtype, 0, status, results(answer, false))
	c.returned(name, qtype, 0, status, results(answer, mapped))
}

// addresses removes the records that are not addresses.
func addresses(answer []dns.RR) []dns.RR {
	var list []dns.RR
	for _, rr := range answer {
		if rr.Header().Rrtype == dns.TypeA {
			list = append(list, rr)
		}
	}
	return list
}

// asked is a call that a server answers.
func (c *call) asked(name string, qtype uint16) {
	c.probe(name)
	c.called(name, qtype, 0, "")
	c.pace()
	c.looked(name, qtype, 0, win32.StatusNotCached, "")
	status, answer := c.status(name, qtype)
	c.network(name, qtype, serverIPv4, status, results(answer, false))
	if status == win32.StatusNXDomain && c.one(2) {
		c.service(1016, fields{"QueryName": name, "Address": sockaddr(serverIPv4)})
		c.pace()
	}
	c.returned(name, qtype, 0, status, results(answer, qtype == dns.TypeAAAA))
}

// sent is the query to a server: 3019, 3009 and 3010.
func (c *call) sent(name string, qtype uint16, server string) {
	own, servers := ownAddress, servicePeers
	if server == serverIPv6 {
		own, servers = ownAddressV6, serverIPv6+";"
	}
	c.service(3019, fields{"QueryName": name, "QueryType": qtype, "InterfaceIndex": interfaceIndex, "NetworkIndex": 0})
	c.pace()
	c.service(3009, fields{
		"QueryName": name, "IsParallelNetworkQuery": 1, "NetworkIndex": 0, "InterfaceCount": 1, "AdapterName": adapter,
		"LocalAddress": own + ";", "DNSServerAddress": servers,
	})
	c.pace()
	c.service(3010, fields{"QueryName": name, "QueryType": qtype, "DnsServerIpAddress": server})
}

// network is the query to a server and its response: the events of sent, then 3011 and 3020.
func (c *call) network(name string, qtype uint16, server string, status int, text string) {
	c.sent(name, qtype, server)
	c.wait(700*time.Microsecond, 24*time.Millisecond)
	c.service(3011, fields{"QueryName": name, "QueryType": qtype, "DnsServerIpAddress": server, "ResponseStatus": status})
	c.pace()
	c.service(3020, fields{
		"QueryName": name, "QueryType": qtype, "NetworkIndex": 0, "InterfaceIndex": interfaceIndex, "Status": status, "QueryResults": text,
	})
	c.pace()
}

// serverFailure is a call whose server reports a failure.
func (c *call) serverFailure(name string) {
	c.called(name, dns.TypeA, 0, "")
	c.pace()
	c.looked(name, dns.TypeA, 0, win32.StatusNotCached, "")
	c.network(name, dns.TypeA, serverIPv6, win32.StatusServFail, "")
	c.returned(name, dns.TypeA, 0, win32.StatusServFail, "")
}

// timeout is a call that no server answers: 1015 for each server, 1013 and 1014 for all.
func (c *call) timeout(name string) {
	c.called(name, dns.TypeA, 0, "")
	c.pace()
	c.looked(name, dns.TypeA, 0, win32.StatusNotCached, "")
	c.sent(name, dns.TypeA, serverIPv4)
	for _, server := range []string{serverIPv4, secondary, serverIPv6} {
		c.wait(time.Second, 2*time.Second)
		c.service(1015, fields{"QueryName": name, "Address": sockaddr(server)})
	}
	c.pace()
	for _, event := range []uint16{1013, 1014} {
		c.service(event, fields{"QueryName": name, "Address": sockaddr(serverIPv4)})
		c.pace()
	}
	c.service(3020, fields{"QueryName": name, "QueryType": dns.TypeA, "InterfaceIndex": interfaceIndex, "Status": win32.StatusTimeout})
	c.pace()
	c.returned(name, dns.TypeA, 0, win32.StatusTimeout, "")
}

// tcp is a call that names its server and requests TCP.
func (c *call) tcp(name string) {
	status, answer := c.status(name, dns.TypeTXT)
	server := pick(c.trace, []string{serverIPv4, serverIPv6})
	c.called(name, dns.TypeTXT, onlyTCP, server+";")
	c.pace()
	c.network(name, dns.TypeTXT, server, status, results(answer, false))
	c.returned(name, dns.TypeTXT, onlyTCP, status, results(answer, false))
}

// cacheOnly is a call that asks servers for what they have in their caches.
func (c *call) cacheOnly(name string) {
	c.called(name, dns.TypeA, noRecursion, servicePeers)
	c.pace()
	c.network(name, dns.TypeA, serverIPv4, win32.StatusNoRecords, "")
	c.returned(name, dns.TypeA, noRecursion, win32.StatusNoRecords, "")
}

// pending is a call of DnsQueryEx that returns before the answer arrives, and may be canceled meanwhile.
func (c *call) pending(name string, canceled bool) {
	c.own(3006, fields{"QueryName": name, "QueryType": dns.TypeA, "QueryOptions": usualOptions, "IsAsyncQuery": 1})
	c.pace()
	c.own(3007, fields{"QueryName": name})
	c.pace()
	c.looked(name, dns.TypeA, 0, win32.StatusNotCached, "")
	if canceled {
		c.sent(name, dns.TypeA, serverIPv4)
		c.wait(time.Millisecond, 9*time.Millisecond)
		c.own(3015, fields{"QueryName": name})
		c.pace()
		c.returned(name, dns.TypeA, 0, win32.StatusCancelled, "")
		return
	}
	status, answer := c.status(name, dns.TypeA)
	c.network(name, dns.TypeA, serverIPv4, status, results(answer, false))
	c.returned(name, dns.TypeA, 0, status, results(answer, false))
}

// checkPoints are the events of one call that measure its phases, 3000 to 3005.
func (c *call) checkPoints(name string) {
	start := fields{"QueryName": name, "QueryType": dns.TypeA, "QueryOptions": usualOptions}
	status, _ := c.status(name, dns.TypeA)
	for _, event := range []uint16{3000, 3004, 3002} {
		c.own(event, start)
		c.pace()
	}
	c.own(3003, fields{"QueryName": name, "QueryType": dns.TypeA, "Status": win32.StatusNotCached})
	c.wait(time.Millisecond, 9*time.Millisecond)
	c.own(3005, fields{"QueryName": name, "QueryType": dns.TypeA, "Status": status})
	c.pace()
	c.own(3001, fields{"Status": status})
}

// netBIOS is a call for a name of one label that DNS does not have.
func (c *call) netBIOS(name string) {
	c.called(name, dns.TypeA, 0, "")
	c.pace()
	c.service(3012, fields{
		"QueryName": name, "NetworkIndex": 0, "InterfaceCount": 1, "AdapterName": adapter, "LocalAddress": ownAddress + ";",
	})
	c.pace()
	c.service(3014, fields{"QueryName": name})
	c.wait(50*time.Millisecond, 900*time.Millisecond)
	status, text := win32.StatusSuccess, "10.0.50.20;"
	if c.one(2) {
		status, text = win32.StatusNXDomain, ""
	}
	c.service(3013, fields{"QueryName": name, "Status": status, "QueryResults": text})
	c.pace()
	c.returned(name, dns.TypeA, 0, status, text)
}

// badXID is a call that gets an unrelated response before the right one.
func (c *call) badXID(name string) {
	c.called(name, dns.TypeA, 0, "")
	c.pace()
	c.service(1024, fields{"QueryName": name, "Address": sockaddr(forwarder)})
	c.pace()
	status, answer := c.status(name, dns.TypeA)
	c.network(name, dns.TypeA, serverIPv4, status, results(answer, false))
	c.returned(name, dns.TypeA, 0, status, results(answer, false))
}

// operation is an administrator's action, 3023, and a server that is replaced by another one, 3024.
func (c *call) operation() {
	c.service(3023, fields{"OperationName": "FlushResolverCacheEntry", "Name": "login.adatum.com", "Flag": 0})
	c.wait(time.Second, 3*time.Second)
	c.service(3024, fields{"ActualServer": secondary, "OriginalServer": serverIPv4, "Status": win32.StatusTimeout})
}
