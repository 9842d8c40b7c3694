// SPDX-License-Identifier: Apache-2.0

// The world of the recordings: the zones of a domain controller of contoso.com, and the names that its forwarders know.
// Public addresses are from the documentation ranges.

package main

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// The recorded server, its partners and its forwarders.
const (
	serverName  = "dns01.contoso.com."
	serverIPv4  = "10.0.10.5"
	serverIPv6  = "fd00:0:0:10::5"
	serial      = 2026030401
	secondary   = "10.0.10.6"
	primary     = "10.0.20.5"
	forwarder   = "192.0.2.53"
	forwarder2  = "198.51.100.53"
	forwarderV6 = "2001:db8:53::53"
)

const localZones = `
contoso.com. 3600 IN SOA dns01.contoso.com. hostmaster.contoso.com. 2026030401 900 600 86400 3600
contoso.com. 3600 IN NS dns01.contoso.com.
contoso.com. 3600 IN NS dns02.contoso.com.
contoso.com. 600 IN A 10.0.10.5
contoso.com. 600 IN A 10.0.10.6
contoso.com. 3600 IN MX 10 mail.contoso.com.
contoso.com. 3600 IN MX 20 mail2.contoso.com.
contoso.com. 3600 IN TXT "v=spf1 ip4:203.0.113.0/24 include:spf.protection.fabrikam.example -all"
contoso.com. 3600 IN TXT "MS=ms74839201"
contoso.com. 3600 IN CAA 0 issue "pki.contoso.com"
dns01.contoso.com. 3600 IN A 10.0.10.5
dns01.contoso.com. 3600 IN AAAA fd00:0:0:10::5
dns02.contoso.com. 3600 IN A 10.0.10.6
dns02.contoso.com. 3600 IN AAAA fd00:0:0:10::6
mail.contoso.com. 3600 IN A 10.0.30.25
mail.contoso.com. 3600 IN AAAA fd00:0:0:30::25
mail2.contoso.com. 3600 IN A 10.0.30.26
www.contoso.com. 300 IN CNAME web.contoso.com.
web.contoso.com. 300 IN A 10.0.40.80
web.contoso.com. 300 IN A 10.0.40.81
web.contoso.com. 300 IN AAAA fd00:0:0:40::80
autodiscover.contoso.com. 3600 IN CNAME mail.contoso.com.
intranet.contoso.com. 3600 IN CNAME portal.contoso.com.
portal.contoso.com. 3600 IN CNAME sharepoint.contoso.com.
sharepoint.contoso.com. 3600 IN A 10.0.40.90
files.contoso.com. 1200 IN A 10.0.50.10
sql01.contoso.com. 1200 IN A 10.0.60.11
sql01.contoso.com. 1200 IN AAAA fd00:0:0:60::11
print.contoso.com. 1200 IN A 10.0.50.20
wpad.contoso.com. 3600 IN A 10.0.40.3
apps.contoso.com. 3600 IN HTTPS 0 sharepoint.contoso.com.
sharepoint.contoso.com. 3600 IN HTTPS 1 . alpn="h2,h3" ipv4hint=10.0.40.90
_dns.resolver.contoso.com. 3600 IN SVCB 1 dns01.contoso.com. alpn="dot" port=853
_ldap._tcp.dc._msdcs.contoso.com. 600 IN SRV 0 100 389 dns01.contoso.com.
_ldap._tcp.dc._msdcs.contoso.com. 600 IN SRV 0 100 389 dns02.contoso.com.
_kerberos._tcp.Default-First-Site-Name._sites.dc._msdcs.contoso.com. 600 IN SRV 0 100 88 dns01.contoso.com.
_gc._tcp.contoso.com. 600 IN SRV 0 100 3268 dns01.contoso.com.
_sip._tls.contoso.com. 3600 IN SRV 1 10 443 mail.contoso.com.
_dmarc.contoso.com. 3600 IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@contoso.com"
selector1._domainkey.contoso.com. 3600 IN TXT "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7vV0mUlw5m8TqVZlS0cQzGq3mFq0a2C1nq8xk2e0uJfK1rVh3L5sH9o7tYb4Xc6Zd" "8wN2pR1aEg0yMZxU3iQkQm7oTtBvJd5hLr9sCnFfWwPq6gXeYzIuAaKjHDlSbVtOQIDAQAB"
4.3.2.1.e164.contoso.com. 3600 IN NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:4321@contoso.com!" .
_443._tcp.web.contoso.com. 300 IN TLSA 3 1 1 8d02536c887482bc34ff54e41d2ba659bf85b341a0a20afadb5813dcfbcf286d
xn--bro-hoa.contoso.com. 3600 IN A 10.0.40.44
xn--bcher-kva.example. 3600 IN SOA dns01.contoso.com. hostmaster.contoso.com. 7 900 600 86400 3600
www.xn--bcher-kva.example. 3600 IN A 10.0.40.45
shop.xn--bcher-kva.example. 3600 IN CNAME www.xn--bcher-kva.example.
10.in-addr.arpa. 3600 IN SOA dns01.contoso.com. hostmaster.contoso.com. 311 900 600 86400 3600
5.10.0.10.in-addr.arpa. 3600 IN PTR dns01.contoso.com.
25.30.0.10.in-addr.arpa. 3600 IN PTR mail.contoso.com.
0.0.0.0.0.0.d.f.ip6.arpa. 3600 IN SOA dns01.contoso.com. hostmaster.contoso.com. 12 900 600 86400 3600
5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa. 3600 IN PTR dns01.contoso.com.
fabrikam.com. 3600 IN SOA dns01.fabrikam.com. hostmaster.fabrikam.com. 87 900 600 86400 3600
fabrikam.com. 3600 IN NS dns01.fabrikam.com.
dns01.fabrikam.com. 3600 IN A 10.0.20.5
crm.fabrikam.com. 3600 IN A 10.0.20.40
`

