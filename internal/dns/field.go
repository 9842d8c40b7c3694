// SPDX-License-Identifier: Apache-2.0

package dns

// Field is a field of an event by its meaning. It is the same for both providers, which may name it differently.
type Field uint8

// The fields with a meaning in the code. All other fields are known by name only.
const (
	NoField Field = iota
	TCP
	InterfaceIP
	ForwardInterfaceIP
	Source
	Destination
	QueryName
	QueryType
	XID
	Port
	Flags
	RD
	AA
	AD
	ResponseCode
	ElapsedTime
	SessionGUID
	PacketData
	Status
	QueryOptions
	QueryResults
	ServerList
	ServerAddress
	LocalAddress
	Address
	ClientPID
	RecordName // of audit events, as are the next three
	RecordData
	Zone
	DomainName // any other domain name
	fieldCount
)

// fieldNames maps the manifests' names to fields.
func fieldNames() map[string]Field {
	return map[string]Field{
		// Microsoft-Windows-DNSServer
		"TCP": TCP, "InterfaceIP": InterfaceIP, "ForwardInterfaceIP": ForwardInterfaceIP, "Source": Source,
		"Destination": Destination, "QNAME": QueryName, "QTYPE": QueryType, "RRTYPE": QueryType, "XID": XID, "Port": Port,
		"Flags": Flags, "RD": RD, "AA": AA, "AD": AD, "RCODE": ResponseCode, "ElapsedTime": ElapsedTime, "GUID": SessionGUID,
		"QueryGUID": SessionGUID, "PacketData": PacketData,
		// Microsoft-Windows-DNS-Client
		"QueryName": QueryName, "QueryType": QueryType, "Status": Status, "QueryStatus": Status, "ResponseStatus": Status,
		"QueryOptions": QueryOptions, "QueryResults": QueryResults, "ServerList": ServerList,
		"DnsServerIpAddress": ServerAddress, "DNSServerAddress": ServerAddress, "LocalAddress": LocalAddress,
		"Address": Address, "ClientPID": ClientPID,
	}
}
