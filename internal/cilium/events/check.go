// SPDX-License-Identifier: Apache-2.0

package events

import (
	"github.com/cilium/ebpf"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
)

// Check returns ErrMapType or ErrMapSize for a map, pinned at path, that cannot be read as an events map. It does not attach to the map,
// so a reader of the map is not disturbed.
func Check(path string, is pinned.Identity) error { return checkMap(path, is.Type, is.MaxEntries) }

// TypeName returns the name of a map's type, such as WindowsRingBuf, and its number on this platform.
func TypeName(t ebpf.MapType) (name string, number uint32) { return typeName(t), typeNumber(t) }
