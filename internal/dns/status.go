// SPDX-License-Identifier: Apache-2.0

package dns

// Result is the result of an exchange.
type Result uint8

// The results. ResultNA is an event without a result, such as a request or a step.
const (
	ResultNA Result = iota
	ResultSuccess
	ResultFailure
)

// Outcome is a result and its DNS response code, if there is one.
type Outcome struct {
	Result  Result
	Code    uint64
	HasCode bool
}

// Outcome returns the result of the event's exchange. A response code counts in a response. A Windows status counts if it is the final one
// of a look-up.
func (e *Event) Outcome() Outcome {
	if status, has := e.Num(Status); has {
		return e.finalStatus(status)
	}
	if e.Phase != Response || e.Undecided {
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

// finalStatus returns the outcome for the status of an event. It is empty if the status is not the final one of a look-up.
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

// noResults reports whether the event has an empty list of results, or may have one.
func (e *Event) noResults() bool {
	if v := e.value(QueryResults); v != nil {
		return len(v.Bytes) == 0
	}
	return e.Undecoded(QueryResults)
}

// statusRule is the meaning of a range of final statuses. The first rule that matches counts.
type statusRule struct {
	from, to  uint64
	noResults bool // only if the event lists no results
	result    Result
	hasCode   bool // the status stands for a DNS response code
}

// statusRules are the final statuses of the DNS Client (FinalStatus in the table of its events). Any other status is a failure without a
// response code: a time-out, a cancelled call, an invalid name, no server.
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
	// ERROR_INVALID_PARAMETER (winerror.h) without results: the probe of getaddrinfo before each query (recorded events of Windows 10).
	{from: statusInvalidParameter, to: statusInvalidParameter, noResults: true, result: ResultNA},
}

// Statuses that are no failure by themselves (winerror.h, windns.h).
const (
	statusInvalidParameter = 87
	statusIOPending        = 997
	statusNoRecords        = 9501
	statusRequestPending   = 9506
)
