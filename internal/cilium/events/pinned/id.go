// SPDX-License-Identifier: Apache-2.0

// The identity of a map: the map under a path may later be another one.

package pinned

import (
	"fmt"

	"github.com/cilium/ebpf"
)

// Identity is what the kernel says about an open map that distinguishes it from others.
type Identity struct {
	// ID is the kernel's number of the map, which no other map has while this one is open. 0 is unknown: both kernels have numbers
	// (Linux from 4.13 on), but the interface allows for one that has not.
	ID uint32

	Type                           ebpf.MapType
	KeySize, ValueSize, MaxEntries uint32
	Flags                          uint32
	Name                           string
}

// Identify asks the kernel which map m is.
func Identify(m *ebpf.Map) (Identity, error) {
	info, err := m.Info()
	if err != nil {
		return Identity{}, fmt.Errorf("asking which map it is: %w", err)
	}
	id, _ := info.ID()
	return Identity{
		ID: uint32(id), Type: info.Type, KeySize: info.KeySize, ValueSize: info.ValueSize,
		MaxEntries: info.MaxEntries, Flags: info.Flags, Name: info.Name,
	}, nil
}

// Sameness is the result of comparing two open maps.
type Sameness int

const (
	// Unknown means that they look alike, and a number that would distinguish them is missing.
	Unknown Sameness = iota
	Same
	Different
)

// Compare compares two maps that are both open. If a number is missing, their properties can only show that they differ: two
// installations of Cilium make maps that look alike.
func (i Identity) Compare(other Identity) Sameness {
	if i.ID != 0 && other.ID != 0 {
		if i.ID == other.ID {
			return Same
		}
		return Different
	}
	i.ID, other.ID = 0, 0
	if i == other {
		return Unknown
	}
	return Different
}
