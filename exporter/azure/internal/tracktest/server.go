// SPDX-License-Identifier: Apache-2.0

// Package tracktest is a test server that enforces the known rules of Application Insights' track endpoint: TLS, keys,
// tokens, sizes, the age of items, and answers that account for every item. It keeps every item that it accepts.
package tracktest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
)

// Key is the instrumentation key that every server knows.
const Key = "00000000-0000-0000-0000-000000000001"

// Item is an item as it was sent.
type Item struct {
	Name string            `json:"name"`
	Time string            `json:"time"`
	IKey string            `json:"iKey"`
	Tags map[string]string `json:"tags"`
	Data struct {
		BaseType string `json:"baseType"`
		BaseData struct {
			Message       string            `json:"message"`
			SeverityLevel int               `json:"severityLevel"`
			Properties    map[string]string `json:"properties"`
		} `json:"baseData"`
	} `json:"data"`
}

// Property returns a property of an item.
func (i Item) Property(name string) string { return i.Data.BaseData.Properties[name] }

// Error is the server's entry for an item that it does not accept.
type Error struct {
	Index   int    `json:"index"`
	Status  int    `json:"statusCode"`
	Message string `json:"message"`
}

// Account is the body of an answer.
type Account struct {
	Received int     `json:"itemsReceived"`
	Accepted int     `json:"itemsAccepted"`
	Errors   []Error `json:"errors"`
}

// Call is a call, whatever its answer was.
type Call struct {
	UserAgent, RequestID, Authorization string
	Status, Items, Size, Uncompressed   int
}

// Server stands in for the service.
type Server struct {
	ingesttest.Tokens
	URL string

	// The rules that it enforces. Set them before the first call, or under Lock.
	Limit    int  // bytes of a call before compression; 0 means no limit
	NeedAuth bool // require a token in addition to the key
	// Verdict returns the status of an item and the service's message, or 0 to accept it.
	Verdict func(Item) (status int, message string)
	// Plain makes refusals name no items.
	Plain bool
	// Header is added to answers that account for items.
	Header http.Header
	// Fault may answer a call instead of the server: before the body is read (accepted is nil) or after its items were
	// accepted. It reports whether it did.
	Fault func(w http.ResponseWriter, r *http.Request, accepted []Item) bool

	mu    sync.Mutex
	http  *httptest.Server
	items []Item
	calls []Call
}

// New starts a server for HTTP 1.1. It ends with the test.
func New(t testing.TB) *Server { return start(t, false) }

// NewHTTP2 starts a server for HTTP 1.1 and HTTP 2.
func NewHTTP2(t testing.TB) *Server { return start(t, true) }

func start(t testing.TB, http2 bool) *Server {
	s := &Server{}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.http.Config.ErrorLog = log.New(io.Discard, "", 0) // errors of broken connections
	s.http.EnableHTTP2 = http2
	s.http.StartTLS()
	s.URL = s.http.URL
	t.Cleanup(s.http.Close)
	return s
}

// CertificatePEM returns the server's certificate.
func (s *Server) CertificatePEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.http.Certificate().Raw}))
}

// ConnectionString returns the server's connection string.
func (s *Server) ConnectionString() string {
	return "InstrumentationKey=" + Key + ";IngestionEndpoint=" + s.URL + "/"
}

// Lock runs do while no call is being answered.
func (s *Server) Lock(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// Items returns the items in the order of their acceptance.
func (s *Server) Items() []Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Item(nil), s.items...)
}

// Calls returns all calls so far.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	fault := s.Fault
	s.mu.Unlock()
	if fault != nil && fault(w, r, nil) {
		return
	}
	call := Call{Size: int(r.ContentLength), UserAgent: r.UserAgent(), RequestID: r.Header.Get("X-Ms-Client-Request-Id"), Authorization: r.Header.Get("Authorization")}
	status, accepted, account := s.read(r, &call)
	s.mu.Lock()
	call.Status = status
	s.items = append(s.items, accepted...)
	s.calls = append(s.calls, call)
	for name, values := range s.Header {
		w.Header()[name] = values
	}
	plain := s.Plain && status == http.StatusBadRequest
	s.mu.Unlock()
	if len(accepted) > 0 && fault != nil && fault(w, r, accepted) {
		return
	}
	switch {
	case plain:
		http.Error(w, "the request is not valid", status)
	case account == nil:
		http.Error(w, http.StatusText(status), status)
	default:
		Answer(w, status, *account)
	}
}

