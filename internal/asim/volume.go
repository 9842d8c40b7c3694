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
	// SlimAttributes leaves out what other attributes of the record say.
	SlimAttributes AttributeSet = "slim"
)

// Validate returns an error for an unknown set. The error lists the known ones.
func (s AttributeSet) Validate() error {
	if s != AllAttributes && s != SlimAttributes {
		return fmt.Errorf("%q is not a set of attributes; want %s or %s", string(s), AllAttributes, SlimAttributes)
	}
	return nil
}

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
