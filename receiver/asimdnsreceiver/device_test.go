// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

func TestAHostThatChangesWhileTheReceiverStartsIsFollowed(t *testing.T) {
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), createDefaultConfig().(*Config), consumertest.NewNop())
	require.NoError(t, err)
	atStart := dnslog.Device{Name: "ws1", Host: true} // its domain and address become known a moment later
	r.device = atStart
	r.handler, err = r.newHandler(atStart)
	require.NoError(t, err)
	kit.RunFor(t, time.Minute+time.Second, r.followDevice)
	moved := r.handler.moved.Load()
	require.NotNil(t, moved)
	require.Equal(t, r.liveDevice(), *moved)
}

func TestAChangedHostIsInTheNextBatch(t *testing.T) {
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), createDefaultConfig().(*Config), consumertest.NewNop())
	require.NoError(t, err)
	h, err := r.newHandler(dnslog.Device{Name: "old.example.com", Host: true})
	require.NoError(t, err)
	name := func() string {
		logs := plog.NewLogs()
		h.Begin(logs)
		v, _ := logs.ResourceLogs().At(0).Resource().Attributes().Get("host.name")
		return v.Str()
	}
	require.Equal(t, "old.example.com", name())
	h.moved.Store(&dnslog.Device{Name: "new.example.com", Host: true})
	require.Equal(t, "new.example.com", name())
	require.Equal(t, "new.example.com", name())
}

func TestALiveReceiverIsNamedAsThisHostUnlessTheConfigurationSaysOtherwise(t *testing.T) {
	r := &dnsReceiver{cfg: createDefaultConfig().(*Config)}
	require.True(t, r.liveDevice().Host)
	require.NotEmpty(t, r.liveDevice().Name)
	r.cfg.Device = deviceConfig{Hostname: "dc9.corp.example.com", IP: "192.0.2.9"}
	d := r.liveDevice()
	require.Equal(t, "dc9.corp.example.com", d.Name)
	require.Equal(t, netip.MustParseAddr("192.0.2.9"), d.Addr)
}

func TestADeviceIsNamedAsItsEventsWouldNameIt(t *testing.T) {
	r := &dnsReceiver{cfg: createDefaultConfig().(*Config)}
	r.cfg.Device = deviceConfig{Hostname: "dc9.corp.example.com.", IP: "::ffff:192.0.2.9"}
	require.NoError(t, r.cfg.Validate())
	d := r.fileDevice("x.etl", "")
	require.Equal(t, "dc9.corp.example.com", d.Name)
	require.Equal(t, netip.MustParseAddr("192.0.2.9"), d.Addr)
}
