// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// endsWithin is how long the collector may take to end after Ctrl-C.
const endsWithin = 5 * time.Second

// Not in parallel, because it measures time.
func TestCtrlCWithAFullQueueEndsInTimeWithAnExactAccount(t *testing.T) {
	for _, r := range roads() {
		if r.through != "" {
			continue // the queue belongs to its agent
		}
		t.Run(r.config, func(t *testing.T) {
			const capacity, batch = 4_200_000, 20
			full := 4200
			if r.receiver == "ciliumwindows" { // its records have a fraction of the size
				full = 21_000
			}
			trip := r.begin(t, fmt.Sprintf("yaml:exporters::%s::sending_queue::queue_size: %d", r.exporters[0], capacity),
				fmt.Sprintf("yaml:receivers::%s::batch::max_records: %d", r.receiver, batch))
			trip.away(t)
			c := trip.run(r.recording(t, "full", full, 1), 0)
			c.until("the queue has no room for another batch", func() bool {
				size, records := c.metric("otelcol_exporter_queue_size"), c.accepted()
				return records > 0 && size+batch*size/records > capacity
			})
			n := c.interruptWithin(endsWithin + r.attempt)
			require.Positive(t, n)
			require.Less(t, n, full)
			trip.back(t)
			c = trip.run(r.recording(t, "last", 100, 1), 0)
			c.until("all records have arrived", func() bool { return len(trip.got()) >= n+100 })
			c.interrupt()
			requireExactly(t, trip.got(), append(names("full", n), names("last", 100)...))
		})
	}
}

// smallDisk mounts a file system of `size` bytes. It needs root on Linux; without it, the test fails.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)), "mounting a file system needs root")
	t.Cleanup(func() { require.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	return dir
}

// fill uses up the free space of a directory, and returns the function that frees it again.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	file, err := os.Create(path)
	require.NoError(t, err)
	for chunk := 1 << 20; chunk > 0; {
		if _, err := file.Write(make([]byte, chunk)); err != nil {
			chunk /= 2
		}
	}
	require.NoError(t, file.Close())
	return func() { require.NoError(t, os.Remove(path)) }
}

func TestCtrlCOnAFullDiskEndsInTimeWithAnExactAccount(t *testing.T) {
	trip, disk := onSmallDisk(t, 32<<20)
	trip.away(t)
	c := trip.run(recording(t, "full", 4000, 1), 200)
	c.untilAccepted(100)
	fill(t, disk)
	c.until("the disk refuses records", func() bool { return c.metric("otelcol_receiver_refused_log_records") > 0 })
	n := c.interruptWithin(endsWithin + trip.attempt)
	require.GreaterOrEqual(t, n, 100)
	require.Less(t, n, 4000)
}

// With file_storage, the queue of exporterhelper 0.161 deletes the items that it took: see docs/upstream.md, and
// TestTheQueueOnAFullDiskDeletesWhatItWasAboutToSend.
func TestAFullDiskUnderTheQueueLosesNoRecord(t *testing.T) {
	t.Parallel()
	const all = 2000
	trip, disk := onSmallDisk(t, 32<<20)
	trip.away(t)
	c := trip.run(recording(t, "full", all, 1), 200)
	c.untilAccepted(100)
	free := fill(t, disk)
	c.until("the disk refuses records", func() bool { return c.metric("otelcol_receiver_refused_log_records") > 0 })
	free()
	trip.back(t)
	c.untilAccepted(all)
	require.Equal(t, all, c.interruptWithin(endsWithin+trip.attempt))
	c = trip.run(recording(t, "last", 100, 1), 0)
	trip.untilArrived(c, "last", 100)
	c.until("the queue is empty", func() bool { return c.metric("otelcol_exporter_queue_size") == 0 })
	require.Equal(t, 100, c.interrupt())
	got := trip.got()
	require.Empty(t, missing(got, names("full", all)))
	require.Empty(t, missing(got, names("last", 100)))
	require.Equal(t, len(got), ofPart(got, "full")+100, "records arrived that were not sent")
}

// onSmallDisk returns a trip whose queue is on a small disk.
func onSmallDisk(t *testing.T, size int) (*trip, string) {
	disk := smallDisk(t, size)
	return roadOf("examples/azure-monitor-otlp/config.yaml").begin(t, fmt.Sprintf("yaml:extensions::resilient_file_storage::directory: '%s'", disk),
		"yaml:receivers::asimdns::retry: {initial_interval: 200ms, max_interval: 1s}"), disk
}
