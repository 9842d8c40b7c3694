// SPDX-License-Identifier: Apache-2.0

package events

import (
	"sync/atomic"

	"github.com/cilium/ebpf"
)

var (
	_ placed = (*pinnedMap)(nil)
	_ placed = (*windowsRing)(nil)
)

// position maps the ring buffer a second time. That does not affect its reader: the map's event stays the reader's.
func (p *pinnedMap) position() (position, bool) {
	if p.Type() != ebpf.WindowsRingBuf {
		return position{}, false
	}
	api, err := loadRingAPI()
	if err != nil {
		return position{}, false
	}
	mapped, err := api.mapBuffer(p.FD())
	if err != nil || mapped.consumer == nil || mapped.producer == nil {
		return position{}, false
	}
	at := mapped.position()
	return at, api.unmapBuffer(p.FD(), mapped) == nil
}

func (r *windowsRing) position() (position, bool) { return r.mapped.position(), true }

func (m *mappedRing) position() position {
	return position{consumer: atomic.LoadUint64(m.consumer), producer: atomic.LoadUint64(m.producer)}
}
