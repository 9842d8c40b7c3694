// SPDX-License-Identifier: Apache-2.0

// The host on which events happened: this host, or what the configuration and the environment say.

package ciliumwindowsreceiver

import (
	"cmp"
	"os"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/host"
)

// liveDevice returns this node, with the name from the configuration or the environment if there is one.
func (r *ciliumReceiver) liveDevice() networklog.Device {
	d := networklog.Device{NodeName: r.nodeName(), HostName: host.Name()}
	if addr := host.Addr(); addr.IsValid() {
		d.IPAddr = addr.String()
	}
	return d
}

// nodeName returns the name of this node: the configured one, that of the environment, or this host's.
func (r *ciliumReceiver) nodeName() string {
	return cmp.Or(r.cfg.NodeName, os.Getenv("NODE_NAME"), host.Name())
}

// followDevice updates the handler whenever this host's name or address changes, until stopped is closed. The resource
// of the metrics stays as it was at the start: with another resource, their series would start again.
func (r *ciliumReceiver) followDevice(stopped <-chan struct{}) {
	host.Follow(stopped, r.device, r.liveDevice, func(d networklog.Device) {
		for _, h := range r.handlers {
			h.moved.Store(&d)
		}
		r.log.Info("this host has changed", zap.String("node", d.NodeName), zap.String("name", d.HostName), zap.String("address", d.IPAddr))
	})
}
