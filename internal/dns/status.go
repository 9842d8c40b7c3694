// SPDX-License-Identifier: Apache-2.0

package dns

import "strconv"

// Result is what an event says became of an exchange.
type Result uint8

// The results. NA is an event that says nothing of it: a request, a step on the way.
const (
	ResultNA Result = iota
	ResultSuccess
	ResultFailure
)

// Outcome is a result with the DNS response code that it comes from, where there is one.
type Outcome struct {
	Result  Result
	Code    uint64
	HasCode bool
}

// Outcome gives what the event says became of its exchange. A response code is a response's; a Windows status is a result where it is
// the final one of a look-up.
func (e *Event) Outcome() Outcome {
	if status, has := e.Num(Status); has {
		return e.finalStatus(status)
	}
	if e.Phase != Response {
		return Outcome{}
	}
	code, ok := e.RCode()
	switch {
	case !ok && e.NoAnswer:
		return Outcome{Result: ResultFailure}
	case !ok:
		return Outcome{}
	case code == 0:
		return Outcome{ResultSuccess, 0, true}
	}
	return Outcome{ResultFailure, code, true}
}

// finalStatus gives the outcome of a look-up that ends with a status.
func (e *Event) finalStatus(status uint64) Outcome {
	if !e.FinalStatus {
		return Outcome{}
	}
	for i := range statusRules {
		r := &statusRules[i]
		if status < r.from || status > r.to || r.noResults && !e.noResults() {
			continue
		}
		o := Outcome{Result: r.result, HasCode: r.hasCode}
		if status > statusRCodeBase && status <= statusRCodeLast {
			o.Code = status - statusRCodeBase
		}
		return o
	}
	return Outcome{Result: ResultFailure}
}

// noResults reports whether the event has a list of results and it is empty, or may be.
func (e *Event) noResults() bool {
	if v := e.value(QueryResults); v != nil {
		return len(v.Bytes) == 0
	}
	return e.Undecoded(QueryResults)
}

// statusRule says what a final status means, for a range of them. The first that fits counts.
type statusRule struct {
	from, to  uint64
	noResults bool // only where the event lists no results
	result    Result
	hasCode   bool // it stands for a DNS response code
}

// statusRules are the final statuses of the DNS Client (FinalStatus in the table of its events). Any other is a failure without a
// response code: a time-out, a cancelled call, a name that is none, no server to ask.
var statusRules = []statusRule{
	// ERROR_SUCCESS (winerror.h): the query was answered.
	{from: 0, to: 0, result: ResultSuccess, hasCode: true},
	// DNS_ERROR_RCODE_FORMAT_ERROR and those after it (winerror.h): 9000 and the response code; the others of IANA's registry
	// (dns-parameters-6) up to BADCOOKIE, 23, follow it.
	{from: statusRCodeBase + 1, to: statusRCodeLast, result: ResultFailure, hasCode: true},
	// DNS_INFO_NO_RECORDS (winerror.h): an answer without records of the type, response code NOERROR (RFC 2308 section 2.2).
	{from: statusNoRecords, to: statusNoRecords, result: ResultSuccess, hasCode: true},
	// DNS_REQUEST_PENDING (windns.h, DnsQueryEx) and ERROR_IO_PENDING (winerror.h): the result is still to come.
	{from: statusRequestPending, to: statusRequestPending, result: ResultNA},
	{from: statusIOPending, to: statusIOPending, result: ResultNA},
	// ERROR_INVALID_PARAMETER (winerror.h) without results: getaddrinfo probes so before each query (recorded events of Windows 10).
	{from: statusInvalidParameter, to: statusInvalidParameter, noResults: true, result: ResultNA},
}

// Statuses that are no failure by themselves (winerror.h, windns.h).
const (
	statusInvalidParameter = 87
	statusIOPending        = 997
	statusNoRecords        = 9501
	statusRequestPending   = 9506
)

