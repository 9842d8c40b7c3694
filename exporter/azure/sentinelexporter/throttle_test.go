// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

// A second stands for the minute of the service: a rule takes two calls in it. All workers wait when one is told to.
func TestRowsArriveOnceAtTheRateThatTheRulesTake(t *testing.T) {
	for name, rules := range map[string][]string{
		"one rule":  {ingesttest.RuleID},
		"two rules": {ingesttest.RuleID, strings.Replace(ingesttest.RuleID, "0", "f", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ingesttest.New(t)
			s.Throttle = ingesttest.Throttle{Calls: 2, Bytes: ingesttest.MinuteBytes, Period: time.Second}
			e := whole(t, s, ingesttest.NewHost(s), func(c *Config) {
				c.RuleID = rules
				c.QueueConfig.Get().NumConsumers = 4
			})
			const all, each = 3000, 300
			for n := 0; n < all; n += each {
				require.NoError(t, e.ConsumeLogs(context.Background(), recordtest.DNSFrom(n, each, recordtest.Base)))
			}
			for uid, n := range requireAll(t, s, all, nil) {
				require.Equal(t, 1, n, uid)
			}
			require.NoError(t, e.Shutdown(context.Background()))

			accepted, refused := map[string]int{}, 0
			for _, call := range s.Calls() {
				if call.Status == http.StatusTooManyRequests {
					refused++
				} else {
					require.Equal(t, http.StatusNoContent, call.Status)
					accepted[call.Rule]++
				}
			}
			require.Len(t, accepted, len(rules), "each rule has taken some")
			require.Positive(t, refused)
			require.LessOrEqual(t, refused, 4*all/each, "no worker asks before the time that it was told")
		})
	}
}
