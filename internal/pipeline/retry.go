// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/consumer/consumererror"
)

// Attempts says when to try again what the next component did not take. One goroutine uses it.
type Attempts struct {
	config   RetryConfig
	wait     backoff.ExponentialBackOff
	begun    time.Time
	stopping <-chan struct{}
}

// Begin returns the attempts to hand one thing over. The first one is now. stopping is closed when a shutdown begins.
func (c RetryConfig) Begin(stopping <-chan struct{}) *Attempts {
	a := &Attempts{config: c, begun: time.Now(), stopping: stopping, wait: backoff.ExponentialBackOff{
		InitialInterval: c.InitialInterval, RandomizationFactor: c.RandomizationFactor, Multiplier: c.Multiplier, MaxInterval: c.MaxInterval,
	}}
	a.wait.Reset()
	return a
}

// Next returns the pause after an attempt that ended with an error. It returns false if no attempt may follow: the error is permanent, retries are
// disabled, ctx has ended, or the pause would end after max_elapsed_time.
func (a *Attempts) Next(ctx context.Context, err error) (pause time.Duration, again bool) {
	if consumererror.IsPermanent(err) || !a.config.Enabled || ctx.Err() != nil {
		return 0, false
	}
	pause = a.wait.NextBackOff()
	return pause, a.config.MaxElapsedTime <= 0 || time.Since(a.begun)+pause <= a.config.MaxElapsedTime
}

// Wait waits for the pause, or until a shutdown begins: its time is shorter than most pauses. The pauses are short again after that. Wait
// returns false if ctx has ended, after which nothing may be handed over.
func (a *Attempts) Wait(ctx context.Context, pause time.Duration) bool {
	select {
	case <-time.After(pause):
	case <-a.stopping:
		a.stopping = nil
		a.wait.Reset()
	case <-ctx.Done():
	}
	return ctx.Err() == nil // two of them may have come
}
