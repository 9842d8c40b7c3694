// SPDX-License-Identifier: Apache-2.0

// The releases of Cilium, for records that do not say which release wrote them, and what differs between them: the versions of the drop
// notification, and the datapath's source files by the number in a drop.

package monitor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// WireFormat is a minor release of Cilium, or auto. It decides two things that a record's type and version leave open: the layout of
// the policy verdict and of the socket trace, which 1.19 changed without a new version number, and which source file a drop's number
// means, see SourceFile.
type WireFormat uint8

const (
	// WireFormatAuto looks at the bytes, and takes the layout up to 1.18 when both layouts make sense.
	WireFormatAuto WireFormat = iota
	WireFormat114
	WireFormat115
	WireFormat116
	WireFormat117
	WireFormat118
	WireFormat119
	WireFormat120
)

// release describes one release of Cilium.
type release struct {
	name string // in the configuration

	// oldestDrop and newestDrop are the versions of the drop notification that it writes (NOTIFY_DROP_VER and NOTIFY_CAPTURE_VER in bpf/lib).
	oldestDrop, newestDrop uint8

	// programs are the source files in bpf/ by their id, headers those in bpf/lib/ by their id above 100. The name is empty for an id
	// that the release does not have, or whose meaning changed within the release.
	programs, headers []string
}

// releases is indexed by WireFormat. Version 0 of the drop notification is older than all of them; its layout is that of version 1. The
// first releases of 1.17 wrote version 1, later ones version 2.
//
// Sources of the files: bpf/source_names_to_ids.h, and the list of names beside it in pkg/monitor (up to 1.15 datapath_drop.go, then
// api/files.go). Read in 1.14.0, 1.14.19, 1.15.0, 1.15.19, 1.16.0, 1.16.19, 1.17.0, 1.17.16, 1.18.0, 1.18.11, 1.19.0 and 1.20.1. Within
// 1.14, 103 changed from egress_policies.h to srv6.h; within 1.14 and 1.15 ids were appended.
var releases = [...]release{
	WireFormatAuto: {name: "auto"},
	WireFormat114:  {"1.14", 0, 1, programs114, []string{1: "arp.h", 2: "drop.h", 4: "icmp6.h", 5: "nodeport.h", 6: "encrypt.h"}},
	WireFormat115: {"1.15", 0, 1, programs114, []string{
		1: "arp.h", 2: "drop.h", 3: "srv6.h", 4: "icmp6.h", 5: "nodeport.h", 6: "lb.h", 7: "encrypt.h", 8: "mcast.h",
	}},
	WireFormat116: {"1.16", 0, 1, programs116, []string{
		1: "arp.h", 2: "drop.h", 3: "srv6.h", 4: "icmp6.h", 5: "nodeport.h", 6: "lb.h", 7: "mcast.h", 8: "ipv4.h", 9: "conntrack.h",
		10: "l3.h", 11: "trace.h", 12: "encap.h", 13: "encrypt.h",
	}},
	WireFormat117: {"1.17", 0, 2, programs116, []string{
		1: "arp.h", 2: "drop.h", 3: "srv6.h", 4: "icmp6.h", 5: "nodeport.h", 6: "lb.h", 7: "mcast.h", 8: "ipv4.h", 9: "conntrack.h",
		10: "l3.h", 11: "trace.h", 12: "encap.h", 13: "encrypt.h", 14: "host_firewall.h", 15: "nodeport_egress.h",
	}},
	WireFormat118: {"1.18", 2, 2, programs116, []string{
		1: "arp.h", 2: "drop.h", 3: "srv6.h", 4: "icmp6.h", 5: "nodeport.h", 6: "lb.h", 7: "mcast.h", 8: "ipv4.h", 9: "conntrack.h",
		10: "local_delivery.h", 11: "trace.h", 12: "encap.h", 13: "encrypt.h", 14: "host_firewall.h", 15: "nodeport_egress.h",
		16: "ipv6.h", 17: "classifiers.h",
	}},
	WireFormat119: {"1.19", 3, 3, programs116, headers119},
	WireFormat120: {"1.20", 3, 3, programs120, headers119},
}

