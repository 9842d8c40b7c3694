// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"context"
	"errors"
	"math"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// faultyNext is the next component of a round.
type faultyNext struct {
	consumertest.LogsSink
	round
	attempts int
	stopNow  chan struct{}
}

func (n *faultyNext) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	n.attempts++
	if n.attempts == n.stop {
		close(n.stopNow)
	}
	f, is := n.faults[n.attempts]
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

// main is the number of records that it has, without the archive's.
func (n *faultyNext) main() (records int64) {
	for _, logs := range n.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			if tier, has := rl.Resource().Attributes().Get("winnet.tier"); has && tier.Str() == "archive" {
				continue
			}
			for _, sl := range rl.ScopeLogs().All() {
				records += int64(sl.LogRecords().Len())
			}
		}
	}
	return records
}
