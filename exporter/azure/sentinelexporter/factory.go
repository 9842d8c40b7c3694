// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelexporter/internal/metadata"
)

// NewFactory returns the factory of the sentinel exporter, which supports the logs signal.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(metadata.Type, createDefaultConfig, exporter.WithLogs(createLogs, metadata.LogsStability))
}

func createLogs(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	cfg := config.(*Config)
	e, err := newSentinel(set, cfg)
	if err != nil {
		return nil, err
	}
	return wrap(ctx, set, e)
}

// wrap puts queue and retries before an exporter.
func wrap(ctx context.Context, set exporter.Settings, e *sentinel) (exporter.Logs, error) {
	return e.NewLogs(ctx, set, e.cfg, e.start, e.push, e.shutdown)
}
