// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/deliverytest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
)

const workers = 4

// A second stands for the service's minute: a rule accepts two calls in it. All workers wait when one is told to wait.
func TestRowsArriveOnceAtTheRateThatTheRulesTake(t *testing.T) {
	for name, rules := range map[string][]string{
		"one rule":  {ingesttest.RuleID},
		"two rules": {ingesttest.RuleID, strings.Replace(ingesttest.RuleID, "0", "f", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ingesttest.New(t)
			s.Throttle = ingesttest.Throttle{Calls: 2, Bytes: ingesttest.MinuteBytes, Period: time.Second, Spent: true}
			deliverytest.EachArrivesOnce(t, subject(s, func(c *Config) {
				c.RuleID = rules
				c.QueueConfig.Get().NumConsumers = workers
			}))

			accepted, all, refused := map[string]int{}, 0, 0
			for _, call := range s.Calls() {
				if call.Status == http.StatusTooManyRequests {
					refused++
				} else {
					require.Equal(t, http.StatusNoContent, call.Status)
					accepted[call.Rule]++
					all++
				}
			}
			require.Len(t, accepted, len(rules), "each rule has taken some")
			require.GreaterOrEqual(t, refused, len(rules), "the first call to each rule")
			require.LessOrEqual(t, refused, workers*all, "no worker asks before the time that it was told")
		})
	}
}
