// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/appinsightsexporter/internal/metadata"
)

// NewFactory returns the factory of the app_insights exporter, which supports the logs signal.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(metadata.Type, createDefaultConfig, exporter.WithLogs(createLogs, metadata.LogsStability))
}

func createLogs(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	e, err := newInsights(set, config.(*Config))
	if err != nil {
		return nil, err
	}
	return wrap(ctx, set, e)
}

// wrap puts queue and retries before an exporter.
func wrap(ctx context.Context, set exporter.Settings, e *insights) (exporter.Logs, error) {
	return e.NewLogs(ctx, set, e.cfg, e.start, e.push, e.shutdown)
}
