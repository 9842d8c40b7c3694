// SPDX-License-Identifier: Apache-2.0

// What the header of a buffer says: whether the buffer is read, and where the next one begins.

package etl

// checkBuffer checks the header of the buffer at an offset and counts what is wrong with it. It returns the offset of the next buffer, and
// whether this one is read. A buffer that is read has as many bytes behind its header as the header says.
//
// Buffers follow each other in steps of the file's buffer size, even if their headers differ. There are two exceptions. The
// first buffer has its own size: relogging writes a smaller one. In a compressed file every buffer has its compressed size,
// so nothing can be found after a header without a credible size.
func (r *Reader) checkBuffer(at int64, h *bufferHeader, blank bool) (next int64, read bool) {
	full := r.header.BufferSize
	ownSize := h.size >= bufferHeaderSize && h.size <= full
	compressed := h.flags&bufferCompressed != 0
	uneven := r.header.LogFileMode&ModeCompressed != 0 || at != 0 && (at-int64(r.first.size))%int64(full) != 0
	switch {
	case at == 0:
		full = r.first.size
		next = int64(full)
	case ownSize && (uneven || compressed || h.size == r.first.size):
		full = h.size
		next = at + int64(full)
	case uneven:
		next = r.size
	default:
		next = at + int64(full)
	}
	switch {
	case blank:
		r.stats.UnfinishedBuffers++
		return next, false
	case h.size != full:
		r.damaged(at, 0, "a buffer of %d bytes where the file's have %d", h.size, full)
		return next, false
	}
	if h.flags&bufferEventsLost != 0 {
		r.stats.EventsLostBuffers++
	}
	if h.flags&bufferBufferLost != 0 {
		r.stats.BufferLostBuffers++
	}
	read = h.saved > bufferHeaderSize && (at != 0 || int(h.saved) > r.first.records)
	switch {
	case compressed:
		// The first buffer has a header that was read as it is, and none is larger than the file's buffers when it is decompressed.
		if at == 0 || h.saved < bufferHeaderSize || h.saved > r.header.BufferSize {
			r.stats.CompressedBuffers++
			read = false
		}
	case h.saved == 0 && at == 0: // as Windows 7 writes it: the header's record, which was read, is all there is
	case h.saved == 0 || h.saved > full:
		r.stats.UnfinishedBuffers++
		return next, false
	case h.saved < bufferHeaderSize:
		r.damaged(at, 0, "%d bytes of the buffer in use, less than the %d of its header", h.saved, bufferHeaderSize)
		return next, false
	case at == 0 && int(h.saved) < r.first.records-recordAlign+1:
		r.damaged(at, 0, "%d bytes of the first buffer in use, less than its header record", h.saved)
		return next, false
	}
	if next > r.size {
		r.stats.TruncatedBuffers++
		if used := at + int64(h.saved); compressed {
			r.stats.TruncatedBytes += uint64(next - r.size)
		} else if used > r.size {
			r.stats.TruncatedBytes += uint64(used - r.size)
		}
	}
	return next, read
}
