// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A replay waits for the recorder. A live source does not: what its recorder cannot hold is counted as unrecorded.
func TestFaultAFullDiskUnderARecordingDelaysAReplayAndCompletesTheRecording(t *testing.T) {
	t.Parallel()
	const all = 6000
	disk := smallDisk(t, 32<<20)
	path := filepath.Join(disk, "recorded.etl")
	trip := roadOf(plainRoad).begin(t, fmt.Sprintf("yaml:receivers::asimdns: {queue: {max_size_mib: 2}, record: {path: '%s'}}", path))
	c := trip.run(recording(t, "recorded", all, 1), 1000)
	c.untilAccepted(300)
	free := fill(t, disk)
	c.untilLogged("cannot write the recorded file")
	last, since := 0, time.Now()
	c.until("the receiver has taken nothing for two seconds", func() bool {
		if n := c.metric("otelcol_receiver_asimdns_events_received"); n != last {
			last, since = n, time.Now()
		}
		return time.Since(since) > 2*time.Second
	})
	require.Less(t, last, all)
	free()
	c.untilAccepted(all)
	c.until("the recording has every event", func() bool { return c.metric("otelcol_receiver_asimdns_events_recorded") == all })
	require.Equal(t, all, c.interrupt())
	trip.more = nil
	c = trip.run(path, 0)
	c.untilAccepted(all)
	require.Equal(t, all, c.interrupt())
	got := trip.got()
	atMost(t, all-ofPart(got, "recorded"))
}
