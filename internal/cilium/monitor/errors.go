// SPDX-License-Identifier: Apache-2.0

// Why a record cannot be decoded.

package monitor

import "fmt"

// Reason is why a record was refused: a short word that does not change, for a metric's label.
type Reason string

const (
	// ReasonEmpty is a record of no bytes.
	ReasonEmpty Reason = "empty"
	// ReasonTruncated is a record that is shorter than the layout of its type and version.
	ReasonTruncated Reason = "truncated"
	// ReasonVersion is a record of a later layout than this package knows that cannot be read as the newest known one: it is shorter, or,
	// where it has no version, its bytes do not look like it.
	ReasonVersion Reason = "version"
)

// Error says why a record was refused.
type Error struct {
	Reason    Reason
	Type      MessageType
	Versioned bool  // the message has a version, and it was read
	Version   uint8 // as found in the record
	Newest    uint8 // version: the newest known one, of a message that has a version
	Want      int   // bytes that the layout has at least
	Have      int   // bytes that the record has
}

// Error returns what was expected and what was found, such as "drop notification v2: want at least 40 bytes, have 17".
func (e *Error) Error() string {
	switch e.Reason {
	case ReasonEmpty:
		return "empty record: want at least 1 byte, have 0"
	case ReasonVersion:
		if !e.Versioned {
			return fmt.Sprintf("%s notification: its %d bytes are more than the %d of the newest known layout and do not look like it", e.Type, e.Have, e.Want)
		}
		return fmt.Sprintf("%s notification v%d: want at least the %d bytes of the newest known version, %d, have %d", e.Type, e.Version, e.Want, e.Newest, e.Have)
	}
	version := ""
	if e.Versioned {
		version = fmt.Sprintf(" v%d", e.Version)
	}
	return fmt.Sprintf("%s notification%s: want at least %d bytes, have %d", e.Type, version, e.Want, e.Have)
}

// truncated is the error of a record that is too short for the fixed part of its type.
func truncated(t MessageType, want, have int) error {
	return &Error{Reason: ReasonTruncated, Type: t, Want: want, Have: have}
}

// truncatedVersion is the error of a record that is too short for its type at its version.
func truncatedVersion(t MessageType, version uint8, want, have int) error {
	return &Error{Reason: ReasonTruncated, Type: t, Versioned: true, Version: version, Want: want, Have: have}
}
