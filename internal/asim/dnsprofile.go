// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"fmt"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// DNSProfile is a way to classify DNS events.
type DNSProfile string

// The profiles. They differ in EventType and EventSubType, in DnsResponseName, which is the answer in ProfileASIM and the response
// code's name in the others, and in the spelling of names.
const (
	// ProfileWindows keeps the values "recursive" and "DnsCache" beside the schema's own, and classifies each event as its
	// manifest does.
	ProfileWindows DNSProfile = "windows"
	// ProfileDocumented is the design document to the letter: its event table, and what it says of an event that does not say it.
	ProfileDocumented DNSProfile = "documented"
	// ProfileASIM has only values that the ASIM DNS schema enumerates.
	ProfileASIM DNSProfile = "asim"
)

// Validate says which profiles there are.
func (p DNSProfile) Validate() error {
	switch p {
	case ProfileWindows, ProfileDocumented, ProfileASIM:
		return nil
	}
	return fmt.Errorf("%q is not a profile; want %s, %s or %s", string(p), ProfileWindows, ProfileASIM, ProfileDocumented)
}

// dnsClass is an event's place in the schema. An empty subType is left out.
type dnsClass struct {
	eventType, subType string
}

// The values of EventType and EventSubType; those below the gap are not in the schema's enumeration.
const (
	typeQuery  = "Query"
	typeUpdate = "Update"
	typeNotify = "Notify"
	typeStatus = "Status"

	subTypeRequest  = "request"
	subTypeResponse = "response"

	typeDNSCache     = "DnsCache"
	subTypeRecursive = "recursive"
	subTypeAdd       = "add"
	subTypeRemove    = "remove"
)

var (
	queryRequest   = dnsClass{typeQuery, subTypeRequest}
	queryResponse  = dnsClass{typeQuery, subTypeResponse}
	queryRecursive = dnsClass{typeQuery, subTypeRecursive}
	updateRequest  = dnsClass{typeUpdate, subTypeRequest}
	updateResponse = dnsClass{typeUpdate, subTypeResponse}
	notifyRequest  = dnsClass{typeNotify, subTypeRequest}
	notifyResponse = dnsClass{typeNotify, subTypeResponse}
	statusResponse = dnsClass{typeStatus, subTypeResponse}
	status         = dnsClass{typeStatus, ""}
	cacheRequest   = dnsClass{typeDNSCache, subTypeRequest}
	cacheResponse  = dnsClass{typeDNSCache, subTypeResponse}
	cacheAdd       = dnsClass{typeDNSCache, subTypeAdd}
	cacheRemove    = dnsClass{typeDNSCache, subTypeRemove}
)

// dnsClassRow classifies event ids in the three profiles.
type dnsClassRow struct {
	ids                       []uint16
	windows, asim, documented dnsClass
}

func same(c dnsClass, ids ...uint16) dnsClassRow { return dnsClassRow{ids, c, c, c} }

// dnsServerClasses classifies the events of Microsoft-Windows-DNSServer.
func dnsServerClasses() []dnsClassRow {
	return []dnsClassRow{
		same(queryRequest, 256, 287),
		{[]uint16{257}, queryResponse, queryResponse, queryRequest},
		same(queryResponse, 258, 259, 284, 285, 279, 280),
		{[]uint16{260, 289}, queryRecursive, queryRequest, queryRecursive},
		{[]uint16{261, 262, 290, 291}, queryRecursive, queryResponse, queryRecursive},
		same(updateRequest, 263, 277),
		same(updateResponse, 264, 278),
		same(queryRequest, 265, 266, 269, 270),
		same(queryResponse, 267, 268, 271, 272),
		same(notifyRequest, 273, 274),
		same(notifyResponse, 275, 276),
		same(statusResponse, 281, 282, 283, 286, 288),
	}
}

// dnsClientClasses classifies the events of Microsoft-Windows-DNS-Client.
func dnsClientClasses() []dnsClassRow {
	return []dnsClassRow{
		same(queryRequest, 3000, 3004, 3006, 3007, 3009, 3010, 3012),
		same(queryResponse, 3001, 3005, 3008, 3011, 3013, 3014, 3015, 1014, 1015),
		{[]uint16{3002, 3016}, cacheRequest, queryRequest, cacheRequest},
		{[]uint16{3003, 3018}, cacheResponse, queryResponse, cacheResponse},
		{[]uint16{3019}, queryRequest, queryRequest, cacheRemove},
		{[]uint16{3020}, queryResponse, queryResponse, cacheAdd},
	}
}

// classify gives the class of each event id of a provider in a profile. An id that is not listed is of class status.
func classify(p *dns.Provider, profile DNSProfile) map[uint16]dnsClass {
	rows := dnsClientClasses()
	if p.GUID == dns.Server().GUID {
		rows = dnsServerClasses()
	}
	classes := map[uint16]dnsClass{}
	for _, row := range rows {
		c := row.windows
		switch profile {
		case ProfileASIM:
			c = row.asim
		case ProfileDocumented:
			c = row.documented
		}
		for _, id := range row.ids {
			classes[id] = c
		}
	}
	return classes
}
