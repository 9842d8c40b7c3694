// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"net/netip"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
)

// Device is the host whose events are mapped: what ASIM calls Dvc.
type Device struct {
	// Name is the host's name, fully qualified if known. In a replay without a configured name it is the file's name, and Host is false.
	Name string
	// Host reports whether Name is a host's name.
	Host bool
	// Addr is the host's address, invalid when it is not known.
	Addr netip.Addr
	// OSVersion is the version of Windows, such as 10.0.26100; empty when it is not known.
	OSVersion string
}

// deviceTexts has the attributes of a device. It is made once, not for each event, and does not change.
type deviceTexts struct {
	Device
	host, domain string
	addr         string
	dvc          attrs.ConstAttrs // the attributes of the device, except its address; of minimal records its name only
	rest         attrs.ConstAttrs // those that minimal records leave out
	src          attrs.ConstAttrs // its name as the source
	target       attrs.ConstAttrs // itself as the target of an audit event, except its address; and its full name, since that table has no Dvc
}

// texts makes the attributes of a device. minimal is set if records have only its name and its address.
func (d Device) texts(minimal bool) *deviceTexts {
	d.Addr = d.Addr.WithZone("")
	t := &deviceTexts{Device: d}
	t.host, t.domain = asim.SplitHostname(d.Name)
	fqdn := t.host + "." + t.domain
	if d.Addr.IsValid() {
		t.addr = d.Addr.String()
	}
	t.dvc.TextOrEmpty("Dvc", d.Name)
	more := &t.dvc
	if minimal {
		more = &t.rest
	}
	if d.Host {
		more.Text("DvcHostname", t.host)
		if t.domain != "" {
			more.Text("DvcDomain", t.domain)
			more.Text("DvcDomainType", "FQDN")
		}
		t.src.Text("SrcHostname", t.host)
		if t.domain != "" {
			t.src.Text("SrcDomain", t.domain)
			t.src.Text("SrcDomainType", "FQDN")
		}
		t.target.Text("TargetHostname", t.host)
		if t.domain != "" {
			t.target.Text("DvcFQDN", fqdn)
			t.target.Text("TargetFQDN", fqdn)
			t.target.Text("TargetDomain", t.domain)
			t.target.Text("TargetDomainType", "FQDN")
		}
	}
	t.target.Text("TargetDvcOs", "Windows")
	more.Text("DvcOs", "Windows")
	more.Text("DvcOsVersion", d.OSVersion)
	return t
}
