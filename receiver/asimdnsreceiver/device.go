// SPDX-License-Identifier: Apache-2.0

// The host that events happened on: this one, or as far as configuration and file tell, the one that wrote a file.

package asimdnsreceiver

import (
	"fmt"
	"net/netip"
	"strings"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
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

// followDevice tells the handler when this host has changed, until stopped is closed.
func (r *dnsReceiver) followDevice(stopped <-chan struct{}) {
	host.Follow(stopped, r.device, r.liveDevice, func(d dnslog.Device) {
		r.handler.moved.Store(&d)
		r.log.Info("this host has changed", zap.String("name", d.Name), zap.Stringer("address", d.Addr))
	})
}

// name is the host's name as records have it, "" where none is configured.
func (c *deviceConfig) name() (string, error) {
	if c.Hostname == "" {
		return "", nil
	}
	if err := configyaml.HostName(c.Hostname); err != nil {
		return "", err
	}
	return strings.TrimSuffix(c.Hostname, "."), nil
}

// addr is the host's address as records have it, invalid where none is configured.
func (c *deviceConfig) addr() (netip.Addr, error) {
	if c.IP == "" {
		return netip.Addr{}, nil
	}
	addr, err := netip.ParseAddr(c.IP)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%q is not an IP address; want one such as 10.0.0.1", c.IP)
	}
	addr = addr.Unmap().WithZone("")
	if addr.IsUnspecified() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return netip.Addr{}, fmt.Errorf("%q is no host's address; want the host's, or leave it out", c.IP)
	}
	return addr, nil
}
