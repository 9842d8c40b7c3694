// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/appinsightsexporter"
)

// A program may use the exporter without a collector. The server stands in for the ingestion endpoint of Application
// Insights.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := gzip.NewReader(r.Body)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Method, r.URL.Path)
		var items []struct {
			Data struct {
				BaseData struct {
					Message    string
					Properties map[string]string
				}
			}
		}
		if err := json.NewDecoder(body).Decode(&items); err != nil {
			log.Fatal(err)
		}
		for _, item := range items {
			fmt.Println(item.Data.BaseData.Message, item.Data.BaseData.Properties)
		}
		fmt.Fprint(w, `{"itemsReceived": 1, "itemsAccepted": 1, "errors": []}`)
	}))
	defer server.Close()

	ctx := context.Background()
	factory := appinsightsexporter.NewFactory()
	cfg := factory.CreateDefaultConfig()
	err := confmap.NewFromStringMap(map[string]any{
		"connection_string": "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=" + server.URL,
		"sending_queue":     map[string]any{"enabled": false},
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
	record.Attributes().PutStr("DnsQuery", "www.example.com")
	record.Body().SetStr("a query")
	if err := exporter.ConsumeLogs(ctx, logs); err != nil {
		log.Fatal(err)
	}
	if err := exporter.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}

	// Output:
	// POST /v2.1/track
	// a query map[DnsQuery:www.example.com EventStartTime:2026-06-21T00:00:00.0000000Z]
}
