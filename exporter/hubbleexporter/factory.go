// SPDX-License-Identifier: Apache-2.0

package hubbleexporter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/metadata"
)

// NewFactory returns the factory of the hubble exporter, which supports the logs signal.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(metadata.Type, createDefaultConfig, exporter.WithLogs(createLogs, metadata.LogsStability))
}

func createLogs(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	h, err := newHubble(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	return h.wrap(ctx)
}
