// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// azure_monitor 0.161 acknowledges what it has not delivered. These tests state what config.yaml, README.md and docs/upstream.md say
// about it: when they fail because records arrive after all, it has been mended, and what they say must change.

func TestConfigYAMLDeliversEachRecordOnceInCalm(t *testing.T) {
	t.Parallel()
	trip := azureMonitor(t)
	c := trip.run(t, recording(t, "calm", 1000, 4), 500)
	c.until("all has arrived", func() bool { return ofPart(trip.got(), "calm") == 1000 })
	require.Equal(t, 1000, c.interrupt())
	requireOnce(t, trip.got(), names("calm", 1000))
}

func TestConfigYAMLLosesWhatItTookDuringAnOutageWhenItIsStopped(t *testing.T) {
	t.Parallel()
	trip := azureMonitor(t)
	trip.away(t)
	c := trip.run(t, recording(t, "lost", 1000, 4), 0)
	c.until("the exporter has acknowledged all", func() bool { return c.metric("otelcol_exporter_sent_log_records") == 1000 })
	require.Equal(t, 1000, c.interrupt())
	require.Zero(t, c.metric("otelcol_exporter_send_failed_log_records"))
	trip.back(t)
	c = trip.run(t, recording(t, "last", 100, 4), 0)
	c.until("the next records have arrived", func() bool { return ofPart(trip.got(), "last") == 100 })
	c.interrupt()
	requireOnce(t, trip.got(), names("last", 100))
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
