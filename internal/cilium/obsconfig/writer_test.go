// SPDX-License-Identifier: Apache-2.0

package obsconfig_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/eventstest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
)

func TestAgainKeepsThePreviousValuesOfBefore(t *testing.T) {
	for _, c := range []struct {
		name                     string
		before, meanwhile, after uint64 // of the mask at index 0; the settings are 0x32 in the bits 0x3e
		restored                 uint64
	}{
		{"nothing has changed", 0x80, 0xB2, 0xB2, 0x80},
		{"other bits have changed", 0x80, 0x72, 0x72, 0x40},
		{"the bits have changed", 0x80, 0x04, 0x32, 0x04},
	} {
		m := array(4, 2)
		m.set(0, c.before)
		applied, err := obsconfig.Apply(m, bitmask, documented)
		if err != nil {
			t.Fatal(err)
		}
		m.set(0, c.meanwhile)
		if err := applied.Again(); err != nil {
			t.Fatal(err)
		}
		if got, want := m.content(), (map[uint32]uint64{0: c.after, 1: 4}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the map has %#x; want %#x", c.name, got, want)
		}
		if err := applied.Restore(); err != nil {
			t.Fatal(err)
		}
		if got, want := m.content(), (map[uint32]uint64{0: c.restored}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: restored, the map has %#x; want %#x", c.name, got, want)
		}
	}
}

func TestAgainComparesWhatItWrote(t *testing.T) {
	m := array(4, 2)
	applied, err := obsconfig.Apply(m, bitmask, documented)
	if err != nil {
		t.Fatal(err)
	}
	m.set(1, 0)
	m.alter = func(_ uint32, value []byte) { clear(value) }
	if err := applied.Again(); !errors.Is(err, obsconfig.ErrNotTaken) {
		t.Errorf("%v; want %v", err, obsconfig.ErrNotTaken)
	}
}

func put(t *testing.T, m *ebpf.Map, mask, level uint32) {
	t.Helper()
	if err := errors.Join(m.Put(uint32(0), mask), m.Put(uint32(1), level)); err != nil {
		t.Fatal(err)
	}
}

func requireValues(t *testing.T, what string, m *ebpf.Map, mask, level uint32) {
	t.Helper()
	for i, want := range []uint32{mask, level} {
		var b [4]byte
		if err := m.Lookup(uint32(i), &b); err != nil {
			t.Fatal(err)
		}
		if got := binary.LittleEndian.Uint32(b[:]); got != want {
			t.Errorf("%s: index %d has %#x; want %#x", what, i, got, want)
		}
	}
}

func TestSettingsAreKeptInWhateverMapIsPinned(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_observability_config")
	cfg := obsconfig.DefaultConfig()
	w := obsconfig.NewWriter(path, cfg, documented)
	keep := func(again, writes bool) {
		t.Helper()
		written, err := w.Apply(again)
		if err != nil || (written != "") != writes {
			t.Fatalf("Apply(%v): wrote %q, %v; want something written: %v", again, written, err, writes)
		}
	}
	if _, err := w.Apply(true); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%v; want that nothing is pinned there", err)
	}
	first := eventstest.NewArray(t, path, 4, 2)
	put(t, first, 0xC0, 1)
	keep(false, true) // it came late
	requireValues(t, "the first", first, 0xF2, 4)
	put(t, first, 0x1, 0)
	keep(false, false) // something else may change it
	requireValues(t, "the first", first, 0x1, 0)
	keep(true, true)
	requireValues(t, "the first, again", first, 0x33, 4)

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	second := eventstest.NewArray(t, path, 4, 2)
	put(t, second, 0x2, 3)
	keep(false, true)
	requireValues(t, "the second", second, 0x32, 4)
	requireValues(t, "the first, whose programs go on", first, 0x33, 4)
	keep(true, true)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	requireValues(t, "the second, restored", second, 0x2, 3)
	if err := w.Close(); err != nil {
		t.Errorf("the second Close: %v", err)
	}
}

func TestAMapThatDoesNotTakeTheSettingsIsNotTriedAgainByItself(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_observability_config")
	eventstest.NewHash(t, path, 4, 4, 2)
	w := obsconfig.NewWriter(path, obsconfig.DefaultConfig(), documented)
	for _, again := range []bool{false, false, true} {
		if _, err := w.Apply(again); !errors.Is(err, obsconfig.ErrMismatch) {
			t.Errorf("%v; want %v", err, obsconfig.ErrMismatch)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	m := eventstest.NewArray(t, path, 4, 2)
	if written, err := w.Apply(false); err != nil || written == "" {
		t.Errorf("another map: wrote %q, %v", written, err)
	}
	requireValues(t, "another map", m, 0x32, 4)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestOffTouchesNothingAndValuesStayWhereThatIsWanted(t *testing.T) {
	path := filepath.Join(eventstest.Dir(t), "cilium_observability_config")
	m := eventstest.NewArray(t, path, 4, 2)
	cfg := obsconfig.DefaultConfig()
	cfg.Apply = obsconfig.ModeOff
	w := obsconfig.NewWriter(path, cfg, documented)
	if written, err := w.Apply(true); err != nil || written != "" {
		t.Errorf("off: wrote %q, %v", written, err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	requireValues(t, "off", m, 0, 0)

	cfg = obsconfig.DefaultConfig()
	cfg.RestoreOnShutdown = false
	w = obsconfig.NewWriter(path, cfg, documented)
	if _, err := w.Apply(false); err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	requireValues(t, "without restoring", m, 0x32, 4)
}
