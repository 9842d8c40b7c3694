// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"math/bits"
)

// The check reads a bbolt file (format version 2, go.etcd.io/bbolt internal/common) without bbolt: bbolt reacts to
// damage with panics and memory faults, some of them in a goroutine of its own, where they cannot be recovered. The
// check follows every page that bbolt can reach and requires what bbolt itself writes: all of its assertions, and the
// exact place of each element. Memory: one window of the file, a bit for each page, and the keys on the way down.

// damageError describes damage inside a file.
type damageError struct{ what string }

func (e *damageError) Error() string { return e.what }

func damaged(format string, args ...any) error {
	return &damageError{fmt.Sprintf(format, args...)}
}

const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHeaderSize = 16 // id uint64, flags uint16, count uint16, overflow uint32
	elementSize    = 16 // leaf: flags, pos, ksize, vsize uint32; branch: pos, ksize uint32, child uint64
	metaSize       = 64
	bucketSize     = 16 // root page uint64, sequence uint64; with root 0 an inline page follows

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	bucketFlag   = 0x01
	noFreelist   = ^uint64(0)

	minPageSize = 1 << 10
	maxPageSize = 1 << 24
	maxKeySize  = 32768 // bbolt.MaxKeySize
	maxDepth    = 64    // pages below a bucket's root; a real tree of 2^64 keys has fewer levels
)

// meta is a header of a bbolt file. There are two, in the first two pages; transactions write them in turn.
type meta struct {
	pageSize int64
	root     uint64
	freelist uint64
	pages    uint64 // the number of pages in use: the id of the first page that was never allocated
	txid     uint64
}

// checked is the result of checking a sound file.
type checked struct {
	// unused is set if nothing was ever stored: the process that created the file ended before it was complete.
	unused bool
	// warning describes damage that may have lost the last transaction only. It is empty if there is none.
	warning string
	keys    int
}

// checkFile reads a bbolt file of size bytes. It checks that bbolt can use it and that it has only the buckets of
// file_storage and of this extension. With values it also reads every sealed value and compares its checksum. The error
// is a *damageError; a file that cannot be read counts as damaged.
func checkFile(r io.ReaderAt, size int64, values bool) (checked, error) {
	c := checker{window: window{r: r, size: size}, values: values}
	m, warning, err := c.metas()
	if err != nil {
		return checked{}, err
	}
	short := m.pages > uint64(size/m.pageSize)
	if short && m.txid <= 1 {
		return checked{unused: true}, nil
	}
	if short || m.pages < 3 {
		return checked{}, damaged("the file has %d bytes; its header says %d pages of %d bytes", size, m.pages, m.pageSize)
	}
	c.meta, c.seen = m, make([]uint64, m.pages/64+1)
	c.mark(0, 2)
	if _, err := c.page(m.root, position{}); err != nil {
		return checked{}, err
	}
	if err := c.freelist(); err != nil {
		return checked{}, err
	}
	return checked{warning: warning, keys: c.keys}, nil
}

type checker struct {
	window
	meta
	values bool
	seen   []uint64 // a bit for each page that another page refers to
	keys   int
}

// position is the place of a page in the tree.
type position struct {
	bucket    string // "" for the root bucket, which holds the other buckets
	low, high []byte // bounds of the page's keys: at least low, less than high; nil is no bound
	depth     int
}

// metas reads both headers and returns the one that bbolt uses: the newer one of the sound ones.
func (c *checker) metas() (m meta, warning string, err error) {
	first, err := c.metaAt(0)
	if err == nil {
		if bits.OnesCount64(uint64(first.pageSize)) != 1 || first.pageSize < minPageSize || first.pageSize > maxPageSize {
			return meta{}, "", damaged("its header says that a page has %d bytes", first.pageSize)
		}
		second, err := c.metaAt(first.pageSize)
		switch {
		case err != nil:
			return first, "the second of its two headers is damaged (" + err.Error() + ")", nil
		case second.pageSize != first.pageSize:
			return first, "", damaged("its two headers differ in the size of a page: %d and %d", first.pageSize, second.pageSize)
		case second.txid > first.txid:
			return second, "", nil
		}
		return first, "", nil
	}
	for at := int64(minPageSize); at <= maxPageSize; at *= 2 {
		second, err2 := c.metaAt(at)
		switch {
		case err2 != nil:
			continue
		case second.pageSize != at:
			return meta{}, "", damaged("its second header is at byte %d and says that a page has %d bytes", at, second.pageSize)
		}
		return second, "the first of its two headers is damaged (" + err.Error() + ")", nil
	}
	return meta{}, "", damaged("it has no bbolt header: %v", err)
}

