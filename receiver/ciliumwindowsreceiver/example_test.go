// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver_test

import (
	"context"
	"fmt"
	"log"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// host learns that the replay has ended: with exit_when_done the receiver asks its host to end the collector.
type host struct {
	component.Host
	ended chan struct{}
}

func (h *host) Report(*componentstatus.Event) { close(h.ended) }

// A program may use the receiver without a collector: it makes a configuration as a collector does, starts the receiver with a host and a
// consumer, and shuts it down.
func Example() {
	ctx := context.Background()
	factory := ciliumwindowsreceiver.NewFactory()
	cfg := factory.CreateDefaultConfig()
	err := confmap.NewFromStringMap(map[string]any{
		"replay":    map[string]any{"path": "../../testdata/cilium_events.pcapng", "exit_when_done": true},
		"node_name": "node-1",
	}).Unmarshal(cfg)
	if err != nil {
		log.Fatal(err)
	}
	if err := confmap.Validate(cfg); err != nil {
		log.Fatal(err)
	}

	sink := new(consumertest.LogsSink)
	receiver, err := factory.CreateLogs(ctx, receivertest.NewNopSettings(factory.Type()), cfg, sink)
	if err != nil {
		log.Fatal(err)
	}
	host := &host{Host: componenttest.NewNopHost(), ended: make(chan struct{})}
	if err := receiver.Start(ctx, host); err != nil {
		log.Fatal(err)
	}
	<-host.ended
	if err := receiver.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}

	scope := sink.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0)
	record := scope.LogRecords().At(0)
	fmt.Println("records:", sink.LogRecordCount())
	fmt.Println("scope:", scope.Scope().Name())
	for _, name := range []string{"EventType", "DvcAction", "SrcIpAddr", "DstIpAddr", "Dvc"} {
		value, _ := record.Attributes().Get(name)
		fmt.Printf("%s: %s\n", name, value.AsString())
	}

	// Output:
	// records: 761
	// scope: asim.network.events
	// EventType: Flow
	// DvcAction: Drop
	// SrcIpAddr: fd00:10:1::4
	// DstIpAddr: fd00:10:244:1::5
	// Dvc: node-1
}
