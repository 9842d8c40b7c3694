// SPDX-License-Identifier: Apache-2.0

// Cilium's recordings, and what each mode makes of them.

package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// ciliumModes are those of the table. The first is without monitor aggregation: each event is a row.
var ciliumModes = []mode{
	{name: "every-event", config: map[string]any{"monitor_aggregation_level": "none"}},
	{name: "full", config: map[string]any{"volume": "full"}},
	{name: "balanced", config: map[string]any{"volume": "balanced"}},
	{name: "lean", config: map[string]any{"volume": "lean"}},
}

// cilium measures a recording.
func cilium(w io.Writer, path string, columns bool) error {
	events := 0
	if _, err := capture.Replay(context.Background(), path, func(context.Context, []byte, []byte) error { events++; return nil }); err != nil {
		return err
	}
	name := filepath.Base(path)
	for _, m := range ciliumModes {
		config := map[string]any{"replay": map[string]any{"path": path}, "node_name": "node-1"}
		for key, value := range m.config {
			config[key] = value
		}
		f := ciliumwindowsreceiver.NewFactory()
		cfg := f.CreateDefaultConfig()
		if err := confmap.NewFromStringMap(config).Unmarshal(cfg); err != nil {
			return err
		}
		b, err := replay(f, cfg, span{time.Unix(0, 0), time.Now().AddDate(10, 0, 0)})
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		per := func(n int) float64 { return float64(n) / float64(events) }
		fmt.Fprintf(w, "BenchmarkBill/cilium/%s/%s\t%d\t%.4f rows/event\t%.1f billed-B/event\t%.1f wire-B/event\t%d events\n", name, m.name, events, per(b.Rows), per(b.Billed), per(b.Wire), events)
		if columns {
			b.print(w)
		}
	}
	return nil
}
