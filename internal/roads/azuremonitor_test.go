// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hourOfConfigYAML is what config.yaml, README.md and docs/upstream.md say about azure_monitor 0.161, which acknowledges what it has not
// delivered. When it fails because records arrive after all, that has been mended, and what they say must change.
func hourOfConfigYAML(t *testing.T) {
	trip := azureMonitor(t)
	c := trip.run(t, recording(t, "calm", 1000, 4), 500)
	c.until("all has arrived", func() bool { return ofPart(trip.got(), "calm") == 1000 })
	require.Equal(t, 1000, c.interrupt())
	requireOnce(t, trip.got(), names("calm", 1000))
	want := names("calm", 1000)

	// An outage of less than 100 seconds, with the collector running, costs nothing.
	trip.away(t)
	c = trip.run(t, recording(t, "outage", 1000, 4), 100)
	c.untilAccepted(1000)
	time.Sleep(min(outage(t), 20*time.Second) / 2)
	trip.back(t)
	c.until("all has arrived", func() bool { return ofPart(trip.got(), "outage") == 1000 })
	require.Equal(t, 1000, c.interrupt())
	want = append(want, names("outage", 1000)...)

	// With it away, a stop costs what was taken, though all is said to be sent; and so does kill -9.
	acknowledged := func(part string) *collector {
		c := trip.run(t, recording(t, part, 1000, 4), 0)
		c.until("the exporter has acknowledged all", func() bool { return c.metric("otelcol_exporter_sent_log_records") == 1000 })
		require.Zero(t, c.metric("otelcol_exporter_send_failed_log_records"))
		return c
	}
	trip.away(t)
	require.Equal(t, 1000, acknowledged("stopped").interrupt())
	acknowledged("killed").kill()
	trip.back(t)
	c = trip.run(t, recording(t, "last", 100, 4), 0)
	c.until("the next records have arrived", func() bool { return ofPart(trip.got(), "last") == 100 })
	c.interrupt()
	requireExactly(t, trip.got(), append(want, names("last", 100)...))
}

// track is config.yaml with its far end.
type track struct {
	*trackFar
	dir string
}

func azureMonitor(t *testing.T) *track { return &track{newTrackFar(t), home(t)} }

func (r *track) run(t *testing.T, path string, rate int) *collector {
	return start(t, r.dir, r.env(), "config.yaml", fmt.Sprintf("yaml:extensions::health_check::endpoint: 127.0.0.1:%d", freePort(t)),
		fmt.Sprintf("yaml:receivers::asimdns::replay: {path: '%s', rate: %d}", path, rate))
}
