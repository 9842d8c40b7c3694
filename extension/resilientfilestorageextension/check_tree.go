// SPDX-License-Identifier: Apache-2.0

// The check of a tree: its pages, their elements, and the buckets and values in them.

package resilientfilestorageextension

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

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
