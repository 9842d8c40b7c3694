// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// followed returns a receiver that took the given device for its host at the start, a minute later, when it may have
// noticed a change.
func followed(t *testing.T, cfg *Config, device func(*ciliumReceiver) networklog.Device) *ciliumReceiver {
	t.Helper()
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	settings, err := cfg.read()
	require.NoError(t, err)
	r.device = device(r)
	r.handler = newHandler(settings, r.device, "1.2.3")
	r.handlers = []*handler{r.handler}
	kit.RunFor(t, time.Minute+time.Second, r.followDevice)
	return r
}

// batch returns the resource of the next batch, and the record of a drop in it.
func batch(t *testing.T, r *ciliumReceiver) (resource, record map[string]any) {
	t.Helper()
	logs := plog.NewLogs()
	records := r.handler.Begin(logs)
	drop := append((&events.Record{CPU: events.UnknownCPU}).AppendHead(nil), monitortest.Drop{Version: 2}.Bytes()...)
	require.Equal(t, pipeline.Emitted, r.handler.Handle(pipeline.Event{Data: drop}, records).Kind)
	return logs.ResourceLogs().At(0).Resource().Attributes().AsRaw(), records.At(0).Attributes().AsRaw()
}

func TestAHostThatChangesIsFollowed(t *testing.T) {
	t.Setenv("NODE_NAME", "")
	r := followed(t, createDefaultConfig().(*Config), func(r *ciliumReceiver) networklog.Device {
		return networklog.Device{NodeName: "before", HostName: "before.corp.example", IPAddr: "192.0.2.9"} // its domain or address became known later
	})
	now := r.liveDevice()
	resource, record := batch(t, r)
	require.Equal(t, now.HostName, resource["host.name"])
	require.Equal(t, now.NodeName, resource["k8s.node.name"])
	require.Equal(t, now.NodeName, record["Dvc"])
	require.NotEqual(t, "192.0.2.9", record["DvcIpAddr"])
	require.Nil(t, r.handler.moved.Load(), "the change is handed over once")
}

func TestAHostThatChangesKeepsTheNodesNameOfConfigurationAndEnvironment(t *testing.T) {
	before := func(r *ciliumReceiver) networklog.Device {
		d := r.liveDevice()
		d.HostName, d.IPAddr = "before.corp.example", "192.0.2.9"
		return d
	}
	t.Setenv("NODE_NAME", "node-of-environment")
	resource, record := batch(t, followed(t, createDefaultConfig().(*Config), before))
	require.Equal(t, "node-of-environment", resource["k8s.node.name"])
	require.Equal(t, "node-of-environment", record["Dvc"])
	require.NotEqual(t, "before.corp.example", resource["host.name"])

	cfg := createDefaultConfig().(*Config)
	cfg.NodeName = "node-of-configuration"
	resource, record = batch(t, followed(t, cfg, before))
	require.Equal(t, "node-of-configuration", resource["k8s.node.name"])
	require.Equal(t, "node-of-configuration", record["Dvc"])
}

func TestAnUnchangedHostIsNotLoggedAgain(t *testing.T) {
	r := followed(t, createDefaultConfig().(*Config), (*ciliumReceiver).liveDevice)
	require.Nil(t, r.handler.moved.Load())
}
