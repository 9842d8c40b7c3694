// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"context"
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/row"
)

// The first rule refuses a whole call. Until the second rule is asked, the rows become more than two days old: they gain
// EventStartTime, and fewer of them fit into a call.
func TestRowsThatGrowBetweenTwoRulesAllArrive(t *testing.T) {
	const other = "dcr-ffffffffffffffffffffffffffffffff"
	const all = 5000
	s := ingesttest.New(t)
	s.LimitUncompressed = 0
	var old atomic.Bool
	s.Refuse = func(rule, _ string, _ ingesttest.Row) bool {
		if rule == other {
			return false
		}
		old.Store(true)
		return true
	}
	r := newRig(t, s, func(c *Config) {
		c.RuleID = []string{ingesttest.RuleID, other}
		c.Limits.Body = bodyCompressed
	})
	r.Pauses.Misfit = time.Hour
	r.batches.New = func() any {
		b := newBatch(r.cfg)
		b.encoders[kindDNS] = row.NewEncoder(row.Options{Table: kindTables[kindDNS], Schema: kindSchemas[kindDNS], Now: func() time.Time {
			if old.Load() {
				return recordtest.Base.Add(row.MaxAge + time.Hour)
			}
			return recordtest.Base.Add(row.MaxAge - time.Hour)
		}})
		return b
	}

	// Two resources: the encoder reads the clock again when it begins with the first one again.
	logs := recordtest.DNS(1)
	recordtest.DNSFrom(1, all-1, recordtest.Base).ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
	random := rand.NewChaCha8([32]byte{1})
	noise := make([]byte, 240)
	for _, rl := range logs.ResourceLogs().All() {
		for _, lr := range rl.ScopeLogs().At(0).LogRecords().All() {
			lr.Attributes().Remove("EventStartTime")
			_, _ = random.Read(noise)
			lr.Attributes().PutStr("EventMessage", base64.StdEncoding.EncodeToString(noise))
		}
	}
	require.NoError(t, r.push(context.Background(), logs))
	requireOnce(t, s, all)
	require.Equal(t, int64(all), r.Sum("rows_accepted", ""))
	accepted := map[string]int{}
	for _, call := range s.Calls() {
		if call.Status == http.StatusNoContent {
			accepted[call.Rule]++
		}
	}
	require.Equal(t, map[string]int{other: 2}, accepted)
}
