// SPDX-License-Identifier: Apache-2.0

// The types of map that carry events, by the numbers of each platform, and their readers.

package events

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// Errors of a map that exists but cannot be read as an events map.
var (
	// ErrMapType is returned for a map that cannot carry events.
	ErrMapType = errors.New("not an events map")
	// ErrMapSize is returned for a ring buffer or a perf event array of an impossible size.
	ErrMapSize = errors.New("impossible size of an events map")
)

// windowsPerfArray is BPF_MAP_TYPE_PERF_EVENT_ARRAY of eBPF for Windows (include/ebpf_structs.h), which cilium/ebpf does not name.
// Its number follows that of the ring buffer.
const windowsPerfArray = ebpf.WindowsRingBuf + 1

// attach begins to read m in the way of its type, which checkMap has accepted. attachPerf is in perf_linux.go, perf_windows.go and
// perf_other.go.
func attach(m *ebpf.Map) (attachment, error) {
	switch m.Type() {
	case ebpf.PerfEventArray, windowsPerfArray:
		return attachPerf(m)
	}
	return attachRing(m)
}

// checkMap returns what keeps events from being read from the map that is pinned at path, or nil.
func checkMap(path string, typ ebpf.MapType, maxEntries uint32) error {
	switch typ {
	case ebpf.RingBuf, ebpf.WindowsRingBuf:
		if maxEntries == 0 || maxEntries&(maxEntries-1) != 0 {
			return fmt.Errorf("the ring buffer pinned at %s: %w: found %d bytes; want a power of two", path, ErrMapSize, maxEntries)
		}
		return nil
	case ebpf.PerfEventArray, windowsPerfArray:
		if maxEntries == 0 {
			return fmt.Errorf("the perf event array pinned at %s: %w: found no entries; want at least one", path, ErrMapSize)
		}
		return nil
	}
	return fmt.Errorf("the map pinned at %s is of type %d (%s): %w; want a ring buffer or a perf event array", path, typeNumber(typ), typ, ErrMapType)
}

// typeName returns cilium/ebpf's name of a map type.
func typeName(t ebpf.MapType) string {
	if t == windowsPerfArray {
		return "WindowsPerfEventArray"
	}
	return t.String()
}

// typeNumber returns a map type in its platform's numbering. cilium/ebpf puts the platform into the upper four bits
// (internal/platform).
func typeNumber(t ebpf.MapType) uint32 { return uint32(t) &^ (0xF << 28) }
