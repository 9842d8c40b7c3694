// SPDX-License-Identifier: Apache-2.0

package events

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// newRingView returns an empty ring of size bytes, whose offsets begin at start.
func newRingView(size int, start uint64) *ringView {
	consumer, producer := start, start
	return &ringView{consumer: &consumer, producer: &producer, data: make([]byte, 2*size)}
}

// put writes bytes at the producer's offset, in both halves, and advances it.
func (v *ringView) put(raw []byte) {
	size := uint64(len(v.data) / 2)
	for i, b := range raw {
		at := (*v.producer + uint64(i)) % size
		v.data[at], v.data[at+size] = b, b
	}
	*v.producer += uint64(len(raw))
}

// record returns a record in the form of a ring, with these bits in its header.
func record(bits uint32, data string) []byte {
	raw := binary.LittleEndian.AppendUint32(nil, uint32(len(data))|bits)
	raw = append(binary.LittleEndian.AppendUint32(raw, 0), data...)
	return append(raw, make([]byte, (8-len(data)%8)%8)...)
}

func TestARingGivesItsRecordsInOrderAcrossItsEnd(t *testing.T) {
	v := newRingView(128, 1<<40-24) // an offset that is not at the beginning
	for round := range 100 {
		want := []string{"first of some length"[:round%20+1], "", "third"}
		for i, data := range want {
			v.put(record(0, data))
			if i == 1 {
				v.put(record(ringDiscard, "x"))
			}
		}
		for _, data := range want {
			got, err := v.next()
			if err != nil || string(got) != data || cap(got) != len(got) {
				t.Fatalf("round %d: %q, %v; want %q", round, got, err, data)
			}
			v.release()
		}
		if _, err := v.next(); err != errRingEmpty {
			t.Fatalf("round %d: %v; want that the ring is empty", round, err)
		}
	}
}

func TestARecordThatIsBeingWrittenHoldsUpThoseBehindIt(t *testing.T) {
	v := newRingView(64, 0)
	v.put(record(ringBusy, "one"))
	v.put(record(0, "two"))
	for range 2 {
		if _, err := v.next(); err != errRingBusy {
			t.Fatalf("%v; want that the record is busy", err)
		}
	}
	v.data[3] &^= 0x80 // it is written
	for _, want := range []string{"one", "two"} {
		if got, err := v.next(); err != nil || string(got) != want {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
		v.release()
	}
}

func TestADamagedRingSaysWhatIsWrongAndGoesOnBehindIt(t *testing.T) {
	header := func(length uint32) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(length)) }
	for name, tc := range map[string]struct {
		raw      []byte
		producer uint64 // the producer's offset, where it is not the end of raw
		want     string
	}{
		"a length beyond what waits":          {header(17), 24, "a record of 17 bytes at offset 0, where 24 wait"},
		"the largest length":                  {header(1<<30 - 1), 0, "a record of 1073741823 bytes"},
		"the largest length of a discarded":   {header(1<<31 - 1), 0, "a record of 1073741823 bytes"},
		"more than the ring has room for":     {nil, 72, "72 bytes wait from offset 0 on; want at most 64"},
		"a producer behind the consumer":      {nil, 1<<64 - 8, "bytes wait"},
		"a producer that is not at a record":  {header(1), 20, "20 bytes wait"},
		"a header alone, of a record of more": {header(8), 8, "a record of 8 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newRingView(64, 0)
			v.put(tc.raw)
			if tc.producer != 0 {
				*v.producer = tc.producer
			}
			_, err := v.next()
			if err == nil || errors.Is(err, errRingBusy) || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("%v; want %q", err, tc.want)
			}
			waiting := *v.producer
			if got := v.skip(); got != waiting || v.waiting() != 0 {
				t.Fatalf("%d bytes skipped, %d wait; want %d and none", got, v.waiting(), waiting)
			}
		})
	}
}

// FuzzRingView reads a ring of any content: the reader stays within the ring and comes to an end.
func FuzzRingView(f *testing.F) {
	f.Add(record(0, "data"), uint64(0), uint64(16))
	f.Add(record(ringDiscard, "data"), uint64(8), uint64(24))
	f.Add(record(ringBusy, "data"), uint64(1<<63), uint64(1<<63+16))
	f.Fuzz(func(t *testing.T, raw []byte, consumer, producer uint64) {
		const size = 256
		v := newRingView(size, consumer)
		v.put(raw[:min(len(raw), size)])
		*v.producer = producer
		for reads := 0; ; reads++ {
			data, err := v.next()
			if err != nil {
				return
			}
			if len(data) > size || reads > size/ringHeader {
				t.Fatalf("%d bytes in read %d of a ring of %d bytes", len(data), reads, size)
			}
			v.release()
		}
	})
}

// BenchmarkRingView reads records of 128 bytes of data.
func BenchmarkRingView(b *testing.B) {
	v := newRingView(1<<20, 0)
	raw := record(0, strings.Repeat("x", 128))
	for *v.producer+uint64(len(raw)) <= 1<<20 {
		v.put(raw)
	}
	b.ReportAllocs()
	b.SetBytes(128)
	for b.Loop() {
		if _, err := v.next(); err == errRingEmpty {
			*v.consumer = 0
			continue
		}
		v.release()
	}
}
