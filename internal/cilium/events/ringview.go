// SPDX-License-Identifier: Apache-2.0

// Reading a ring buffer that is mapped into memory, whatever its content. Linux and eBPF for Windows have the same layout.

package events

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"
)

// A record in a ring buffer is a header of 8 bytes, whose first four are the length and two bits, and data padded to 8 bytes (struct
// bpf_ringbuf_hdr in Linux's kernel/bpf/ringbuf.c, ebpf_ring_buffer_record_t in eBPF for Windows).
const (
	ringHeader = 8
	ringAlign  = 8
	// ringBusy is set while the producer writes the record.
	ringBusy = 1 << 31
	// ringDiscard is set on a record that the producer has abandoned.
	ringDiscard = 1 << 30
)

var (
	errRingEmpty = errors.New("no record in the ring buffer")
	// errRingBusy is returned while the next record is being written. Records after it must wait, to keep the order.
	errRingBusy = errors.New("the next record in the ring buffer is being written")
)

// ringView is a mapped ring buffer. It has one reader.
type ringView struct {
	consumer, producer *uint64 // offsets in bytes, ever growing
	data               []byte  // mapped twice in a row, so that every record is contiguous
	end                uint64  // the end of the record that next has returned
	waited             uint64  // how many bytes waited then, including the record
}

// size returns how many bytes the ring has room for.
func (v *ringView) size() uint64 { return uint64(len(v.data) / 2) }

// waiting returns the number of unread bytes, at most size.
func (v *ringView) waiting() uint64 {
	return min(atomic.LoadUint64(v.producer)-atomic.LoadUint64(v.consumer), v.size())
}

// next returns the next record's data, which is the ring's own memory and valid until release. The errors are errRingEmpty and
// errRingBusy. Any other error says what is wrong with the ring; skip then continues behind it.
func (v *ringView) next() ([]byte, error) {
	for {
		producer, consumer := atomic.LoadUint64(v.producer), atomic.LoadUint64(v.consumer)
		waiting := producer - consumer
		switch {
		case waiting == 0:
			return nil, errRingEmpty
		case waiting > v.size() || waiting%ringAlign != 0 || consumer%ringAlign != 0:
			return nil, fmt.Errorf("the ring buffer is damaged: %d bytes wait from offset %d on; want at most %d, in units of %d", waiting, consumer, v.size(), ringAlign)
		}
		at := consumer % v.size()
		// Length and busy bit are read as one word, so that the data is complete when the bit is clear.
		header := atomic.LoadUint32((*uint32)(unsafe.Pointer(&v.data[at])))
		if header&ringBusy != 0 {
			return nil, errRingBusy
		}
		length := uint64(header &^ (ringBusy | ringDiscard))
		whole := (ringHeader + length + ringAlign - 1) / ringAlign * ringAlign
		if whole > waiting {
			return nil, fmt.Errorf("the ring buffer is damaged: a record of %d bytes at offset %d, where %d wait with its header", length, consumer, waiting)
		}
		v.end, v.waited = consumer+whole, waiting
		if header&ringDiscard != 0 {
			v.release()
			continue
		}
		return v.data[at+ringHeader:][:length:length], nil
	}
}

// release returns the space of the record that next has returned to the producer.
func (v *ringView) release() { atomic.StoreUint64(v.consumer, v.end) }

// skip discards everything that waits, and returns its number of bytes.
func (v *ringView) skip() uint64 {
	producer := atomic.LoadUint64(v.producer)
	return producer - atomic.SwapUint64(v.consumer, producer)
}
