// SPDX-License-Identifier: Apache-2.0

// The scan: it finds the buffers of a part of the file by their headers, and the order in which each processor wrote them.

package etl

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"unsafe"
)

// maxPlaces bounds how many buffers are ordered at a time. Each takes 48 bytes. With buffers of 64 KiB it is 16 GiB of a file. A
// larger file is read in parts of so many buffers, one after the other.
const maxPlaces = 1 << 18

// placeSize is the size of a place in bytes.
const placeSize = int64(unsafe.Sizeof(place{}))

// place is the position of a buffer whose records are to be read.
type place struct {
	at       int64  // offset in the file
	sequence uint64 // counts the session's buffers in the order of their use
	stamp    uint64 // time of the buffer's completion, by the session's clock or as FILETIME
	first    uint64 // stamp of the first record if it is an event and known; else 0
	stream   uint32 // logger and processor
	onDisk   uint32 // bytes that the file has of it, header included
	saved    uint32 // bytes in use, header included; for a compressed buffer, before compression
	packed   bool   // it is compressed
	cut      bool   // the file ends before the buffer does
	early    bool   // more records follow behind those in use
}

// memory returns how many bytes the buffer takes when it is read.
func (p *place) memory() int {
	if p.packed {
		return int(p.saved)
	}
	return int(p.onDisk)
}

// nextPart makes the streams of the next part of the file. At the end of the file it returns the error that reading ends with.
func (r *Reader) nextPart() error {
	if r.failed != nil {
		return r.failed
	}
	r.scan()
	if len(r.places) == 0 {
		if r.scanned != nil {
			return r.scanned
		}
		return r.end()
	}
	need := 0
	for i := range r.places {
		need = max(need, r.places[i].memory())
	}
	if need > r.unit { // no stream of an earlier part still holds memory
		r.unit, r.room = need, max(1, r.bounds.merged/need)
		r.free, r.spare = nil, nil
	}
	return r.begin(inOrder(r.places))
}

// scan reads the headers of buffers until it has the places of a part, or the file ends, or reading fails.
func (r *Reader) scan() {
	const (
		firstStamp = 24             // bytes of an event up to the end of its stamp
		most       = firstStamp + 4 // the most that these can take when compressed
	)
	var head [bufferHeaderSize + most]byte
	r.places = r.places[:0]
	for len(r.places) < r.bounds.places && r.next < r.until() && r.scanned == nil {
		at := r.next
		left := r.size - at
		b := head[:min(left, int64(len(head)))]
		if err := r.read(b, at); err != nil {
			r.scanned = err
			r.stats.Buffers++
			return
		}
		r.stats.Buffers++
		if len(b) < bufferHeaderSize {
			r.next = r.size
			r.cutOff(at)
			return
		}
		h := parseBufferHeader(b)
		before := r.stats.DamagedBuffers + r.stats.CompressedBuffers
		next, read := r.checkBuffer(at, &h, isZero(b[:bufferHeaderSize]))
		r.next = min(next, r.size) // keeps a hostile size from moving the offset beyond the end
		if r.stats.DamagedBuffers+r.stats.CompressedBuffers > before {
			r.bad.n, r.bad.end = r.bad.n+1, r.next
		}
		if !read {
			continue
		}
		processor := h.processor
		if h.flags&bufferProcIndex == 0 {
			processor &= 0xFF
		}
		p := place{
			at: at, sequence: h.sequence, stamp: h.timeStamp, stream: uint32(h.logger)<<16 | uint32(processor),
			saved: h.saved, onDisk: uint32(min(int64(h.saved), left)), cut: int64(h.saved) > left,
		}
		e := b[bufferHeaderSize:]
		if h.flags&bufferCompressed != 0 {
			p.packed, p.onDisk, p.cut = true, uint32(min(int64(h.size), left)), int64(h.size) > left
			var plain [firstStamp]byte
			n, _ := decompress(plain[:], e[:min(len(e), int(p.onDisk)-bufferHeaderSize)])
			e = plain[:n]
		}
		if at != 0 && len(e) >= firstStamp {
			if kind, _ := classify(e); kind == kindEvent {
				p.first = binary.LittleEndian.Uint64(e[16:])
			}
		}
		r.bad.n = 0
		if r.clip(&p) {
			p.early = p.saved == h.saved && r.endsEarly(at, &h)
			r.places = append(r.places, p)
		}
	}
}

