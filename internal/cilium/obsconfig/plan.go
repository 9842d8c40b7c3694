// SPDX-License-Identifier: Apache-2.0

// The values to write for a layout and settings, and a map of known type and sizes.

package obsconfig

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// ErrMismatch is returned if the map differs from the layout. Nothing was written.
var ErrMismatch = errors.New("the observability configuration map is not what config_map.layout describes")

// Info is the kernel's description of the map.
type Info struct {
	Type       string // the type's name, for messages
	Array      bool   // an array with one value for each index, not for each processor
	KeySize    uint32 // in bytes
	ValueSize  uint32 // in bytes
	MaxEntries uint32
}

// write is the wanted value at one index, in the bits of mask.
type write struct {
	index       uint32
	mask, value uint64
}

// plan returns the values to write, in the order of their indices.
func (l *Layout) plan(s Settings, info Info) ([]write, error) {
	mismatch := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrMismatch, fmt.Sprintf(format, args...))
	}
	switch {
	case !info.Array:
		return nil, mismatch("found a map of type %s; want an array", info.Type)
	case info.KeySize != 4:
		return nil, mismatch("found keys of %d bytes; want 4", info.KeySize)
	case !validSize(info.ValueSize):
		return nil, mismatch("found values of %d bytes; want 1, 2, 4 or 8", info.ValueSize)
	case l.ValueSize != 0 && l.ValueSize != info.ValueSize:
		return nil, mismatch("found values of %d bytes; want %d, the layout's value_size", info.ValueSize, l.ValueSize)
	}
	t, err := l.table()
	if err != nil {
		return nil, err
	}
	if err := t.overlaps(); err != nil {
		return nil, err
	}
	if err := t.fits(info.ValueSize); err != nil {
		return nil, mismatch("%v, which is what the map has", err)
	}

	at := map[uint32]write{}
	add := func(key string, w write) error {
		if w.index >= info.MaxEntries {
			return mismatch("found %d entries; want an index %d for %s", info.MaxEntries, w.index, key)
		}
		before := at[w.index]
		at[w.index] = write{w.index, before.mask | w.mask, before.value | w.value}
		return nil
	}
	whole := ^uint64(0) >> (64 - 8*info.ValueSize)
	for _, kind := range monitor.Kinds() {
		cell, there := t.events[kind]
		if !there {
			continue
		}
		if err := add("events."+kind.String(), cell.write(s.enabled(kind), whole)); err != nil {
			return nil, err
		}
	}
	if a := t.aggregation; a != nil {
		if err := add("aggregation", write{a.Index, whole, a.value(s.Level)}); err != nil {
			return nil, err
		}
	}
	return slices.SortedFunc(maps.Values(at), func(a, b write) int { return int(int64(a.index) - int64(b.index)) }), nil
}

// write returns the value of the cell for an enabled or disabled event. whole is the mask of a whole value.
func (c *Cell) write(on bool, whole uint64) write {
	w := write{index: c.Index, mask: whole}
	if c.Bit != nil {
		w.mask = 1 << *c.Bit
		if on {
			w.value = w.mask
		}
		return w
	}
	enabled, disabled := c.states()
	if w.value = disabled; on {
		w.value = enabled
	}
	return w
}

// encode writes v into a value of the map, little endian.
func encode(value []byte, v uint64) {
	var all [8]byte
	binary.LittleEndian.PutUint64(all[:], v)
	copy(value, all[:])
}

// decode reads a value of the map.
func decode(value []byte) uint64 {
	var all [8]byte
	copy(all[:], value)
	return binary.LittleEndian.Uint64(all[:])
}

// Fits returns ErrMismatch if a map of this type and size cannot have the layout. It reads and writes nothing.
func (l *Layout) Fits(info Info) error {
	_, err := l.plan(Settings{}, info)
	return err
}
