// SPDX-License-Identifier: Apache-2.0

package obsconfig_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
)

func TestRestorePutsThePreviousValuesBack(t *testing.T) {
	m := array(4, 2)
	m.set(0, 0xC0)
	m.set(1, 4)
	applied, err := obsconfig.Apply(m, bitmask, documented)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := applied.String(), "index 0: 0xc0 -> 0xf2, index 1: 0x4 kept"; got != want {
		t.Errorf("applied: %q; want %q", got, want)
	}
	for range 2 {
		if err := applied.Restore(); err != nil {
			t.Fatal(err)
		}
		if got, want := m.content(), (map[uint32]uint64{0: 0xC0, 1: 4}); !reflect.DeepEqual(got, want) {
			t.Errorf("the map has %#x; want %#x", got, want)
		}
		m.putErr = func(uint32) error { return errors.New("a second Restore writes") }
	}
}

func TestRestoreLeavesWhatSomethingElseHasChanged(t *testing.T) {
	m := array(4, 2)
	m.set(0, 0xC0)
	m.set(1, 1)
	applied, err := obsconfig.Apply(m, bitmask, documented)
	if err != nil {
		t.Fatal(err)
	}
	m.set(1, 3)
	err = applied.Restore()
	if !errors.Is(err, obsconfig.ErrChanged) || !strings.Contains(err.Error(), "index 1 has 0x3 where this receiver wrote 0x4; it is left so, not set to the previous 0x1") {
		t.Errorf("%v; want ErrChanged with the values", err)
	}
	if got, want := m.content(), (map[uint32]uint64{0: 0xC0, 1: 3}); !reflect.DeepEqual(got, want) {
		t.Errorf("the map has %#x; want %#x", got, want)
	}
}

func TestRestoreIsContentWhenThePreviousValueIsBackAlready(t *testing.T) {
	m := array(4, 2)
	applied, err := obsconfig.Apply(m, bitmask, documented)
	if err != nil {
		t.Fatal(err)
	}
	clear(m.values)
	if err := applied.Restore(); err != nil || len(m.values) != 0 {
		t.Errorf("%v, %d values written; want none", err, len(m.values))
	}
}

func TestRestoreGoesOnAfterAnError(t *testing.T) {
	m := array(4, 6)
	applied, err := obsconfig.Apply(m, perEvent, documented)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	m.putErr = func(index uint32) error {
		if index == 1 {
			return broken
		}
		return nil
	}
	if err := applied.Restore(); !errors.Is(err, broken) || !strings.Contains(err.Error(), "writing 0x0 to index 1") {
		t.Errorf("%v; want the map's error at index 1", err)
	}
	if got, want := m.content(), (map[uint32]uint64{1: 1}); !reflect.DeepEqual(got, want) {
		t.Errorf("the map has %#x; want %#x", got, want)
	}
}
