// SPDX-License-Identifier: Apache-2.0

package hubbleexporter_test

import (
	"context"
	"fmt"
	"log"
	"net"

	observerpb "github.com/cilium/cilium/api/v1/observer"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter"
)

// A program may serve flows without a collector. Any client of Hubble's API gets them.
func Example() {
	free, err := net.Listen("tcp", "127.0.0.1:0") // Hubble's own port is 4244
	if err != nil {
		log.Fatal(err)
	}
	endpoint := free.Addr().String()
	free.Close()

	ctx := context.Background()
	factory := hubbleexporter.NewFactory()
	cfg := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(map[string]any{"endpoint": endpoint}).Unmarshal(cfg); err != nil {
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
	attributes := record.Attributes()
	for key, value := range map[string]string{
		"EventProduct": "Cilium", "EventSchema": "NetworkSession", "EventType": "Flow", "cilium.event.type": "drop", "cilium.verdict": "DROPPED",
		"SrcIpAddr": "10.244.1.12", "DstIpAddr": "10.244.2.40", "NetworkProtocol": "TCP", "cilium.drop_reason": "POLICY_DENIED",
	} {
		attributes.PutStr(key, value)
	}
	attributes.PutInt("DstPortNumber", 5432)
	if err := exporter.ConsumeLogs(ctx, logs); err != nil {
		log.Fatal(err)
	}

	conn, err := grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	stream, err := observerpb.NewObserverClient(conn).GetFlows(ctx, &observerpb.GetFlowsRequest{Number: 1})
	if err != nil {
		log.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		log.Fatal(err)
	}
	f := answer.GetFlow()
	fmt.Println(f.GetIP().GetSource(), "->", f.GetIP().GetDestination(), f.GetVerdict(), f.GetDropReasonDesc())

	if err := conn.Close(); err != nil {
		log.Fatal(err)
	}
	if err := exporter.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}

	// Output: 10.244.1.12 -> 10.244.2.40 DROPPED POLICY_DENIED
}
