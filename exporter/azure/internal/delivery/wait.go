// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"errors"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
)

// WaitError is an error after which to wait.
type WaitError struct {
	Err  error
	Wait time.Duration
}

func (w WaitError) Error() string { return w.Err.Error() }
func (w WaitError) Unwrap() error { return w.Err }

// Left is the error of a push of which records are left: why, how long to wait at least, and, when some are done, those that are left.
// done has one value for each record, in their order. It is nil when there is no error.
func Left(errs []error, logs plog.Logs, done []bool) error {
	if len(errs) == 0 {
		return nil
	}
	err := errors.Join(errs...)
	if wait := shortestWait(errs); wait > 0 {
		err = exporterhelper.NewThrottleRetry(err, wait)
	}
	for _, d := range done {
		if d {
			return consumererror.NewLogs(err, Rest(logs, done))
		}
	}
	return err
}

// shortestWait is the shortest time after which one of several can go on, or 0.
func shortestWait(errs []error) (wait time.Duration) {
	for i, err := range errs {
		var w WaitError
		if !errors.As(err, &w) {
			return 0
		}
		if i == 0 || w.Wait < wait {
			wait = w.Wait
		}
	}
	return wait
}
