// SPDX-License-Identifier: Apache-2.0

package pipeline

import "encoding/binary"

// chunkSize is the size of one chunk in bytes. It holds the largest event that Windows can deliver (64 KiB) several times.
const chunkSize = 256 << 10

// eventHeader is what stands before each event in a chunk: receipt time (int64, ns since 1970) and length (uint32).
const eventHeader = 12

// MaxEventSize is the largest event that the pipeline takes, in bytes.
const MaxEventSize = chunkSize - eventHeader

// Event is one raw event on its way.
type Event struct {
	// Received is when the event was delivered, in nanoseconds since 1970-01-01 UTC.
	Received int64
	// Data is the event as its source wrote it. It is valid until the handler returns.
	Data []byte
}

// chunk holds raw events back to back in memory of fixed size.
type chunk struct {
	buf   []byte // len is what is used, cap the chunk's size
	count int    // events in buf
	seq   uint64 // order in which chunks were begun
}

func (c *chunk) fits(n int) bool { return len(c.buf)+eventHeader+n <= cap(c.buf) }

func (c *chunk) append(received int64, head, body []byte) {
	c.buf = binary.LittleEndian.AppendUint64(c.buf, uint64(received))
	c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(len(head)+len(body)))
	c.buf = append(c.buf, head...)
	c.buf = append(c.buf, body...)
	c.count++
}

// cut takes the first event off rest, which is (a tail of) a chunk's buf.
func cut(rest []byte) (Event, []byte) {
	n := eventHeader + int(binary.LittleEndian.Uint32(rest[8:]))
	return Event{Received: int64(binary.LittleEndian.Uint64(rest)), Data: rest[eventHeader:n:n]}, rest[n:]
}
