// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
)

// notes is an extension that keeps the last note.
type notes struct {
	component.StartFunc
	component.ShutdownFunc
	through atomic.Int64
}

func (n *notes) Delivered(_ component.ID, through time.Time) { n.through.Store(through.UnixNano()) }

type hostWith struct{ *notes }

func (h hostWith) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("notes"): h.notes}
}

func TestTheStorageLearnsWhichEventsHaveLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var refuses atomic.Bool
		next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
			if refuses.Load() {
				return errors.New("full")
			}
			return nil
		})
		require.NoError(t, err)
		n := &notes{}
		f := prepared(t, next)
		require.NoError(t, f.Start(t.Context(), hostWith{n}))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, time.Now().UnixNano(), n.through.Load(), "nothing waits")

		refuses.Store(true)
		f.Pipeline.Offer(time.Now().UnixNano(), []byte("event"), nil)
		waiting := time.Now().UnixNano()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, waiting, n.through.Load(), "it is in the receiver since then")

		refuses.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Greater(t, n.through.Load(), waiting)
		require.NoError(t, f.Shutdown(t.Context()))
	})
}
