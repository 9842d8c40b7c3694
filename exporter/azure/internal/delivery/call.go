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

// Result is what an answer means for what was sent.
type Result uint8

// The results of a call.
const (
	Accepted     Result = iota
	Refused             // 400: something in the body is wrong
	Unauthorized        // 401, twice: the token is not accepted
	Forbidden           // 403: a role is missing
	NotFound            // 404: there is no such rule or stream
	TooLarge            // 413
	Throttled           // 429, 503, or any 5xx that says how long to wait
	Unexpected          // another status that trying again will not change soon
	Failed              // 5xx, 408, or no answer: try again
	Partial             // accepted in part: Options.Statuses says which
	resultCount
)

var resultNames = [resultCount]string{
	"accepted", "refused", "unauthorized", "forbidden", "not_found", "too_large", "throttled", "unexpected", "failed", "partial",
}

func (r Result) String() string { return resultNames[r] }

// Answer is what came of a call.
type Answer struct {
	Result     Result
	Status     int           // 0 when there was no answer
	Code       string        // the service's error code, or ""
	Message    string        // the service's words, or what went wrong without it
	RetryAfter time.Duration // how long the service asks to wait, or 0
	RequestID  string        // x-ms-client-request-id of the last try
	Body       []byte        // as much of the answer as was read

	location string // of a redirection
}

// Error says what came of a call that was not accepted.
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

// Options is how calls are made.
type Options struct {
	UserAgent string
	// MaxAnswer is as much of an answer's body as is read, in bytes; 0 is 64 KiB.
	MaxAnswer int64
	// Statuses is what statuses mean that do not mean what Result says.
	Statuses map[int]Result
	// Success is the only status 2xx that says that what was sent is taken; 0 is any. Another one is not of the service: a proxy, or a page to sign in at.
	Success int
	// WantsBody takes an answer 2xx whose body does not come whole for none.
	WantsBody bool
	// Redirect reports what speaks against sending a call on from one address to another. Without it, redirections are not followed.
	Redirect func(from, to *url.URL) error
}

// Caller makes calls. It is safe for concurrent use.
type Caller struct {
	client *http.Client
	opts   Options

	mu    sync.Mutex
	moved map[string]*url.URL // where calls to an address were redirected to, the last time that one arrived
}

// NewCaller makes a caller of a client. The client itself follows no redirection: the token would go with it.
func NewCaller(client *http.Client, opts Options) *Caller {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if opts.MaxAnswer == 0 {
		opts.MaxAnswer = 64 << 10
	}
	return &Caller{client: &own, opts: opts, moved: map[string]*url.URL{}}
}

// Post sends a compressed body and says what came of it. An answer 401 makes it send once more at once: a token may have expired on the
// way, and the authenticator is asked for one for each try.
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
		return failed(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, c.opts.MaxAnswer))
	a := Answer{Result: c.classify(res.StatusCode), Status: res.StatusCode, RequestID: id, Body: text}
	if a.Result == Accepted || a.Result == Partial {
		a.RetryAfter = retryAfter(res.Header)
		if err != nil && c.opts.WantsBody {
			a.Result, a.Message = Failed, "the answer did not come whole: "+err.Error()
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

// words are the service's code and message: {"error":{"code":…,"message":…}} and the header x-ms-error-code, or the beginning of
// whatever the answer has.
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

// maxRetryAfter is the longest pause that is believed.
const maxRetryAfter = time.Hour

// retryAfter reads Retry-After: seconds, or a date, which counts from the date of the answer. 0 is that it says nothing.
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

// ErrStopped is the error of what was not sent since the exporter stops.
var ErrStopped = errors.New("the exporter is stopping")
