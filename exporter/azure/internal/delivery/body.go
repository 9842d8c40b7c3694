// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"bytes"
	"fmt"

	"github.com/klauspost/compress/gzip"
)

// Limits bound one body.
type Limits struct {
	Raw  int // bytes before compression
	Gzip int // bytes after compression; 0 is no limit
}

// compressionLevel is the fastest level. Rows are so repetitive that higher levels gain little and cost more than twice
// as much.
const compressionLevel = 1

// inFlight is the most output that the compressor may hold back: one block of input and its header, at its uncompressed
// size.
const inFlight = 1<<16 + 1<<10

// The text around and between the items of an array. It is never modified.
var opening, comma, closing = []byte("["), []byte(","), []byte("]")

// Body is a JSON array that is compressed while it is written. It is not safe for concurrent use.
type Body struct {
	limits Limits
	out    bytes.Buffer
	gzip   *gzip.Writer
	raw    int
	items  int
}

// NewBody returns an empty body.
func NewBody(limits Limits) *Body {
	b := &Body{limits: limits}
	var err error
	if b.gzip, err = gzip.NewWriterLevel(&b.out, compressionLevel); err != nil {
		panic(fmt.Sprintf("the compression level is a constant: %v", err))
	}
	return b
}

// Reset empties the body.
func (b *Body) Reset() {
	b.out.Reset()
	b.gzip.Reset(&b.out)
	b.raw, b.items = 0, 0
}

// Limit sets the limit before compression.
func (b *Body) Limit(raw int) { b.limits.Raw = raw }

// Fits reports whether an item of size bytes can be added without passing a limit.
func (b *Body) Fits(size int) bool {
	raw := b.raw + len(comma) + size + len(closing)
	if b.items == 0 {
		raw = len(opening) + size + len(closing)
	}
	return raw <= b.limits.Raw && (b.limits.Gzip == 0 || b.items == 0 || b.out.Len()+size+inFlight <= b.limits.Gzip)
}

// Add adds an item, which is JSON.
func (b *Body) Add(item []byte) {
	if b.items == 0 {
		b.write(opening)
	} else {
		b.write(comma)
	}
	b.write(item)
	b.items++
}

// Close ends the array and returns the compressed body. It is valid until the next Reset.
func (b *Body) Close() []byte {
	b.write(closing)
	if err := b.gzip.Close(); err != nil {
		panic(fmt.Sprintf("a write to a buffer cannot fail: %v", err))
	}
	return b.out.Bytes()
}

func (b *Body) write(p []byte) {
	if _, err := b.gzip.Write(p); err != nil {
		panic(fmt.Sprintf("a write to a buffer cannot fail: %v", err))
	}
	b.raw += len(p)
}

// Raw returns the size before compression in bytes.
func (b *Body) Raw() int { return b.raw }

// Compressed returns the size after compression in bytes. The body must be closed.
func (b *Body) Compressed() int { return b.out.Len() }