// Answer writes an answer that accounts for items.
func Answer(w http.ResponseWriter, status int, a Account) {
	if a.Errors == nil {
		a.Errors = []Error{}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a)
}

// maxUncompressed bounds how much of a body is read.
const maxUncompressed = 64 << 20

func (s *Server) read(r *http.Request, call *Call) (status int, accepted []Item, account *Account) {
	s.mu.Lock()
	limit, needAuth, plain, verdict := s.Limit, s.NeedAuth, s.Plain, s.Verdict
	s.mu.Unlock()
	switch {
	case r.URL.Path != "/v2.1/track":
		return http.StatusNotFound, nil, nil
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, nil, nil
	case needAuth && !s.Good(r):
		return http.StatusUnauthorized, nil, nil
	case r.ContentLength < 0 || r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Content-Type") != "application/json":
		return http.StatusUnsupportedMediaType, nil, nil
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		return http.StatusBadRequest, nil, nil
	}
	raw, err := io.ReadAll(io.LimitReader(z, maxUncompressed))
	if err != nil {
		return http.StatusBadRequest, nil, nil
	}
	call.Uncompressed = len(raw)
	if limit > 0 && len(raw) > limit {
		return http.StatusRequestEntityTooLarge, nil, nil
	}
	var texts []json.RawMessage
	if json.Unmarshal(raw, &texts) != nil {
		return http.StatusBadRequest, nil, nil
	}
	call.Items = len(texts)
	account = &Account{Received: len(texts)}
	for i, text := range texts {
		item, err := readItem(text)
		status, message := http.StatusBadRequest, fmt.Sprint(err)
		if err == nil && verdict != nil {
			status, message = verdict(item)
		}
		if err == nil && (verdict == nil || status == 0) {
			accepted = append(accepted, item)
			continue
		}
		account.Errors = append(account.Errors, Error{i, status, message})
	}
	if plain && len(account.Errors) > 0 {
		return http.StatusBadRequest, nil, account
	}
	account.Accepted = len(accepted)
	switch {
	case len(account.Errors) == 0:
		return http.StatusOK, accepted, account
	case len(accepted) > 0 || account.Errors[0].Status != http.StatusBadRequest:
		return http.StatusPartialContent, accepted, account
	}
	return http.StatusBadRequest, nil, account
}

// readItem checks an item against the service's rules. The service cuts names and values that are too long. That would
// be a fault of the exporter, so here it is an error.
func readItem(text []byte) (item Item, err error) {
	units := func(s string) int { return len(utf16.Encode([]rune(s))) }
	if len(text) > 64<<10 {
		return item, fmt.Errorf("the item has %d bytes", len(text))
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&item); err != nil {
		return item, err
	}
	at, err := time.Parse(time.RFC3339Nano, item.Time)
	data := item.Data.BaseData
	switch {
	case err != nil:
		return item, fmt.Errorf("102: Field 'time' on type 'Envelope' is not a valid time: %w", err)
	case at.Before(time.Now().Add(-48 * time.Hour)):
		return item, fmt.Errorf("103: Field 'time' on type 'Envelope' is older than the allowed min date. Expected: now - 172800000ms")
	case !strings.EqualFold(item.IKey, Key):
		return item, fmt.Errorf("Invalid instrumentation key")
	case item.Data.BaseType != "MessageData" || item.Name != "Microsoft.ApplicationInsights.Message":
		return item, fmt.Errorf("110: Field 'baseType' is not known: %q", item.Data.BaseType)
	case data.Message == "":
		return item, fmt.Errorf("109: Field 'message' on type 'MessageData' is required but missing or empty. Expected: string, Actual: ")
	case units(data.Message) > 32_768 || data.SeverityLevel < 0 || data.SeverityLevel > 4:
		return item, fmt.Errorf("the message has %d characters and the level is %d", units(data.Message), data.SeverityLevel)
	}
	for name, value := range data.Properties {
		if name == "" || units(name) > 150 || units(value) > 8_192 || name == "AdditionalFields" && !json.Valid([]byte(value)) {
			return item, fmt.Errorf("property %.200q does not fit", name)
		}
	}
	return item, nil
}
