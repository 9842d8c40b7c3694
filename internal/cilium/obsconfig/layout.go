// SPDX-License-Identifier: Apache-2.0

// The layout of the map as configuration: two presets, and everything spelled out.

package obsconfig

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Names of the presets.
const (
	// PresetBitmask has one mask at index 0 with bit 1<<(message type) for each event, and the aggregation level at 1.
	PresetBitmask Preset = "bitmask"
	// PresetPerEvent has 0 or 1 at the index of each event's message type, and the aggregation level at 0.
	PresetPerEvent Preset = "per_event"
)

// Layout says what stands where in the map, an array of integers, little endian. In YAML it is a preset's name,
//
//	layout: bitmask
//
// or a mapping, in which every part has a default or may be left out:
//
//	layout:
//	  preset: per_event            # start from a preset and change what follows; without it nothing is there but what follows
//	  value_size: 4                # bytes that a value must have: 1, 2, 4 or 8; 0, the default, takes what the map has
//	  events:                      # by event, in any case; one that is not there is not written
//	    TRACE: {index: 6, bit: 4}                        # one bit of the value at an index; other bits are kept
//	    DEBUG: {index: 7, enabled: 1, disabled: 0}       # a whole value; 1 and 0 are the defaults
//	  aggregation: {index: 8, none: 0, low: 2, medium: 3, maximum: 4}   # these are the default values
//
// Two events may share an index where each has a bit of its own.
type Layout struct {
	// Preset is bitmask, per_event or empty.
	Preset Preset `mapstructure:"preset"`
	// ValueSize is the size in bytes that the map's values must have; 0 is any of 1, 2, 4 and 8.
	ValueSize uint32 `mapstructure:"value_size"`
	// Events is where each event is enabled, by name.
	Events map[string]Cell `mapstructure:"events"`
	// Aggregation is where the level stands; nil is the preset's, or nowhere.
	Aggregation *Aggregation `mapstructure:"aggregation"`
}

// Cell is where and how one event is enabled.
type Cell struct {
	// Index is the map's key. Default 0.
	Index uint32 `mapstructure:"index"`
	// Bit is the bit that is set when the event is enabled, counted from 0 at the low end; nil means a whole value.
	Bit *uint `mapstructure:"bit"`
	// Enabled and Disabled are the whole value's two states. Defaults 1 and 0.
	Enabled  *uint64 `mapstructure:"enabled"`
	Disabled *uint64 `mapstructure:"disabled"`
}

// Aggregation is where and how the aggregation level stands.
type Aggregation struct {
	// Index is the map's key. Default 0.
	Index uint32 `mapstructure:"index"`
	// None, Low, Medium and Maximum are the levels' values. Defaults 0, 2, 3 and 4, as Cilium numbers them.
	None    *uint64 `mapstructure:"none"`
	Low     *uint64 `mapstructure:"low"`
	Medium  *uint64 `mapstructure:"medium"`
	Maximum *uint64 `mapstructure:"maximum"`
}

// UnmarshalText takes a preset's name, in any case. Validate says whether there is such a one.
func (l *Layout) UnmarshalText(text []byte) error {
	*l = Layout{}
	return l.Preset.UnmarshalText(text)
}

// Preset is the name of a preset; empty is none.
type Preset string

// UnmarshalText takes a name in any case. Validate says whether there is such a one.
func (p *Preset) UnmarshalText(text []byte) error {
	*p = Preset(strings.ToLower(string(text)))
	return nil
}

// value is what stands in the map for level.
func (a *Aggregation) value(level Level) uint64 {
	if v := [...]*uint64{a.None, a.Low, a.Medium, a.Maximum}[level]; v != nil {
		return *v
	}
	return levelValues[level]
}

// states are the whole values of a cell without a bit.
func (c *Cell) states() (enabled, disabled uint64) {
	enabled = 1
	if c.Enabled != nil {
		enabled = *c.Enabled
	}
	if c.Disabled != nil {
		disabled = *c.Disabled
	}
	return enabled, disabled
}

// messageTypes are the types by which the presets place the events (bpf/lib/common.h).
var messageTypes = map[monitor.Kind]monitor.MessageType{
	monitor.KindDrop:          monitor.TypeDrop,
	monitor.KindDebug:         monitor.TypeDebug,
	monitor.KindCapture:       monitor.TypeCapture,
	monitor.KindTrace:         monitor.TypeTrace,
	monitor.KindPolicyVerdict: monitor.TypePolicyVerdict,
}

// table is a layout with its preset filled in.
type table struct {
	events      map[monitor.Kind]Cell
	aggregation *Aggregation // nil: the level stands nowhere
}

