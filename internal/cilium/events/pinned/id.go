// SPDX-License-Identifier: Apache-2.0

// Which map it is: under one path there may be another one later.

package pinned

import "github.com/cilium/ebpf"

// ID is the kernel's number of the map, which no other map has while this one is open; 0 where the kernel does not tell.
func ID(m *ebpf.Map) uint32 {
	info, err := m.Info()
	if err != nil {
		return 0
	}
	id, _ := info.ID()
	return uint32(id)
}
