// SPDX-License-Identifier: Apache-2.0

// The datapath's source files by the number in a drop. Releases of Cilium number them differently.

package flow

import (
	"strconv"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// sourceFiles has the files of one release: those of bpf/ by their id, those of bpf/lib/ by their id above 100. The name is empty for an id
// that the release does not have, or whose meaning changed within the release.
type sourceFiles struct{ programs, headers []string }

var (
	programs114 = []string{1: "bpf_host.c", 2: "bpf_lxc.c", 3: "bpf_overlay.c", 4: "bpf_xdp.c"}
	programs116 = []string{1: "bpf_host.c", 2: "bpf_lxc.c", 3: "bpf_overlay.c", 4: "bpf_xdp.c", 5: "bpf_sock.c", 6: "bpf_network.c", 7: "bpf_wireguard.c"}
	programs120 = []string{1: "bpf_host.c", 2: "bpf_lxc.c", 3: "bpf_overlay.c", 4: "bpf_xdp.c", 5: "bpf_sock.c", 7: "bpf_wireguard.c"}
	headers119  = []string{
		1: "drop.h", 2: "srv6.h", 3: "icmp6.h", 4: "nodeport.h", 5: "lb.h", 6: "mcast.h", 7: "ipv4.h", 8: "conntrack.h", 9: "local_delivery.h",
		10: "trace.h", 11: "encap.h", 12: "host_firewall.h", 13: "nodeport_egress.h", 14: "ipv6.h", 15: "classifiers.h",
	}
)

// filesOf has the files of each release: bpf/source_names_to_ids.h, and the list of names beside it in pkg/monitor (up to 1.15
// datapath_drop.go, then api/files.go). Read in 1.14.0, 1.14.19, 1.15.0, 1.15.19, 1.16.0, 1.16.19, 1.17.0, 1.17.16, 1.18.0, 1.18.11,
// 1.19.0 and 1.20.1. Within 1.14, 103 changed from egress_policies.h to srv6.h; within 1.14 and 1.15 ids were appended.
var filesOf = [...]sourceFiles{
	monitor.WireFormat114: {programs114, []string{1: "arp.h", 2: "drop.h", 4: "icmp6.h", 5: "nodeport.h", 6: "encrypt.h"}},
	monitor.WireFormat115: {programs114, []string{
		1: "arp.h", 2: "drop.h", 3: "srv6.h", 4: "icmp6.h", 5: "nodeport.h", 6: "lb.h", 7: "encrypt.h", 8: "mcast.h",
	}},
	monitor.WireFormat116: {programs116, []string{
		1: "arp.h", 2: "drop.h", 3: "srv6.h", 4: "icmp6.h", 5: "nodeport.h", 6: "lb.h", 7: "mcast.h", 8: "ipv4.h", 9: "conntrack.h",
		10: "l3.h", 11: "trace.h", 12: "encap.h", 13: "encrypt.h",
	}},
	monitor.WireFormat117: {programs116, []string{
		1: "arp.h", 2: "drop.h", 3: "srv6.h", 4: "icmp6.h", 5: "nodeport.h", 6: "lb.h", 7: "mcast.h", 8: "ipv4.h", 9: "conntrack.h",
		10: "l3.h", 11: "trace.h", 12: "encap.h", 13: "encrypt.h", 14: "host_firewall.h", 15: "nodeport_egress.h",
	}},
	monitor.WireFormat118: {programs116, []string{
		1: "arp.h", 2: "drop.h", 3: "srv6.h", 4: "icmp6.h", 5: "nodeport.h", 6: "lb.h", 7: "mcast.h", 8: "ipv4.h", 9: "conntrack.h",
		10: "local_delivery.h", 11: "trace.h", 12: "encap.h", 13: "encrypt.h", 14: "host_firewall.h", 15: "nodeport_egress.h",
		16: "ipv6.h", 17: "classifiers.h",
	}},
	monitor.WireFormat119: {programs116, headers119},
	monitor.WireFormat120: {programs120, headers119},
}

// name returns the name of an id, "" where the release has none.
func (s *sourceFiles) name(id uint8) string {
	list := s.programs
	if id > 100 {
		list, id = s.headers, id-100
	}
	if int(id) < len(list) {
		return list[id]
	}
	return ""
}

// FileName returns the name of the source file that dropped the packet, such as bpf_lxc.c, or "unknown(<id>)", as Hubble prints an id without a
// name. The release that wrote the event decides. Several releases write the same version of the layout: if only the version is known, an
// id has the name on which all of them agree, and otherwise none.
func (f *Flow) FileName() string {
	first, last := f.Format.DropReleases(f.Version)
	name := filesOf[first].name(f.Drop.File)
	for release := first + 1; release <= last; release++ {
		if filesOf[release].name(f.Drop.File) != name {
			name = ""
		}
	}
	if name == "" {
		return "unknown(" + strconv.Itoa(int(f.Drop.File)) + ")"
	}
	return name
}
