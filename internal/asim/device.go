// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"net/netip"
	"strings"
)

// Device is the host whose events are mapped: what ASIM calls Dvc.
type Device struct {
	// Name is the host's name, in full where it is known. In a replay without one it is the file's name, and Host is false.
	Name string
	// Host reports whether Name is a host's name.
	Host bool
	// Addr is the host's address, invalid when it is not known.
	Addr netip.Addr
	// OSVersion is the version of Windows, such as 10.0.26100; empty when it is not known.
	OSVersion string
}

// deviceTexts is a device as its attributes are written, made once and not for each event. It does not change.
type deviceTexts struct {
	Device
	host, domain string
	addr         string
	dvc          row // the attributes of the device, except its address
	src          row // its name as the source
}

func (d Device) texts() *deviceTexts {
	d.Addr = d.Addr.WithZone("")
	t := &deviceTexts{Device: d}
	t.host, t.domain = d.hostname()
	if d.Addr.IsValid() {
		t.addr = d.Addr.String()
	}
	t.dvc = row{{"Dvc", constant{kindText, 0, d.Name}}}
	if d.Host {
		t.dvc.text("DvcHostname", t.host)
		if t.domain != "" {
			t.dvc.text("DvcDomain", t.domain)
			t.dvc.text("DvcDomainType", "FQDN")
		}
		t.src.text("SrcHostname", t.host)
		if t.domain != "" {
			t.src.text("SrcDomain", t.domain)
			t.src.text("SrcDomainType", "FQDN")
		}
	}
	t.dvc.text("DvcOs", "Windows")
	t.dvc.text("DvcOsVersion", d.OSVersion)
	return t
}

// hostname splits a full name into host and domain; a name without a dot, or an address, has no domain.
func (d *Device) hostname() (host, domain string) {
	if _, err := netip.ParseAddr(d.Name); err == nil {
		return d.Name, ""
	}
	host, domain, _ = strings.Cut(strings.TrimSuffix(d.Name, "."), ".")
	return host, domain
}
