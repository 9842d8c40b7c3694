// SPDX-License-Identifier: Apache-2.0

// Package ingesttest is a test server that enforces the known rules of the Logs Ingestion API: TLS, tokens that expire,
// sizes, types of columns, the range of times in a call, calls and bytes a minute, and a Content-Length. It keeps every
// row that it accepts. Like the service, it replaces a TimeGenerated that is too old or too far ahead by the time of
// receipt.
package ingesttest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
)

// RuleID is a data collection rule that every server has.
const RuleID = "dcr-0123456789abcdef0123456789abcdef"

// Row is a row as it was accepted.
type Row map[string]any

// Call is a call, whatever its answer was.
type Call struct {
	Rule, Stream, UserAgent, RequestID string
	Status, Rows, Size, Uncompressed   int
}

// Server stands in for the service.
type Server struct {
	Tokens
	URL string

	// The rules that it enforces. Set them before the first call, or under Lock.
	Streams           map[string]*columns.Table
	LimitUncompressed int  // 1,000,000 by default; 0 is the other reading of the documented limit: 50 MiB, and 1 MiB compressed
	Auxiliary         bool // all tables have the plan Auxiliary: a call may span at most 30 minutes, and times have microseconds
	// Throttle is the rate that each rule accepts; by default the service's. More is answered with 429 and a Retry-After.
	Throttle Throttle
	// Refuse reports whether the rule cannot accept a row.
	Refuse func(rule, stream string, r Row) bool
	// Fault may answer a call instead of the server: before the body is read (accepted is nil) or after its rows were
	// accepted. It reports whether it did.
	Fault func(w http.ResponseWriter, r *http.Request, accepted []Row) bool

	mu    sync.Mutex
	http  *httptest.Server
	rows  map[string][]Row
	calls []Call
	spent map[string]*spending // by rule
}

// New starts a server for HTTP 1.1. It ends with the test.
func New(t testing.TB) *Server { return start(t, false) }

// NewHTTP2 starts a server for HTTP 1.1 and HTTP 2.
func NewHTTP2(t testing.TB) *Server { return start(t, true) }

func start(t testing.TB, http2 bool) *Server {
	s := &Server{
		Streams: map[string]*columns.Table{
			"Custom-ASimDnsActivityLogs": columns.DNS, "Custom-ASimNetworkSessionLogs": columns.Network,
			"Custom-ASimAuditEventLogs": columns.Audit, "Custom-WinnetStatus": columns.Status,
			"Custom-WinnetDnsArchive": columns.DNSArchive, "Custom-WinnetNetworkArchive": columns.NetworkArchive,
		},
		LimitUncompressed: 1_000_000, rows: map[string][]Row{},
		Throttle: Throttle{Calls: MinuteCalls, Bytes: MinuteBytes, Period: time.Minute}, spent: map[string]*spending{},
	}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.http.Config.ErrorLog = log.New(io.Discard, "", 0) // errors of broken connections
	s.http.EnableHTTP2 = http2
	s.http.StartTLS()
	s.URL = s.http.URL
	t.Cleanup(s.http.Close)
	return s
}

// CertificatePEM returns the server's certificate.
func (s *Server) CertificatePEM() string { return certificatePEM(s.http.Certificate().Raw) }

// Lock runs do while no call is being answered.
func (s *Server) Lock(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// Rows returns the rows of a stream in the order of their acceptance.
func (s *Server) Rows(stream string) []Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Row(nil), s.rows[stream]...)
}

// Calls returns all calls so far.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

var path = regexp.MustCompile(`^/dataCollectionRules/(dcr-[0-9a-f]{32})/streams/([^/]+)$`)

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	fault := s.Fault
	s.mu.Unlock()
	if fault != nil && fault(w, r, nil) {
		return
	}
	call := Call{Size: int(r.ContentLength), UserAgent: r.UserAgent(), RequestID: r.Header.Get("X-Ms-Client-Request-Id")}
	if m := path.FindStringSubmatch(r.URL.Path); m != nil {
		call.Rule, call.Stream = m[1], m[2]
	}
	rows, refusal := s.read(r, &call)
	s.mu.Lock()
	if refusal == nil {
		if s.spent[call.Rule] == nil {
			s.spent[call.Rule] = &spending{}
		}
		if wait := s.Throttle.take(s.spent[call.Rule], time.Now(), call.Uncompressed); wait > 0 {
			refusal, rows = &throttled, nil
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter(wait)))
		}
	}
	call.Status, call.Rows = http.StatusNoContent, len(rows)
	if refusal != nil {
		call.Status = refusal.status
	} else {
		s.rows[call.Stream] = append(s.rows[call.Stream], rows...)
	}
	s.calls = append(s.calls, call)
	s.mu.Unlock()
	switch {
	case refusal != nil:
		Refuse(w, refusal.status, refusal.code, refusal.message)
	case fault != nil && fault(w, r, rows):
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

type refusal struct {
	status        int
	code, message string
}

var throttled = refusal{http.StatusTooManyRequests, "RateLimitExceeded", "the rule has reached its limit for this minute"}

// Refuse writes an error in the service's form.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("x-ms-error-code", code)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": code, "message": message}})
}

// The limits of a call in bytes.
const (
	maxSent         = 1 << 20
	maxUncompressed = 50 << 20
)

