// SPDX-License-Identifier: Apache-2.0

// The verdict on a buffer by its header: whether it is read, and where the next one begins.

package etl

// judge looks at the header of the current buffer, counts what is to be said of it, sets where the next buffer begins,
// and returns how many of the buffer's bytes are to be read, header included: 0 for a buffer to step over.
//
// Buffers follow each other in steps of the file's buffer size, whatever their headers say, with two exceptions. The
// first buffer has its own size: relogging writes a smaller one. And in a compressed file every buffer has the size that
// compression left of it, so that after a header without a credible size nothing more can be told apart.
func (r *Reader) judge(h *bufferHeader, blank bool) int {
	full := r.header.BufferSize
	ownSize := h.size >= bufferHeaderSize && h.size <= full
	uneven := r.header.LogFileMode&ModeCompressed != 0 || r.at != 0 && (r.at-int64(r.first.size))%int64(full) != 0
	switch {
	case r.at == 0:
		full = r.first.size
		r.next = int64(full)
	case ownSize && (uneven || h.flags&bufferCompressed != 0 || h.size == r.first.size):
		full = h.size
		r.next = r.at + int64(full)
	case uneven:
		r.next = r.size
	default:
		r.next = r.at + int64(full)
	}
	switch {
	case blank:
		r.stats.UnfinishedBuffers++
		return 0
	case h.size != full:
		r.damaged(0, "a buffer of %d bytes where the file's have %d", h.size, full)
		return 0
	}
	if h.flags&bufferEventsLost != 0 {
		r.stats.EventsLostBuffers++
	}
	if h.flags&bufferBufferLost != 0 {
		r.stats.BufferLostBuffers++
	}
	switch {
	case h.flags&bufferCompressed != 0:
		r.stats.CompressedBuffers++
		if r.next > r.size {
			r.stats.TruncatedBuffers++
			r.stats.TruncatedBytes += uint64(r.next - r.size)
		}
		return 0
	case h.saved == 0 || h.saved > full:
		r.stats.UnfinishedBuffers++
		return 0
	case h.saved < bufferHeaderSize:
		r.damaged(0, "%d bytes of the buffer in use, less than the %d of its header", h.saved, bufferHeaderSize)
		return 0
	case r.at == 0 && int(h.saved) < r.first.records-recordAlign+1:
		r.damaged(0, "%d bytes of the first buffer in use, less than its header record", h.saved)
		return 0
	}
	if r.next > r.size {
		r.stats.TruncatedBuffers++
	}
	return int(h.saved)
}
