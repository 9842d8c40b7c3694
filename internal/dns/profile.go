// SPDX-License-Identifier: Apache-2.0

package dns

import "fmt"

// Profile is a classification of DNS events.
type Profile string

// The profiles. They differ in EventType and EventSubType, in DnsResponseName, and in the spelling of names. DnsResponseName is the answer in
// ProfileASIM, and the response code's name in the other profiles.
const (
	// ProfileWindows keeps the values "recursive" and "DnsCache" beside the schema's own, and classifies each event as its
	// manifest does.
	ProfileWindows Profile = "windows"
	// ProfileDocumented follows the design document to the letter: its event table, and its values for what an event does not say.
	ProfileDocumented Profile = "documented"
	// ProfileASIM has only values that ASIM enumerates: those of its schema Dns and, for audit events, of its schema AuditEvent.
	ProfileASIM Profile = "asim"
)

// Validate returns an error for an unknown profile. The error lists the known ones.
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
