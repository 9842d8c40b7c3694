// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Result is the meaning of an answer for the data that was sent.
type Result uint8

// The results of a call.
const (
	Accepted     Result = iota
	Refused             // 400: the body is not valid
	Unauthorized        // 401, twice: the token is not accepted
	Forbidden           // 403: a role is missing
	NotFound            // 404: there is no such rule or stream
	TooLarge            // 413
	Throttled           // 429, 503, or any 5xx with Retry-After
	Unexpected          // another status: trying again soon will not help
	Failed              // 5xx, 408, or no answer: try again
	Partial             // accepted in part: set by the exporter, see Options.Statuses
	resultCount
)

var resultNames = [resultCount]string{
	"accepted", "refused", "unauthorized", "forbidden", "not_found", "too_large", "throttled", "unexpected", "failed", "partial",
}

func (r Result) String() string { return resultNames[r] }

// Answer is the outcome of a call.
type Answer struct {
	Result     Result
	Status     int           // 0 without an answer
	Code       string        // the service's error code, or ""
	Message    string        // the service's message, or what failed without an answer
	RetryAfter time.Duration // how long the service asks to wait, or 0
	RequestID  string        // x-ms-client-request-id of the last try
	Body       []byte        // the part of the answer that was read

	location string // of a redirection
}

// Error describes a call that was not accepted.
func (a Answer) Error() string {
	var b strings.Builder
	if a.Status != 0 {
		fmt.Fprintf(&b, "status %d", a.Status)
	} else {
		b.WriteString("no answer")
	}
	if a.Code != "" {
		b.WriteString(", " + a.Code)
	}
	if a.Message != "" {
		b.WriteString(": " + a.Message)
	}
	return b.String() + " (x-ms-client-request-id " + a.RequestID + ")"
}

// Options configures calls.
type Options struct {
	UserAgent string
	// MaxAnswer is the largest part of an answer's body that is read, in bytes; 0 is 64 KiB.
	MaxAnswer int64
	// Statuses maps statuses to results that differ from those documented at Result.
	Statuses map[int]Result
	// Success is the only 2xx status that counts as accepted; 0 is any. Another 2xx does not come from the service but
	// from a proxy or a sign-in page.
	Success int
	// WantsBody treats a 2xx answer with an incomplete body as no answer.
	WantsBody bool
	// Redirect returns an error if a call must not be redirected from one address to another. If Redirect is nil,
	// redirections are not followed.
	Redirect func(from, to *url.URL) error
}

// Caller makes calls. It is safe for concurrent use.
type Caller struct {
	client *http.Client
	opts   Options

	mu    sync.Mutex
	moved map[string]*url.URL // address to redirected address, from the last call that arrived there
}

// NewCaller returns a caller that uses a client. The client itself must not follow redirections: it would pass the
// token on.
func NewCaller(client *http.Client, opts Options) *Caller {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if opts.MaxAnswer == 0 {
		opts.MaxAnswer = 64 << 10
	}
	return &Caller{client: &own, opts: opts, moved: map[string]*url.URL{}}
}

// Post sends a compressed body and returns the outcome. After a 401 it sends once more at once: a token may have
// expired on the way, and the authenticator provides a new one for each try.
func (c *Caller) Post(ctx context.Context, address string, body []byte) Answer {
	a := c.follow(ctx, address, body)
	if a.Result == Unauthorized && ctx.Err() == nil {
		a = c.follow(ctx, address, body)
	}
	return a
}

func (c *Caller) post(ctx context.Context, address string, body []byte) Answer {
	id := uuid.NewString()
	failed := func(err error) Answer {
		return Answer{Result: Failed, Message: err.Error(), RequestID: id}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return failed(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Content-Encoding", "gzip")
	req.Header.Set("User-Agent", c.opts.UserAgent)
	req.Header.Set("X-Ms-Client-Request-Id", id)
	res, err := c.client.Do(req)
	if err != nil {
		if failure, ok := errors.AsType[*url.Error](err); ok && strings.HasPrefix(failure.Err.Error(), "failed to parse Location") { // which net/http quotes
			failure.Err = errors.New("redirected to what is no address")
		}
		return failed(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, c.opts.MaxAnswer))
	a := Answer{Result: c.classify(res.StatusCode), Status: res.StatusCode, RequestID: id, Body: text}
	if a.Result == Accepted || a.Result == Partial {
		a.RetryAfter = retryAfter(res.Header)
		if err != nil && c.opts.WantsBody {
			a.Result, a.Message = Failed, "the answer is incomplete: "+err.Error()
		}
		return a
	}
	a.Code, a.Message = words(res.Header, text)
	if err != nil {
		a.Message = strings.TrimPrefix(a.Message+"; "+err.Error(), "; ")
	}
	if res.StatusCode == http.StatusTemporaryRedirect || res.StatusCode == http.StatusPermanentRedirect {
		a.location = res.Header.Get("Location")
	}
	if a.Result == Throttled || a.Result == Failed {
		if a.RetryAfter = retryAfter(res.Header); a.RetryAfter > 0 {
			a.Result = Throttled
		}
	}
	return a
}

func (c *Caller) classify(status int) Result {
	if r, special := c.opts.Statuses[status]; special {
		return r
	}
	switch {
	case status >= 200 && status < 300 && (c.opts.Success == 0 || c.opts.Success == status):
		return Accepted
	case status == http.StatusBadRequest:
		return Refused
	case status == http.StatusUnauthorized:
		return Unauthorized
	case status == http.StatusForbidden:
		return Forbidden
	case status == http.StatusNotFound:
		return NotFound
	case status == http.StatusRequestEntityTooLarge:
		return TooLarge
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return Throttled
	case status >= 500 || status == http.StatusRequestTimeout:
		return Failed
	}
	return Unexpected
}

// words returns the service's code and message: {"error":{"code":…,"message":…}} and the header x-ms-error-code, or the
// beginning of whatever the answer contains.
func words(header http.Header, text []byte) (code, message string) {
	code = header.Get("X-Ms-Error-Code")
	var answer struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(text, &answer); err == nil && answer.Error.Message != "" {
		if code == "" {
			code = answer.Error.Code
		}
		return code, answer.Error.Message
	}
	message = strings.ToValidUTF8(string(text), "\uFFFD")
	if len(message) > 512 {
		message = strings.ToValidUTF8(message[:512], "") + "…"
	}
	return code, strings.TrimSpace(message)
}

// maxRetryAfter is the longest Retry-After that is respected.
const maxRetryAfter = time.Hour

// retryAfter reads Retry-After: seconds, or a date relative to the date of the answer. It returns 0 if there is none.
func retryAfter(header http.Header) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds > 0) {
			return 0
		}
		return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(until.Sub(now), 0), maxRetryAfter)
}

// ErrStopped is the error for data that was not sent because the exporter stops.
var ErrStopped = errors.New("the exporter is stopping")
