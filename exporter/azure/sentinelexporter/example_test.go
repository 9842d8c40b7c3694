// SPDX-License-Identifier: Apache-2.0

package sentinelexporter_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelexporter"
)

// A program may use the exporter without a collector. The server stands in for the Logs Ingestion API; an endpoint on this machine needs no
// authenticator.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := gzip.NewReader(r.Body)
		if err != nil {
			log.Fatal(err)
		}
		rows, err := io.ReadAll(body)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Method, r.URL.Path)
		fmt.Println(string(rows))
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()

	ctx := context.Background()
	factory := sentinelexporter.NewFactory()
	cfg := factory.CreateDefaultConfig()
	err := confmap.NewFromStringMap(map[string]any{
		"endpoint":      server.URL,
		"rule_id":       "dcr-0123456789abcdef0123456789abcdef",
		"sending_queue": map[string]any{"enabled": false},
	}).Unmarshal(cfg)
	if err != nil {
		log.Fatal(err)
	}
	exporter, err := factory.CreateLogs(ctx, exportertest.NewNopSettings(factory.Type()), cfg)
	if err != nil {
		log.Fatal(err)
	}
	if err := exporter.Start(ctx, componenttest.NewNopHost()); err != nil {
		log.Fatal(err)
	}

	logs := plog.NewLogs()
	record := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetTimestamp(pcommon.Timestamp(1_782_000_000_000_000_000)) // 2026-06-21
	record.Attributes().PutStr("EventSchema", "Dns")
	record.Attributes().PutStr("DnsQuery", "www.example.com")
	record.Attributes().PutInt("EventCount", 1)
	if err := exporter.ConsumeLogs(ctx, logs); err != nil {
		log.Fatal(err)
	}
	if err := exporter.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}

	// Output:
	// POST /dataCollectionRules/dcr-0123456789abcdef0123456789abcdef/streams/Custom-ASimDnsActivityLogs
	// [{"TimeGenerated":"2026-06-21T00:00:00.0000000Z","DnsQuery":"www.example.com","EventCount":1,"EventStartTime":"2026-06-21T00:00:00.0000000Z"}]
}