// The source files of several releases.
var (
	programs114 = []string{1: "bpf_host.c", 2: "bpf_lxc.c", 3: "bpf_overlay.c", 4: "bpf_xdp.c"}
	programs116 = []string{1: "bpf_host.c", 2: "bpf_lxc.c", 3: "bpf_overlay.c", 4: "bpf_xdp.c", 5: "bpf_sock.c", 6: "bpf_network.c", 7: "bpf_wireguard.c"}
	programs120 = []string{1: "bpf_host.c", 2: "bpf_lxc.c", 3: "bpf_overlay.c", 4: "bpf_xdp.c", 5: "bpf_sock.c", 7: "bpf_wireguard.c"}
	headers119  = []string{
		1: "drop.h", 2: "srv6.h", 3: "icmp6.h", 4: "nodeport.h", 5: "lb.h", 6: "mcast.h", 7: "ipv4.h", 8: "conntrack.h", 9: "local_delivery.h",
		10: "trace.h", 11: "encap.h", 12: "host_firewall.h", 13: "nodeport_egress.h", 14: "ipv6.h", 15: "classifiers.h",
	}
)

// newestWireFormat is the newest known release.
const newestWireFormat = WireFormat(len(releases) - 1)

// String returns the format's name in the configuration.
func (w WireFormat) String() string {
	if int(w) < len(releases) {
		return releases[w].name
	}
	return "WireFormat(" + strconv.Itoa(int(w)) + ")"
}

// ParseWireFormat returns the format with that name; the empty name is auto. The error names the value and the allowed names.
func ParseWireFormat(name string) (WireFormat, error) {
	if name == "" {
		return WireFormatAuto, nil
	}
	i := slices.IndexFunc(releases[:], func(r release) bool { return strings.EqualFold(name, r.name) })
	if i < 0 {
		return WireFormatAuto, fmt.Errorf("wire format %q: want auto or a minor release of Cilium, %q to %q", name, WireFormat114, newestWireFormat)
	}
	return WireFormat(i), nil
}

// short reports whether the release is known and writes the layouts up to 1.18.
func (w WireFormat) short() bool { return w != WireFormatAuto && w <= WireFormat118 }

// long reports whether the release is known and writes the layouts from 1.19 on.
func (w WireFormat) long() bool { return w >= WireFormat119 }

// dropReleases has the first and the last release that writes each version of the drop notification.
var dropReleases = func() (all [len(dropLengths)][2]WireFormat) {
	for w := newestWireFormat; w > WireFormatAuto; w-- {
		for version := releases[w].oldestDrop; version <= releases[w].newestDrop; version++ {
			if all[version][1] == WireFormatAuto {
				all[version][1] = w
			}
			all[version][0] = w
		}
	}
	return all
}()

// DropReleases returns the first and the last release that may have written a drop notification of a version. It returns the format's
// release alone where that is one of them: a record's own version is stronger than a setting. For an unknown version it returns all
// known releases.
func (w WireFormat) DropReleases(version uint8) (first, last WireFormat) {
	if int(version) < len(dropReleases) {
		first, last = dropReleases[version][0], dropReleases[version][1]
	}
	if first == WireFormatAuto {
		return WireFormat114, newestWireFormat
	}
	if w >= first && w <= last {
		return w, w
	}
	return first, last
}

// SourceFile returns the name of the source file that a drop notification of a version names by its id, such as bpf_lxc.c. The release that
// wrote the drop decides. Several releases write the same version: if only the version is known, an id has the name on which all of
// them agree, and otherwise "".
func (w WireFormat) SourceFile(version, id uint8) string {
	first, last := w.DropReleases(version)
	name := releases[first].file(id)
	for release := first + 1; release <= last; release++ {
		if releases[release].file(id) != name {
			return ""
		}
	}
	return name
}

// file returns the name of an id, "" where the release has none.
func (r *release) file(id uint8) string {
	list := r.programs
	if id > 100 {
		list, id = r.headers, id-100
	}
	if int(id) < len(list) {
		return list[id]
	}
	return ""
}
