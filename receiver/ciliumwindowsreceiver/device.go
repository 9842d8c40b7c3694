// SPDX-License-Identifier: Apache-2.0

// The host that events happened on: this one, or what configuration and environment say of it.

package ciliumwindowsreceiver

import (
	"os"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/host"
)

// liveDevice is this node, or what configuration and environment say of it.
func (r *ciliumReceiver) liveDevice() networklog.Device {
	d := networklog.Device{NodeName: r.cfg.NodeName, HostName: host.Name()}
	if d.NodeName == "" {
		d.NodeName = os.Getenv("NODE_NAME")
	}
	if d.NodeName == "" {
		d.NodeName = d.HostName
	}
	if addr := host.Addr(); addr.IsValid() {
		d.IPAddr = addr.String()
	}
	return d
}

// followDevice tells the handler when this host has changed, until stopped is closed. The resource of the sums
// stays as it was at the start: with another one, their series would begin anew.
func (r *ciliumReceiver) followDevice(stopped <-chan struct{}) {
	host.Follow(stopped, r.device, r.liveDevice, func(d networklog.Device) {
		r.handler.moved.Store(&d)
		r.log.Info("this host has changed", zap.String("node", d.NodeName), zap.String("name", d.HostName), zap.String("address", d.IPAddr))
	})
}
