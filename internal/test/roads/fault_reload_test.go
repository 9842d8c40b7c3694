// SPDX-License-Identifier: Apache-2.0

// Faults of the host and of its operator: signals, kills, clocks, and a second collector. docs/reliability.md has a row for each.

package roads

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// plainRoad is a queue on disk in front of an OTLP endpoint.
const plainRoad = "extension/resilientfilestorageextension/README.md"

// reloading returns a trip whose section batch is in a file, and the function that writes the file.
func reloading(t *testing.T) (*trip, func(section string)) {
	file := filepath.Join(t.TempDir(), "batch.yaml")
	write := func(section string) { require.NoError(t, os.WriteFile(file, []byte(section), 0o600)) }
	write("{max_records: 50}")
	return roadOf(plainRoad).begin(t, fmt.Sprintf("yaml:receivers::asimdns::batch: ${file:%s}", file),
		fmt.Sprintf("yaml:extensions::resilient_file_storage::directory: '%s'", smallDisk(t, 64<<20))), write // in memory: others may keep the disk busy
}

// reload sends SIGHUP.
func (c *collector) reload() {
	c.t.Helper()
	require.NoError(c.t, c.cmd.Process.Signal(syscall.SIGHUP))
}

// firstAccount returns the numbers of the first account in the log.
func (c *collector) firstAccount() (received, emitted, dropped, pending int) {
	c.t.Helper()
	n := account.FindStringSubmatch(c.out.String())
	require.NotEmpty(c.t, n, "%s", tail(c.out.String()))
	_, err := fmt.Sscan(strings.Join(n[1:], " "), &received, &emitted, &dropped, &pending)
	require.NoError(c.t, err)
	return received, emitted, dropped, pending
}

// The tests of reloads are not parallel, because a shutdown has bounds in time.
func TestFaultAReloadWhileEventsFlowGoesOnWithAnExactAccount(t *testing.T) {
	const all = 1000
	recorded := filepath.Join(t.TempDir(), "recorded.etl")
	trip, _ := reloading(t)
	trip.more = append(trip.more, fmt.Sprintf("yaml:receivers::asimdns::record::path: '%s'", recorded))
	c := trip.run(recording(t, "reload", all, 4), 250)
	c.untilAccepted(100)
	c.reload()
	c.until("the collector is ready again", func() bool { return strings.Count(c.out.String(), ready) == 2 })
	received, emitted, dropped, _ := c.firstAccount()
	require.Positive(t, emitted)
	require.Less(t, emitted, all)
	atMost(t, received-emitted-dropped)
	c.untilAccepted(all) // the replay begins anew
	require.Equal(t, all, c.interrupt())
	c = trip.run(recording(t, "last", 10, 4), 0)
	trip.untilArrived(c, "last", 10)
	require.Equal(t, 10, c.interrupt())
	requireExactly(t, trip.got(), append(names("reload", all), names("last", 10)...))
}

// opentelemetry-collector#11817. If this test fails because the collector goes on, upstream has fixed it, and docs/upstream.md and
// docs/reliability.md must change.
func TestFaultAReloadWithABrokenConfigurationEndsTheCollectorWithAnExactAccount(t *testing.T) {
	trip, write := reloading(t)
	c := trip.run(recording(t, "broken", 2000, 4), 250)
	c.untilAccepted(100)
	write("{max_records: -1}")
	c.reload()
	require.Equal(t, 1, c.exitCode(), "%s", tail(c.out.String()))
	require.Contains(t, c.out.String(), "max_records: -1 is not allowed")
	received, emitted, dropped, _ := c.firstAccount()
	require.Positive(t, emitted)
	atMost(t, received-emitted-dropped)
	write("{max_records: 50}")
	c = trip.run(recording(t, "last", 10, 4), 0)
	c.until("all records have arrived", func() bool { return len(trip.got()) >= emitted+10 })
	require.Equal(t, 10, c.interrupt())
	requireExactly(t, trip.got(), append(names("broken", emitted), names("last", 10)...))
}

// The records that the receiver has handed over are in the queue's file.
func TestFaultAKillInMidStreamLosesWhatTheReceiverHasNotHandedOver(t *testing.T) {
	t.Parallel()
	trip := roadOf(plainRoad).begin(t)
	trip.away(t)
	c := trip.run(recording(t, "killed", 3000, 4), 500)
	c.untilAccepted(300)
	n := c.accepted()
	c.kill()
	trip.back(t)
	c = trip.run(recording(t, "last", 10, 4), 0)
	trip.untilArrived(c, "last", 10)
	c.until("the queue is empty", func() bool { return c.metric("otelcol_exporter_queue_size") == 0 })
	require.Equal(t, 10, c.interrupt())
	atMost(t, len(missing(trip.got(), names("killed", n))))
	require.Less(t, ofPart(trip.got(), "killed"), 3000)
}

func TestFaultASecondCollectorOnAStorageDoesNotStartAndTheFirstGoesOn(t *testing.T) {
	t.Parallel()
	const all = 3000
	trip := roadOf(plainRoad).begin(t)
	c := trip.run(recording(t, "first", all, 4), 150)
	c.untilAccepted(100)
	second := trip.launch(recording(t, "second", 10, 4), 0)
	require.Equal(t, 1, second.exitCode())
	require.Contains(t, second.out.String(), "another process has the file")
	require.Less(t, c.accepted(), all, "the first one still receives")
	trip.untilArrived(c, "first", all)
	require.Equal(t, all, c.interrupt())
	requireOnce(t, trip.got(), names("first", all))
	atMost(t, all-ofPart(trip.got(), "first"))
}

func TestFaultASecondCollectorOnARecordingDoesNotStartAndTheFirstGoesOn(t *testing.T) {
	t.Parallel()
	const all = 3000
	path := filepath.Join(t.TempDir(), "recorded.etl")
	record := fmt.Sprintf("yaml:receivers::asimdns::record::path: '%s'", path)
	trip := roadOf(plainRoad).begin(t, record)
	c := trip.run(recording(t, "first", all, 4), 150)
	c.untilAccepted(100)
	other := roadOf(plainRoad).begin(t, record)
	second := other.launch(recording(t, "second", 10, 4), 0)
	require.Equal(t, 1, second.exitCode())
	require.Contains(t, second.out.String(), "another receiver records to "+path)
	require.Less(t, c.accepted(), all, "the first one still receives")
	c.untilAccepted(all)
	require.Equal(t, all, c.interrupt())

	other.more = nil
	c = other.run(path, 0)
	other.untilArrived(c, "first", all)
	require.Equal(t, all, c.interrupt())
	requireOnce(t, other.got(), names("first", all))
	atMost(t, all-ofPart(other.got(), "first"))
}
