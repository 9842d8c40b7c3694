// SPDX-License-Identifier: Apache-2.0

package capture_test

import (
	"bytes"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
)

func write(t testing.TB, records ...events.Record) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := capture.NewWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	size := w.Size()
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if size != int64(file.Len()) {
		t.Errorf("the size was %d before the flush, of %d bytes", size, file.Len())
	}
	return file.Bytes()
}

func TestTheWriterWritesWhatTheSpecificationSays(t *testing.T) {
	got := write(t,
		events.Record{Time: 0x1122334455667788, CPU: -1, Data: []byte("abcde")},
		events.Record{Time: 1, CPU: 2, Data: []byte("f")},
		events.Record{Time: 2, CPU: -1, Lost: 3})
	want := "" +
		"\x0a\x0d\x0d\x0a" + "\x1c\x00\x00\x00" + "\x4d\x3c\x2b\x1a" + "\x01\x00\x00\x00" + "\xff\xff\xff\xff\xff\xff\xff\xff" + "\x1c\x00\x00\x00" +
		"\x01\x00\x00\x00" + "\x20\x00\x00\x00" + "\x93\x00" + "\x00\x00" + "\x00\x00\x00\x00" + "\x09\x00\x01\x00\x09\x00\x00\x00" + "\x00\x00\x00\x00" + "\x20\x00\x00\x00" +
		"\x06\x00\x00\x00" + "\x28\x00\x00\x00" + "\x00\x00\x00\x00" + "\x44\x33\x22\x11\x88\x77\x66\x55" + "\x05\x00\x00\x00" + "\x05\x00\x00\x00" + "abcde\x00\x00\x00" + "\x28\x00\x00\x00" +
		"\x06\x00\x00\x00" + "\x30\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00\x01\x00\x00\x00" + "\x01\x00\x00\x00" + "\x01\x00\x00\x00" + "f\x00\x00\x00" + "\x06\x00\x04\x00\x02\x00\x00\x00" + "\x00\x00\x00\x00" + "\x30\x00\x00\x00" +
		"\x06\x00\x00\x00" + "\x30\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00\x02\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x04\x00\x08\x00\x03\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x30\x00\x00\x00"
	if string(got) != want {
		t.Errorf("wrote\n% x\nwant\n% x", got, want)
	}
}

func TestWhatIsWrittenIsReadBackIdentically(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var records []events.Record
	now := int64(0)
	for i := range 2000 {
		now += random.Int64N(math.MaxInt64 / 2000)
		r := events.Record{Time: now, CPU: int32(random.IntN(66)) - 1}
		if i%10 == 0 {
			r.Lost = 1 + random.Uint64N(1<<45)
		} else {
			r.Data = make([]byte, random.IntN(300))
			for j := range r.Data {
				r.Data[j] = byte(random.Uint32())
			}
		}
		records = append(records, r)
	}
	records = append(records,
		events.Record{Time: math.MaxInt64, CPU: math.MaxInt32, Data: bytes.Repeat([]byte{1}, capture.MaxPacket)},
		events.Record{CPU: -1, Data: []byte("no time")})
	file := write(t, records...)
	if !bytes.Equal(file, write(t, records...)) {
		t.Error("the same records made other bytes")
	}
	expect(t, file, records...)
}

func TestARecordThatDoesNotFitACaptureIsRefused(t *testing.T) {
	w, err := capture.NewWriter(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]events.Record{
		"too long":         {Data: make([]byte, capture.MaxPacket+1)},
		"before 1970":      {Time: -1},
		"a loss with data": {Lost: 1, Data: []byte("x")},
		"a loss too great": {Lost: 1<<53 + 1},
	} {
		if err := w.Write(r); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestTheWritersErrorsArePassedOn(t *testing.T) {
	w, err := capture.NewWriter(fullDisk{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err == nil {
		t.Error("a full disk is no error")
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// BenchmarkReader reads one record of 128 bytes.
func BenchmarkReader(b *testing.B) {
	const count = 100_000
	var records []events.Record
	for i := range count {
		records = append(records, events.Record{Time: int64(i), CPU: -1, Data: make([]byte, 128)})
	}
	file := write(b, records...)
	var c *capture.Reader
	b.SetBytes(128)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%count == 0 {
			var err error
			if c, err = capture.NewReader(bytes.NewReader(file)); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := c.Next(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReaderWriter writes one record of 128 bytes.
func BenchmarkReaderWriter(b *testing.B) {
	w, err := capture.NewWriter(io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	r := events.Record{Time: 1, CPU: 3, Data: make([]byte, 128)}
	b.SetBytes(128)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(r); err != nil {
			b.Fatal(err)
		}
	}
}
