// SPDX-License-Identifier: Apache-2.0

// What kinds of map carry events, by the numbers of each platform.

package events

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// Errors of a map that is there but cannot be read as an events map.
var (
	// ErrMapType is returned for a map that cannot carry events.
	ErrMapType = errors.New("not an events map")
	// ErrPerfArray is returned for a perf event array.
	ErrPerfArray = errors.New("perf event arrays cannot be read yet")
	// ErrMapSize is returned for a ring buffer whose size is none that a ring buffer can have.
	ErrMapSize = errors.New("not a ring buffer's size")
)

// windowsPerfArray is BPF_MAP_TYPE_PERF_EVENT_ARRAY of eBPF for Windows (include/ebpf_structs.h), which cilium/ebpf does
// not name: the number that follows the ring buffer's.
const windowsPerfArray = ebpf.WindowsRingBuf + 1

// checkMap says what is wrong with reading events from the map that is pinned at path, if anything.
func checkMap(path string, typ ebpf.MapType, maxEntries uint32) error {
	const want = "want a ring buffer"
	switch typ {
	case ebpf.RingBuf, ebpf.WindowsRingBuf:
		if maxEntries == 0 || maxEntries&(maxEntries-1) != 0 {
			return fmt.Errorf("the ring buffer pinned at %s: %w: found %d bytes; want a power of two", path, ErrMapSize, maxEntries)
		}
		return nil
	case ebpf.PerfEventArray, windowsPerfArray:
		return fmt.Errorf("the map pinned at %s is a perf event array (type %d): %w; %s", path, typeNumber(typ), ErrPerfArray, want)
	}
	return fmt.Errorf("the map pinned at %s is of type %d (%s): %w; %s", path, typeNumber(typ), typ, ErrMapType, want)
}

// typeNumber is a map type as its platform numbers it. cilium/ebpf puts the platform into the upper four bits
// (internal/platform).
func typeNumber(t ebpf.MapType) uint32 { return uint32(t) &^ (0xF << 28) }
