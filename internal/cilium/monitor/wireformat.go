// SPDX-License-Identifier: Apache-2.0

// The releases of Cilium, where a record does not say of itself which one wrote it.

package monitor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// WireFormat is a minor release of Cilium, or auto. It settles two things that a record's type and version leave open: the layout of
// the policy verdict, which grew from 32 to 40 bytes with 1.19, and of the socket trace, which grew from 38 to 40, both without a new
// version number; and which source file a drop's number means, see flow.FileName.
type WireFormat uint8

const (
	// WireFormatAuto looks at the bytes and takes the layout up to 1.18 when both readings make sense.
	WireFormatAuto WireFormat = iota
	WireFormat114
	WireFormat115
	WireFormat116
	WireFormat117
	WireFormat118
	WireFormat119
	WireFormat120
)

// wireFormatNames is indexed by WireFormat.
var wireFormatNames = [...]string{"auto", "1.14", "1.15", "1.16", "1.17", "1.18", "1.19", "1.20"}

// String returns the format's name in the configuration.
func (w WireFormat) String() string {
	if int(w) < len(wireFormatNames) {
		return wireFormatNames[w]
	}
	return "WireFormat(" + strconv.Itoa(int(w)) + ")"
}

// ParseWireFormat returns the format with that name; the empty name is auto. The error names the value and what is allowed.
func ParseWireFormat(name string) (WireFormat, error) {
	if name == "" {
		return WireFormatAuto, nil
	}
	i := slices.IndexFunc(wireFormatNames[:], func(n string) bool { return strings.EqualFold(name, n) })
	if i < 0 {
		return WireFormatAuto, fmt.Errorf("wire format %q: want auto or a minor release of Cilium, \"1.14\" to \"1.20\"", name)
	}
	return WireFormat(i), nil
}

// short reports whether the release is known to write the layouts up to 1.18.
func (w WireFormat) short() bool { return w != WireFormatAuto && w <= WireFormat118 }

// long reports whether the release is known to write the layouts from 1.19 on.
func (w WireFormat) long() bool { return w >= WireFormat119 }

// dropReleases are the first and the last release whose datapath writes each version of the drop notification (NOTIFY_DROP_VER and
// NOTIFY_CAPTURE_VER in bpf/lib). Version 0 is older than any of them; its layout is that of version 1. The first releases of 1.17
// wrote version 1, later ones version 2.
var dropReleases = [...][2]WireFormat{
	0: {WireFormat114, WireFormat117}, 1: {WireFormat114, WireFormat117}, 2: {WireFormat117, WireFormat118}, 3: {WireFormat119, WireFormat120},
}

// DropReleases gives the first and the last release that may have written a drop notification of a version: the format's alone where
// it is one of them, since a record's own version is stronger than a setting.
func (w WireFormat) DropReleases(version uint8) (first, last WireFormat) {
	if int(version) >= len(dropReleases) {
		return WireFormat114, WireFormat120
	}
	first, last = dropReleases[version][0], dropReleases[version][1]
	if w >= first && w <= last {
		return w, w
	}
	return first, last
}
