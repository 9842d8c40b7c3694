// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
)

// faultyNext is the next component of a round.
type faultyNext struct {
	consumertest.LogsSink
	round
	stopNow chan struct{}

	mu       sync.Mutex
	attempts map[bool]int // to hand over records, and status records, which come from a goroutine of their own
}

func (n *faultyNext) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	f, is := n.next(isStatus(logs))
	if !is {
		return n.LogsSink.ConsumeLogs(ctx, logs)
	}
	switch f {
	case refuses:
		return errors.New("busy")
	case refusesForGood:
		return consumererror.NewPermanent(errors.New("bad records"))
	case takesPart:
		half := logs.LogRecordCount() / 2
		taken, rest := part(logs, 0, half), part(logs, half, math.MaxInt)
		return errors.Join(n.LogsSink.ConsumeLogs(ctx, taken), consumererror.NewLogs(errors.New("busy"), rest))
	case panics:
		panic("a fault of this test")
	case isSlow:
		time.Sleep(20 * time.Millisecond)
	case never:
		<-ctx.Done()
		return ctx.Err()
	}
	return n.LogsSink.ConsumeLogs(ctx, logs)
}

// next returns the fault of the next attempt, if it has one. Both kinds of records have the same faults.
func (n *faultyNext) next(ofStatus bool) (f fault, is bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.attempts[ofStatus]++
	at := n.attempts[ofStatus]
	if !ofStatus && at == n.stop {
		close(n.stopNow)
	}
	f, is = n.faults[at]
	return f, is
}

// isStatus reports whether a batch has status records.
func isStatus(logs plog.Logs) bool {
	return logs.ResourceLogs().Len() > 0 && logs.ResourceLogs().At(0).ScopeLogs().At(0).Scope().Name() == status.ScopeName
}

// part returns a copy of the records from one place up to another, with their resources and scopes.
func part(logs plog.Logs, from, to int) plog.Logs {
	some := plog.NewLogs()
	logs.CopyTo(some)
	i := -1
	for _, rl := range some.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			sl.LogRecords().RemoveIf(func(plog.LogRecord) bool { i++; return i < from || i >= to })
		}
	}
	return some
}

// taken returns the number of records that it has, without the archive's, and that of status records.
func (n *faultyNext) taken() (records, ofStatus int64) {
	for _, logs := range n.AllLogs() {
		if isStatus(logs) {
			ofStatus += int64(logs.LogRecordCount())
			continue
		}
		for _, rl := range logs.ResourceLogs().All() {
			if tier, has := rl.Resource().Attributes().Get("winnet.tier"); has && tier.Str() == "archive" {
				continue
			}
			for _, sl := range rl.ScopeLogs().All() {
				records += int64(sl.LogRecords().Len())
			}
		}
	}
	return records, ofStatus
}
