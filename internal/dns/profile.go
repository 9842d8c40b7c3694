// SPDX-License-Identifier: Apache-2.0

package dns

import "fmt"

// Profile is a way to classify DNS events.
type Profile string

// The profiles. They differ in EventType and EventSubType, in DnsResponseName, which is the answer in ProfileASIM and the response
// code's name in the others, and in the spelling of names.
const (
	// ProfileWindows keeps the values "recursive" and "DnsCache" beside the schema's own, and classifies each event as its
	// manifest does.
	ProfileWindows Profile = "windows"
	// ProfileDocumented is the design document to the letter: its event table, and what it says of an event that does not say it.
	ProfileDocumented Profile = "documented"
	// ProfileASIM has only values that ASIM enumerates: those of its schema Dns and, for audit events, of its schema AuditEvent.
	ProfileASIM Profile = "asim"
)

// Validate says which profiles there are.
func (p Profile) Validate() error {
	switch p {
	case ProfileWindows, ProfileDocumented, ProfileASIM:
		return nil
	}
	return fmt.Errorf("%q is not a profile; want %s, %s or %s", string(p), ProfileWindows, ProfileASIM, ProfileDocumented)
}

// Class is an event's place in the schema: EventType and EventSubType. An empty SubType is left out.
type Class struct {
	EventType, SubType string
}

// The values of EventType and EventSubType; those below the gap are not in the schema's enumeration.
const (
	EventTypeQuery  = "Query"
	EventTypeUpdate = "Update"
	EventTypeNotify = "Notify"
	EventTypeStatus = "Status"

	subTypeRequest  = "request"
	subTypeResponse = "response"

	EventTypeDNSCache = "DnsCache"
	subTypeRecursive  = "recursive"
	subTypeAdd        = "add"
	subTypeRemove     = "remove"
)

var (
	queryRequest   = Class{EventTypeQuery, subTypeRequest}
	queryResponse  = Class{EventTypeQuery, subTypeResponse}
	queryRecursive = Class{EventTypeQuery, subTypeRecursive}
	updateRequest  = Class{EventTypeUpdate, subTypeRequest}
	updateResponse = Class{EventTypeUpdate, subTypeResponse}
	notifyRequest  = Class{EventTypeNotify, subTypeRequest}
	notifyResponse = Class{EventTypeNotify, subTypeResponse}
	statusResponse = Class{EventTypeStatus, subTypeResponse}
	status         = Class{EventTypeStatus, ""}
	cacheRequest   = Class{EventTypeDNSCache, subTypeRequest}
	cacheResponse  = Class{EventTypeDNSCache, subTypeResponse}
	cacheAdd       = Class{EventTypeDNSCache, subTypeAdd}
	cacheRemove    = Class{EventTypeDNSCache, subTypeRemove}
)

// classRow classifies event ids in the three profiles.
type classRow struct {
	ids                       []uint16
	windows, asim, documented Class
}

func same(c Class, ids ...uint16) classRow { return classRow{ids, c, c, c} }

// serverClasses classifies the events of Microsoft-Windows-DNSServer.
func serverClasses() []classRow {
	return []classRow{
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

// clientClasses classifies the events of Microsoft-Windows-DNS-Client.
func clientClasses() []classRow {
	return []classRow{
		same(queryRequest, 3000, 3004, 3006, 3007, 3009, 3010, 3012),
		same(queryResponse, 3001, 3005, 3008, 3011, 3013, 3014, 3015, 1014, 1015),
		{[]uint16{3002, 3016}, cacheRequest, queryRequest, cacheRequest},
		{[]uint16{3003, 3018}, cacheResponse, queryResponse, cacheResponse},
		{[]uint16{3019}, queryRequest, queryRequest, cacheRemove},
		{[]uint16{3020}, queryResponse, queryResponse, cacheAdd},
	}
}

// classify gives the class of each event id of a provider in a profile. An id that is not listed is of class status.
func classify(p *Provider, profile Profile) map[uint16]Class {
	rows := clientClasses()
	if p.GUID == Server().GUID {
		rows = serverClasses()
	}
	classes := map[uint16]Class{}
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
