// SPDX-License-Identifier: Apache-2.0

// The header of a trace buffer.

package etl

import "encoding/binary"

// Limits of the size of a trace buffer in bytes: what Windows accepts for a session.
const (
	MinBufferSize     = 1 << 10
	MaxBufferSize     = 16 << 20
	DefaultBufferSize = 64 << 10
)

// minFileBuffer is the size of the smallest buffer in a file: relogging writes a first one of 512 bytes.
const minFileBuffer = 512

// bufferHeaderSize is the size of WMI_BUFFER_HEADER in bytes; the first record follows.
const bufferHeaderSize = 72

// recordAlign is the alignment of every record in a buffer, in bytes.
const recordAlign = 8

// Bits of BufferFlag (ETW_BUFFER_FLAG_*).
const (
	bufferFlushed    = 0x01 // written before it was full
	bufferEventsLost = 0x02 // events were lost before this buffer
	bufferBufferLost = 0x04 // buffers were lost before this one
	bufferProcIndex  = 0x20 // the processor's index has 16 bits; on older systems it has 8
	bufferCompressed = 0x40 // the bytes after the header are compressed
)

// Values of BufferType (ETW_BUFFER_TYPE_*).
const (
	bufferTypeGeneric = 0
	bufferTypeHeader  = 4
)

// bufferHeader is the part of WMI_BUFFER_HEADER that a reader or the writer needs.
type bufferHeader struct {
	size      uint32 // the buffer on disk, header and padding included
	saved     uint32 // bytes in use, header included; for a compressed buffer, before compression
	current   uint32 // as saved, or saved+size: Windows adds size when it flushes the buffer, so that late writers find it full
	timeStamp uint64
	sequence  uint64
	clock     Clock
	processor uint16
	logger    uint16
	offset    uint32 // as saved
	flags     uint16
	kind      uint16
}

// parseBufferHeader reads a header from b, which has bufferHeaderSize bytes or more.
func parseBufferHeader(b []byte) bufferHeader {
	le := binary.LittleEndian
	return bufferHeader{
		size:      le.Uint32(b),
		saved:     le.Uint32(b[4:]),
		current:   le.Uint32(b[8:]),
		timeStamp: le.Uint64(b[16:]),
		sequence:  le.Uint64(b[24:]),
		processor: le.Uint16(b[40:]),
		logger:    le.Uint16(b[42:]),
		offset:    le.Uint32(b[48:]),
		flags:     le.Uint16(b[52:]),
		kind:      le.Uint16(b[54:]),
	}
}

// put writes the header to b, which has bufferHeaderSize bytes or more.
func (h *bufferHeader) put(b []byte) {
	const stateFlushed = 3 // as in every buffer of a file that Windows writes
	le := binary.LittleEndian
	clear(b[:bufferHeaderSize])
	le.PutUint32(b, h.size)
	le.PutUint32(b[4:], h.saved)
	le.PutUint32(b[8:], h.saved) // CurrentOffset
	le.PutUint64(b[16:], h.timeStamp)
	le.PutUint64(b[24:], h.sequence)
	le.PutUint64(b[32:], uint64(h.clock))
	le.PutUint16(b[40:], h.processor)
	le.PutUint16(b[42:], h.logger)
	le.PutUint32(b[44:], stateFlushed)
	le.PutUint32(b[48:], h.saved) // Offset
	le.PutUint16(b[52:], h.flags)
	le.PutUint16(b[54:], h.kind)
}

// align rounds a size or offset up to where the next record begins.
func align(n int) int { return (n + recordAlign - 1) &^ (recordAlign - 1) }
