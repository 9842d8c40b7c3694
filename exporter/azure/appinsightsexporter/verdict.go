// SPDX-License-Identifier: Apache-2.0

// The service's verdict on the items of a call.

package appinsightsexporter

import (
	"encoding/json"
	"net/http"
	"strings"
)

// account is the body of an answer. Source: ENDPOINT-PROTOCOL.md of github.com/microsoft/ApplicationInsights-Home.
type account struct {
	Received *int              `json:"itemsReceived"`
	Accepted *int              `json:"itemsAccepted"`
	Errors   []json.RawMessage `json:"errors"`
}

// itemError is the account's entry for an item that was not accepted.
type itemError struct {
	Index   int    `json:"index"` // in the call
	Status  int    `json:"statusCode"`
	Message string `json:"message"`
}

// statusQuota and statusQuotaNow are the statuses of an exceeded quota. 439 is the older one.
const (
	statusQuotaNow = http.StatusPaymentRequired
	statusQuota    = 439
)

// throttled reports whether a status asks for a pause.
func throttled(status int) bool {
	return status == http.StatusTooManyRequests || status == statusQuota || status == statusQuotaNow
}

// again reports whether to send an item with this status again. The SDKs' lists have 408, 429, 439, 500, 503
// (ApplicationInsights-Go, transmitter.go), and 401, 403, 502, 504 too (azure-sdk-for-python, _constants.py): those do
// not concern the item itself.
func again(status int) bool {
	return throttled(status) || status >= 500 || status == http.StatusRequestTimeout || status == http.StatusUnauthorized || status == http.StatusForbidden
}

// sampledOut is the status of an item that the service discarded by sampling.
const sampledOut = http.StatusPartialContent

// verdict is the outcome of a call for its items.
type verdict struct {
	accepted int         // number of accepted items
	again    []int       // indices of the items to send again, in order
	refused  []itemError // items refused permanently, or sampled out, in order
	slower   bool        // an item of again was throttled
	doubtful bool        // the account does not add up: items that it does not mention are sent again
	word     string      // the service's message for an item of again
}

// judge reads the account of a call of n items. ok is false if the body is not an account. If the account's number of
// accepted items does not cover the items that it does not mention, those are sent again. An item with two errors is
// sent again if one of them allows it.
func judge(body []byte, n int) (v verdict, ok bool) {
	var a account
	if json.Unmarshal(body, &a) != nil || a.Received == nil || a.Accepted == nil {
		return v, false
	}
	errs := make(map[int]itemError, min(len(a.Errors), n))
	for _, raw := range a.Errors {
		e := itemError{Index: -1}
		if json.Unmarshal(raw, &e) != nil || e.Index < 0 || e.Index >= n {
			continue
		}
		if before, twice := errs[e.Index]; !twice || !again(before.Status) && again(e.Status) {
			errs[e.Index] = e
		}
	}
	v.doubtful = *a.Accepted < n-len(errs)
	for i := range n {
		switch e, has := errs[i]; {
		case !has && v.doubtful:
			v.again = append(v.again, i)
		case !has:
			v.accepted++
		case again(e.Status):
			v.again = append(v.again, i)
			v.slower = v.slower || throttled(e.Status)
			v.word = shorten(e.Message)
		default:
			e.Message = shorten(e.Message)
			v.refused = append(v.refused, e)
		}
	}
	return v, true
}

// none reports whether the service accepted none of the items and refused some.
func (v *verdict) none() bool {
	if v.accepted > 0 || len(v.refused) == 0 {
		return false
	}
	for _, e := range v.refused {
		if e.Status == sampledOut {
			return false
		}
	}
	return true
}

// shorten returns the beginning of a text that may be long.
func shorten(s string) string {
	if len(s) > 512 {
		s = strings.ToValidUTF8(s[:512], "") + "…"
	}
	return s
}
