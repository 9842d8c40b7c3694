// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Records of eight kilobytes, so that the receiver's batches exceed the 4 MiB that a gRPC server accepts. A request
// that the gateway answers late is sent again, so a record may arrive twice.
const largeAnswers = 4000

func TestLargeAnswersReachTheGatewayThroughTheShippedAgent(t *testing.T) {
	t.Parallel()
	trip := roadOf("examples/otlp/agent.yaml").begin(t)
	c := trip.run(recording(t, "large", largeAnswers, 1), 0)
	trip.untilArrived(c, "large", largeAnswers)
	require.Equal(t, largeAnswers, c.interrupt())
	requireExactly(t, trip.got(), names("large", largeAnswers))
}

// An agent configured without README and examples: no batches in the queue, nothing on disk.
func TestLargeAnswersReachTheGatewayThroughAMinimalAgent(t *testing.T) {
	t.Parallel()
	gateway, dir := newGatewayFar(t), home(t)
	c := start(t, dir, nil, fmt.Sprintf(`yaml:
receivers: {asimdns: {replay: {path: '%s'}}}
exporters: {otlp_grpc: {endpoint: 127.0.0.1:%d, tls: {insecure: true}}}
service: {pipelines: {logs: {receivers: [asimdns], exporters: [otlp_grpc]}}}
`, recording(t, "large", largeAnswers, 1), gateway.port))
	c.until("all records have arrived", func() bool { return ofPart(gateway.got(), "large") >= largeAnswers })
	require.Equal(t, largeAnswers, c.interrupt())
	requireExactly(t, gateway.got(), names("large", largeAnswers))
}

// An event has at most 64 KB. The record of an event with a packet of 60 KB has 122 KB. A batch of the queue holds a
// few such records.
func TestTheLargestRecordsArriveByEveryRoad(t *testing.T) {
	t.Parallel()
	const n = 60
	for _, r := range roads() {
		if r.receiver != "asimdns" {
			continue // Cilium's events have 128 bytes of a packet at most
		}
		t.Run(r.config, func(t *testing.T) {
			t.Parallel()
			trip := r.begin(t)
			c := trip.run(recordingOf(t, "largest", n, func(int) int { return 235 }), 0)
			trip.untilArrived(c, "largest", n)
			require.Zero(t, c.metric("otelcol_exporter_send_failed_log_records"))
			require.Equal(t, n, c.interrupt())
			requireExactly(t, trip.got(), names("largest", n))
		})
	}
}
