// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows/svc"
)

// TestAServiceThatStartsOrStopsIsLeftAloneUntilItHas: one that fails at each start is between two states at any time.
func TestAServiceThatStartsOrStopsIsLeftAloneUntilItHas(t *testing.T) {
	for _, end := range []svc.State{svc.Stopped, svc.Running} {
		synctest.Test(t, func(t *testing.T) {
			states := []svc.State{svc.StartPending, svc.StopPending, end}
			state, err := settled(func() (svc.Status, error) {
				now := states[0]
				states = states[1:]
				return svc.Status{State: now}, nil
			})
			require.NoError(t, err)
			require.Equal(t, end, state)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		_, err := settled(func() (svc.Status, error) { return svc.Status{State: svc.StartPending}, nil })
		require.ErrorContains(t, err, "its state is still 2 after 1m0s")
		require.InDelta(t, patience, time.Since(begun), float64(2*pause))
	})
}
