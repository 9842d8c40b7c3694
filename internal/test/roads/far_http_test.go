// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// httpFar serves HTTP behind a gate.
type httpFar struct {
	*gate
	nameCounts
	mood
	slow atomic.Int64 // ns that an answer takes
}

func serve(t *testing.T, far *httpFar, handler http.HandlerFunc) {
	far.gate = newGate(t)
	answer := func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Duration(far.slow.Load()))
		if r.URL.Path == "/token" || !far.serve(w, r) {
			handler(w, r)
		}
	}
	server := &http.Server{Handler: http.HandlerFunc(answer), ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(far.gate) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
}

// body reads a request's whole body, decompressed. An error means that the request was incomplete.
func body(r *http.Request) ([]byte, error) {
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		from = unzipped
	}
	return io.ReadAll(from)
}

// otlpFar is any OTLP/HTTP endpoint.
type otlpFar struct{ httpFar }

func newOTLPFar(t *testing.T) *otlpFar {
	far := &otlpFar{}
	serve(t, &far.httpFar, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/logs" {
			http.NotFound(w, r)
			return
		}
		far.take(w, r)
	})
	return far
}

func (f *otlpFar) env() []string { return nil }

// overlay completes a configuration without receivers.
func (f *otlpFar) overlay() string {
	return fmt.Sprintf("{exporters: {otlp_http: {endpoint: 'http://%s'}}, service: {pipelines: {logs: {receivers: [asimdns], exporters: [otlp_http]}}}}", f.Addr())
}

// azureOTLPFar is Azure Monitor's native OTLP endpoint, together with the endpoint that issues its tokens. Both have
// the same address, as the identity endpoint of an Azure host is on loopback too.
type azureOTLPFar struct{ otlpFar }

const (
	otlpToken      = "token-of-the-managed-identity"
	identityHeader = "secret-of-the-host"
	otlpPath       = "/datacollectionRules/dcr-1/streams/Microsoft-OTLP-Logs/otlp/v1/logs"
)

func newAzureOTLPFar(t *testing.T) *azureOTLPFar {
	far := &azureOTLPFar{}
	serve(t, &far.httpFar, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token" && r.Header.Get("X-IDENTITY-HEADER") == identityHeader && r.URL.Query().Get("resource") == "https://monitor.azure.com":
			_ = json.NewEncoder(w).Encode(map[string]any{
				"access_token": otlpToken, "expires_on": time.Now().Add(24 * time.Hour).Unix(), "resource": "https://monitor.azure.com", "token_type": "Bearer",
			})
		case r.URL.Path == otlpPath && r.Header.Get("Authorization") == "Bearer "+otlpToken:
			far.take(w, r)
		default:
			http.Error(w, "no such thing, or not for you", http.StatusForbidden)
		}
	})
	return far
}

func (f *azureOTLPFar) env() []string {
	return []string{
		"AZURE_DCE_ENDPOINT=http://" + f.Addr().String(), "AZURE_DCR_ID=dcr-1",
		"IDENTITY_ENDPOINT=http://" + f.Addr().String() + "/token", "IDENTITY_HEADER=" + identityHeader,
	}
}

func (f *azureOTLPFar) overlay() string { return "{}" }

func (f *otlpFar) take(w http.ResponseWriter, r *http.Request) {
	raw, err := body(r)
	if err != nil {
		return
	}
	if len(raw) > 1<<20 {
		http.Error(w, "larger than the endpoint takes", http.StatusRequestEntityTooLarge)
		return
	}
	request := plogotlp.NewExportRequest()
	if err := request.UnmarshalProto(raw); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.add(request.Logs())
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// trackFar is the ingestion endpoint of Application Insights. The exporter's own tests have a server that is stricter
// about items.
type trackFar struct {
	httpFar
	health int // the port of the collector's health_check
}

func newTrackFar(t *testing.T) *trackFar {
	far := &trackFar{health: loopback.Port(t)}
	serve(t, &far.httpFar, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2.1/track" {
			http.NotFound(w, r)
			return
		}
		raw, err := body(r)
		if err != nil {
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(raw))
		if bytes.HasPrefix(raw, []byte("[")) { // an array; otherwise one after the other
			_, _ = decoder.Token()
		}
		n := 0
		for ; decoder.More(); n++ {
			var envelope struct {
				Data struct {
					BaseData struct {
						Properties map[string]string `json:"properties"`
					} `json:"baseData"`
				} `json:"data"`
			}
			if decoder.Decode(&envelope) != nil {
				break
			}
			far.addName(envelope.Data.BaseData.Properties["DnsQuery"])
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"itemsReceived": n, "itemsAccepted": n, "errors": []any{}})
	})
	return far
}

func (f *trackFar) env() []string {
	return []string{"APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://" + f.Addr().String()}
}

func (f *trackFar) overlay() string {
	return fmt.Sprintf("extensions: {health_check: {http: {endpoint: '127.0.0.1:%d'}}}", f.health)
}

// blobFar is Azure Blob Storage. As there, a new blob replaces one with the same name.
type blobFar struct {
	httpFar
	mu       sync.Mutex
	blobs    map[string][]byte
	parts    map[string][]byte // blocks that are not in a list yet, by blob and id
	replaced int
}

func newBlobFar(t *testing.T) *blobFar {
	far := &blobFar{blobs: map[string][]byte{}, parts: map[string][]byte{}}
	serve(t, &far.httpFar, func(w http.ResponseWriter, r *http.Request) {
		raw, err := body(r)
		if err != nil {
			return
		}
		name, query := r.URL.Path, r.URL.Query()
		if r.Method != http.MethodPut {
			http.Error(w, r.Method, http.StatusNotImplemented)
			return
		}
		far.mu.Lock()
		defer far.mu.Unlock()
		switch query.Get("comp") {
		case "block":
			far.parts[name+"\n"+query.Get("blockid")] = raw
		case "blocklist":
			var list struct {
				Latest []string `xml:"Latest"`
			}
			if err := xml.Unmarshal(raw, &list); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			var whole []byte
			for _, id := range list.Latest {
				whole = append(whole, far.parts[name+"\n"+id]...)
			}
			far.put(name, whole)
		case "":
			far.put(name, raw)
		default:
			http.Error(w, query.Get("comp"), http.StatusNotImplemented)
			return
		}
		w.WriteHeader(http.StatusCreated)
	})
	return far
}

func (f *blobFar) put(name string, content []byte) {
	if _, exists := f.blobs[name]; exists {
		f.replaced++
	}
	f.blobs[name] = content
}

// got counts the records in the existing blobs.
func (f *blobFar) got() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all nameCounts
	for _, content := range f.blobs {
		if logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(content); err == nil {
			all.add(logs)
		}
	}
	return all.got()
}

func (f *blobFar) env() []string {
	return []string{"COMPUTERNAME=DC01-2006", fmt.Sprintf("AZURE_STORAGE_CONNECTION_STRING=DefaultEndpointsProtocol=http;AccountName=winnet;AccountKey=%s;BlobEndpoint=http://%s/winnet;",
		base64.StdEncoding.EncodeToString([]byte("key")), f.Addr())}
}

func (f *blobFar) overlay() string {
	return "exporters: {azure_blob: {sending_queue: {batch: {flush_timeout: 1s}}}}"
}
