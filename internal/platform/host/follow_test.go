// SPDX-License-Identifier: Apache-2.0

package host

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnAddressThatChangesIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := []string{"192.0.2.1", "192.0.2.1", "198.51.100.7", "198.51.100.7", "192.0.2.1"}
		var set []string
		stopped, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			read := func() string {
				next := reads[0]
				reads = reads[1:]
				return next
			}
			Follow(stopped, "192.0.2.1", read, func(s string) { set = append(set, s) })
		}()
		time.Sleep(5*time.Minute + time.Second)
		close(stopped)
		<-ended
		require.Equal(t, []string{"198.51.100.7", "192.0.2.1"}, set)
		require.Empty(t, reads, "it looks once a minute")
	})
}