// table fills the preset in, or says which name is wrong.
func (l *Layout) table() (table, error) {
	t := table{events: map[monitor.Kind]Cell{}, aggregation: l.Aggregation}
	preset := Aggregation{}
	switch l.Preset {
	case PresetBitmask:
		for kind, typ := range messageTypes {
			bit := uint(typ)
			t.events[kind] = Cell{Bit: &bit}
		}
		preset.Index = 1
	case PresetPerEvent:
		for kind, typ := range messageTypes {
			t.events[kind] = Cell{Index: uint32(typ)}
		}
	case "":
		if len(l.Events) == 0 {
			return t, fmt.Errorf("events: want at least one, or a preset: %s or %s", PresetBitmask, PresetPerEvent)
		}
	default:
		return t, fmt.Errorf("preset: %q is not allowed; want %s, %s, or a mapping with events", l.Preset, PresetBitmask, PresetPerEvent)
	}
	if l.Preset != "" && t.aggregation == nil {
		t.aggregation = &preset
	}
	named := map[monitor.Kind]string{}
	for _, name := range slices.Sorted(maps.Keys(l.Events)) {
		kind, err := monitor.ParseKind(name)
		if err != nil {
			return t, fmt.Errorf("events: %w", err)
		}
		if other, twice := named[kind]; twice {
			return t, fmt.Errorf("events: %s and %s are the same event", other, name)
		}
		named[kind] = name
		t.events[kind] = l.Events[name]
	}
	return t, nil
}

// Validate names the key, the value and what is allowed.
func (l *Layout) Validate() error {
	if l.ValueSize != 0 && !validSize(l.ValueSize) {
		return fmt.Errorf("value_size: %d is not allowed; want 1, 2, 4 or 8, or 0 for what the map has", l.ValueSize)
	}
	t, err := l.table()
	if err != nil {
		return err
	}
	size := l.ValueSize
	if size == 0 {
		size = 8
	}
	if err := t.fits(size); err != nil {
		return err
	}
	return t.overlaps()
}

func validSize(size uint32) bool { return size <= 8 && bits.OnesCount32(size) == 1 }

// fits says which value or bit of the layout values of size bytes have no room for.
func (t *table) fits(size uint32) error {
	width := uint(8 * size)
	check := func(key string, v uint64) error {
		if bits.Len64(v) > int(width) {
			return fmt.Errorf("%s: %d does not fit a value of %d bytes", key, v, size)
		}
		return nil
	}
	for _, kind := range monitor.Kinds() {
		cell, there := t.events[kind]
		if !there {
			continue
		}
		key := "events." + kind.String()
		if cell.Bit != nil {
			switch {
			case cell.Enabled != nil || cell.Disabled != nil:
				return fmt.Errorf("%s: bit stands for a value, so enabled and disabled are not allowed beside it", key)
			case *cell.Bit >= width:
				return fmt.Errorf("%s.bit: %d is not allowed; want 0 to %d, the bits of a value of %d bytes", key, *cell.Bit, width-1, size)
			}
			continue
		}
		enabled, disabled := cell.states()
		if enabled == disabled {
			return fmt.Errorf("%s: enabled and disabled are both %d; want two values", key, enabled)
		}
		if err := check(key+".enabled", enabled); err != nil {
			return err
		}
		if err := check(key+".disabled", disabled); err != nil {
			return err
		}
	}
	if t.aggregation != nil {
		for level := range levelNames {
			if err := check("aggregation."+levelNames[level], t.aggregation.value(Level(level))); err != nil {
				return err
			}
		}
	}
	return nil
}

// overlaps says which two parts of the layout claim the same place.
func (t *table) overlaps() error {
	type place struct {
		key  string
		mask uint64
	}
	taken := map[uint32][]place{}
	claim := func(index uint32, p place) error {
		for _, other := range taken[index] {
			if other.mask&p.mask != 0 {
				return fmt.Errorf("%s and %s overlap at index %d; want another index, or another bit", other.key, p.key, index)
			}
		}
		taken[index] = append(taken[index], p)
		return nil
	}
	for _, kind := range monitor.Kinds() {
		cell, there := t.events[kind]
		if !there {
			continue
		}
		mask := uint64(1<<64 - 1)
		if cell.Bit != nil {
			mask = 1 << *cell.Bit
		}
		if err := claim(cell.Index, place{"events." + kind.String(), mask}); err != nil {
			return err
		}
	}
	if t.aggregation != nil {
		return claim(t.aggregation.Index, place{"aggregation", 1<<64 - 1})
	}
	return nil
}
