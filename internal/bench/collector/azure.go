// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// azureSink answers both the Logs Ingestion API and OTLP over HTTP, with TLS, and counts the records. It gives out the tokens as well.
type azureSink struct {
	server, tokens *httptest.Server
	ca             string // the file of its certificate
	records        atomic.Int64
}

// toAzure are the exporters that are held against each other: the same queue, the same batches, the same authenticator, TLS and gzip: at
// level 1, which is that of sentinel.
var toAzure = map[string]string{
	"sentinel":  `sentinel: {endpoint: %q, rule_id: dcr-00000000000000000000000000000001, ` + alike,
	"otlp_http": `otlp_http: {endpoint: %q, compression: gzip, compression_params: {level: 1}, ` + alike,
}

const alike = `tls: {ca_file: %q}, auth: {authenticator: azureauth},
  sending_queue: {sizer: bytes, queue_size: 16000000, block_on_overflow: true, batch: {sizer: bytes, min_size: 2000000, flush_timeout: 1s}}}`

// asim are the sources as the shipped configurations for Sentinel have them: the columns are those of the ASIM schema.
var asim = []source{
	{"dns", `asimdns: {profile: asim, enable_flags: "0xFFFFFFFFFFFFFFFF", enable_level: 5, replay: {path: %q, repeat: %d}}`, sources[0].file, sources[0].repeat},
	sources[1],
}

// startAzure starts a sink, and has collectors that start from now on get their tokens from it.
func startAzure(dir string) (*azureSink, error) {
	s := &azureSink{ca: filepath.Join(dir, "ca.pem")}
	s.server = httptest.NewTLSServer(http.HandlerFunc(s.take))
	s.tokens = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resource := r.URL.Query().Get("resource")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"access_token": "token", "expires_on": time.Now().Add(24 * time.Hour).Unix(), "resource": resource, "token_type": "Bearer",
		})
	}))
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.server.Certificate().Raw})
	err := errors.Join(os.WriteFile(s.ca, certificate, 0o600), os.Setenv("IDENTITY_ENDPOINT", s.tokens.URL), os.Setenv("IDENTITY_HEADER", "secret"))
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *azureSink) stop() {
	s.server.Close()
	s.tokens.Close()
}

// exporter gives the configuration of one that sends to the sink.
func (s *azureSink) exporter(name string) string {
	return fmt.Sprintf(toAzure[name], s.server.URL, s.ca)
}

// take counts the records of a call: the rows of a JSON array, each of which has one TimeGenerated, or those of an OTLP request.
func (s *azureSink) take(w http.ResponseWriter, r *http.Request) {
	n, err := recordsOf(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.records.Add(int64(n))
	if r.URL.Path == "/v1/logs" {
		w.Header().Set("Content-Type", "application/x-protobuf")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func recordsOf(r *http.Request) (int, error) {
	unzipped, err := gzip.NewReader(r.Body)
	if err != nil {
		return 0, err
	}
	raw, err := io.ReadAll(unzipped)
	if err != nil {
		return 0, err
	}
	if r.URL.Path != "/v1/logs" {
		return bytes.Count(raw, []byte(`"TimeGenerated":`)), nil
	}
	request := plogotlp.NewExportRequest()
	err = request.UnmarshalProto(raw)
	return request.Logs().LogRecordCount(), err
}

// measureAzure prints the cost of an event on its way to Sentinel, and to OTLP over HTTP, count times.
func measureAzure(binary, dir string, count int) error {
	m := meter{binary, dir}
	for _, s := range asim {
		records, err := m.record(s, filepath.Join(dir, s.name))
		if err != nil {
			return err
		}
		for range count {
			for _, exporter := range []string{"sentinel", "otlp_http"} {
				if err := m.compare(s, exporter, "ours", s.receiver, s.file, records); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