const internet = `
. 86400 IN SOA a.root-servers.net. nstld.verisign-grs.com. 2026030400 1800 900 604800 86400
. 518400 IN NS a.root-servers.net.
. 518400 IN NS b.root-servers.net.
. 518400 IN NS c.root-servers.net.
a.root-servers.net. 518400 IN A 198.41.0.4
a.root-servers.net. 518400 IN AAAA 2001:503:ba3e::2:30
b.root-servers.net. 518400 IN A 170.247.170.2
c.root-servers.net. 518400 IN A 192.33.4.12
com. 900 IN SOA a.gtld-servers.net. nstld.verisign-grs.com. 1772600000 1800 900 604800 900
example. 900 IN SOA ns1.example. hostmaster.example. 1 1800 900 604800 900
www.northwindtraders.com. 300 IN CNAME www.northwindtraders.com.edge.wingtip-cdn.example.
www.northwindtraders.com.edge.wingtip-cdn.example. 60 IN CNAME e13678.dscb.wingtip-edge.example.
e13678.dscb.wingtip-edge.example. 20 IN A 203.0.113.101
e13678.dscb.wingtip-edge.example. 20 IN A 203.0.113.102
e13678.dscb.wingtip-edge.example. 20 IN AAAA 2001:db8:e::101
litware.com. 300 IN A 198.51.100.20
litware.com. 300 IN AAAA 2001:db8:20::20
www.litware.com. 300 IN A 198.51.100.20
litware.com. 3600 IN MX 5 mx1.litware.com.
mx1.litware.com. 3600 IN A 198.51.100.25
adatum.com. 300 IN SOA ns1.adatum.com. dns.adatum.com. 2026022801 3600 600 1209600 300
adatum.com. 300 IN HTTPS 1 . alpn="h3,h2" ipv4hint=192.0.2.80,192.0.2.81 ipv6hint=2001:db8:80::80
adatum.com. 300 IN A 192.0.2.80
api.adatum.com. 30 IN A 192.0.2.81
login.adatum.com. 30 IN CNAME login.prod.adatum.com.
login.prod.adatum.com. 30 IN A 192.0.2.82
login.prod.adatum.com. 30 IN AAAA 2001:db8:80::82
updates.proseware.com. 3600 IN A 203.0.113.40
updates.proseware.com. 3600 IN A 203.0.113.41
updates.proseware.com. 3600 IN A 203.0.113.42
updates.proseware.com. 3600 IN A 203.0.113.43
telemetry.proseware.com. 60 IN CNAME telemetry-weu.proseware.com.
telemetry-weu.proseware.com. 60 IN CNAME tm.telemetry.proseware.example.
tm.telemetry.proseware.example. 60 IN A 203.0.113.48
ntp.pool.tailspintoys.com. 120 IN A 192.0.2.123
ntp.pool.tailspintoys.com. 120 IN AAAA 2001:db8:123::123
www.xn--fsqu00a.xn--fiqs8s. 600 IN A 198.51.100.88
xn--mnchen-3ya.example. 600 IN A 198.51.100.89
secure.example. 300 IN A 192.0.2.200
secure.example. 300 IN RRSIG A 13 2 300 20260401000000 20260301000000 34505 secure.example. oXJtYk1jLkqMGKqQf3VZk8r3pG6mWbEwUi0SgdNnP9dQwT5o2jY9vB1s7cXKxq6hZ4y0r8uLmAe3fIbC5DnHtg==
secure.example. 3600 IN DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==
secure.example. 3600 IN RRSIG DNSKEY 13 2 3600 20260401000000 20260301000000 34505 secure.example. 7gk1pVYz0nC3hQb8sLwXo5eRjT2uKd9mAqF6vZiGyB4WxNcHJ0lSrE1tPfUaDIo+3MQy7hgkVXb5Zn8RwCs2TA==
secure.example. 3600 IN DS 34505 13 2 2bb183af5f22588179a53b0a98631fad1a292118a4a3d1e5fbf1d8a2bd7c3a90
cdn.secure.example. 300 IN A 192.0.2.201
cdn.secure.example. 300 IN RRSIG A 13 3 300 20260401000000 20260301000000 34505 secure.example. Q2vJ8nXw0pTfL5sYkRzE7uHdGqB1iMoC4aVxNtWb9yKj3rPgFhZlSeUDI6mOXw+c5TQJ2kAvRyB8fGLnE0MsPA==
data.tunnel.example. 3600 IN TXT "long text, as tunnels use it: 4f70656e54656c656d657472792077696e6e657420746573742064617461206f662061206c656e677468207468617420646f6573206e6f742066697420696e746f206f6e652073686f7274206d657373616765"
200.2.0.192.in-addr.arpa. 3600 IN PTR secure.example.
20.100.51.198.in-addr.arpa. 3600 IN PTR www.litware.com.
`

