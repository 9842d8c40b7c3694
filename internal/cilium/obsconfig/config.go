// SPDX-License-Identifier: Apache-2.0

// Package obsconfig writes Cilium's observability configuration map. Settings go in: the events that the datapath emits, and its
// aggregation level. Values in the map come out.
//
// No public source defines that map's layout, so the layout is configuration. It is checked against the map's type and sizes before
// anything is written. Written values are read back and compared, and the previous values are restored on shutdown.
package obsconfig

import (
	"fmt"
	"slices"
	"strings"
)

// Config is the receiver's `config_map` section.
type Config struct {
	// Apply is required (the map must be written), best_effort or off. Default best_effort.
	Apply Mode `mapstructure:"apply"`
	// RestoreOnShutdown restores the map's previous values when the receiver stops, except values that something else has changed
	// since. Default true.
	RestoreOnShutdown bool `mapstructure:"restore_on_shutdown"`
	// Layout is the layout of the map: the name of a preset, bitmask or per_event, or a mapping, which replaces the default. Default
	// bitmask.
	Layout Layout `mapstructure:"layout" configyaml:"replace"`
}

// DefaultConfig writes the settings in the layout bitmask if possible, and restores them.
func DefaultConfig() Config {
	return Config{Apply: ModeBestEffort, RestoreOnShutdown: true, Layout: Layout{Preset: PresetBitmask}}
}

// Validate returns an error with the key, the value and what is allowed. The layout has a Validate of its own.
func (c *Config) Validate() error {
	if !slices.Contains(modes, c.Apply) {
		return fmt.Errorf("apply: %q is not allowed; want required, best_effort or off", string(c.Apply))
	}
	return nil
}

// Mode is how strictly the map must be written.
type Mode string

// The modes.
const (
	ModeRequired   Mode = "required"    // the receiver does not start if the map cannot be written
	ModeBestEffort Mode = "best_effort" // the receiver warns, and enforces the settings itself
	ModeOff        Mode = "off"         // the map is not written
)

var modes = []Mode{ModeRequired, ModeBestEffort, ModeOff}

// UnmarshalText takes a mode in any case. Validate refuses an unknown one.
func (m *Mode) UnmarshalText(text []byte) error {
	*m = Mode(strings.ToLower(string(text)))
	return nil
}
