// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// far is where a configuration sends to.
type far interface {
	away(*testing.T)
	back(*testing.T)
	// got is how often each name has arrived.
	got() map[string]int
	// env and overlay are what the configuration needs to reach it.
	env() []string
	overlay() string
}

// road is a configuration with a queue on disk, and its far end.
type road struct {
	name     string
	config   string
	exporter string
	attempt  time.Duration // what an attempt to send may take beyond the five seconds in which a collector ends: it is not broken off
	far      func(*testing.T) far
}

// roads are all configurations that the project ships or names in README.md and that lose nothing. azure_monitor and file have
// tests of their own.
func roads() []road {
	return []road{
		{"event hubs", "examples/event-hubs/config.yaml", "kafka", 0, func(t *testing.T) far { return newKafkaFar(t) }},
		{"azure blob", "examples/azure-blob/config.yaml", "azure_blob", 5 * time.Second, func(t *testing.T) far { return newBlobFar(t) }},
		{"azure monitor otlp", "examples/azure-monitor-otlp/config.yaml", "otlp_http", 10 * time.Second, func(t *testing.T) far { return newOTLPFar(t) }},
		{"agent and gateway", "examples/otlp/agent.yaml", "otlp_grpc", 0, func(t *testing.T) far { return newGatewayFar(t) }},
		{"sentinel", "examples/sentinel/config.yaml", "sentinel", 2 * time.Second, func(t *testing.T) far { return newSentinelFar(t) }},
	}
}

// outage is how long the far end is away while the collector runs. WINNET_ROADS_OUTAGE sets it: `make test-roads-long` to longer
// than any default of an exporter.
func outage(t *testing.T) time.Duration {
	text := os.Getenv("WINNET_ROADS_OUTAGE")
	if text == "" {
		return 20 * time.Second
	}
	d, err := time.ParseDuration(text)
	require.NoError(t, err)
	return d
}

// trip is one working directory, with its far end.
type trip struct {
	*testing.T
	road
	far
	dir  string
	more []string // configurations over that of the road
}

func (r road) begin(t *testing.T, more ...string) *trip {
	return &trip{T: t, road: r, far: r.far(t), dir: home(t), more: more}
}

// run starts the collector on a recording. The configuration is as shipped but for the source, the far end, and the time between
// two tries.
func (t *trip) run(path string, rate int) *collector {
	t.Helper()
	configs := []string{
		t.config, "yaml:" + t.overlay(),
		fmt.Sprintf("yaml:receivers::asimdns: {replay: {path: '%s', rate: %d}}", path, rate),
		fmt.Sprintf("yaml:exporters::%s::retry_on_failure: {initial_interval: 200ms, max_interval: 1s}", t.exporter),
	}
	return start(t.T, t.dir, t.env(), append(configs, t.more...)...)
}

// untilArrived waits until so many different names of a part are at the far end.
func (t *trip) untilArrived(c *collector, part string, n int) {
	t.Helper()
	c.until(fmt.Sprintf("%d records of %s arrived", n, part), func() bool { return ofPart(t.got(), part) >= n })
}

func TestEveryRoadDeliversAllThroughABadHour(t *testing.T) {
	const large = 4 // one of four records is large
	for _, r := range roads() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			trip := r.begin(t)

			// Calm: each record once.
			c := trip.run(recording(t, "calm", 300, large), 150)
			trip.untilArrived(c, "calm", 300)
			require.Equal(t, 300, c.interrupt())
			requireOnce(t, trip.got(), names("calm", 300))
			want := names("calm", 300)

			// The far end is away for a while.
			c = trip.run(recording(t, "outage", 2000, large), 100)
			trip.untilArrived(c, "outage", 100)
			trip.away(t)
			time.Sleep(outage(t))
			trip.back(t)
			trip.untilArrived(c, "outage", 2000)
			require.Equal(t, 2000, c.interrupt())
			want = append(want, names("outage", 2000)...)

			// It is away and the collector is stopped in the middle of the traffic.
			trip.away(t)
			c = trip.run(recording(t, "stopped", 3000, large), 200)
			c.untilAccepted(300)
			n := c.interrupt()
			require.Less(t, n, 3000, "the recording should not have been at its end")
			want = append(want, names("stopped", n)...)

			// It is still away and the collector is killed.
			c = trip.run(recording(t, "killed", 1000, large), 0)
			c.untilAccepted(1000)
			c.kill()
			want = append(want, names("killed", 1000)...)

			// It comes back, and the collector is killed as the first of what it kept arrives.
			c = trip.run(recording(t, "drained", 200, large), 0)
			c.untilAccepted(200)
			trip.back(t)
			trip.untilArrived(c, "stopped", 1)
			c.kill()
			want = append(want, names("drained", 200)...)

			c = trip.run(recording(t, "last", 100, large), 0)
			c.until("all has arrived", func() bool { return len(trip.got()) >= len(want)+100 })
			require.Equal(t, 100, c.interrupt())
			requireExactly(t, trip.got(), append(want, names("last", 100)...))
			if blobs, ok := trip.far.(*blobFar); ok {
				require.Zero(t, blobs.replaced, "blobs of one name")
			}
		})
	}
}

// Without it, the test above could pass for the wrong reason.
func TestAnExporterThatGivesUpLosesRecordsInTheSameHour(t *testing.T) {
	t.Parallel()
	trip := roads()[2].begin(t, "yaml:exporters::otlp_http::retry_on_failure::max_elapsed_time: 2s")
	trip.away(t)
	c := trip.run(recording(t, "outage", 1000, 4), 0)
	c.until("the exporter gives up", func() bool { return c.metric("otelcol_exporter_send_failed_log_records") >= 500 })
	trip.back(t)
	c.interrupt()
	c = trip.run(recording(t, "last", 100, 4), 0)
	trip.untilArrived(c, "last", 100)
	c.interrupt()
	require.GreaterOrEqual(t, len(missing(trip.got(), names("outage", 1000))), 500)
}

func TestTheStorageLiesBesideTheBinary(t *testing.T) {
	t.Parallel()
	trip := roads()[2].begin(t)
	c := trip.run(recording(t, "a", 10, 1), 0)
	trip.untilArrived(c, "a", 10)
	c.interrupt()
	require.DirExists(t, filepath.Join(trip.dir, "data/otelcol-winnet/storage"))
	require.FileExists(t, filepath.Join(trip.dir, "otelcol-winnet"))
}
