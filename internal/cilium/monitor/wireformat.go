// SPDX-License-Identifier: Apache-2.0

// The releases of Cilium, for records that do not say which release wrote them.

package monitor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// WireFormat is a minor release of Cilium, or auto. It decides two things that a record's type and version leave open: the layout of
// the policy verdict and of the socket trace, which 1.19 changed without a new version number, and which source file a drop's number
// means, see flow.FileName.
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

// wireFormatNames is indexed by WireFormat.
var wireFormatNames = [...]string{"auto", "1.14", "1.15", "1.16", "1.17", "1.18", "1.19", "1.20"}

// newestWireFormat is the newest known release.
const newestWireFormat = WireFormat(len(wireFormatNames) - 1)

// String returns the format's name in the configuration.
func (w WireFormat) String() string {
	if int(w) < len(wireFormatNames) {
		return wireFormatNames[w]
	}
	return "WireFormat(" + strconv.Itoa(int(w)) + ")"
}

// ParseWireFormat returns the format with that name; the empty name is auto. The error names the value and the allowed names.
func ParseWireFormat(name string) (WireFormat, error) {
	if name == "" {
		return WireFormatAuto, nil
	}
	i := slices.IndexFunc(wireFormatNames[:], func(n string) bool { return strings.EqualFold(name, n) })
	if i < 0 {
		return WireFormatAuto, fmt.Errorf("wire format %q: want auto or a minor release of Cilium, %q to %q", name, WireFormat114, newestWireFormat)
	}
	return WireFormat(i), nil
}

// short reports whether the release is known and writes the layouts up to 1.18.
func (w WireFormat) short() bool { return w != WireFormatAuto && w <= WireFormat118 }

// long reports whether the release is known and writes the layouts from 1.19 on.
func (w WireFormat) long() bool { return w >= WireFormat119 }
