// SPDX-License-Identifier: Apache-2.0

// The kinds of records in a buffer, and where each has its size.

package etl

import (
	"encoding/binary"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// recordHead is how many bytes of a record are enough to tell its kind and its size.
const recordHead = 8

// recordKind is a family of records. The reader returns only events.
type recordKind uint8

const (
	kindUnknown  recordKind = iota
	kindEvent               // EVENT_HEADER: manifest and TraceLogging events
	kindSystem              // SYSTEM_TRACE_HEADER, full and compact: the kernel's own and the file's header
	kindPerfInfo            // PERFINFO_TRACE_HEADER: the kernel's own, short form
	kindClassic             // EVENT_TRACE_HEADER and EVENT_INSTANCE_HEADER: classic (MOF) events
	kindMessage             // MESSAGE_TRACE_HEADER: WPP
)

// headerKind describes a header type (the record's third byte).
type headerKind struct {
	kind   recordKind
	sizeAt uint8 // offset of the u16 size of the whole record: 0 or 4
	least  uint8 // the header's own size in bytes, the least size of a record
}

// headerKinds is indexed by header type (TRACE_HEADER_TYPE_*). Types for two pointer sizes have the 32-bit one first. Both have the
// same least size if only pointers inside the payload differ.
var headerKinds = [...]headerKind{
	0x01:             {kindSystem, 4, 32},
	0x02:             {kindSystem, 4, 32},
	0x03:             {kindSystem, 4, 24},
	0x04:             {kindSystem, 4, 24},
	0x0A:             {kindClassic, 0, 48},
	0x0B:             {kindClassic, 0, 48},
	0x10:             {kindPerfInfo, 4, 16},
	0x11:             {kindPerfInfo, 4, 16},
	etw.HeaderType32: {kindEvent, 0, etw.HeaderSize},
	etw.HeaderType64: {kindEvent, 0, etw.HeaderSize},
	0x14:             {kindClassic, 0, 48},
	0x15:             {kindClassic, 0, 48},
}

// Bits of the marker (the record's fourth byte), TRACE_HEADER_FLAG, TRACE_HEADER_EVENT_TRACE and TRACE_MESSAGE.
const (
	markerHeader  = 0x80
	markerTrace   = 0x40
	markerMessage = 0x10
)

// messageKind describes a record whose marker has the message bit; it has no header type.
var messageKind = headerKind{kindMessage, 0, 8}

// classify returns the kind of the record at the beginning of b, which has at least recordHead bytes, and the size that the record
// claims. The kind is kindUnknown if no known header begins there, or if the size is below that header's own.
func classify(b []byte) (recordKind, int) {
	var k headerKind
	switch headerType, marker := int(b[2]), b[3]; {
	case marker == markerHeader|markerMessage:
		k = messageKind
	case marker&^markerTrace == markerHeader && headerType < len(headerKinds):
		k = headerKinds[headerType]
	}
	size := int(binary.LittleEndian.Uint16(b[k.sizeAt:]))
	if size < int(k.least) || k.kind == kindEvent && b[3] != etw.MarkerFlags {
		return kindUnknown, size
	}
	return k.kind, size
}
