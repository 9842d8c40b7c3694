// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// What the exporters' defaults, and the processor batch, lose. Without these tests, the hours could pass for the wrong
// reason.

// The clock is the fake one of a bubble.
func TestAnExporterGivesUpAfterFiveMinutesUnlessItIsToldToGoOn(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*configretry.BackOffConfig)
		sent   bool
	}{
		"by default":               {func(*configretry.BackOffConfig) {}, false},
		"with max_elapsed_time: 0": {func(c *configretry.BackOffConfig) { c.MaxElapsedTime = 0 }, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun, sent := time.Now(), false
				export := func(context.Context, plog.Logs) error {
					if time.Since(begun) < 6*time.Minute {
						return errors.New("the far end is away")
					}
					sent = true
					return nil
				}
				retry := configretry.NewDefaultBackOffConfig()
				test.change(&retry)
				exporter, err := exporterhelper.NewLogs(t.Context(), exportertest.NewNopSettings(component.MustNewType("sender")), struct{}{}, export,
					exporterhelper.WithRetry(retry))
				require.NoError(t, err)
				require.NoError(t, exporter.Start(t.Context(), host{}))
				err = exporter.ConsumeLogs(t.Context(), oneRecord(1))
				require.Equal(t, test.sent, err == nil)
				require.Equal(t, test.sent, sent)
				require.NoError(t, exporter.Shutdown(t.Context()))
			})
		})
	}
}

// Three seconds replace the default of five minutes. The far ends of both collectors are away until the exporter that
// gives up has lost everything. The one with the shipped setting has lost nothing by then.
func TestAnExporterThatGivesUpLosesTheRecordsThatTheShippedSettingKeeps(t *testing.T) {
	t.Parallel()
	const all = 500
	for _, r := range roads() {
		t.Run(r.config, func(t *testing.T) {
			t.Parallel()
			path := r.recording(t, "outage", all, 4)
			gives := r.begin(t, fmt.Sprintf("yaml:exporters::%s::retry_on_failure::max_elapsed_time: 3s", r.exporters[0]))
			gives.away(t)
			keeps := r.begin(t)
			keeps.away(t)
			kept := keeps.run(path, 0)
			kept.untilAccepted(all)
			lost := gives.run(path, 0)
			lost.until("the exporter gives up", func() bool { return lost.metric("otelcol_exporter_send_failed_log_records") >= all })

			keeps.back(t)
			keeps.untilArrived(kept, "outage", all)
			require.Equal(t, all, kept.interrupt())
			requireExactly(t, keeps.got(), names("outage", all))

			gives.back(t)
			require.Equal(t, all, lost.interrupt())
			gives.more = nil
			lost = gives.run(r.recording(t, "last", 100, 4), 0)
			gives.untilArrived(lost, "last", 100)
			lost.interrupt()
			require.GreaterOrEqual(t, len(missing(gives.got(), names("outage", all))), all)
		})
	}
}

// By default the queue is in memory.
func TestAQueueInMemoryIsLostWithTheProcess(t *testing.T) {
	t.Parallel()
	trip := roadOf("examples/event-hubs/config.yaml").begin(t, "yaml:exporters::kafka::sending_queue::storage: null")
	trip.away(t)
	c := trip.run(recording(t, "killed", 500, 4), 0)
	c.untilAccepted(500)
	c.kill()
	trip.back(t)
	c = trip.run(recording(t, "last", 100, 4), 0)
	trip.untilArrived(c, "last", 100)
	require.Equal(t, 100, c.interrupt())
	requireExactly(t, trip.got(), names("last", 100))
}

// kafka 0.160 permanently refuses a message above 1,000,000 bytes, and makes a message of each batch that it receives.
// docs/upstream.md describes it. If this test fails because more arrives, upstream has fixed it, and the document must
// change.
func TestKafkaWithItsDefaultsRefusesTheReceiversBatchesForGood(t *testing.T) {
	t.Parallel()
	const all = 3100 // batches of a thousand, and a small one
	far := newKafkaFar(t)
	c := start(t, home(t), far.env(), fmt.Sprintf(`yaml:
receivers: {asimdns: {replay: {path: '%s'}}}
exporters:
  kafka:
    brokers: ['%s']
    tls: {ca_file: '%s'}
    auth: {sasl: {mechanism: PLAIN, username: $$ConnectionString, password: "${env:EVENTHUBS_CONNECTION_STRING}"}}
    logs: {topic: winnet}
service: {pipelines: {logs: {receivers: [asimdns], exporters: [kafka]}}}
`, recordingOf(t, "calm", all, func(int) int { return 0 }), far.Addr(), far.ca))
	refused := func() int { return c.metric("otelcol_exporter_send_failed_log_records") }
	c.until("all records have arrived or were refused", func() bool { return refused()+len(far.got()) == all })
	require.GreaterOrEqual(t, refused(), 1000)
	require.Equal(t, all, c.interrupt())
	require.Less(t, len(far.got()), all-1000+1)
}

// batchprocessor 0.161 acknowledges records that it holds in memory, and waits for the next component without end.
// docs/upstream.md describes it. If this test fails because the collector ends, or because all records arrive, upstream
// has fixed it, and the document must change.
func TestTheProcessorBatchHangsAtAFullQueueAndLosesWhatItHolds(t *testing.T) {
	t.Parallel()
	trip := roadOf("examples/otlp/agent.yaml").begin(t, "yaml:processors::batch: {send_batch_size: 100, send_batch_max_size: 100}",
		"yaml:service::pipelines::logs::processors: [batch]", "yaml:exporters::otlp_grpc::sending_queue::queue_size: 4000000")
	trip.away(t)
	c := trip.run(recording(t, "held", 4000, 1), 0)
	last, since := 0, time.Now()
	c.until("the receiver has delivered nothing for two seconds", func() bool {
		if n := c.accepted(); n == 0 || n != last {
			last, since = n, time.Now()
		}
		return time.Since(since) > 2*time.Second
	})
	require.Less(t, last, 4000)
	require.NoError(t, c.cmd.Process.Signal(os.Interrupt))
	c.until("the receiver has ended", func() bool { return strings.Contains(c.out.String(), "left the receiver") })
	select {
	case <-c.ended:
		t.Fatal("the collector has ended")
	case <-time.After(2 * endsWithin):
	}
	c.kill()
	trip.back(t)
	trip.more = nil
	c = trip.run(recording(t, "last", 100, 4), 0)
	trip.untilArrived(c, "last", 100)
	c.until("the queue is empty", func() bool { return c.metric("otelcol_exporter_queue_size") == 0 })
	require.Equal(t, 100, c.interrupt())
	arrived := ofPart(trip.got(), "held")
	require.Positive(t, arrived)
	require.Less(t, arrived, last)
}
