// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// far is the destination of a configuration.
type far interface {
	away(*testing.T)
	back(*testing.T)
	// got returns how often each name has arrived.
	got() map[string]int
	// env and overlay are the settings with which the configuration reaches it.
	env() []string
	overlay() string
}

// road is a configuration with a queue on disk, and its far end.
type road struct {
	config    string
	through   string // the configuration to run, if it is another one: for a gateway, its agent's
	receiver  string
	exporters []string      // the first exports logs
	attempt   time.Duration // how long an attempt to send may take beyond the five seconds in which a collector ends; it is not interrupted
	far       func(*testing.T) far
}

// roads are all shipped configurations with a queue on disk that loses nothing, and the gateway behind one of them.
func roads() []road {
	return []road{
		{"config.yaml", "", "asimdns", []string{"app_insights"}, 0, func(t *testing.T) far { return newTrackFar(t) }},
		{"examples/event-hubs/config.yaml", "", "asimdns", []string{"kafka"}, 5 * time.Second, func(t *testing.T) far { return newKafkaFar(t) }},
		{"examples/azure-blob/config.yaml", "", "asimdns", []string{"azure_blob"}, 5 * time.Second, func(t *testing.T) far { return newBlobFar(t) }},
		{"examples/azure-monitor-otlp/config.yaml", "", "asimdns", []string{"otlp_http"}, 10 * time.Second, func(t *testing.T) far { return newAzureOTLPFar(t) }},
		{"examples/otlp/agent.yaml", "", "asimdns", []string{"otlp_grpc"}, 0, func(t *testing.T) far { return newGatewayFar(t) }},
		{"examples/otlp/gateway.yaml", "examples/otlp/agent.yaml", "asimdns", []string{"otlp_grpc"}, 0, func(t *testing.T) far { return newFullGatewayFar(t) }},
		{"examples/fleet/agent.yaml", "", "asimdns", []string{"kafka"}, 5 * time.Second, func(t *testing.T) far { return newKafkaFar(t) }},
		{"examples/gateway/agent.yaml", "", "asimdns", []string{"otlp_grpc"}, 0, func(t *testing.T) far { return newSentinelGatewayFar(t) }},
		{"examples/gateway/gateway.yaml", "examples/gateway/agent.yaml", "asimdns", []string{"otlp_grpc"}, 0, func(t *testing.T) far { return newGatewayBeforeSentinelFar(t) }},
		{"examples/sentinel/config.yaml", "", "asimdns", []string{"sentinel"}, 0, func(t *testing.T) far { return newSentinelFar(t) }},
		{"receiver/ciliumwindowsreceiver/README.md", "", "ciliumwindows", []string{"otlp_grpc", "otlp_grpc/metrics"}, 0, func(t *testing.T) far { return newCiliumFar(t) }},
		{"extension/resilientfilestorageextension/README.md", "", "asimdns", []string{"otlp_http"}, 0, func(t *testing.T) far { return newOTLPFar(t) }},
	}
}

// installed is a far end of the configuration that the installers bring, whose settings come from the environment.
type installed struct {
	far
	exporter string
	health   int // the port of the collector's health_check
}

func (f installed) overlay() string {
	return fmt.Sprintf("extensions: {health_check: {http: {endpoint: '127.0.0.1:%d'}}}", f.health)
}

func (f installed) env() []string {
	return append(f.far.env(), "OTELCOL_WINNET_DATA=./data/otelcol-winnet", "OTELCOL_WINNET_RECEIVERS=[asimdns/dns-server]", "OTELCOL_WINNET_EXPORTERS=["+f.exporter+"]")
}

// hourOfTheInstallation is the hour with each of the exporters that a setting chooses. The one to files is that of examples/file.
func hourOfTheInstallation(t *testing.T) {
	for exporter, newFar := range map[string]func(*testing.T) far{
		"app_insights": func(t *testing.T) far { return newTrackFar(t) },
		"sentinel":     func(t *testing.T) far { return newSentinelFar(t) },
	} {
		t.Run(exporter, func(t *testing.T) {
			t.Parallel()
			road{"deploy/windows/config.yaml", "", "asimdns/dns-server", []string{exporter}, 0, func(t *testing.T) far {
				return installed{newFar(t), exporter, loopback.Port(t)}
			}}.hour(t)
		})
	}
}

// roadOf returns the road of a configuration.
func roadOf(config string) road {
	for _, r := range roads() {
		if r.config == config {
			return r
		}
	}
	panic("no road has the configuration " + config)
}

// hours returns the test of each shipped configuration.
func hours() map[string]func(*testing.T) {
	all := map[string]func(*testing.T){
		"config.replay.yaml":                hourOfAJob,
		"examples/file/config.yaml":         hourOfFiles,
		"examples/fleet/gateway.yaml":       hourOfAFleet,
		"examples/archive-file/config.yaml": hourOfAnArchive,
		"deploy/windows/config.yaml":        hourOfTheInstallation,
	}
	for _, r := range roads() {
		all[r.config] = r.hour
	}
	return all
}

