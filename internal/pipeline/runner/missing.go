// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"

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
	var opened func(context.Context) error
	var waiting sync.WaitGroup
	stopped := make(chan struct{})
	waiting.Go(func() { opened = r.await(h, stopped) })
	return func(ctx context.Context) error {
		close(stopped)
		waiting.Wait()
		if opened == nil {
			return nil
		}
		return opened(ctx)
	}, nil
}

// await opens the live source as soon as it is there. It returns nil if it is not there when stopped is closed.
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
