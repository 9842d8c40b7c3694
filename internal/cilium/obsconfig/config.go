// SPDX-License-Identifier: Apache-2.0

// Package obsconfig sets Cilium's observability configuration map: which events the datapath emits, and at which
// aggregation level.
//
// No public source fixes that map's layout, so the layout is configuration. It is checked against the map's own type and
// sizes before anything is written; what was written is read back and compared, and the previous values are put back on
// shutdown.
package obsconfig

import (
	"fmt"
	"slices"
	"strings"
)

// Config is the receiver's `config_map` section.
type Config struct {
	// Apply says what the settings' way into the map is worth: required, best_effort or off. Default best_effort.
	Apply Mode `mapstructure:"apply"`
	// RestoreOnShutdown puts the map's previous values back when the receiver stops, except where something else has
	// changed them meanwhile. Default true.
	RestoreOnShutdown bool `mapstructure:"restore_on_shutdown"`
	// Layout is what stands where in the map: the name of a preset, bitmask or per_event, or a mapping, which
	// replaces the default whole. Default bitmask.
	Layout Layout `mapstructure:"layout" configyaml:"replace"`
}

// DefaultConfig writes the settings in the layout bitmask where that is possible, and restores them.
func DefaultConfig() Config {
	return Config{Apply: ModeBestEffort, RestoreOnShutdown: true, Layout: Layout{Preset: PresetBitmask}}
}

// Validate names the key, the value and what is allowed. The layout has its own.
func (c *Config) Validate() error {
	if !slices.Contains(modes, c.Apply) {
		return fmt.Errorf("apply: %q is not allowed; want required, best_effort or off", string(c.Apply))
	}
	return nil
}

// Mode is what the settings' way into the map is worth.
type Mode string

// The modes.
const (
	ModeRequired   Mode = "required"    // the receiver does not start when the map cannot be set
	ModeBestEffort Mode = "best_effort" // it warns, and relies on enforcing the settings itself
	ModeOff        Mode = "off"         // the map is not touched
)

var modes = []Mode{ModeRequired, ModeBestEffort, ModeOff}

// UnmarshalText takes a mode in any case. Validate says whether there is such a one.
func (m *Mode) UnmarshalText(text []byte) error {
	*m = Mode(strings.ToLower(string(text)))
	return nil
}
