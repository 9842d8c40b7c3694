// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"fmt"
	"testing"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

func TestEveryRecordIsDeliveredOrCountedWhateverTheNextComponentReturns(t *testing.T) {
	for name, correlate := range map[string]bool{"an event is a record": false, "a query and its response are a record": true} {
		t.Run(name, func(t *testing.T) {
			kit.RequireConsumeContract(t, kit.Contracted{
				Factory: NewFactory(),
				Begin: func(t *testing.T, next consumer.Logs) (*pipeline.Pipeline, func(int) string) {
					l := startWithoutSession(t, func(c *Config) {
						correlating(c)
						c.Correlate = correlate
						kit.Quick(&c.Batch, &c.Retry)
					}, next)
					x := newExchanges(t)
					return l.Pipeline, func(n int) string {
						name, at := fmt.Sprintf("host-%d.example", n), time.Now()
						if correlate {
							l.offer(x.event(256, at, name+".", n))
						}
						l.offer(x.event(257, at, name+".", n))
						return name
					}
				},
				Name: func(lr plog.LogRecord) string { return kit.Text(lr, "DnsQuery") },
			})
		})
	}
}
