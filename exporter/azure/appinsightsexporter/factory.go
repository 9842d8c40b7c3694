// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/appinsightsexporter/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
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
	return newLogs(ctx, set, e)
}

// newLogs wraps the exporter with queue and retries.
func newLogs(ctx context.Context, set exporter.Settings, e *insights) (exporter.Logs, error) {
	logs, err := exporterhelper.NewLogs(ctx, set, e.cfg, e.push,
		exporterhelper.WithStart(e.start),
		exporterhelper.WithShutdown(e.shutdown),
		// One push makes many calls. Each call has the client's timeout.
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: 0}),
		exporterhelper.WithRetry(e.cfg.RetryConfig),
		exporterhelper.WithQueue(e.cfg.QueueConfig),
	)
	if err != nil {
		return nil, err
	}
	return &delivery.Stoppable{Logs: logs, Stop: e.stop}, nil
}
