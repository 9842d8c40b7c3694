// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
)

// A change that nobody has read when the watch stops does not keep its goroutine: synctest.Test fails while one waits.
func TestAStoppedWatchKeepsNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := watch.NewFakeWithOptions(watch.FakeOptions{ChannelSize: 3})
		for range 3 {
			from.Add(&unstructured.Unstructured{})
		}
		ended := false
		e := &ending{
			cancel:    func(error) { ended = true },
			Interface: watch.Filter(from, func(e watch.Event) (watch.Event, bool) { return e, true }),
		}
		synctest.Wait()
		e.Stop()
		synctest.Wait()
		require.True(t, ended)
	})
}
