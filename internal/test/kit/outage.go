// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Outage is a next component that takes nothing for a time, which begins with the first batch. Meanwhile it blocks, or it refuses each
// batch with an error that may pass.
type Outage struct {
	consumertest.LogsSink
	For     time.Duration
	Refuses bool

	until time.Time
}

// ConsumeLogs takes a batch once the outage is over.
func (o *Outage) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if o.until.IsZero() {
		o.until = time.Now().Add(o.For)
	}
	if left := time.Until(o.until); left > 0 {
		if o.Refuses {
			return errors.New("the far end is away")
		}
		time.Sleep(left)
	}
	return o.LogsSink.ConsumeLogs(ctx, logs)
}

// RunFor runs a function in virtual time, and stops it after a time.
func RunFor(t *testing.T, d time.Duration, run func(stopped <-chan struct{})) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		stopped, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			run(stopped)
		}()
		time.Sleep(d)
		close(stopped)
		<-ended
	})
}

// RequireNothingHeld requires that a receiver without further events keeps none back after a time, in virtual time.
func RequireNothingHeld(t *testing.T, after time.Duration, held func() int) {
	t.Helper()
	time.Sleep(after)
	synctest.Wait()
	require.Zero(t, held())
}

// texts returns each record of a sink in OTLP's JSON form with its resource.
func texts(t testing.TB, sink *consumertest.LogsSink) (list []string) {
	t.Helper()
	EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		one := plog.NewLogs()
		to := one.ResourceLogs().AppendEmpty()
		rl.Resource().CopyTo(to.Resource())
		lr.CopyTo(to.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
		text, err := (&plog.JSONMarshaler{}).MarshalLogs(one)
		require.NoError(t, err)
		list = append(list, string(text))
	})
	return list
}

// RequireNoAmplification requires that a receiver gives the same records whether its next component takes all batches
// at once, blocks for three times the longest window, or refuses every batch for as long. The order may differ: without an outage, a silence
// between two events can release a record that otherwise waits for the second event. receive runs the receiver with a next component,
// with events that go on for at least twice the outage.
func RequireNoAmplification(t *testing.T, longest time.Duration, receive func(t *testing.T, next *Outage)) {
	t.Helper()
	records := func(next *Outage) []string {
		receive(t, next)
		return texts(t, &next.LogsSink)
	}
	calm := records(&Outage{})
	require.NotEmpty(t, calm)
	for _, refuses := range []bool{false, true} {
		got := records(&Outage{For: 3 * longest, Refuses: refuses})
		without, with := unlike(calm, got)
		require.Empty(t, without, "records that only the run without an outage has; %d in all, %d with the outage; the next component refuses: %v", len(calm), len(got), refuses)
		require.Empty(t, with, "records that only the run with the outage has; the next component refuses: %v", refuses)
	}
}

// unlike returns some of what only one of two lists has.
func unlike(a, b []string) (onlyA, onlyB []string) {
	count := map[string]int{}
	for _, text := range a {
		count[text]++
	}
	for _, text := range b {
		count[text]--
	}
	for text, n := range count {
		switch {
		case n > 0 && len(onlyA) < 3:
			onlyA = append(onlyA, text)
		case n < 0 && len(onlyB) < 3:
			onlyB = append(onlyB, text)
		}
	}
	return onlyA, onlyB
}
