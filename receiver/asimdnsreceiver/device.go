// SPDX-License-Identifier: Apache-2.0

// The host on which events happened: this host, the configured one, or the one that wrote the file.

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

// liveDevice returns this host, with the configured name and address where there are any.
func (r *dnsReceiver) liveDevice() dnslog.Device {
	d := r.configuredDevice()
	d.OSVersion = host.OSVersion()
	d.Name, d.Host = r.hostName(), true
	if !d.Addr.IsValid() {
		d.Addr = host.Addr()
	}
	return d
}

// hostName returns this host's name, or the configured one.
func (r *dnsReceiver) hostName() string {
	if d := r.configuredDevice(); d.Host {
		return d.Name
	}
	return host.Name()
}

// fileDevice returns the host that wrote the file, as far as the configuration and the file name it. Without a host
// name, it uses the file's name.
func (r *dnsReceiver) fileDevice(path, osVersion string) dnslog.Device {
	d := r.configuredDevice()
	d.OSVersion = osVersion
	if !d.Host {
		d.Name = replay.Name(path)
	}
	return d
}

func (r *dnsReceiver) configuredDevice() dnslog.Device {
	name, _ := r.cfg.Device.name() // Validate has checked both
	addr, _ := r.cfg.Device.addr()
	return dnslog.Device{Name: name, Host: name != "", Addr: addr}
}

// followDevice updates the handler whenever this host's name or address changes, until stopped is closed.
func (r *dnsReceiver) followDevice(stopped <-chan struct{}) {
	host.Follow(stopped, r.device, r.liveDevice, func(d dnslog.Device) {
		r.handler.moved.Store(&d)
		r.log.Info("this host has changed", zap.String("name", d.Name), zap.Stringer("address", d.Addr))
	})
}

// name returns the host's name as written in records, or "" if none is configured.
func (c *deviceConfig) name() (string, error) {
	if c.Hostname == "" {
		return "", nil
	}
	if err := configyaml.HostName(c.Hostname); err != nil {
		return "", err
	}
	return strings.TrimSuffix(c.Hostname, "."), nil
}

// addr returns the host's address as written in records, or the zero Addr if none is configured.
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
		return netip.Addr{}, fmt.Errorf("%q is not the address of a host; want the host's address, or leave it out", c.IP)
	}
	return addr, nil
}
