// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
)

// flush hands the batch to the next component and begins a new one. An empty batch is replaced too, because its resource was made when it
// began.
func (p *lane) flush() {
	if p.count() == 0 {
		p.begin()
		return
	}
	since := p.since()
	p.Stats.lag.Store(max(0, time.Now().UnixNano()-since))

	logs := p.logs
	if len(p.places) > 1 {
		logs.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
			rl.ScopeLogs().RemoveIf(func(sl plog.ScopeLogs) bool { return sl.LogRecords().Len() == 0 })
			return rl.ScopeLogs().Len() == 0
		})
	}
	p.begin()
	all := p.tierCountsOf(logs)
	failed, err := p.consume(logs, all)
	p.Stats.Emitted.Add(int64(all.main - failed.main))
	p.Stats.Archive.Emitted.Add(int64(all.archive - failed.archive))
	if err == nil {
		p.noteLeft(since)
		p.track.deliver(p.unheld, false)
		return
	}
	reason := DropRefused
	switch {
	case errors.Is(err, errPanic):
		reason = DropPanic
	case p.deliver.Err() != nil:
		reason = DropShutdown
	}
	p.track.deliver(p.unheld, reason == DropShutdown)
	p.Stats.Dropped.Add(reason, int64(failed.main))
	fields := []zap.Field{zap.Int("records", failed.main), zap.String("reason", reason), zap.Error(err)}
	if p.Archive {
		p.Stats.Archive.Dropped.Add(reason, int64(failed.archive))
		fields = append(fields, zap.Int("archive", failed.archive))
	}
	p.Logger.Error("records are lost: the next component in the pipeline did not take them", fields...)
}

// mostUnderway is the longest time between a live event and its receipt that is believed, since sessions deliver within seconds. If the
// event's time is older, the time is wrong or the host was suspended in between; the lag then counts from the receipt.
const mostUnderway = time.Minute

// since returns the time from which the lag of the batch counts, in nanoseconds since 1970: the oldest time among the first records of all
// resources.
func (p *lane) since() int64 {
	oldest := int64(math.MaxInt64)
	for _, place := range p.places {
		if place.Len() == 0 {
			continue
		}
		first := place.At(0)
		from, received := int64(first.Timestamp()), int64(first.ObservedTimestamp())
		if !p.Live || from > received || from < received-int64(mostUnderway) {
			from = received
		}
		oldest = min(oldest, from)
	}
	return oldest
}

// consume hands logs over. It retries as long as the error says that it may succeed later and the retry settings allow it. It returns how
// many records were not taken, and why. The number is at most all, the number of logs, because behind a processor there may be more.
func (p *lane) consume(logs plog.Logs, all tierCounts) (tierCounts, error) {
	attempts, given := p.Retry.Begin(p.stopping), all
	for {
		err := p.consumeOnce(logs)
		switch {
		case err == nil:
			return tierCounts{}, nil
		case errors.Is(err, errPanic):
			return given, err // logs may have been changed halfway
		}
		if part := (consumererror.Logs{}); errors.As(err, &part) {
			logs = part.Data()
		}
		left := p.tierCountsOf(logs).within(all)
		given = left
		pause, again := attempts.Next(p.deliver, err)
		if !again {
			return left, err
		}
		p.Logger.Warn("the next component in the pipeline did not take the records; trying again",
			zap.Int("records", left.sum()), zap.Duration("after", pause), zap.Error(err))
		if !attempts.Wait(p.deliver, pause) {
			return left, err
		}
	}
}

// errPanic is the error of an attempt in which the next component panicked.
var errPanic = errors.New("the next component in the pipeline panicked")

// consumeOnce makes one attempt and reports it to the collector's own receiver metrics. A panic of the next component, or of another one that
// it calls, is an error: it costs the records of the attempt, which may already be further on in part, and not the process.
func (p *lane) consumeOnce(logs plog.Logs) (err error) {
	n := logs.LogRecordCount()
	ctx := p.Report.StartLogsOp(p.deliver)
	p.inNext.Store(true)
	defer func() {
		p.inNext.Store(false)
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errPanic, r)
			if !p.nextPanicked {
				p.nextPanicked = true
				p.Logger.Error("the next component in the pipeline panicked; the records are counted as dropped, and further panics are logged without the stack",
					zap.Any("panic", r), zap.ByteString("stack", debug.Stack()))
			}
		}
		p.Report.EndLogsOp(ctx, p.Format, n, err)
	}()
	return p.Next.ConsumeLogs(ctx, logs)
}
