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
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// azureSink answers both the Logs Ingestion API and OTLP over HTTP, with TLS, and counts the records. It gives out the tokens as well.
type azureSink struct {
	server, tokens *httptest.Server
	ca             string // the file of its certificate

	records, raw, zipped atomic.Int64 // bytes before and after compression
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
	zipped, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender has gone
	}
	n, raw, err := recordsOf(r.URL.Path, zipped)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.records.Add(int64(n))
	s.raw.Add(int64(raw))
	s.zipped.Add(int64(len(zipped)))
	if r.URL.Path == "/v1/logs" {
		w.Header().Set("Content-Type", "application/x-protobuf")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// recordsOf gives how many records a call has, and its size in bytes before compression.
func recordsOf(path string, zipped []byte) (records, size int, err error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return 0, 0, err
	}
	raw, err := io.ReadAll(unzipped)
	if err != nil {
		return 0, 0, err
	}
	if path != "/v1/logs" {
		return bytes.Count(raw, []byte(`"TimeGenerated":`)), len(raw), nil
	}
	request := plogotlp.NewExportRequest()
	err = request.UnmarshalProto(raw)
	return request.Logs().LogRecordCount(), len(raw), err
}

// gateway runs a collector on ready-made records, which sends them to another one, which sends them to Sentinel, and gives the processor
// time of the second.
func (m meter) gateway(receiver string, s *azureSink) (time.Duration, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	endpoint := l.Addr().String()
	if err := l.Close(); err != nil {
		return 0, err
	}
	dir := filepath.Join(m.dir, "gateway")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	exporter := strings.Replace(s.exporter("sentinel"), "sending_queue: {", "sending_queue: {wait_for_result: true, ", 1)
	gateway, err := start(m.binary, dir, fmt.Sprintf(`otlp: {protocols: {grpc: {endpoint: %q, max_recv_msg_size_mib: 64}}}`, endpoint), exporter)
	if err != nil {
		return 0, err
	}
	_, err = m.finish(receiver, fmt.Sprintf(toGateway, endpoint))
	cpu, stopped := gateway.interrupt()
	return cpu, errors.Join(err, stopped)
}

// toGateway waits until the gateway listens.
const toGateway = `otlp_grpc: {endpoint: %q, tls: {insecure: true}, timeout: 60s, retry_on_failure: {initial_interval: 100ms, max_interval: 100ms},
  sending_queue: {sizer: bytes, queue_size: 16000000, block_on_overflow: true, batch: {sizer: bytes, min_size: 1000000, max_size: 3000000, flush_timeout: 1s}}}`

// measureAzure prints the cost of an event on its way to Sentinel, to OTLP over HTTP, and through a gateway to Sentinel, count times; and what
// its row takes.
func measureAzure(binary, dir string, count int) error {
	m := meter{binary, dir}
	fmt.Println(header)
	for _, s := range asim {
		records, err := m.record(s, filepath.Join(dir, s.name))
		if err != nil {
			return err
		}
		if err := m.rows(s, records); err != nil {
			return err
		}
		for range count {
			for _, exporter := range []string{"sentinel", "otlp_http"} {
				if err := m.compare(s, exporter, "ours", s.receiver, s.file, records); err != nil {
					return err
				}
			}
			if err := m.compare(s, "gateway", "prebuilt", ready, filepath.Join(dir, s.name), records); err != nil {
				return err
			}
		}
	}
	return nil
}

// rows prints the bytes of a record of a source: as a row of JSON, before and after compression, and as OTLP, the form of the queue on disk.
func (m meter) rows(s source, records int) error {
	row, zipped, err := m.bytes(s, "sentinel", records)
	if err != nil {
		return err
	}
	otlp, _, err := m.bytes(s, "otlp_http", records)
	if err != nil {
		return err
	}
	fmt.Printf("BenchmarkRows/%s\t%d\t%.0f B/row\t%.0f gzip-B/row\t%.0f otlp-B/row\n", s.name, records*few, row, zipped, otlp)
	return nil
}

// bytes returns the bytes of a record in an exporter's requests, before and after compression.
func (m meter) bytes(s source, exporter string, records int) (raw, zipped float64, err error) {
	sink, err := startAzure(m.dir)
	if err != nil {
		return 0, 0, err
	}
	defer sink.stop()
	_, err = again(func() (time.Duration, error) {
		sink.records.Store(0)
		sink.raw.Store(0)
		sink.zipped.Store(0)
		return m.finish(fmt.Sprintf(s.receiver, s.file, few), sink.exporter(exporter))
	})
	if err != nil {
		return 0, 0, err
	}
	n := sink.records.Load()
	if n != int64(records*few) {
		return 0, 0, fmt.Errorf("%d records came out of the exporter %s; want %d", n, exporter, records*few)
	}
	return float64(sink.raw.Load()) / float64(n), float64(sink.zipped.Load()) / float64(n), nil
}