// workstations is the number of hosts in the local zones in addition to the named ones.
const workstations = 40

// world returns the local records and those beyond.
func world() (local, beyond records, err error) {
	var hosts strings.Builder
	for n := 1; n <= workstations; n++ {
		fmt.Fprintf(&hosts, "ws%02d.contoso.com. 1200 IN A 10.1.4.%d\n", n, n+20)
		fmt.Fprintf(&hosts, "ws%02d.contoso.com. 1200 IN AAAA fd00:0:1:4::%x\n", n, n+20)
		fmt.Fprintf(&hosts, "%d.4.1.10.in-addr.arpa. 1200 IN PTR ws%02d.contoso.com.\n", n+20, n)
	}
	// An answer that does not fit into 512 octets.
	for n := range 40 {
		fmt.Fprintf(&hosts, "farm.contoso.com. 60 IN A 10.0.70.%d\n", n+1)
	}
	if local, err = readRecords(localZones + hosts.String()); err != nil {
		return nil, nil, err
	}
	beyond, err = readRecords(internet)
	return local, beyond, err
}

// question is a name and a type that clients ask for.
type question struct {
	name  string
	qtype uint16
}

func questions(qtype uint16, names ...string) []question {
	var list []question
	for _, n := range names {
		list = append(list, question{n, qtype})
	}
	return list
}

