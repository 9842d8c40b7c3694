// SPDX-License-Identifier: Apache-2.0

// What the header of a buffer says: whether the buffer is read, and where the next one begins.

package etl

import "github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"

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
	promised := r.promised(at)
	switch {
	case blank && promised && r.counted():
		r.damaged(at, 0, "a header of zeros, of a buffer that the file's header counts as written")
		return next, false
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
	case h.saved == 0 && at == 0 && !r.firstHasEvents(): // as Windows 7 writes it: the header's record, which was read, is all there is
	case (h.saved == 0 || h.saved > full) && promised:
		r.damaged(at, 0, "%d bytes of the buffer in use, want %d to %d in a file that its writer has completed", h.saved, bufferHeaderSize, full)
		return next, false
	case h.saved == 0 || h.saved > full:
		r.stats.UnfinishedBuffers++
		return next, false
	case h.saved < bufferHeaderSize:
		r.damaged(at, 0, "%d bytes of the buffer in use, less than the %d of its header", h.saved, bufferHeaderSize)
		return next, false
	case at == 0 && int(h.saved) < r.first.records-recordAlign+1:
		r.damaged(at, 0, "%d bytes of the first buffer in use, less than its header record", h.saved)
		return next, false
	case h.saved == bufferHeaderSize && r.endsEarly(at, h):
		r.damaged(at, 0, endsEarly, h.saved)
		return next, false
	}
	if next > r.size {
		r.cutOff(at)
		if used := at + int64(h.saved); compressed {
			r.stats.TruncatedBytes += uint64(next - r.size)
		} else if used > r.size {
			r.stats.TruncatedBytes += uint64(used - r.size)
		}
	}
	return next, read
}

const endsEarly = "%d bytes of the buffer in use, by one of three places in its header; the two others and the records go further"

// endsEarly reports whether a buffer is longer than its header says: if CurrentOffset and Offset agree on another end, and whole records up to that
// end follow, an event among them. What they say is not read. Of the first buffer, Offset alone goes further in files that were relogged.
func (r *Reader) endsEarly(at int64, h *bufferHeader) bool {
	from, to := align(int(h.saved)), int(h.offset)
	agree := h.offset <= h.size && (h.current == h.offset || h.current == h.offset+h.size)
	if at == 0 || h.flags&bufferCompressed != 0 || !agree || to-from < recordHead || at+int64(to) > r.size {
		return false
	}
	var window [4 << 10]byte
	b, event := window[:0], false // b begins at from
	for to-from >= recordHead {
		if len(b) < recordHead {
			b = window[:min(to-from, len(window))]
			if r.read(b, at+int64(from)) != nil {
				return false
			}
		}
		kind, size := classify(b)
		if kind == kindUnknown || size > to-from {
			return false
		}
		event = event || kind == kindEvent
		from += align(size)
		b = b[min(align(size), len(b)):]
	}
	return event && from >= to
}

// cutOff counts the buffer at an offset, within which the file ends.
func (r *Reader) cutOff(at int64) {
	r.stats.TruncatedBuffers++
	r.rest = r.size - at
}

// completed reports whether the writer has completed the file.
func (r *Reader) completed() bool { return !r.header.EndTime.IsZero() }

// counted reports whether the file has as many buffers as its header says were written. By design, circular files and series of files can have
// fewer.
func (r *Reader) counted() bool { return r.header.LogFileMode&(ModeCircular|ModeNewFile) == 0 }

// index returns the number of the buffer at an offset, from 0. ok is false in a compressed file, in which each buffer has a size of its own.
func (r *Reader) index(at int64) (_ int64, ok bool) {
	if at == 0 {
		return 0, true
	}
	return 1 + (at-int64(r.first.size))/int64(r.header.BufferSize), r.header.LogFileMode&ModeCompressed == 0
}

// promised reports whether the writer of a completed file has written the buffer at an offset. Behind what it counts there may be space that it
// has reserved, and the buffers of a later session.
func (r *Reader) promised(at int64) bool {
	index, ok := r.index(at)
	return r.completed() && (!ok || r.header.LogFileMode&ModeNewFile != 0 || index < int64(r.header.BuffersWritten))
}

// firstHasEvents reports whether an event follows the header's record in the first buffer.
func (r *Reader) firstHasEvents() bool {
	var b [recordHead]byte
	left := int64(r.first.size) - int64(r.first.records)
	if left < int64(len(b)) || int64(r.first.records+len(b)) > r.size || r.read(b[:], int64(r.first.records)) != nil {
		return false
	}
	kind, n := classify(b[:])
	return kind == kindEvent && int64(n) <= left
}

// missing returns how many buffers that the header of a completed file counts are not there, or are blank, after the last one that is. In a
// compressed file it goes on after the buffers that were counted before, and returns those that are counted now.
func (r *Reader) missing(counted span.Count) (int64, span.Count, error) {
	written := int64(r.header.BuffersWritten)
	if !r.completed() || !r.counted() {
		return 0, span.Count{}, nil
	}
	if _, ok := r.index(r.size); !ok {
		present, counted, err := r.present(counted)
		return max(0, written-present), counted, err
	}
	var head [bufferHeaderSize]byte
	size := int64(r.header.BufferSize)
	present := int64(0)
	if r.size >= int64(r.first.size) {
		present = 1 + (r.size-int64(r.first.size))/size
	}
	for present = min(present, written); present > 1; present-- {
		if err := r.read(head[:], int64(r.first.size)+(present-2)*size); err != nil {
			return 0, span.Count{}, err
		}
		if !isZero(head[:]) {
			break
		}
	}
	return max(0, written-present), span.Count{}, nil
}

// present counts the buffers of a compressed file of which the header is there, from the beginning or after those that were counted before.
func (r *Reader) present(before span.Count) (int64, span.Count, error) {
	if before.Before > r.size {
		before = span.Count{}
	}
	var head [bufferHeaderSize]byte
	n, at, counted := before.Units, before.Before, before
	for at < r.size-bufferHeaderSize {
		if err := r.read(head[:], at); err != nil {
			return 0, before, err
		}
		h := parseBufferHeader(head[:])
		if h.size < bufferHeaderSize {
			break
		}
		n, at = n+1, at+int64(h.size)
		if at <= r.size {
			counted = span.Count{Units: n, Before: at}
		}
	}
	return n, counted, nil
}
