// SPDX-License-Identifier: Apache-2.0

package obsconfig_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/eventstest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
)

func TestSettingsReachARealArrayAndAreRestored(t *testing.T) {
	dir := eventstest.Dir(t)
	for name, size := range map[string]uint32{"bytes": 1, "shorts": 2, "words": 4, "longs": 8} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			kernel := eventstest.NewArray(t, path, size, 2)
			value := func(index uint32) uint64 {
				raw := make([]byte, size)
				if err := kernel.Lookup(index, raw); err != nil {
					t.Fatal(err)
				}
				var v uint64
				for i, b := range raw {
					v |= uint64(b) << (8 * i)
				}
				return v
			}
			if err := kernel.Put(uint32(0), append([]byte{0x8C}, make([]byte, size-1)...)); err != nil {
				t.Fatal(err)
			}
			m, err := obsconfig.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			applied, err := obsconfig.Apply(m, bitmask, documented)
			if err != nil {
				t.Fatal(err)
			}
			if mask, level := value(0), value(1); mask != 0xB2 || level != 4 {
				t.Errorf("the map has mask %#x and level %d; want 0xb2 and 4", mask, level)
			}
			if err := applied.Restore(); err != nil {
				t.Fatal(err)
			}
			if mask, level := value(0), value(1); mask != 0x8C || level != 0 {
				t.Errorf("restored, the map has mask %#x and level %d; want 0x8c and 0", mask, level)
			}
		})
	}
}

func TestARealMapOfAnotherTypeIsRefused(t *testing.T) {
	dir := eventstest.Dir(t)
	hash, ring := filepath.Join(dir, "hash"), filepath.Join(dir, "ring")
	eventstest.NewHash(t, hash, 4, 4, 8)
	eventstest.NewRing(t, ring, 1<<16)
	for _, path := range []string{hash, ring} {
		m, err := obsconfig.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := obsconfig.Apply(m, bitmask, documented); !errors.Is(err, obsconfig.ErrMismatch) {
			t.Errorf("%s: %v; want ErrMismatch", path, err)
		}
		m.Close()
	}
}

func TestAMissingMapIsNotExist(t *testing.T) {
	if _, err := obsconfig.Open(filepath.Join(eventstest.Dir(t), "cilium_observability_config")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v; want that nothing is pinned there", err)
	}
}
