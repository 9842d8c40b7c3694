// SPDX-License-Identifier: Apache-2.0

// The host that events happened on: this one, or as far as configuration and file tell, the one that wrote a file.

package asimdnsreceiver

import (
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/host"
)

// liveDevice is this host, or what the configuration says of it.
func (r *dnsReceiver) liveDevice() dnslog.Device {
	d := r.configuredDevice()
	d.OSVersion = host.OSVersion()
	if !d.Host {
		d.Name, d.Host = host.Name(), true
	}
	if !d.Addr.IsValid() {
		d.Addr = host.Addr()
	}
	return d
}

// fileDevice is the host that wrote the file, as far as configuration and file tell: without a name for it, the file's own
// stands in.
func (r *dnsReceiver) fileDevice(path, osVersion string) dnslog.Device {
	d := r.configuredDevice()
	d.OSVersion = osVersion
	if !d.Host {
		d.Name = replay.Name(path)
	}
	return d
}

func (r *dnsReceiver) configuredDevice() dnslog.Device {
	name, _ := r.cfg.Device.name() // Validate has looked at both
	addr, _ := r.cfg.Device.addr()
	return dnslog.Device{Name: name, Host: name != "", Addr: addr}
}

// followDevice tells the handler, which knows device, when this host has changed, until stopped is closed.
func (r *dnsReceiver) followDevice(stopped <-chan struct{}, device dnslog.Device) {
	host.Follow(stopped, device, r.liveDevice, func(d dnslog.Device) {
		r.handler.moved.Store(&d)
		r.log.Info("this host has changed", zap.String("name", d.Name), zap.Stringer("address", d.Addr))
	})
}