// mixCase changes the case of each letter at random, as resolvers do to guard against forged answers.
func (t *trace) mixCase(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c >= 'a' && c <= 'z' && t.one(2) {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// longName returns a name of `octets` octets on the wire, at most 255, under a parent that ends with a dot.
func (t *trace) longName(octets int, parent string) string {
	const letters, longestLabel = "abcdefghijklmnopqrstuvwxyz0123456789", 63
	var name strings.Builder
	for left := octets - len(parent) - 1; left > 1; {
		n := min(left-1, longestLabel)
		if left-n-1 == 1 { // would leave an empty last label
			n--
		}
		for range n {
			name.WriteByte(letters[t.IntN(len(letters))])
		}
		name.WriteByte('.')
		left -= n + 1
	}
	return name.String() + parent
}

// localQuestions are the questions that the local zones answer.
func localQuestions() []question {
	var list []question
	for n := 1; n <= workstations; n++ {
		list = append(list, question{fmt.Sprintf("ws%02d.contoso.com.", n), dns.TypeA})
	}
	list = append(list, questions(dns.TypeA, "www.contoso.com.", "web.contoso.com.", "mail.contoso.com.", "files.contoso.com.",
		"sql01.contoso.com.", "print.contoso.com.", "intranet.contoso.com.", "autodiscover.contoso.com.", "wpad.contoso.com.",
		"contoso.com.", "www.xn--bcher-kva.example.", "shop.xn--bcher-kva.example.", "xn--bro-hoa.contoso.com.", "dns02.contoso.com.")...)
	list = append(list, questions(dns.TypeAAAA, "web.contoso.com.", "www.contoso.com.", "mail.contoso.com.", "ws07.contoso.com.",
		"ws19.contoso.com.", "dns01.contoso.com.", "files.contoso.com.", "print.contoso.com.", "sql01.contoso.com.")...)
	list = append(list, questions(dns.TypePTR, "21.4.1.10.in-addr.arpa.", "33.4.1.10.in-addr.arpa.", "5.10.0.10.in-addr.arpa.",
		"25.30.0.10.in-addr.arpa.", "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.")...)
	list = append(list, questions(dns.TypeSRV, "_ldap._tcp.dc._msdcs.contoso.com.", "_gc._tcp.contoso.com.", "_sip._tls.contoso.com.",
		"_kerberos._tcp.Default-First-Site-Name._sites.dc._msdcs.contoso.com.", "_ldap._tcp.dc._msdcs.contoso.com.")...)
	list = append(list, questions(dns.TypeTXT, "contoso.com.", "_dmarc.contoso.com.", "selector1._domainkey.contoso.com.")...)
	return append(list, question{"contoso.com.", dns.TypeMX}, question{"contoso.com.", dns.TypeSOA}, question{"contoso.com.", dns.TypeNS},
		question{"contoso.com.", dns.TypeANY}, question{"contoso.com.", dns.TypeCAA}, question{"www.contoso.com.", dns.TypeCNAME},
		question{"apps.contoso.com.", dns.TypeHTTPS}, question{"sharepoint.contoso.com.", dns.TypeHTTPS},
		question{"_dns.resolver.contoso.com.", dns.TypeSVCB}, question{"4.3.2.1.e164.contoso.com.", dns.TypeNAPTR},
		question{"_443._tcp.web.contoso.com.", dns.TypeTLSA}, question{"dns01.contoso.com.", dns.TypeHINFO},
		question{"web.contoso.com.", 65400}) // a private type
}

// internetQuestions are the questions that the forwarders answer.
func internetQuestions() []question {
	list := questions(dns.TypeA, "www.northwindtraders.com.", "litware.com.", "www.litware.com.", "adatum.com.", "api.adatum.com.",
		"login.adatum.com.", "updates.proseware.com.", "telemetry.proseware.com.", "ntp.pool.tailspintoys.com.", "secure.example.",
		"cdn.secure.example.", "www.xn--fsqu00a.xn--fiqs8s.", "xn--mnchen-3ya.example.", "www.northwindtraders.com.", "login.adatum.com.")
	list = append(list, questions(dns.TypeAAAA, "www.northwindtraders.com.", "litware.com.", "login.adatum.com.", "api.adatum.com.",
		"ntp.pool.tailspintoys.com.", "telemetry.proseware.com.")...)
	list = append(list, questions(dns.TypePTR, "200.2.0.192.in-addr.arpa.", "20.100.51.198.in-addr.arpa.")...)
	return append(list, question{"litware.com.", dns.TypeMX}, question{"adatum.com.", dns.TypeHTTPS}, question{"data.tunnel.example.", dns.TypeTXT},
		question{"secure.example.", dns.TypeDNSKEY}, question{"secure.example.", dns.TypeDS}, question{"adatum.com.", dns.TypeSOA},
		question{".", dns.TypeNS}, question{".", dns.TypeSOA}, question{"litware.com.", dns.TypeANY})
}
