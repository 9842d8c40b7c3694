// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"strconv"
	"testing"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

func TestEveryRecordIsDeliveredOrCountedWhateverTheNextComponentReturns(t *testing.T) {
	for _, level := range []obsconfig.Level{obsconfig.LevelNone, obsconfig.LevelMaximum} {
		t.Run(level.String(), func(t *testing.T) {
			kit.RequireConsumeContract(t, kit.Contracted{
				Factory: NewFactory(),
				Begin: func(t *testing.T, next consumer.Logs) (*pipeline.Pipeline, func(int) string) {
					cfg := createDefaultConfig().(*Config)
					cfg.MonitorAggregationLevel = level.String()
					kit.Quick(&cfg.Batch, &cfg.Retry)
					l := startWithConfig(t, cfg, next)
					return l.Pipeline, func(n int) string {
						l.offer(packet(uint16(n), time.Now()))
						return strconv.Itoa(n)
					}
				},
				Name: func(lr plog.LogRecord) string { return kit.Text(lr, "SrcPortNumber") },
			})
		})
	}
}
