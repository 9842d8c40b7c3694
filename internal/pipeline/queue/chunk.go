// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"encoding/binary"
	"iter"
	"unsafe"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold/prefetch"
)

// ChunkSize is the size of one chunk in bytes. It holds the largest event that Windows can deliver (64 KiB) several times.
const ChunkSize = 256 << 10

// EventHeader is the size in bytes of the header before each event in a chunk: receipt time (int64, ns since 1970) and length (uint32).
const EventHeader = 12

// MaxEventSize is the size of the largest event that a queue takes, in bytes.
const MaxEventSize = ChunkSize - EventHeader

// Event is one raw event.
type Event struct {
	// Received is when the event was delivered, in nanoseconds since 1970-01-01 UTC.
	Received int64
	// Data is the event as its source wrote it. It is valid until the function that gets the event returns.
	Data []byte
	// Note is what has been found out about the event before it is handled. The queue leaves it 0.
	Note uint8
}

// Chunk holds raw events back to back, in memory of fixed size.
type Chunk struct {
	buf   []byte // its length is what is used, its capacity ChunkSize
	count int    // number of events in buf
	seq   uint64 // counts the chunks in the order in which they were begun
}

// Len returns the number of events.
func (c *Chunk) Len() int { return c.count }

// Events yields the events in the order in which they came.
func (c *Chunk) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		rest := c.buf
		for range c.count {
			n := EventHeader + int(binary.LittleEndian.Uint32(rest[8:]))
			ev := Event{Received: int64(binary.LittleEndian.Uint64(rest)), Data: rest[EventHeader:n:n]}
			if !yield(ev) {
				return
			}
			rest = rest[n:]
		}
	}
}

// Ahead sets each of some events to one of the chunk's, in their order, from the one at an offset on. The chunk must have as many. It also
// starts to load as many bytes after them, at most mostAhead, since a processor's own loading ahead ends with each page of memory.
func (c *Chunk) Ahead(events []Event, offset uint32) {
	end := offset
	for i := range events {
		rest := c.buf[end:]
		n := EventHeader + binary.LittleEndian.Uint32(rest[8:])
		ev := &events[i]
		ev.Received, ev.Data, ev.Note = int64(binary.LittleEndian.Uint64(rest)), rest[EventHeader:n:n], 0
		end += n
	}
	const pair, mostAhead = 2 * cacheLine, 8 << 10
	for next, last := int(end), min(int(end+min(end-offset, mostAhead)), len(c.buf)-pair); next < last; next += pair {
		prefetch.Pair(unsafe.Pointer(&c.buf[next]))
	}
}

// At returns the event at an offset, which is the sum of the sizes of those before it. Each takes EventHeader bytes and its Data.
func (c *Chunk) At(offset uint32) Event {
	rest := c.buf[offset:]
	n := EventHeader + int(binary.LittleEndian.Uint32(rest[8:]))
	return Event{Received: int64(binary.LittleEndian.Uint64(rest)), Data: rest[EventHeader:n:n]}
}

// Fetch starts to load the first bytes of the event at an offset.
func (c *Chunk) Fetch(offset uint32) {
	p := unsafe.Pointer(&c.buf[offset])
	prefetch.Pair(p)
	if int(offset)+2*cacheLine < len(c.buf) {
		prefetch.Line(unsafe.Add(p, 2*cacheLine))
	}
}

const cacheLine = 64

func (c *Chunk) fits(n int) bool { return len(c.buf)+EventHeader+n <= cap(c.buf) }

func (c *Chunk) append(received int64, head, body []byte) {
	c.buf = binary.LittleEndian.AppendUint64(c.buf, uint64(received))
	c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(len(head)+len(body)))
	c.buf = append(c.buf, head...)
	c.buf = append(c.buf, body...)
	c.count++
}
