// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
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

// page checks a page of a tree and all pages below it. It returns the last key, or nil if there is none.
func (c *checker) page(id uint64, at position) (last []byte, err error) {
	if at.depth > maxDepth {
		return nil, damaged("page %d is %d pages below its root", id, at.depth)
	}
	h, err := c.header(id)
	if err != nil {
		return nil, err
	}
	place := fmt.Sprintf("page %d", id)
	var used int64
	switch h.flags {
	case branchPage:
		last, used, err = c.branch(place, int64(id)*c.pageSize, h, at)
	case leafPage:
		last, used, err = c.leaf(place, int64(id)*c.pageSize, h, at)
	default:
		return nil, damaged("%s has the flags %x; want a branch (1) or a leaf (2)", place, h.flags)
	}
	if err == nil && h.span-used >= c.pageSize {
		err = damaged("%s has %d bytes and uses %d", place, h.span, used)
	}
	return last, err
}

func (c *checker) branch(place string, base int64, h header, at position) (last []byte, used int64, err error) {
	elements, err := c.elements(place, base, h)
	if err != nil {
		return nil, 0, err
	}
	if len(elements) == 0 {
		return nil, 0, damaged("%s is a branch without children", place)
	}
	le := binary.LittleEndian
	used = pageHeaderSize + int64(len(elements))
	keys := make([][]byte, 0, h.count)
	for i := 0; i < int(h.count); i++ {
		e := elements[i*elementSize:]
		key, err := c.key(place, base, i, le.Uint32(e), le.Uint32(e[4:]), 0, h.span, &used)
		if err != nil {
			return nil, 0, err
		}
		keys = append(keys, key)
	}
	last = at.low
	for i, key := range keys {
		below := position{bucket: at.bucket, low: key, high: at.high, depth: at.depth + 1}
		if i+1 < len(keys) {
			below.high = keys[i+1]
		}
		if err := ordered(place, i, key, last, at.high); err != nil {
			return nil, 0, err
		}
		if last, err = c.page(le.Uint64(elements[i*elementSize+8:]), below); err != nil {
			return nil, 0, err
		}
	}
	return last, used, nil
}

func (c *checker) leaf(place string, base int64, h header, at position) (last []byte, used int64, err error) {
	elements, err := c.elements(place, base, h)
	if err != nil {
		return nil, 0, err
	}
	le := binary.LittleEndian
	used = pageHeaderSize + int64(len(elements))
	last = at.low
	for i := 0; i < int(h.count); i++ {
		e := elements[i*elementSize:]
		flags, size := le.Uint32(e), int64(le.Uint32(e[12:]))
		key, err := c.key(place, base, i, le.Uint32(e[4:]), le.Uint32(e[8:]), size, h.span, &used)
		if err != nil {
			return nil, 0, err
		}
		if err := ordered(place, i, key, last, at.high); err != nil {
			return nil, 0, err
		}
		last = key
		value := base + used - size
		switch {
		case at.bucket == "" && flags == bucketFlag:
			err = c.bucket(string(key), value, size)
		case at.bucket != "" && flags == 0:
			c.keys++
			err = c.value(at.bucket, key, value, size)
		default:
			err = damaged("%s has the flags %x at its element %d", place, flags, i)
		}
		if err != nil {
			return nil, 0, err
		}
	}
	if h.count == 0 {
		if at.depth > 0 { // bbolt removes such a page, and frees it twice if it finds one
			return nil, 0, damaged("%s is a leaf without elements below a branch", place)
		}
		last = nil
	}
	return last, used, nil
}

// elements returns a copy of the table that follows a page's header.
func (c *checker) elements(place string, base int64, h header) ([]byte, error) {
	n := int64(h.count) * elementSize
	if pageHeaderSize+n > h.span {
		return nil, damaged("%s has no room for its %d elements", place, h.count)
	}
	b, err := c.read(base+pageHeaderSize, int(n))
	return bytes.Clone(b), err
}

// key returns the key of an element, and adds the sizes of key and value to *used. They must be where bbolt writes
// them: directly after those of the previous element.
func (c *checker) key(place string, base int64, i int, pos, size uint32, value, span int64, used *int64) ([]byte, error) {
	if got := pageHeaderSize + int64(i)*elementSize + int64(pos); got != *used {
		return nil, damaged("%s has its element %d at byte %d; want %d", place, i, got, *used)
	}
	if size == 0 || size > maxKeySize || *used+int64(size)+value > span {
		return nil, damaged("%s has a key of %d bytes and a value of %d at byte %d of %d", place, size, value, *used, span)
	}
	key, err := c.read(base+*used, int(size))
	*used += int64(size) + value
	return bytes.Clone(key), err
}

// ordered returns an error if a key is not after the previous one, or not before the next key of the page above.
func ordered(place string, i int, key, before, high []byte) error {
	order := bytes.Compare(before, key)
	if before != nil && (order > 0 || order == 0 && i > 0) || high != nil && bytes.Compare(key, high) >= 0 {
		return damaged("%s has its keys out of order at element %d", place, i)
	}
	return nil
}

// bucket checks a bucket whose entry in the root bucket is at an offset.
func (c *checker) bucket(name string, at, size int64) error {
	if name != sealedBucket && name != bareBucket {
		return damaged("it has a bucket %q, which file_storage does not use", name)
	}
	if size < bucketSize {
		return damaged("the bucket %q has an entry of %d bytes", name, size)
	}
	b, err := c.read(at, bucketSize)
	if err != nil {
		return err
	}
	if root := binary.LittleEndian.Uint64(b); root != 0 {
		if size != bucketSize {
			return damaged("the bucket %q has an entry of %d bytes", name, size)
		}
		_, err := c.page(root, position{bucket: name})
		return err
	}
	place := fmt.Sprintf("the page within the bucket %q", name)
	span := size - bucketSize
	if span < pageHeaderSize {
		return damaged("%s has %d bytes", place, span)
	}
	if b, err = c.read(at+bucketSize, pageHeaderSize); err != nil {
		return err
	}
	h := header{flags: binary.LittleEndian.Uint16(b[8:]), count: binary.LittleEndian.Uint16(b[10:]), span: span}
	if h.flags != leafPage {
		return damaged("%s has the flags %x; want a leaf (2)", place, h.flags)
	}
	_, used, err := c.leaf(place, at+bucketSize, h, position{bucket: name})
	if err == nil && used != span {
		return damaged("%s has %d bytes and uses %d", place, span, used)
	}
	return err
}

// value compares a sealed value with its checksum.
func (c *checker) value(bucket string, key []byte, at, size int64) error {
	if bucket != sealedBucket || !c.values {
		return nil
	}
	if size < sealSize {
		return damaged("the value of %q has no checksum", key)
	}
	b, err := c.read(at, sealSize)
	if err != nil {
		return err
	}
	want, got := binary.LittleEndian.Uint32(b), crc32.Checksum(key, castagnoli)
	for at, size = at+sealSize, size-sealSize; size > 0; {
		if b, err = c.read(at, int(min(size, windowSize))); err != nil {
			return err
		}
		got = crc32.Update(got, castagnoli, b)
		at, size = at+int64(len(b)), size-int64(len(b))
	}
	if got != want {
		return damaged("the value of %q has the checksum %08x; stored was %08x", key, got, want)
	}
	return nil
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
