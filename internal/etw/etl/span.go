// SPDX-License-Identifier: Apache-2.0

// Reading a part of a file: for files that grow, and to continue after a restart. Windows appends whole buffers to a file. Writer.Sync also
// writes the buffer that is being filled, and later writes it again with more records.

package etl

import (
	"encoding/binary"
	"io"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

// ReadSpan makes the reader read a part that Survey has found in the file, in place of all of it. Next must not have been called.
func (r *Reader) ReadSpan(s span.Span) {
	r.span, r.next = &s, s.From.At
}

// until returns the offset from which on no buffer is read.
func (r *Reader) until() int64 {
	switch {
	case r.span == nil:
		return r.size
	case r.span.To.In > 0:
		return min(r.size, r.span.To.At+1)
	}
	return min(r.size, r.span.To.At)
}

// clip removes the part of a buffer that is not in the span, and reports whether any of it is left.
func (r *Reader) clip(p *place) bool {
	if r.span == nil || p.packed {
		return true
	}
	from, to := r.span.From, r.span.To
	if p.at == from.At && from.In > 0 {
		p.first = 0
		if int64(p.onDisk) <= from.In {
			return false
		}
	}
	if p.at == to.At && to.In < int64(p.onDisk) {
		p.onDisk, p.saved, p.cut = uint32(to.In), uint32(to.In), false
		return to.In > bufferHeaderSize
	}
	return true
}

// Survey finds what can be read of the file in the first size bytes of src. It steps over unfinished buffers as Next does, but leaves those at
// the end to a later survey, and ends after the last whole record. The errors are those of NewReader and of src.
func Survey(src io.ReaderAt, size int64, q span.Query) (span.Extent, error) {
	r, err := NewReader(src, size)
	if err != nil {
		return span.Extent{}, err
	}
	mode := r.header.LogFileMode
	x := span.Extent{Span: span.Span{From: q.From, To: q.From}, Closed: r.completed(), Overwritten: mode&ModeCircular != 0, Recording: r.header.Recording}
	if x.ID, err = r.identify(); err != nil {
		return x, err
	}
	if q.To == (span.Place{}) {
		if x.Missing, x.Counted, err = r.missing(q.Counted); err != nil {
			return x, err
		}
	}
	if x.ID == (span.ID{}) {
		x.Rest = r.rest
		if !x.Closed {
			x.Damaged = r.bad.n
		}
		return x, nil
	}
	if x.To = q.To; x.To == (span.Place{}) {
		if x.To, err = r.findEnd(q); err != nil {
			return x, err
		}
		x.Rest = r.rest
		switch {
		case r.bad.n == 0:
		case x.Closed && x.Lacking() == nil: // nobody writes to them any more
			x.To = span.Place{At: r.bad.end}
		default:
			x.Damaged = r.bad.n
		}
	}
	if q.Digest {
		x.Digest, err = r.digest(x.Span)
	}
	return x, err
}

// findEnd returns the place after the last record that can be read.
func (r *Reader) findEnd(q span.Query) (span.Place, error) {
	r.next = q.From.At
	var last place
	for {
		r.scan()
		if r.scanned != nil {
			return q.From, r.scanned
		}
		if len(r.places) == 0 {
			break
		}
		for i := range r.places {
			if !q.Growing || r.whole(&r.places[i]) {
				last = r.places[i]
			}
		}
	}
	if last.onDisk == 0 {
		return q.From, nil
	}
	end, err := r.after(&last, q.From)
	if end.Before(q.From) {
		end = q.From
	}
	return end, err
}

// whole reports whether all of a buffer is on the disk, also what follows its records.
func (r *Reader) whole(p *place) bool {
	size := int64(r.header.BufferSize)
	switch {
	case p.at == 0:
		size = int64(r.first.size)
	case p.packed:
		return !p.cut
	}
	return p.at+size <= r.size
}

// digest returns the digest of the records in a span, and of the fields of their buffers' headers that give the order of reading. It ends at a
// place that cannot be read; the reader then reports that.
func (r *Reader) digest(s span.Span) (uint64, error) {
	r.ReadSpan(s)
	digest := xxh3.New()
	var b []byte
	for {
		r.scan()
		if r.scanned != nil || len(r.places) == 0 {
			return digest.Sum64(), r.scanned
		}
		for i := range r.places {
			p := &r.places[i]
			var entry [16]byte
			binary.LittleEndian.PutUint64(entry[:], uint64(p.at))
			binary.LittleEndian.PutUint32(entry[8:], p.saved)
			binary.LittleEndian.PutUint32(entry[12:], p.stream)
			_, _ = digest.Write(entry[:])
			from := r.recordsOf(p, s.From)
			b = slices.Grow(b[:0], int(p.onDisk))[:max(int(p.onDisk)-from, 0)]
			if r.read(b, p.at+int64(from)) != nil {
				return digest.Sum64(), nil
			}
			_, _ = digest.Write(b)
		}
	}
}

// recordsOf returns the offset in a buffer of the first record that is read of it.
func (r *Reader) recordsOf(p *place, from span.Place) int {
	at := bufferHeaderSize
	if p.at == 0 {
		at = r.first.records
	}
	if p.at == from.At && !p.packed {
		at = max(at, int(from.In))
	}
	return at
}

// after returns the place after the records of a buffer, to which the writer may add more.
func (r *Reader) after(p *place, from span.Place) (span.Place, error) {
	if p.packed {
		if p.cut {
			return span.Place{At: p.at, In: int64(p.onDisk)}, nil
		}
		return span.Place{At: p.at + int64(p.onDisk)}, nil
	}
	b := make([]byte, p.onDisk)
	if err := r.read(b, p.at); err != nil {
		return from, err
	}
	pos := r.recordsOf(p, from)
	for len(b)-pos >= recordHead {
		kind, n := classify(b[pos:])
		if kind == kindUnknown || pos+n > len(b) {
			if !p.cut { // damage, which the reader steps over with the rest of the buffer
				pos = len(b)
			}
			break
		}
		pos += align(n)
	}
	if pos < len(b) && !p.cut && !isZero(b[pos:]) { // the beginning of a record, which is damage too
		pos = len(b)
	}
	return span.Place{At: p.at, In: int64(min(pos, len(b)))}, nil
}

// identify makes the file's identifier of the recording's, or of the fields of the header that describe the session and of the first event. It
// leaves out the fields that Windows and Writer.Close write when they complete a file.
func (r *Reader) identify() (span.ID, error) {
	most := r.bounds.places
	r.bounds.places = 1
	r.scan()
	r.stats, r.next, r.bounds.places = Stats{}, 0, most
	if len(r.places) == 0 {
		return span.ID{}, r.scanned
	}
	p := r.places[0]
	h := xxh3.New()
	if r.header.Recorded() {
		_, _ = io.WriteString(h, r.header.Recording.String())
	} else {
		var b [48]byte
		le := binary.LittleEndian
		le.PutUint64(b[:], filetimeOf(r.header.StartTime))
		le.PutUint64(b[8:], filetimeOf(r.header.BootTime))
		le.PutUint64(b[16:], r.header.PerfFreq)
		le.PutUint32(b[24:], r.header.NumberOfProcessors)
		le.PutUint32(b[28:], r.header.BufferSize)
		le.PutUint32(b[32:], uint32(r.header.Clock))
		_, _ = h.Write(b[:])
		_, _ = io.WriteString(h, r.header.LoggerName+"\x00"+r.header.LogFileName+"\x00")
		const most = 1 << 10 // bytes
		from := int64(bufferHeaderSize)
		if p.at == 0 {
			from = int64(r.first.records)
		}
		record := make([]byte, min(max(int64(p.onDisk)-from, 0), most))
		if err := r.read(record, p.at+from); err != nil {
			return span.ID{}, err
		}
		if !p.packed && len(record) >= recordHead {
			if kind, n := classify(record); kind != kindUnknown {
				record = record[:min(n, len(record))]
			}
		}
		_, _ = h.Write(record)
	}
	return span.ID(h.Sum128().Bytes()), nil
}
