// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/azuremonitorexporter"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// Checks what README.md and docs/upstream.md say about azure_monitor 0.161, which acknowledges records that it has not
// delivered. If this test fails because records arrive after all, upstream has fixed the fault, and the documents must
// change.
func TestAzureMonitorLosesAtAStopAndAtAKillWhatItHasAcknowledged(t *testing.T) {
	t.Parallel()
	trip := azureMonitor(t)
	c := trip.run(t, recording(t, "calm", 1000, 4), 500)
	c.until("all records have arrived", func() bool { return ofPart(trip.got(), "calm") == 1000 })
	require.Equal(t, 1000, c.interrupt())
	requireOnce(t, trip.got(), names("calm", 1000))
	want := names("calm", 1000)

	// An outage of less than 100 seconds loses nothing while the collector runs.
	trip.away(t)
	c = trip.run(t, recording(t, "outage", 1000, 4), 100)
	c.untilAccepted(1000)
	time.Sleep(outage / 2)
	trip.back(t)
	c.until("all records have arrived", func() bool { return ofPart(trip.got(), "outage") == 1000 })
	require.Equal(t, 1000, c.interrupt())
	want = append(want, names("outage", 1000)...)

	// While the far end is away, a stop loses the accepted records, although all are reported as sent. So does kill -9.
	acknowledged := func(part string) *collector {
		c := trip.run(t, recording(t, part, 1000, 4), 0)
		c.until("the exporter has acknowledged all records", func() bool { return c.metric("otelcol_exporter_sent_log_records") == 1000 })
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

// track is a configuration with azure_monitor and a queue on disk, and its far end.
type track struct {
	*trackFar
	dir string
}

func azureMonitor(t *testing.T) *track { return &track{newTrackFar(t), home(t)} }

func (r *track) run(t *testing.T, path string, rate int) *collector {
	return start(t, r.dir, r.env(), fmt.Sprintf(`yaml:
extensions: {resilient_file_storage: {directory: ./queue, create_directory: true}}
receivers: {asimdns: {replay: {path: '%s', rate: %d}}}
exporters:
  azure_monitor:
    connection_string: ${env:APPLICATIONINSIGHTS_CONNECTION_STRING}
    sending_queue:
      storage: resilient_file_storage
      sizer: bytes
      queue_size: 1073741824
      block_on_overflow: true
      batch: {sizer: bytes, min_size: 500000, max_size: 1000000, flush_timeout: 1s}
service:
  extensions: [resilient_file_storage]
  pipelines: {logs: {receivers: [asimdns], exporters: [azure_monitor]}}
`, path, rate))
}

// The exporter retries a batch after 10, 30 and 60 seconds, by the fake clock of a bubble.
func TestAzureMonitorDropsWhatItCouldNotDeliverIn100SecondsAndSaysNothing(t *testing.T) {
	for away, arrives := range map[time.Duration]bool{35 * time.Second: true, 125 * time.Second: false} {
		t.Run(away.String(), func(t *testing.T) {
			far := newTrackFar(t) // outside the bubble
			defer func() {        // at the end, a goroutine of the client waits for an answer that never comes (throttleManager.Stop)
				if r := recover(); r != nil && !strings.Contains(fmt.Sprint(r), "blocked goroutines remain") {
					panic(r)
				}
			}()
			synctest.Test(t, func(t *testing.T) {
				factory := azuremonitorexporter.NewFactory()
				cfg := factory.CreateDefaultConfig()
				_, connection, _ := strings.Cut(far.env()[0], "=")
				require.NoError(t, confmap.NewFromStringMap(map[string]any{
					"connection_string": connection,
					"keepalive":         map[string]any{"enabled": false}, // an open connection would stop the fake clock
				}).Unmarshal(cfg))
				core, said := observer.New(zap.InfoLevel)
				settings := exportertest.NewNopSettings(factory.Type())
				settings.Logger = zap.New(core)
				exporter, err := factory.CreateLogs(t.Context(), settings, cfg)
				require.NoError(t, err)
				require.NoError(t, exporter.Start(t.Context(), host{}))
				send := func(name string) {
					logs := oneRecord(1)
					logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr("DnsQuery", name)
					require.NoError(t, exporter.ConsumeLogs(t.Context(), logs))
				}
				far.away(t)
				send("outage")
				time.Sleep(away)
				far.back(t)
				send("last")
				time.Sleep(time.Hour)
				require.NoError(t, exporter.Shutdown(t.Context()))
				require.Equal(t, 1, far.got()["last"])
				require.Equal(t, arrives, far.got()["outage"] == 1)
				require.Empty(t, said.All())
			})
		})
	}
}
