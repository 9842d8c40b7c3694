// SPDX-License-Identifier: Apache-2.0

// dnsclient.etl: ten minutes of Microsoft-Windows-DNS-Client on a workstation. The programs that look up names write
// some events themselves. The DNS Client service writes the others, with the program's process in ClientPID.

package main

import (
	"time"

	"github.com/miekg/dns"

	windns "github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// The workstation.
const (
	adapter        = "Ethernet0"
	interfaceIndex = 12
	ownAddress     = "10.1.4.27"
	ownAddressV6   = "fd00:0:1:4::1b"
	serviceProcess = 2164 // svchost.exe with the DNS Client service
	servicePeers   = serverIPv4 + ";" + secondary + ";"
)

// workstation is the recorded host.
type workstation struct {
	*trace
	known records
}

// writeClient writes dnsclient.etl. Its clock is the performance counter, and its header has 3 lost events.
func writeClient(path string) (counts, error) {
	local, beyond, err := world()
	if err != nil {
		return counts{}, err
	}
	w := &workstation{newTrace(windns.ClientCatalog(), 3008), append(local, beyond...)}
	w.configuration()
	w.schedule(span, w.calls())
	w.addUnknown(from{444 * time.Second, serviceProcess, 2588, networkService()}, etw.Record{
		ID: 3099, Version: 1, Channel: 16, Level: 4, Keyword: 1 << 63, UserData: []byte("w\x00w\x00w\x00\x00\x00\x01\x00\x00\x00"),
	})
	return w.write(path, etl.Options{
		LoggerName: "ASIMDNSClientTrace", Clock: etl.ClockQPC, OS: etl.OSVersion{Major: 10, Build: 26100}, EventsLost: 3,
	})
}

// calls are all lookups of the workstation's programs.
func (w *workstation) calls() []func(at time.Duration) {
	var list []func(at time.Duration)
	repeat := func(n int, do func(c *call)) {
		for range n {
			list = append(list, func(at time.Duration) { do(w.begin(at)) })
		}
	}
	names := []string{"www.northwindtraders.com", "litware.com", "login.adatum.com", "www.contoso.com", "files.contoso.com",
		"updates.proseware.com", "telemetry.proseware.com", "www.xn--bcher-kva.example", "sql01.contoso.com"}
	for _, name := range names {
		repeat(1, func(c *call) { c.cached(name, dns.TypeA) })
		repeat(1, func(c *call) { c.cached(name, dns.TypeAAAA) })
		repeat(1, func(c *call) { c.asked(name, dns.TypeA) })
		repeat(1, func(c *call) { c.asked(name, dns.TypeAAAA) })
	}
	repeat(1, func(c *call) { c.asked("_ldap._tcp.dc._msdcs.contoso.com", dns.TypeSRV) })
	repeat(1, func(c *call) { c.asked("litware.com", dns.TypeMX) })
	repeat(1, func(c *call) { c.asked("33.4.1.10.in-addr.arpa", dns.TypePTR) })
	repeat(1, func(c *call) { c.asked("contoso.com", dns.TypeTXT) })
	repeat(1, func(c *call) { c.asked("adatum.com", dns.TypeHTTPS) })
	repeat(4, func(c *call) { c.asked("wpad.corp.contoso.com", dns.TypeA) })         // does not exist
	repeat(4, func(c *call) { c.asked("no-such-name.proseware.com", dns.TypeAAAA) }) // does not exist
	repeat(4, func(c *call) { c.asked("print.contoso.com", dns.TypeAAAA) })          // has no such records
	repeat(3, func(c *call) { c.serverFailure("tracker.lucernepublishing.com") })
	repeat(4, func(c *call) { c.timeout("slow.adatum.com") })
	repeat(4, func(c *call) { c.tcp("contoso.com") })
	repeat(3, func(c *call) { c.cacheOnly("ws19.contoso.com") })
	repeat(4, func(c *call) { c.pending("login.adatum.com", false) })
	repeat(4, func(c *call) { c.pending("api.adatum.com", true) })
	repeat(5, func(c *call) { c.checkPoints("litware.com") })
	repeat(4, func(c *call) { c.netBIOS("OLDPRINT") })
	repeat(3, func(c *call) { c.badXID("www.litware.com") })
	repeat(2, func(c *call) { c.operation() })
	return list
}

// configuration adds the events that the service writes when it reads the adapters' settings.
func (w *workstation) configuration() {
	c := w.begin(2 * time.Millisecond)
	servers := [][]byte{sockaddr(serverIPv4), sockaddr(secondary), sockaddr(serverIPv6)}
	for i, address := range servers {
		c.service(1001, fields{
			"Interface": adapter, "TotalServerCount": len(servers), "Index": i, "DynamicAddress": 1, "Address": address,
		})
		c.wait(20*time.Microsecond, 90*time.Microsecond)
	}
	c.service(1001, fields{"Interface": "Wi-Fi", "TotalServerCount": 1, "Index": 0, "Address": sockaddr("192.168.123.10")})
	c.wait(20*time.Microsecond, 90*time.Microsecond)
	c.service(1019, fields{"Location": 24, "Context": 3})
}
