// SPDX-License-Identifier: Apache-2.0

// Outages that are longer than an exporter retries by default: five minutes of real time. These tests only wait, in
// parallel with the others.

package roads

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// longOutage is longer than any default of an exporter: the retries' five minutes, which begin with the first attempt.
const longOutage = 330 * time.Second

// returns is how long the records may take after a long outage: gRPC waits up to 144 s before it connects again, and no
// setting of an exporter shortens that.
const returns = 144*time.Second + patience

func TestEveryShippedConfigurationOutlastsAnOutageThatIsLongerThanAnyDefault(t *testing.T) {
	t.Parallel()
	const all = 1000
	for _, r := range roads() {
		t.Run(r.config, func(t *testing.T) {
			t.Parallel()
			trip := r.begin(t)
			c := trip.run(r.recording(t, "calm", 100, 4), 0)
			trip.untilArrived(c, "calm", 100)
			require.Equal(t, 100, c.interrupt())

			trip.away(t)
			c = trip.run(r.recording(t, "outage", all, 4), 100)
			c.untilAccepted(all)
			time.Sleep(longOutage)
			require.Zero(t, ofPart(trip.got(), "outage"), "the far end is away")
			trip.back(t)
			c.untilWithin(returns, "all records have arrived", func() bool { return ofPart(trip.got(), "outage") == all })
			require.Zero(t, c.metric("otelcol_exporter_send_failed_log_records"))
			require.Equal(t, all, c.interrupt())
			requireExactly(t, trip.got(), append(names("calm", 100), names("outage", all)...))
		})
	}
	t.Run("examples/fleet/gateway.yaml", func(t *testing.T) {
		t.Parallel()
		f := newFleet(t)
		f.sentinel.away(t)
		want := f.send("outage", all, 100, func() {
			time.Sleep(longOutage)
			require.Empty(t, f.sentinel.got(), "Sentinel is away")
			f.sentinel.back(t)
		})
		requireExactly(t, f.sentinel.got(), want)
		for _, gateway := range f.gateways {
			gateway.stopWithin(patience)
		}
	})
	t.Run("examples/file/config.yaml", func(t *testing.T) {
		t.Parallel()
		disk := smallDisk(t, 64<<20)
		files := filepath.Join(disk, "winnet*")
		free := fill(t, disk)
		c := start(t, home(t), nil, "examples/file/config.yaml", fmt.Sprintf("yaml:exporters::file::path: '%s'", filepath.Join(disk, "winnet.jsonl")),
			fmt.Sprintf("yaml:receivers::asimdns: {replay: {path: '%s'}, retry: {initial_interval: 200ms, max_interval: 1s}}", recording(t, "outage", all, 4)))
		c.until("the disk refuses records", func() bool { return c.metric("otelcol_receiver_refused_log_records") > 0 })
		time.Sleep(longOutage)
		require.Zero(t, ofPart(records(t, files), "outage"), "the disk is full")
		free()
		c.until("all records are in the files", func() bool { return ofPart(records(t, files), "outage") == all })
		require.Equal(t, all, c.interrupt())
		requireExactly(t, records(t, files), names("outage", all))
	})
}
