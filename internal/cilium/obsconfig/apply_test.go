// SPDX-License-Identifier: Apache-2.0

package obsconfig_test

import (
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
)

// fake is a map of any shape, with faults on demand.
type fake struct {
	info    obsconfig.Info
	values  map[uint32][]byte
	puts    int
	infoErr error
	getErr  func(index uint32) error
	putErr  func(index uint32) error
	alter   func(index uint32, value []byte) // what the map makes of what is written
}

func array(valueSize, maxEntries uint32) *fake {
	return &fake{info: obsconfig.Info{Type: "Array", Array: true, KeySize: 4, ValueSize: valueSize, MaxEntries: maxEntries}, values: map[uint32][]byte{}}
}

func (f *fake) Info() (obsconfig.Info, error) { return f.info, f.infoErr }

func (f *fake) Lookup(index uint32, value []byte) error {
	if f.getErr != nil {
		if err := f.getErr(index); err != nil {
			return err
		}
	}
	if len(value) != int(f.info.ValueSize) {
		return errors.New("a value of another size")
	}
	clear(value)
	copy(value, f.values[index])
	return nil
}

func (f *fake) Put(index uint32, value []byte) error {
	f.puts++
	if f.putErr != nil {
		if err := f.putErr(index); err != nil {
			return err
		}
	}
	if len(value) != int(f.info.ValueSize) || index >= f.info.MaxEntries {
		return errors.New("a value of another size, or an index that the map does not have")
	}
	f.values[index] = append([]byte(nil), value...)
	if f.alter != nil {
		f.alter(index, f.values[index])
	}
	return nil
}

func (f *fake) set(index uint32, v uint64) {
	f.values[index] = binary.LittleEndian.AppendUint64(nil, v)[:f.info.ValueSize]
}

// content is the map as numbers, without zeros.
func (f *fake) content() map[uint32]uint64 {
	got := map[uint32]uint64{}
	for index, value := range f.values {
		if v := binary.LittleEndian.Uint64(append(append([]byte(nil), value...), make([]byte, 8)...)); v != 0 {
			got[index] = v
		}
	}
	return got
}

var (
	bitmask  = obsconfig.Layout{Preset: obsconfig.PresetBitmask}
	perEvent = obsconfig.Layout{Preset: obsconfig.PresetPerEvent}
	// documented are the settings of the design document's example.
	documented = obsconfig.Settings{Events: []monitor.Kind{monitor.KindDrop, monitor.KindTrace, monitor.KindPolicyVerdict}, Level: obsconfig.LevelMaximum}
	all        = obsconfig.Settings{Events: monitor.Kinds(), Level: obsconfig.LevelNone}
	none       = obsconfig.Settings{Level: obsconfig.LevelLow}
)

func explicit() obsconfig.Layout {
	return obsconfig.Layout{
		Events: map[string]obsconfig.Cell{
			"trace":          {Index: 7, Bit: p(uint(31))},
			"POLICY_VERDICT": {Index: 7, Bit: p(uint(0))},
			"DEBUG":          {Index: 2, Enabled: p(uint64(0xAB)), Disabled: p(uint64(0xCD))},
			"DROP":           {Index: 3},
		},
		Aggregation: &obsconfig.Aggregation{Index: 5, Low: p(uint64(0x20)), Maximum: p(uint64(0x40))},
	}
}

