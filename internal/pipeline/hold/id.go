// SPDX-License-Identifier: Apache-2.0

package hold

// ID is an event's identifier, the caller's own. One may stand behind the bytes of an event that is kept.
type ID [16]byte

// CutID takes the identifier off the end of what is kept of an event.
func CutID(kept []byte) (raw []byte, id ID) {
	at := len(kept) - len(id)
	return kept[:at], ID(kept[at:])
}
