// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"errors"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
)

// WaitError is an error after which the caller has to wait.
type WaitError struct {
	Err  error
	Wait time.Duration
}

func (w WaitError) Error() string { return w.Err.Error() }
func (w WaitError) Unwrap() error { return w.Err }

// Left returns the error of a push that left records: the reasons, the shortest time to wait and, if some records are
// done, the remaining ones. done has one value for each record, in their order. It returns nil if there are no errors.
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

// shortestWait returns the shortest wait among the errors, or 0.
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
