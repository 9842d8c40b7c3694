// SPDX-License-Identifier: Apache-2.0

// Reading a part of a capture: for files that grow, and to continue after a restart. A writer appends to a capture; a part ends after a whole
// block.

package capture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/zeebo/xxh3"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

// NewSpanReader is NewReader for a part that Survey has found in src. before is the reader of the part before it; without one the sections and
// interfaces are read from the file's beginning.
func NewSpanReader(src io.ReaderAt, s span.Span, before *Reader) (*Reader, error) {
	if before == nil || before.order == nil || before.offset != s.From.At {
		c, err := newReader(io.NewSectionReader(src, 0, s.To.At), s.From.At)
		return c, err
	}
	c := &Reader{
		r: bufio.NewReaderSize(io.NewSectionReader(src, s.From.At, s.To.At-s.From.At), 64<<10), at: io.NewSectionReader(src, 0, s.To.At),
		offset: s.From.At, from: s.From.At,
		order: before.order, interfaces: before.interfaces, recording: before.recording, gap: before.gap, lostSection: before.lostSection, doubt: before.doubt,
	}
	return c, nil
}

// Survey finds what can be read of the capture in the first size bytes of src. After a damaged block it cannot tell where a block ends; the
// part then ends with the file. The error is that of src.
func Survey(src io.ReaderAt, size int64, q span.Query) (span.Extent, error) {
	x, err := survey(src, size, q)
	if err == nil && q.Digest && !x.Empty() {
		h := xxh3.New()
		_, err = io.Copy(h, io.NewSectionReader(src, x.From.At, min(x.To.At, size)-x.From.At))
		x.Digest = h.Sum64()
	}
	return x, err
}

// survey is Survey without the digest.
func survey(src io.ReaderAt, size int64, q span.Query) (span.Extent, error) {
	x := span.Extent{Span: span.Span{From: q.From, To: q.From}}
	w := walker{r: bufio.NewReaderSize(io.NewSectionReader(src, 0, size), 64<<10), growing: q.Growing}
	if err := w.identify(); err != nil {
		return x, err
	}
	x.Recording = w.recording
	if x.ID = w.id; x.ID == (span.ID{}) {
		x.Rest = size - w.at
		return x, nil
	}
	if q.To != (span.Place{}) {
		x.To = q.To
		return x, nil
	}
	w.r.Reset(io.NewSectionReader(src, q.From.At, size-q.From.At))
	w.at = q.From.At
	for {
		switch n, err := w.next(nil); {
		case err != nil:
			return x, err
		case n < 0:
			w.at = size
			fallthrough
		case n == 0:
			x.To.At, x.Rest = w.at, size-w.at
			return x, nil
		}
	}
}

// walker steps from block to block.
type walker struct {
	r     *bufio.Reader
	order binary.ByteOrder
	at    int64
	id    span.ID
	// growing says that the file may still be written.
	growing bool
	// recording is what the section header at the beginning of the file carries.
	recording recording.File
}

// identify makes the file's identifier: a digest of its bytes up to the first packet.
func (w *walker) identify() error {
	h := xxh3.New()
	for {
		typ := uint32(0)
		if head, err := w.r.Peek(blockHeader); err == nil && w.order != nil {
			typ = w.order.Uint32(head)
		}
		var first bytes.Buffer // the block at the beginning of the file
		to := io.Writer(h)
		if w.at == 0 {
			to = io.MultiWriter(h, &first)
		}
		switch n, err := w.next(to); {
		case err != nil:
			return err
		case n == 0:
			return nil
		case n > 0 && first.Len() > 0:
			w.readRecording(first.Bytes())
		case n < 0 || typ == blockEnhanced || typ == blockSimple || typ == blockPacket:
			w.id = span.ID(h.Sum128().Bytes())
			return nil
		}
	}
}

// readRecording reads the recording that a section header without its trailer carries.
func (w *walker) readRecording(block []byte) {
	if w.order.Uint32(block) != blockSection {
		return
	}
	c := &Reader{order: w.order}
	if c.beginSection(block[blockHeader:]) == nil {
		w.recording = c.recording
	}
}

// next steps over a block and writes it to h, if that is not nil. It returns the block's length; 0 if the block is not whole, and -1 if there is no
// block.
func (w *walker) next(h io.Writer) (int64, error) {
	head, err := w.r.Peek(blockHeader + 4)
	if err != nil {
		return 0, notWhole(err)
	}
	if binary.LittleEndian.Uint32(head) == blockSection {
		if order := byteOrder(head[blockHeader:]); order != nil {
			w.order = order
		}
	}
	if w.order == nil {
		w.order = binary.LittleEndian
	}
	n := w.order.Uint32(head[4:])
	if w.implausible(n) {
		swapped := binary.ByteOrder(binary.BigEndian)
		if w.order == swapped {
			swapped = binary.LittleEndian
		}
		if w.order, n = swapped, swapped.Uint32(head[4:]); w.implausible(n) {
			return -1, nil
		}
	}
	if h == nil {
		if _, err := w.r.Discard(int(n) - blockTrailer); err != nil {
			return 0, notWhole(err)
		}
	} else if _, err := io.CopyN(h, w.r, int64(n)-blockTrailer); err != nil {
		return 0, notWhole(err)
	}
	var trailer [blockTrailer]byte
	if _, err := io.ReadFull(w.r, trailer[:]); err != nil {
		return 0, notWhole(err)
	}
	switch again := w.order.Uint32(trailer[:]); again {
	case n:
		w.at += int64(n)
		return int64(n), nil
	case 0: // space of a block that is being written, unless something follows and nobody writes
		if rest, err := w.r.Peek(w.r.Size()); w.growing || allZero(rest) {
			return 0, notWhole(err)
		}
	}
	return -1, nil
}

func (w *walker) implausible(length uint32) bool {
	return length < minBlock || length%4 != 0 || length > maxBlock
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// notWhole returns nil for the end of the file.
func notWhole(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
