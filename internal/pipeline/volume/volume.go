// SPDX-License-Identifier: Apache-2.0

// Package volume defines the key `volume` of the receivers: how many records a receiver writes, and how large they are. A component's
// configuration goes in, the mode comes out. The receiver turns the mode into the defaults of its other keys.
package volume

import "fmt"

// Key is the name of the key.
const Key = "volume"

// Mode is a value of the key. It sets the defaults of other keys of the receiver; a value that the user sets wins.
type Mode string

// The modes.
const (
	// Full writes everything that an event has, in a record of its own. It is the default.
	Full Mode = "full"
	// Balanced answers the same questions with fewer and smaller records.
	Balanced Mode = "balanced"
	// Lean is Balanced, and also sums what is common.
	Lean Mode = "lean"
)

// Validate returns an error for an unknown mode. The error lists the known ones.
func (m Mode) Validate() error {
	switch m {
	case Full, Balanced, Lean:
		return nil
	}
	return fmt.Errorf("%q is not a volume; want %s, %s or %s", string(m), Full, Balanced, Lean)
}

// Section is a component's configuration before it is decoded: a confmap.Conf.
type Section interface {
	Get(key string) any
}

// Of returns the mode in a component's configuration, for the defaults of its other keys. Call it before the configuration is decoded.
// It returns Full if the key has no value or one that is not a mode: decoding and Validate then report the error.
func Of(component Section) Mode {
	text, _ := component.Get(Key).(string)
	if m := Mode(text); m.Validate() == nil {
		return m
	}
	return Full
}
