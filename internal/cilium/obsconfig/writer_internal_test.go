// SPDX-License-Identifier: Apache-2.0

// Maps without a number, which no kernel of ours has.

package obsconfig

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// fakeMap is an array of two values of 4 bytes.
type fakeMap struct {
	values [2]uint32
	is     pinned.Identity
	err    error // of Identity
	open   int
}

func (m *fakeMap) Info() (Info, error) {
	return Info{Type: "Array", Array: true, KeySize: 4, ValueSize: 4, MaxEntries: 2}, nil
}

func (m *fakeMap) Lookup(index uint32, value []byte) error {
	binary.LittleEndian.PutUint32(value, m.values[index])
	return nil
}

func (m *fakeMap) Put(index uint32, value []byte) error {
	m.values[index] = binary.LittleEndian.Uint32(value)
	return nil
}

func (m *fakeMap) Identity() (pinned.Identity, error) { return m.is, m.err }
func (m *fakeMap) Close() error                       { m.open--; return nil }

func TestASettingsMapWithoutANumberDoesNotHideAnother(t *testing.T) {
	first, second := &fakeMap{values: [2]uint32{0x80, 1}}, &fakeMap{values: [2]uint32{0x40, 0}}
	there := first
	w := NewWriter("/pin", DefaultConfig(), Settings{Events: []monitor.Kind{monitor.KindTrace}, Level: LevelMaximum})
	w.open = func(string) (openMap, error) { there.open++; return there, nil }
	keep := func(what string, writes bool) {
		t.Helper()
		if written, err := w.Apply(false); err != nil || (written != "") != writes {
			t.Errorf("%s: wrote %q, %v; want something written: %v", what, written, err, writes)
		}
	}
	keep("the first map", true)
	keep("the first map again", false)
	there = second
	keep("another map", true)
	keep("another map again", false)
	if second.values != [2]uint32{0x52, 4} {
		t.Errorf("the other map has %#x; want the settings", second.values)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if first.values != [2]uint32{0x92, 4} || second.values != [2]uint32{0x40, 0} {
		t.Errorf("the maps have %#x and %#x; want the settings, and the values of before", first.values, second.values)
	}
	if first.open != 0 || second.open != 0 {
		t.Errorf("the maps are open %d and %d times; want none", first.open, second.open)
	}
}

func TestASettingsMapThatTheKernelDoesNotDescribeIsAnError(t *testing.T) {
	broken := errors.New("no memory")
	m := &fakeMap{err: broken}
	w := NewWriter("/pin", DefaultConfig(), Settings{})
	w.open = func(string) (openMap, error) { m.open++; return m, nil }
	if _, err := w.Apply(true); !errors.Is(err, broken) || m.open != 0 || m.values != [2]uint32{} {
		t.Errorf("%v, open %d times, %#x; want %v, and the map closed as it was", err, m.open, m.values, broken)
	}
}

func TestValuesThatSomethingElseWritesAreChangesAndOtherBitsAreNot(t *testing.T) {
	first, second := &fakeMap{values: [2]uint32{0x80, 1}, is: pinned.Identity{}}, &fakeMap{}
	there := first
	w := NewWriter("/pin", DefaultConfig(), Settings{Events: []monitor.Kind{monitor.KindTrace}, Level: LevelMaximum})
	w.open = func(string) (openMap, error) { return there, nil }
	want := func(what, text string) {
		t.Helper()
		if got, err := w.Changes(); err != nil || got != text {
			t.Errorf("%s: %q, %v; want %q", what, got, err, text)
		}
	}
	want("before the first map", "")
	if _, err := w.Apply(false); err != nil {
		t.Fatal(err)
	}
	want("as written", "")
	first.values[0] ^= 0x40
	want("a bit outside the layout", "")
	first.values[0], first.values[1] = 0x82, 0
	want("an event and the level", "index 0 has 0x82 where this receiver wrote 0x92, index 1 has 0x0 where this receiver wrote 0x4")
	first.values = [2]uint32{0x92, 4}
	want("as written again", "")
	there = second
	if _, err := w.Apply(false); err != nil || w.Maps() != 2 {
		t.Errorf("%d maps took the settings, %v; want 2", w.Maps(), err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	want("closed", "")
}