// inOrder sorts places by stream, and within a stream into the order in which the processor wrote them: by the sequence numbers, then
// by the stamps. In a circular file the newest buffers come first, and the sequence numbers show that. They are useless if a session
// was appended to the file of an earlier one and began to count anew; so the file's own order is kept if the stamps step back less
// often in it. It returns the places of each stream.
func inOrder(places []place) [][]place {
	one := !slices.ContainsFunc(places, func(p place) bool { return p.stream != places[0].stream })
	if !one {
		slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(a.stream, b.stream) })
	}
	var all [][]place
	for len(places) > 0 {
		n := len(places)
		if !one {
			n = slices.IndexFunc(places, func(p place) bool { return p.stream != places[0].stream })
			if n < 0 {
				n = len(places)
			}
		}
		stream := places[:n:n]
		places = places[n:]
		all = append(all, stream)
		from := stream[0].sequence // the numbers may wrap around
		bySequence := func(a, b place) int {
			return cmp.Or(cmp.Compare(int64(a.sequence-from), int64(b.sequence-from)), cmp.Compare(a.stamp, b.stamp), cmp.Compare(a.at, b.at))
		}
		if slices.IsSortedFunc(stream, bySequence) {
			continue
		}
		before := stepsBack(stream)
		slices.SortFunc(stream, bySequence)
		if stepsBack(stream) > before {
			slices.SortFunc(stream, func(a, b place) int { return cmp.Compare(a.at, b.at) })
		}
	}
	return all
}

// stepsBack counts how often a buffer's stamp is less than that of the buffer before.
func stepsBack(stream []place) (n int) {
	for i := 1; i < len(stream); i++ {
		if stream[i].stamp < stream[i-1].stamp {
			n++
		}
	}
	return n
}

// fetch reads the buffer at a place into b, which is large enough, and returns its bytes in use. It returns none, and accounts for
// the buffer, if it cannot be read. The error, that the file was closed, ends the reader.
func (r *Reader) fetch(p *place, b []byte) ([]byte, error) {
	if p.at > r.failedAt {
		return nil, nil
	}
	into := b[bufferHeaderSize:p.memory()]
	if p.packed {
		if cap(r.packed) < int(p.onDisk) {
			r.packed = make([]byte, p.onDisk)
		}
		into = r.packed[:max(p.onDisk, bufferHeaderSize)-bufferHeaderSize]
	}
	if err := r.read(into, p.at+bufferHeaderSize); err != nil {
		// The buffers before this place are read nevertheless; those after it are not, even if they are older.
		r.failedAt, r.failed = p.at, err
		if errors.Is(err, os.ErrClosed) {
			return nil, err
		}
		return nil, nil
	}
	if !p.packed {
		return b[:p.onDisk], nil
	}
	n, err := decompress(b[bufferHeaderSize:p.saved], into)
	if err != nil || n < int(p.saved)-bufferHeaderSize && !p.cut {
		r.stats.CompressedBuffers++
		return nil, nil
	}
	return b[:bufferHeaderSize+n], nil
}

// read fills b from the file at an offset. It is an error if the file has become shorter since it was opened.
func (r *Reader) read(b []byte, offset int64) error {
	if n, err := r.src.ReadAt(b, offset); n < len(b) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("%s: reading %d bytes at offset %d: %w", r.name, len(b), offset, err)
	}
	return nil
}