func (s *Server) read(r *http.Request, call *Call) ([]Row, *refusal) {
	s.mu.Lock()
	table, limit, auxiliary, refuse := s.Streams[call.Stream], s.LimitUncompressed, s.Auxiliary, s.Refuse
	s.mu.Unlock()
	switch {
	case r.Method != http.MethodPost || r.URL.Query().Get("api-version") != "2023-01-01":
		return nil, &refusal{http.StatusMethodNotAllowed, "MethodNotAllowed", "want POST and api-version 2023-01-01"}
	case r.ContentLength < 0 || len(r.TransferEncoding) > 0:
		return nil, &refusal{http.StatusLengthRequired, "MissingContentLengthHeader", "Content-Length is missing"}
	case !s.Good(r):
		return nil, &refusal{http.StatusUnauthorized, "AuthenticationFailed", "the token has expired or is not valid"}
	case table == nil:
		return nil, &refusal{http.StatusNotFound, "NotFound", "Data collection rule or stream not found"}
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		return nil, &refusal{http.StatusUnsupportedMediaType, "UnsupportedMediaType", "want application/json"}
	case r.ContentLength > maxSent:
		return nil, &refusal{http.StatusRequestEntityTooLarge, "ContentLengthLimitExceeded", "Maximum allowed content length: 1048576 bytes"}
	}
	raw, err := unpack(r)
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, "InvalidPayload", err.Error()}
	}
	call.Uncompressed = len(raw)
	if limit == 0 {
		limit = maxUncompressed
	}
	if len(raw) > limit {
		return nil, &refusal{http.StatusRequestEntityTooLarge, "ContentLengthLimitExceeded", fmt.Sprintf("%d bytes; at most %d", len(raw), limit)}
	}
	var rows []Row
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&rows); err != nil || d.More() {
		return nil, &refusal{http.StatusBadRequest, "InvalidPayload", fmt.Sprintf("not an array of objects: %v", err)}
	}
	auxiliary = auxiliary || table.Auxiliary
	var oldest, newest time.Time
	received := time.Now()
	for i, row := range rows {
		at, err := checkRow(table, row)
		if err != nil {
			return nil, &refusal{http.StatusBadRequest, "InvalidTransformOutput", fmt.Sprintf("row %d: %v", i, err)}
		}
		if text, _ := row["TimeGenerated"].(string); auxiliary && !microseconds.MatchString(text) {
			return nil, &refusal{http.StatusBadRequest, "InvalidTransformOutput", fmt.Sprintf("row %d: TimeGenerated %q has no six decimal places", i, text)}
		}
		if refuse != nil && refuse(call.Rule, call.Stream, row) {
			return nil, &refusal{http.StatusBadRequest, "InvalidTransformOutput", fmt.Sprintf("row %d: types of transform output columns do not match", i)}
		}
		if at.Before(received.Add(-48*time.Hour)) || at.After(received.Add(24*time.Hour)) {
			row["TimeGenerated"] = received.UTC().Format(time.RFC3339Nano)
		}
		if i == 0 || at.Before(oldest) {
			oldest = at
		}
		if at.After(newest) {
			newest = at
		}
	}
	if auxiliary && newest.Sub(oldest) > 30*time.Minute {
		return nil, &refusal{http.StatusBadRequest, "RecordsTimeRangeIsMoreThan30Minutes", "the records' times span more than 30 minutes"}
	}
	return rows, nil
}

// microseconds is the only form of TimeGenerated that tables with the plan Auxiliary support.
var microseconds = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`)

func unpack(r *http.Request) ([]byte, error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	switch r.Header.Get("Content-Encoding") {
	case "":
		return sent, nil
	case "gzip":
	default:
		return nil, errors.New("Content-Encoding is not gzip")
	}
	z, err := gzip.NewReader(bytes.NewReader(sent))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, maxUncompressed+1))
}

// checkRow checks a row against the columns of its table, and returns its TimeGenerated. The service accepts unknown
// columns and cuts long fields. Both would be a fault of the exporter, so here they are errors.
func checkRow(table *columns.Table, row Row) (at time.Time, err error) {
	for name, v := range row {
		i := table.Lookup(name)
		if i < 0 {
			return at, fmt.Errorf("there is no column %q", name)
		}
		number, isNumber := v.(json.Number)
		text, isText := v.(string)
		ok := false
		switch table.Columns[i].Type {
		case columns.String:
			ok = isText && len(text) <= 64<<10
		case columns.Int:
			_, err := strconv.ParseInt(number.String(), 10, 32)
			ok = isNumber && err == nil
		case columns.Long:
			_, err := strconv.ParseInt(number.String(), 10, 64)
			ok = isNumber && err == nil
		case columns.Real:
			_, err := number.Float64()
			ok = isNumber && err == nil
		case columns.Bool:
			_, ok = v.(bool)
		case columns.Datetime:
			var when time.Time
			when, err := time.Parse(time.RFC3339Nano, text)
			ok = err == nil
			if i == table.Time {
				at = when
			}
		case columns.Dynamic:
			raw, err := json.Marshal(v)
			ok = err == nil && len(raw) <= 64<<10
		}
		if !ok {
			return at, fmt.Errorf("column %s: %.100q does not fit", name, fmt.Sprint(v))
		}
	}
	if at.IsZero() {
		return at, errors.New("there is no TimeGenerated")
	}
	return at, nil
}
