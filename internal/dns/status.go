// SPDX-License-Identifier: Apache-2.0

package dns

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
