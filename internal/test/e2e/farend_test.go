// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// farEnd counts the log records that it receives by OTLP over HTTP. It answers no request until open is closed; a nil
// open means at once.
type farEnd struct {
	open    chan struct{}
	asked   atomic.Int64
	records atomic.Int64
}

// newFarEnd starts a far end that is not open yet, and returns its URL.
func newFarEnd(t *testing.T) (*farEnd, string) {
	f := &farEnd{open: make(chan struct{})}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server.URL
}

func (f *farEnd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	f.asked.Add(1)
	if f.open != nil {
		select {
		case <-f.open:
		case <-r.Context().Done():
			return
		}
	}
	request := plogotlp.NewExportRequest()
	if err == nil {
		err = request.UnmarshalProto(raw)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.records.Add(int64(request.Logs().LogRecordCount()))
	w.Header().Set("Content-Type", "application/x-protobuf")
}
