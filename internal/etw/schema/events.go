// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/binary"
	"fmt"
)

// Descriptor is what a provider's manifest says of an event beside its fields.
type Descriptor struct {
	ID      uint16
	Version uint8
	Channel uint8
	Level   uint8
	Task    uint16
	Keyword uint64 // including the channel's bit
}

// PROVIDER_EVENT_INFO (tdh.h): the number of elements and a reserved number, 4 bytes each, then an EVENT_DESCRIPTOR (evntprov.h) for each:
// the id, 2 bytes; the version, the channel, the level and the opcode, 1 byte each; the task, 2 bytes; the keyword, 8 bytes.
const (
	eventInfoHeader = 8
	descriptorSize  = 16
)

// parseDescriptors reads a PROVIDER_EVENT_INFO.
func parseDescriptors(info []byte) ([]Descriptor, error) {
	le := binary.LittleEndian
	if len(info) < eventInfoHeader {
		return nil, fmt.Errorf("a PROVIDER_EVENT_INFO of %d bytes; want at least %d", len(info), eventInfoHeader)
	}
	count := le.Uint32(info)
	if uint64(count)*descriptorSize > uint64(len(info)-eventInfoHeader) {
		return nil, fmt.Errorf("%d events do not fit a PROVIDER_EVENT_INFO of %d bytes", count, len(info))
	}
	events := make([]Descriptor, count)
	for i := range events {
		d := info[eventInfoHeader+i*descriptorSize:]
		events[i] = Descriptor{ID: le.Uint16(d), Version: d[2], Channel: d[3], Level: d[4], Task: le.Uint16(d[6:]), Keyword: le.Uint64(d[8:])}
	}
	return events, nil
}
