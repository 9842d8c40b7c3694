// SPDX-License-Identifier: Apache-2.0

// The layout of the map as configuration: two presets, and mappings.

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

// Layout is the layout of the map, an array of little-endian integers. In YAML it is a preset's name,
//
//	layout: bitmask
//
// or a mapping, in which every part has a default or may be left out:
//
//	layout:
//	  preset: per_event            # the preset that the following keys change; without it the layout has only the following keys
//	  value_size: 4                # the size of a value in bytes: 1, 2, 4 or 8; 0, the default, takes the map's size
//	  events:                      # by event, in any case; an event that is left out is not written
//	    TRACE: {index: 6, bit: 4}                        # one bit of the value at an index; other bits are kept
//	    DEBUG: {index: 7, enabled: 1, disabled: 0}       # a whole value; 1 and 0 are the defaults
//	  aggregation: {index: 8, none: 0, low: 2, medium: 3, maximum: 4}   # these are the default values
//
// Two events may share an index if each has a bit of its own.
type Layout struct {
	// Preset is bitmask, per_event or empty.
	Preset Preset `mapstructure:"preset"`
	// ValueSize is the size of the map's values in bytes; 0 takes any of 1, 2, 4 and 8.
	ValueSize uint32 `mapstructure:"value_size"`
	// Events has the place of each event, by name.
	Events map[string]Cell `mapstructure:"events"`
	// Aggregation is the place of the level; nil means the preset's place, or none without a preset.
	Aggregation *Aggregation `mapstructure:"aggregation"`
}

// Cell is the place and the values of one event.
type Cell struct {
	// Index is the map's key. Default 0.
	Index uint32 `mapstructure:"index"`
	// Bit is the number of the bit that enables the event, from 0 at the low end; nil means a whole value.
	Bit *uint `mapstructure:"bit"`
	// Enabled and Disabled are the two whole values. Defaults 1 and 0.
	Enabled  *uint64 `mapstructure:"enabled"`
	Disabled *uint64 `mapstructure:"disabled"`
}

// Aggregation is the place and the values of the aggregation level.
type Aggregation struct {
	// Index is the map's key. Default 0.
	Index uint32 `mapstructure:"index"`
	// None, Low, Medium and Maximum are the levels' values. Defaults 0, 2, 3 and 4, as Cilium numbers them.
	None    *uint64 `mapstructure:"none"`
	Low     *uint64 `mapstructure:"low"`
	Medium  *uint64 `mapstructure:"medium"`
	Maximum *uint64 `mapstructure:"maximum"`
}

// UnmarshalText takes a preset's name, in any case. Validate refuses an unknown one.
func (l *Layout) UnmarshalText(text []byte) error {
	*l = Layout{}
	return l.Preset.UnmarshalText(text)
}

// Preset is the name of a preset; empty is none.
type Preset string

// UnmarshalText takes a name in any case. Validate refuses an unknown one.
func (p *Preset) UnmarshalText(text []byte) error {
	*p = Preset(strings.ToLower(string(text)))
	return nil
}

// value is the map's value for a level.
func (a *Aggregation) value(level Level) uint64 {
	if v := [...]*uint64{a.None, a.Low, a.Medium, a.Maximum}[level]; v != nil {
		return *v
	}
	return levelValues[level]
}

// states returns the two whole values of a cell without a bit.
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

// messageTypes are the message types that give the places of events in the presets (bpf/lib/common.h).
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
	aggregation *Aggregation // nil if the level is not written
}

// table fills the preset in. The error has the wrong name.
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

// Validate returns an error with the key, the value and what is allowed.
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

// fits returns an error for a value or bit of the layout that does not fit values of size bytes.
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

// overlaps returns an error for two parts of the layout with the same place.
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