func TestApplyWritesTheSettingsInTheLayout(t *testing.T) {
	for _, c := range []struct {
		name     string
		layout   obsconfig.Layout
		settings obsconfig.Settings
		m        *fake
		want     map[uint32]uint64
	}{
		// DROP 1, DEBUG 2, CAPTURE 3, TRACE 4, POLICY_VERDICT 5.
		{"bitmask", bitmask, documented, array(4, 2), map[uint32]uint64{0: 0x32, 1: 4}},
		{"bitmask of a byte", bitmask, documented, array(1, 2), map[uint32]uint64{0: 0x32, 1: 4}},
		{"bitmask of 8 bytes in a larger map", bitmask, documented, array(8, 64), map[uint32]uint64{0: 0x32, 1: 4}},
		{"bitmask, everything", bitmask, all, array(4, 2), map[uint32]uint64{0: 0x3E}},
		{"bitmask, nothing but what cannot be disabled", bitmask, none, array(4, 2), map[uint32]uint64{0: 0x02, 1: 2}},
		{"per event", perEvent, documented, array(4, 6), map[uint32]uint64{0: 4, 1: 1, 4: 1, 5: 1}},
		{"per event, nothing", perEvent, none, array(2, 6), map[uint32]uint64{0: 2, 1: 1}},
		{"per event, the level elsewhere", obsconfig.Layout{Preset: "per_event", Aggregation: &obsconfig.Aggregation{Index: 8}}, documented, array(4, 9), map[uint32]uint64{8: 4, 1: 1, 4: 1, 5: 1}},
		{"a preset with one event elsewhere", obsconfig.Layout{Preset: "bitmask", Events: map[string]obsconfig.Cell{"TRACE": {Index: 2, Bit: p(uint(6))}}}, documented, array(4, 3), map[uint32]uint64{0: 0x22, 1: 4, 2: 0x40}},
		{"explicit", explicit(), documented, array(4, 8), map[uint32]uint64{2: 0xCD, 3: 1, 5: 0x40, 7: 0x80000001}},
		{"explicit, everything", explicit(), all, array(4, 8), map[uint32]uint64{2: 0xAB, 3: 1, 7: 0x80000001}},
		{"explicit, nothing", explicit(), none, array(4, 8), map[uint32]uint64{2: 0xCD, 3: 1, 5: 0x20}},
		{"explicit without a level", obsconfig.Layout{Events: map[string]obsconfig.Cell{"DEBUG": {}}}, all, array(4, 1), map[uint32]uint64{0: 1}},
	} {
		if err := c.layout.Validate(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := obsconfig.Apply(c.m, c.layout, c.settings); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := c.m.content(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: the map has %#x; want %#x", c.name, got, c.want)
		}
	}
}

func TestBitsThatAreNotTheLayoutsAreKept(t *testing.T) {
	m := array(4, 2)
	m.set(0, 0x800000FF)
	if _, err := obsconfig.Apply(m, bitmask, documented); err != nil {
		t.Fatal(err)
	}
	// 0xFF without DEBUG (4) and CAPTURE (8).
	if got := m.content()[0]; got != 0x800000F3 {
		t.Errorf("index 0 has %#x; want 0x800000f3", got)
	}
}

func TestAMapOfAnotherShapeIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	sized := bitmask
	sized.ValueSize = 8
	for _, c := range []struct {
		name   string
		layout obsconfig.Layout
		change func(*obsconfig.Info)
		text   string
	}{
		{"type", bitmask, func(i *obsconfig.Info) { i.Type, i.Array = "Hash", false }, "found a map of type Hash; want an array"},
		{"key size", bitmask, func(i *obsconfig.Info) { i.KeySize = 8 }, "found keys of 8 bytes; want 4"},
		{"value size 0", bitmask, func(i *obsconfig.Info) { i.ValueSize = 0 }, "found values of 0 bytes; want 1, 2, 4 or 8"},
		{"value size 3", bitmask, func(i *obsconfig.Info) { i.ValueSize = 3 }, "found values of 3 bytes; want 1, 2, 4 or 8"},
		{"value size 16", bitmask, func(i *obsconfig.Info) { i.ValueSize = 16 }, "found values of 16 bytes; want 1, 2, 4 or 8"},
		{"value size of the layout", sized, func(*obsconfig.Info) {}, "found values of 4 bytes; want 8, the layout's value_size"},
		{"no entries", bitmask, func(i *obsconfig.Info) { i.MaxEntries = 0 }, "found 0 entries; want an index 0 for events.DROP"},
		{"no entry for the level", bitmask, func(i *obsconfig.Info) { i.MaxEntries = 1 }, "found 1 entries; want an index 1 for aggregation"},
		{"no entry for an event", perEvent, func(i *obsconfig.Info) { i.MaxEntries = 5 }, "found 5 entries; want an index 5 for events.POLICY_VERDICT"},
		{"no bit for an event", explicit(), func(i *obsconfig.Info) { i.ValueSize = 2 }, "events.TRACE.bit: 31 is not allowed; want 0 to 15"},
	} {
		m := array(4, 8)
		c.change(&m.info)
		applied, err := obsconfig.Apply(m, c.layout, documented)
		if applied != nil || !errors.Is(err, obsconfig.ErrMismatch) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v; want ErrMismatch and %q", c.name, err, c.text)
		}
		if m.puts != 0 {
			t.Errorf("%s: %d values were written; want none", c.name, m.puts)
		}
	}
}

func TestAnInvalidLayoutIsNotApplied(t *testing.T) {
	for _, l := range []obsconfig.Layout{{}, {Preset: "bits"}, {Preset: "bitmask", Aggregation: &obsconfig.Aggregation{}}} {
		m := array(4, 8)
		if _, err := obsconfig.Apply(m, l, documented); err == nil || m.puts != 0 {
			t.Errorf("%+v: %v, %d values written; want an error and none", l, err, m.puts)
		}
	}
}

func TestAValueThatIsNotTakenIsAnErrorAndTheOthersArePutBack(t *testing.T) {
	m := array(4, 2)
	m.set(0, 0x0C)
	m.set(1, 1)
	m.alter = func(index uint32, value []byte) {
		if index == 1 {
			value[0] = 1
		}
	}
	_, err := obsconfig.Apply(m, bitmask, documented)
	if !errors.Is(err, obsconfig.ErrNotTaken) || !strings.Contains(err.Error(), "index 1 has 0x1 after 0x4 was written") {
		t.Errorf("%v; want ErrNotTaken with what was found", err)
	}
	if got, want := m.content(), (map[uint32]uint64{0: 0x0C, 1: 1}); !reflect.DeepEqual(got, want) {
		t.Errorf("the map has %#x; want %#x as before", got, want)
	}
}

func TestTheMapsErrorsArePassedOn(t *testing.T) {
	broken := errors.New("broken")
	at := func(want uint32) func(uint32) error {
		return func(index uint32) error {
			if index == want {
				return broken
			}
			return nil
		}
	}
	for name, breakIt := range map[string]func(*fake){
		"info":   func(f *fake) { f.infoErr = broken },
		"lookup": func(f *fake) { f.getErr = at(1) },
		"put":    func(f *fake) { f.putErr = at(1) },
	} {
		m := array(4, 2)
		m.set(0, 0x0C)
		breakIt(m)
		if _, err := obsconfig.Apply(m, bitmask, documented); !errors.Is(err, broken) {
			t.Errorf("%s: %v; want the map's error", name, err)
		}
		if got, want := m.content(), (map[uint32]uint64{0: 0x0C}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the map has %#x; want %#x as before", name, got, want)
		}
	}
}
