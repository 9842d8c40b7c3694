// SPDX-License-Identifier: Apache-2.0

// Keys of the receivers about what each record has.

package asim

import "fmt"

// AttributeSet is the key `attributes`: which attributes a record has.
type AttributeSet string

// The sets.
const (
	// AllAttributes is every attribute that the event has a value for.
	AllAttributes AttributeSet = "all"
	// SlimAttributes leaves out what repeats another attribute, has its ordinary value, or only ties events that are joined already.
	SlimAttributes AttributeSet = "slim"
	// MinimalAttributes is slim, and also leaves out what is the same in all records of a host, and what few questions need.
	MinimalAttributes AttributeSet = "minimal"
)

// Validate returns an error for an unknown set. The error lists the known ones.
func (s AttributeSet) Validate() error {
	if s != AllAttributes && s != SlimAttributes && s != MinimalAttributes {
		return fmt.Errorf("%q is not a set of attributes; want %s, %s or %s", string(s), AllAttributes, SlimAttributes, MinimalAttributes)
	}
	return nil
}

// Slim reports whether attributes are left out.
func (s AttributeSet) Slim() bool { return s == SlimAttributes || s == MinimalAttributes }

// DevicePlace is the key `device.in`: where the attributes of the device are.
type DevicePlace string

// The places.
const (
	DeviceInRecord   DevicePlace = "record"
	DeviceInResource DevicePlace = "resource"
)

// Validate returns an error for an unknown place. The error lists the known ones.
func (p DevicePlace) Validate() error {
	if p != DeviceInRecord && p != DeviceInResource {
		return fmt.Errorf("%q is not a place for the device; want %s or %s", string(p), DeviceInRecord, DeviceInResource)
	}
	return nil
}
