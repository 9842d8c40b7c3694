// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// NewFactory returns the factory of the ciliumwindows receiver, which supports the signals logs and metrics.
func NewFactory() receiver.Factory {
	all := &instances{of: map[*Config]*instance{}}
	return receiver.NewFactory(metadata.Type, createDefaultConfig,
		receiver.WithLogs(all.logs, metadata.LogsStability), receiver.WithMetrics(all.metrics, metadata.MetricsStability))
}
