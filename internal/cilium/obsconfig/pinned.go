// SPDX-License-Identifier: Apache-2.0

// The real map, through cilium/ebpf on either platform.

package obsconfig

import (
	"github.com/cilium/ebpf"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
)

var _ Map = (*PinnedMap)(nil)

// PinnedMap is a map of the kernel.
type PinnedMap struct{ m *ebpf.Map }

// Open opens the map that is pinned at path. Its errors are those of pinned.Open. The caller closes it, after Restore.
func Open(path string) (*PinnedMap, error) {
	m, err := pinned.Open(path)
	if err != nil {
		return nil, err
	}
	return &PinnedMap{m}, nil
}

// Identity identifies the map.
func (p *PinnedMap) Identity() (pinned.Identity, error) { return pinned.Identify(p.m) }

// Info is the kernel's description of the map when it was opened.
func (p *PinnedMap) Info() (Info, error) {
	typ := p.m.Type()
	return Info{
		Type:       typ.String(),
		Array:      typ == ebpf.Array || typ == ebpf.WindowsArray,
		KeySize:    p.m.KeySize(),
		ValueSize:  p.m.ValueSize(),
		MaxEntries: p.m.MaxEntries(),
	}, nil
}

// Lookup reads the value at index into value.
func (p *PinnedMap) Lookup(index uint32, value []byte) error { return p.m.Lookup(index, value) }

// Put writes value at index.
func (p *PinnedMap) Put(index uint32, value []byte) error { return p.m.Put(index, value) }

// Close closes the map. On Windows nothing else closes it.
func (p *PinnedMap) Close() error { return p.m.Close() }