// metaAt reads the header in the page at an offset. The error is the reason why bbolt does not use it.
func (c *checker) metaAt(at int64) (meta, error) {
	b, err := c.read(at+pageHeaderSize, metaSize)
	if err != nil {
		return meta{}, err
	}
	le := binary.LittleEndian
	if magic := le.Uint32(b); magic != boltMagic {
		return meta{}, damaged("magic number %08x; want %08x", magic, uint32(boltMagic))
	}
	if version := le.Uint32(b[4:]); version != boltVersion {
		return meta{}, damaged("format version %d; want %d", version, boltVersion)
	}
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	if stored := le.Uint64(b[metaSize-8:]); stored != sum.Sum64() {
		return meta{}, damaged("checksum %016x; stored was %016x", sum.Sum64(), stored)
	}
	return meta{
		pageSize: int64(le.Uint32(b[8:])), root: le.Uint64(b[16:]), freelist: le.Uint64(b[32:]),
		pages: le.Uint64(b[40:]), txid: le.Uint64(b[48:]),
	}, nil
}

// mark notes a reference to pages, and reports whether there was one before.
func (c *checker) mark(id, n uint64) (twice bool) {
	for ; n > 0; id, n = id+1, n-1 {
		twice = twice || c.marked(id)
		c.seen[id/64] |= 1 << (id % 64)
	}
	return twice
}

func (c *checker) marked(id uint64) bool { return c.seen[id/64]&(1<<(id%64)) != 0 }

// header is the header of a page.
type header struct {
	flags, count uint16
	span         int64 // bytes of the page and its overflow
}

// header reads the header of a referenced page.
func (c *checker) header(id uint64) (header, error) {
	if id < 2 || id >= c.pages {
		return header{}, damaged("page %d is outside of the %d pages", id, c.pages)
	}
	b, err := c.read(int64(id)*c.pageSize, pageHeaderSize)
	if err != nil {
		return header{}, err
	}
	le := binary.LittleEndian
	if got := le.Uint64(b); got != id {
		return header{}, damaged("page %d says that it is page %d", id, got)
	}
	overflow := uint64(le.Uint32(b[12:]))
	if id+overflow >= c.pages {
		return header{}, damaged("page %d spans %d more pages, beyond the file's %d pages", id, overflow, c.pages)
	}
	if c.mark(id, overflow+1) {
		return header{}, damaged("page %d is in use twice", id)
	}
	return header{flags: le.Uint16(b[8:]), count: le.Uint16(b[10:]), span: int64(overflow+1) * c.pageSize}, nil
}

// freelist checks the list of free pages, if the file has one. file_storage writes none; a new file has an empty one.
func (c *checker) freelist() error {
	id := c.meta.freelist
	if id == noFreelist {
		return nil
	}
	h, err := c.header(id)
	if err != nil {
		return err
	}
	if h.flags != freelistPage {
		return damaged("page %d has the flags %x; want a list of free pages (10)", id, h.flags)
	}
	n, at := int64(h.count), int64(id)*c.pageSize+pageHeaderSize
	if h.count == 0xFFFF {
		b, err := c.read(at, 8)
		if err != nil {
			return err
		}
		n, at = int64(binary.LittleEndian.Uint64(b)), at+8
	}
	if n < 0 || n > h.span/8 || at+n*8 > int64(id)*c.pageSize+h.span {
		return damaged("page %d has no room for its %d free pages", id, n)
	}
	for last := uint64(1); n > 0; n, at = n-1, at+8 {
		b, err := c.read(at, 8)
		if err != nil {
			return err
		}
		free := binary.LittleEndian.Uint64(b)
		if free <= last || free >= c.pages || c.mark(free, 1) {
			return damaged("page %d is in the list of free pages and in use, or out of order", free)
		}
		last = free
	}
	return nil
}

const windowSize = 1 << 20

// window reads a file through a buffer.
type window struct {
	r    io.ReaderAt
	size int64
	buf  []byte
	at   int64
}

// read returns n bytes, at most windowSize. They are valid until the next call.
func (w *window) read(at int64, n int) ([]byte, error) {
	if at < 0 || at+int64(n) > w.size {
		return nil, damaged("the file ends at byte %d, within what stands at byte %d", w.size, at)
	}
	if n == 0 {
		return nil, nil
	}
	if at < w.at || at+int64(n) > w.at+int64(len(w.buf)) {
		size := int64(windowSize)
		if n <= 1<<12 {
			size = 1 << 16
		}
		if w.buf == nil {
			w.buf = make([]byte, min(windowSize, w.size))
		}
		w.at, w.buf = at, w.buf[:min(max(size, int64(n)), w.size-at)]
		if got, err := w.r.ReadAt(w.buf, at); got < len(w.buf) {
			w.buf = w.buf[:0]
			return nil, damaged("it cannot be read at byte %d: %v", at, err)
		}
	}
	from := at - w.at
	return w.buf[from : from+int64(n) : from+int64(n)], nil
}
