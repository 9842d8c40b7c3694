// SPDX-License-Identifier: Apache-2.0

// The server that stands in for the Logs Ingestion API, and counts what it receives.

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// bill is what was received.
type bill struct {
	Rows    int
	Billed  int              // bytes as Azure Monitor bills them
	Wire    int              // bytes of the calls' bodies, compressed
	Counted int              // the sum of EventCount
	Columns map[string]*int  // billed bytes by column
	Parts   map[string]*part // by EventOriginalType
}

// part is what rows of one type contribute.
type part struct{ Rows, Billed int }

func newBill() bill { return bill{Columns: map[string]*int{}, Parts: map[string]*part{}} }

// server accepts every call.
type server struct {
	*httptest.Server
	from, to string // TimeGenerated of the rows that count: from included, to excluded

	mu   sync.Mutex
	bill bill
	err  error
	all  int // rows of all times
	sent int // bytes of all calls
}

// stamp is the form of TimeGenerated, whose order is that of time.
const stamp = "2006-01-02T15:04:05.0000000Z"

// startServer starts a server that counts the rows of a span of time.
func startServer(from, to time.Time) *server {
	s := &server{from: from.UTC().Format(stamp), to: to.UTC().Format(stamp), bill: newBill()}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(s.take))
	return s
}

func (s *server) certificate() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func (s *server) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = s.count(body)
	}
	if err != nil {
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *server) count(body []byte) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(unzipped)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent += len(body)
	return eachRow(raw, func(row []byte) error {
		s.all++
		at, err := columnOf(row, "TimeGenerated")
		if err != nil {
			return err
		}
		if at < s.from || at >= s.to {
			return nil
		}
		return s.bill.add(row)
	})
}

// result returns the bill. Of the bytes on the wire, which are those of whole calls, the rows that count have their share.
func (s *server) result() (bill, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && s.bill.Rows == 0 {
		s.err = fmt.Errorf("none of %d rows is from %s to %s", s.all, s.from, s.to)
	}
	if s.err == nil {
		s.bill.Wire = int(float64(s.sent) * float64(s.bill.Rows) / float64(s.all))
	}
	return s.bill, s.err
}