// statusNames are the names of the Windows error codes that DNS Client events carry.
var statusNames = map[uint64]string{
	// winerror.h, system errors.
	0: "ERROR_SUCCESS", 5: "ERROR_ACCESS_DENIED", 8: "ERROR_NOT_ENOUGH_MEMORY", 13: "ERROR_INVALID_DATA", 14: "ERROR_OUTOFMEMORY",
	50: "ERROR_NOT_SUPPORTED", 87: "ERROR_INVALID_PARAMETER", 122: "ERROR_INSUFFICIENT_BUFFER", 123: "ERROR_INVALID_NAME",
	995: "ERROR_OPERATION_ABORTED", 997: "ERROR_IO_PENDING", 1168: "ERROR_NOT_FOUND", 1214: "ERROR_INVALID_NETNAME",
	1223: "ERROR_CANCELLED", 1231: "ERROR_NETWORK_UNREACHABLE", 1232: "ERROR_HOST_UNREACHABLE", 1460: "ERROR_TIMEOUT",
	1722: "RPC_S_SERVER_UNAVAILABLE",
	// winerror.h, DNS response codes.
	9001: "DNS_ERROR_RCODE_FORMAT_ERROR", 9002: "DNS_ERROR_RCODE_SERVER_FAILURE", 9003: "DNS_ERROR_RCODE_NAME_ERROR",
	9004: "DNS_ERROR_RCODE_NOT_IMPLEMENTED", 9005: "DNS_ERROR_RCODE_REFUSED", 9006: "DNS_ERROR_RCODE_YXDOMAIN",
	9007: "DNS_ERROR_RCODE_YXRRSET", 9008: "DNS_ERROR_RCODE_NXRRSET", 9009: "DNS_ERROR_RCODE_NOTAUTH", 9010: "DNS_ERROR_RCODE_NOTZONE",
	9016: "DNS_ERROR_RCODE_BADSIG", 9017: "DNS_ERROR_RCODE_BADKEY", 9018: "DNS_ERROR_RCODE_BADTIME",
	// winerror.h, DNS errors.
	9501: "DNS_INFO_NO_RECORDS", 9502: "DNS_ERROR_BAD_PACKET", 9503: "DNS_ERROR_NO_PACKET", 9504: "DNS_ERROR_RCODE",
	9505: "DNS_ERROR_UNSECURE_PACKET", 9506: "DNS_REQUEST_PENDING", 9551: "DNS_ERROR_INVALID_TYPE", 9552: "DNS_ERROR_INVALID_IP_ADDRESS",
	9553: "DNS_ERROR_INVALID_PROPERTY", 9554: "DNS_ERROR_TRY_AGAIN_LATER", 9556: "DNS_ERROR_NON_RFC_NAME",
	9557: "DNS_STATUS_FQDN", 9558: "DNS_STATUS_DOTTED_NAME", 9559: "DNS_STATUS_SINGLE_PART_NAME",
	9560: "DNS_ERROR_INVALID_NAME_CHAR", 9561: "DNS_ERROR_NUMERIC_NAME", 9701: "DNS_ERROR_RECORD_DOES_NOT_EXIST",
	9702: "DNS_ERROR_RECORD_FORMAT", 9704: "DNS_ERROR_UNKNOWN_RECORD_TYPE", 9705: "DNS_ERROR_RECORD_TIMED_OUT",
	9707: "DNS_ERROR_CNAME_LOOP", 9714: "DNS_ERROR_NAME_DOES_NOT_EXIST", 9851: "DNS_ERROR_NO_TCPIP", 9852: "DNS_ERROR_NO_DNS_SERVERS",
	// winsock2.h.
	10060: "WSAETIMEDOUT", 11001: "WSAHOST_NOT_FOUND", 11002: "WSATRY_AGAIN", 11003: "WSANO_RECOVERY", 11004: "WSANO_DATA",
}

// StatusName names a Windows error code; one without a name here is its number.
func StatusName(status uint64) string {
	if name, ok := statusNames[status]; ok {
		return name
	}
	return strconv.FormatUint(status, 10)
}
