// SPDX-License-Identifier: Apache-2.0

// Writing the settings into the map, and restoring the previous values.

package obsconfig

import (
	"errors"
	"fmt"
	"strings"
)

// Map is the observability configuration map. Values have the map's form: Info.ValueSize bytes.
type Map interface {
	Info() (Info, error)
	// Lookup reads the value at index into value.
	Lookup(index uint32, value []byte) error
	// Put writes value at index.
	Put(index uint32, value []byte) error
}

var (
	// ErrNotTaken is returned if the map has another value after writing.
	ErrNotTaken = errors.New("the observability configuration map did not take a value")
	// ErrChanged is returned if a value was not restored because something else had changed it.
	ErrChanged = errors.New("something else has changed the observability configuration map")
)

// Applied has the values that Apply has written, and the previous ones.
type Applied struct {
	m     Map
	size  uint32 // of a value, in bytes
	cells []cell
}

type cell struct {
	write
	before, after uint64
}

// Apply checks the map, writes the settings in the layout, reads each value back and compares it. If it fails it restores the values that
// it has written. Its errors are ErrMismatch, ErrNotTaken and the map's own.
func Apply(m Map, l Layout, s Settings) (*Applied, error) {
	info, err := m.Info()
	if err != nil {
		return nil, fmt.Errorf("reading what the observability configuration map is: %w", err)
	}
	writes, err := l.plan(s, info)
	if err != nil {
		return nil, err
	}
	a := &Applied{m: m, size: info.ValueSize}
	for _, w := range writes {
		if err := a.set(w); err != nil {
			return nil, errors.Join(err, a.Restore())
		}
	}
	return a, nil
}

// Again writes the settings again, reads them back and compares. A value that something else has written since becomes the previous value.
func (a *Applied) Again() error {
	for i := range a.cells {
		c := &a.cells[i]
		found, err := a.read(c.index)
		if err != nil {
			return err
		}
		if found&c.mask == c.value { // nothing else has written these bits
			c.before = found&^c.mask | c.before&c.mask
		} else {
			c.before = found
		}
		c.after = found&^c.mask | c.value
		if err := a.putAndCompare(c.index, c.after); err != nil {
			return err
		}
	}
	return nil
}

// set writes one value and keeps the bits outside the layout.
func (a *Applied) set(w write) error {
	before, err := a.read(w.index)
	if err != nil {
		return err
	}
	a.cells = append(a.cells, cell{w, before, before&^w.mask | w.value})
	return a.putAndCompare(w.index, before&^w.mask|w.value)
}

// equal reports whether another map has the same values, as far as both can be read.
func (a *Applied) equal(other Map) bool {
	b := &Applied{m: other, size: a.size}
	for _, c := range a.cells {
		here, err := a.read(c.index)
		there, otherErr := b.read(c.index)
		if err != nil || otherErr != nil || here != there {
			return false
		}
	}
	return true
}

// changes lists the values that something else has written since. It compares only the bits of the layout.
func (a *Applied) changes() (string, error) {
	var parts []string
	for _, c := range a.cells {
		found, err := a.read(c.index)
		if err != nil {
			return "", err
		}
		if found&c.mask != c.value {
			parts = append(parts, fmt.Sprintf("index %d has %#x where this receiver wrote %#x", c.index, found, c.after))
		}
	}
	return strings.Join(parts, ", "), nil
}

func (a *Applied) putAndCompare(index uint32, v uint64) error {
	if err := a.put(index, v); err != nil {
		return err
	}
	found, err := a.read(index)
	if err != nil {
		return err
	}
	if found != v {
		return fmt.Errorf("%w: index %d has %#x after %#x was written", ErrNotTaken, index, found, v)
	}
	return nil
}

func (a *Applied) read(index uint32) (uint64, error) {
	value := make([]byte, a.size)
	if err := a.m.Lookup(index, value); err != nil {
		return 0, fmt.Errorf("reading index %d of the observability configuration map: %w", index, err)
	}
	return decode(value), nil
}

func (a *Applied) put(index uint32, v uint64) error {
	value := make([]byte, a.size)
	encode(value, v)
	if err := a.m.Put(index, value); err != nil {
		return fmt.Errorf("writing %#x to index %d of the observability configuration map: %w", v, index, err)
	}
	return nil
}

// Restore restores the previous values. It leaves a value that something else has changed since, and returns ErrChanged. Further calls do
// nothing.
func (a *Applied) Restore() error {
	var errs []error
	for _, c := range a.cells {
		if c.before == c.after {
			continue
		}
		found, err := a.read(c.index)
		switch {
		case err != nil:
			errs = append(errs, err)
		case found == c.before:
		case found != c.after:
			errs = append(errs, fmt.Errorf("%w: index %d has %#x where this receiver wrote %#x; it is left so, not set to the previous %#x",
				ErrChanged, c.index, found, c.after, c.before))
		default:
			if err := a.put(c.index, c.before); err != nil {
				errs = append(errs, err)
			}
		}
	}
	a.cells = nil
	return errors.Join(errs...)
}

// String lists the written values: "index 0: 0x2 -> 0x32, index 1: 0x4 kept".
func (a *Applied) String() string {
	var parts []string
	for _, c := range a.cells {
		if c.before == c.after {
			parts = append(parts, fmt.Sprintf("index %d: %#x kept", c.index, c.after))
			continue
		}
		parts = append(parts, fmt.Sprintf("index %d: %#x -> %#x", c.index, c.before, c.after))
	}
	return strings.Join(parts, ", ")
}