func TestEveryShippedConfigurationGoesThroughTheBadHour(t *testing.T) {
	t.Parallel()
	found := shipped(t)
	for config := range hours() {
		require.Contains(t, found, config, "this hour belongs to no shipped configuration")
	}
	for config := range found {
		t.Run(config, func(t *testing.T) {
			t.Parallel()
			hour, has := hours()[config]
			require.True(t, has, "no test runs this shipped configuration through the hour: give it a row in hours or roads")
			hour(t)
		})
	}
}

// outage is how long the far end is away in the hour while the collector runs.
const outage = 20 * time.Second

// trip is a working directory with a far end.
type trip struct {
	*testing.T
	road
	far
	dir  string
	more []string // configurations that override the road's
}

func (r road) begin(t *testing.T, more ...string) *trip {
	return &trip{T: t, road: r, far: r.far(t), dir: home(t), more: more}
}

// run starts the collector on a recording. Its configuration is the shipped one, except for the source, the far end,
// and the time between two attempts.
func (t *trip) run(path string, rate int) *collector {
	t.Helper()
	c := t.launch(path, rate)
	c.until("the collector is ready", func() bool { return strings.Contains(c.out.String(), ready) })
	return c
}

// launch is run without the waiting.
func (t *trip) launch(path string, rate int) *collector {
	t.Helper()
	config := t.config
	if t.through != "" {
		config = t.through
	}
	configs := []string{
		config, "yaml:" + t.overlay(),
		fmt.Sprintf("yaml:receivers::%s: {replay: {path: '%s', rate: %d}}", t.receiver, path, rate),
	}
	for _, exporter := range t.exporters {
		configs = append(configs, fmt.Sprintf("yaml:exporters::%s::retry_on_failure: {initial_interval: 200ms, max_interval: 1s}", exporter))
	}
	c := launch(t.T, t.dir, t.env(), append(configs, t.more...)...)
	c.receiver, _, _ = strings.Cut(t.receiver, "/")
	return c
}

// recording writes n events of the road's receiver. With a DNS server's events, one in `large` is large.
func (r road) recording(t *testing.T, part string, n, large int) string {
	t.Helper()
	if r.receiver == "ciliumwindows" {
		return drops(t, part, n)
	}
	return recording(t, part, n, large)
}

// untilArrived waits until n different names of a part have arrived.
func (t *trip) untilArrived(c *collector, part string, n int) {
	t.Helper()
	c.until(fmt.Sprintf("%d records of %s arrived", n, part), func() bool { return ofPart(t.got(), part) >= n })
}

// hour is the bad hour of a configuration that loses nothing.
func (r road) hour(t *testing.T) {
	const large = 4 // one of four records is large
	trip := r.begin(t)

	// Calm: each record arrives once.
	c := trip.run(r.recording(t, "calm", 300, large), 150)
	trip.untilArrived(c, "calm", 300)
	require.Equal(t, 300, c.interrupt())
	requireOnce(t, trip.got(), names("calm", 300))
	want := names("calm", 300)

	// The far end is away for a time.
	c = trip.run(r.recording(t, "outage", 2000, large), 100)
	trip.untilArrived(c, "outage", 100)
	trip.away(t)
	time.Sleep(outage)
	trip.back(t)
	trip.untilArrived(c, "outage", 2000)
	require.Equal(t, 2000, c.interrupt())
	want = append(want, names("outage", 2000)...)

	// The far end is away, and the collector is stopped while events arrive.
	trip.away(t)
	c = trip.run(r.recording(t, "stopped", 3000, large), 200)
	c.untilAccepted(300)
	n := c.interrupt()
	require.Less(t, n, 3000, "the recording should not have ended")
	want = append(want, names("stopped", n)...)

	// The far end is still away, and the collector is killed.
	c = trip.run(r.recording(t, "killed", 1000, large), 0)
	c.untilAccepted(1000)
	c.kill()
	want = append(want, names("killed", 1000)...)

	// The far end comes back, and the collector is killed when the first of the queued records arrives.
	c = trip.run(r.recording(t, "drained", 200, large), 0)
	c.untilAccepted(200)
	trip.back(t)
	trip.untilArrived(c, "stopped", 1)
	c.kill()
	want = append(want, names("drained", 200)...)

	c = trip.run(r.recording(t, "last", 100, large), 0)
	c.until("all records have arrived", func() bool { return len(trip.got()) >= len(want)+100 })
	require.Equal(t, 100, c.interrupt())
	requireExactly(t, trip.got(), append(want, names("last", 100)...))
	if blobs, ok := trip.far.(*blobFar); ok {
		require.Zero(t, blobs.replaced, "blobs overwrote each other")
	}
}

func TestTheStorageLiesBesideTheBinary(t *testing.T) {
	t.Parallel()
	trip := roadOf("examples/azure-monitor-otlp/config.yaml").begin(t)
	c := trip.run(recording(t, "a", 10, 1), 0)
	trip.untilArrived(c, "a", 10)
	c.interrupt()
	require.DirExists(t, filepath.Join(trip.dir, "data/otelcol-winnet/storage"))
	require.FileExists(t, filepath.Join(trip.dir, "otelcol-winnet"))
}
