// SPDX-License-Identifier: Apache-2.0

// The names that clients ask for, and what is known of each. A name's facts follow from its number alone.

package traffic

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The own domain, and its server.
const (
	ownDomain     = "corp.contoso.com"
	serverAddress = "10.0.10.5"
	forwarder     = "192.0.2.53"
	ownHosts      = 2000
	nullText      = "NULL"
)

// kind is a kind of name.
type kind uint8

const (
	foreign kind = iota
	own          // a host of the own domain
	service      // of the own domain
	reverse      // of an address of the own network
	telemetry
	oneTime
)

// name is a name: a kind, and a number within it.
type name struct {
	kind   kind
	number uint64
}

// telemetryNames are names that Windows asks for by itself. Source: "Manage connection endpoints for Windows 11 Enterprise",
// https://learn.microsoft.com/windows/privacy/manage-windows-11-endpoints.
var telemetryNames = []string{
	"v10.events.data.microsoft.com", "settings-win.data.microsoft.com", "ctldl.windowsupdate.com", "v20.events.data.microsoft.com",
	"watson.telemetry.microsoft.com", "fe3cr.delivery.mp.microsoft.com", "slscr.update.microsoft.com", "www.msftconnecttest.com",
	"client.wns.windows.com", "self.events.data.microsoft.com",
}

// services are the names by which members of a domain find its controllers.
var services = []string{
	"_ldap._tcp.dc._msdcs." + ownDomain, "_ldap._tcp.Default-First-Site-Name._sites.dc._msdcs." + ownDomain,
	"_kerberos._tcp.Default-First-Site-Name._sites.dc._msdcs." + ownDomain, "_ldap._tcp.Default-First-Site-Name._sites." + ownDomain,
	"_kerberos._tcp.dc._msdcs." + ownDomain, "_gc._tcp.Default-First-Site-Name._sites." + ownDomain,
}

var (
	syllables = strings.Fields("ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo yu za bri cla dro fle gri pla sto tra vel mon ter")
	roles     = strings.Fields("www api cdn static img mail login app edge media data assets auth sync push")
	machines  = strings.Fields("ws ws ws ws nb nb sql file app print mon dc")
)

// mix returns a number that depends on every bit of x (the finaliser of splitmix64).
func mix(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// share returns a number from 0 to 1 that depends on the name and on what it is for.
func (n name) share(purpose uint64) float64 {
	return float64(mix(mix(n.number<<3|uint64(n.kind))+purpose)>>11) / (1 << 53)
}

// The purposes of a name's shares.
const (
	forMissing = iota
	forLife
	forAddresses
	forAlias
	forAAAA
	forWords
)

// text returns the name without its trailing dot.
func (n name) text() string {
	switch n.kind {
	case own:
		return fmt.Sprintf("%s%04d.%s", machines[n.number%uint64(len(machines))], n.number, ownDomain)
	case service:
		return services[n.number]
	case reverse:
		return fmt.Sprintf("%d.%d.1.10.in-addr.arpa", n.number%250+1, n.number/250)
	case telemetry:
		return telemetryNames[n.number]
	case oneTime: // as reputation services and counters make them
		return fmt.Sprintf("%016x.%08x.u.lookup.example", mix(n.number), uint32(mix(n.number+1)))
	}
	h := mix(n.number ^ 0x5bd1e995)
	word := ""
	for range 3 + h>>60%2 {
		word += syllables[h%uint64(len(syllables))]
		h /= uint64(len(syllables))
	}
	role := roles[h%uint64(len(roles))]
	if h>>8%4 == 0 {
		role += fmt.Sprintf("%d-%s", h>>12%64, syllables[h>>20%uint64(len(syllables))])
	}
	return role + "." + word + [...]string{".example", ".com.example", ".net.example"}[h>>30%3]
}

// result returns the response code of questions for the name.
func (m *Model) result(n name) uint16 {
	if n.kind == telemetry || n.kind == service {
		return noError
	}
	switch s := n.share(forMissing); {
	case n.kind != oneTime && s < m.Missing:
		return nxDomain
	case n.kind == foreign && s < m.Missing+m.ServFail:
		return servFail
	}
	return noError
}

// life returns the lifetime of the answers for the name.
func (m *Model) life(n name) time.Duration {
	switch n.kind {
	case own, reverse:
		return m.OwnLife
	case service:
		return m.ServiceLife
	}
	s := n.share(forLife)
	for _, l := range m.Lives {
		if s -= l.Share; s < 0 {
			return l.TTL
		}
	}
	return m.Lives[len(m.Lives)-1].TTL
}

// answers returns the records of the answer to a question for the name, of a type.
func (m *Model) answers(n name, qtype uint16) (list []record) {
	ttl := uint32(m.life(n) / time.Second)
	h := mix(n.number + 77)
	switch qtype {
	case typePTR:
		return []record{{typePTR, ttl, appendName(nil, name{own, n.number % ownHosts}.text())}}
	case typeSRV:
		return []record{{typeSRV, ttl, appendName([]byte{0, 0, 0, 100, 1, 0x85}, "dc01."+ownDomain)}, {typeSRV, ttl, appendName([]byte{0, 0, 0, 100, 1, 0x85}, "dc02."+ownDomain)}}
	case typeMX:
		return []record{{typeMX, ttl, appendName([]byte{0, 10}, "mx1.mail.example")}}
	case typeTXT:
		return []record{{typeTXT, ttl, append([]byte{36}, "v=spf1 ip4:192.0.2.0/24 a mx ~all 00"...)}}
	case typeHTTPS:
		return []record{{typeHTTPS, ttl, []byte{0, 1, 0, 0, 1, 0, 6, 2, 'h', '2', 2, 'h', '3'}}}
	}
	if n.kind == foreign && n.share(forAlias) < m.Alias {
		list = append(list, record{typeCNAME, ttl, appendName(nil, fmt.Sprintf("e%d.edge.cdn.example", h%100_000))})
	}
	if qtype == typeAAAA && n.share(forAAAA) < 0.5 { // the name has no such record
		return list
	}
	count := 1
	if n.kind == foreign && n.share(forAddresses) >= m.OneAddress {
		count = 2 + int(h%3)
	}
	for i := range count {
		switch {
		case qtype == typeAAAA:
			list = append(list, record{typeAAAA, ttl, []byte{0x20, 1, 0x0d, 0xb8, byte(h), byte(h >> 8), 0, 0, 0, 0, 0, 0, 0, 0, byte(h >> 16), byte(i + 1)}})
		case n.kind == own:
			list = append(list, record{typeA, ttl, []byte{10, 1, byte(n.number / 250), byte(n.number%250 + 1)}})
		default:
			list = append(list, record{typeA, ttl, []byte{198, 51, byte(h), byte(h>>8) + byte(i)}})
		}
	}
	return list
}

// zipf returns a number below n, distributed by Zipf's law with an exponent below 1. u is uniform from 0 to 1. It inverts the integral of the
// density, which is close to the sum for large n.
func zipf(u float64, n int, exponent float64) uint64 {
	x := math.Pow((math.Pow(float64(n)+1, 1-exponent)-1)*u+1, 1/(1-exponent)) - 1
	return uint64(min(x, float64(n-1)))
}
