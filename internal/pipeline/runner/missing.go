// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/eventid"
)

// WhenMissing is the receivers' key `when_missing`: what becomes of a receiver whose source the host lacks.
type WhenMissing string

// KeyWhenMissing is the key of the configuration.
const KeyWhenMissing = "when_missing"

// The values of WhenMissing.
const (
	Fail WhenMissing = "fail" // the collector does not start
	Wait WhenMissing = "wait" // the receiver reports it and tries again, and the others run
)

// Check returns an error that says which values are allowed.
func (w WhenMissing) Check() error {
	if w != Fail && w != Wait {
		return fmt.Errorf("%q is not allowed; want %s or %s", w, Fail, Wait)
	}
	return nil
}

// missingInterval is the time between two attempts to open a source that is missing.
const missingInterval = 30 * time.Second

// openWaiting opens the live source. If the host lacks it and the configuration says so, it returns a source without events, which opens the
// live source as soon as that is there.
func (r *Runner) openWaiting(h component.Host) (stop func(context.Context) error, err error) {
	stop, err = r.Parts.OpenLive(h)
	if err == nil || r.Sections.WhenMissing != Wait || !r.Parts.Missing(err) {
		return stop, err
	}
	r.Receiver.Logger.Warn("this host lacks the receiver's source; trying again", zap.Duration("after", missingInterval), zap.Error(err), eventid.SourceGone.Field())
	componentstatus.ReportStatus(h, componentstatus.NewRecoverableErrorEvent(err))
	stopped, ended := make(chan struct{}), make(chan func(context.Context) error, 1)
	go func() { ended <- r.await(h, stopped) }()
	return func(ctx context.Context) error {
		close(stopped)
		select {
		case opened := <-ended:
			return closeOpened(ctx, opened)
		case <-ctx.Done():
		}
		go func() { // ends when the attempt does; a source that it opened ends then
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pipeline.DrainTimeout)
			defer cancel()
			if err := closeOpened(ctx, <-ended); err != nil {
				r.Receiver.Logger.Warn("a source that was opened during the stop has not ended", zap.Error(err))
			}
		}()
		return fmt.Errorf("an attempt to open the receiver's source has not ended: %w", context.Cause(ctx))
	}, nil
}

// closeOpened ends a source; nil is none.
func closeOpened(ctx context.Context, opened func(context.Context) error) error {
	if opened == nil {
		return nil
	}
	return opened(ctx)
}

// await opens the live source as soon as it is there. It returns nil if it is not there when stopped is closed, and reports nothing from then on.
func (r *Runner) await(h component.Host, stopped <-chan struct{}) (stop func(context.Context) error) {
	tick := time.NewTicker(missingInterval)
	defer tick.Stop()
	said := ""
	for {
		select {
		case <-tick.C:
		case <-stopped:
			return nil
		}
		stop, err := r.Parts.OpenLive(h)
		select {
		case <-stopped: // in the meantime
			return stop
		default:
		}
		switch {
		case err == nil:
			r.Receiver.Logger.Info("the receiver's source is there now", eventid.SourceBack.Field())
			componentstatus.ReportStatus(h, componentstatus.NewEvent(componentstatus.StatusOK))
			return stop
		case !r.Parts.Missing(err) && err.Error() != said: // it is there, and cannot be opened
			said = err.Error()
			r.Receiver.Logger.Error("cannot open the receiver's source; trying again", zap.Duration("after", missingInterval), zap.Error(err))
			componentstatus.ReportStatus(h, componentstatus.NewRecoverableErrorEvent(err))
		}
	}
}
