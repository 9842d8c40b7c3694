// SPDX-License-Identifier: Apache-2.0

package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
)

// sample returns a small capture with every kind of block.
func sample() []byte {
	p := little
	return join(p.section(), p.nanos(),
		p.record(1, "first", p.option(6, p.u32(1)), p.option(0, nil)),
		p.block(5, make([]byte, 12)),
		p.record(2, "second", p.option(4, p.u64(3))),
		p.block(3, p.u32(5), []byte("third")),
		big.section(), big.nanos(), big.record(4, "fourth"),
		big.block(2, big.u16(0), big.u16(0), big.u32(0), big.u32(5), big.u32(5), big.u32(5), []byte("fifth")))
}

// blockEnds returns the offsets at which the blocks of a sound capture end.
func blockEnds(t *testing.T, file []byte) []int {
	t.Helper()
	var ends []int
	order := binary.ByteOrder(binary.LittleEndian)
	for at := 0; at < len(file); {
		if binary.LittleEndian.Uint32(file[at:]) == 0x0A0D0D0A {
			order = binary.LittleEndian
			if file[at+8] == 0x1A {
				order = binary.BigEndian
			}
		}
		at += int(order.Uint32(file[at+4:]))
		ends = append(ends, at)
	}
	return ends
}

func TestATruncatedCaptureGivesEveryRecordBeforeTheCut(t *testing.T) {
	file := sample()
	ends := blockEnds(t, file)
	// How many records precede the end of each block: the second packet follows a loss.
	records := []int{0, 0, 1, 1, 3, 4, 4, 4, 5, 6}
	if len(ends) != len(records) {
		t.Fatalf("the sample has %d blocks; want %d", len(ends), len(records))
	}
	for n := range len(file) + 1 {
		got, _, err := readAll(file[:n])
		want, whole := 0, false
		for i, end := range ends {
			if end <= n {
				want = records[i]
			}
			whole = whole || end == n
		}
		if len(got) != want {
			t.Errorf("%d bytes: %d records; want %d", n, len(got), want)
		}
		switch {
		case n == 0 && !hasReason(err, capture.ReasonEmpty):
			t.Errorf("no bytes: %v; want reason empty", err)
		case n > 0 && whole && err != io.EOF:
			t.Errorf("%d bytes, whole blocks: %v; want the end", n, err)
		case n > 0 && !whole && !hasReason(err, capture.ReasonTruncated):
			t.Errorf("%d bytes, a block cut: %v; want reason truncated", n, err)
		}
	}
}

func TestTheErrorOfATruncatedCaptureSaysWhere(t *testing.T) {
	file := join(little.section(), little.nanos(), little.record(1, "a"))
	_, _, err := readAll(file[:len(file)-1])
	if want := "capture truncated at byte 60: the file ends within a block"; err == nil || err.Error() != want {
		t.Errorf("error is %v; want %q", err, want)
	}
}

func TestDamageIsAnErrorThatNamesIt(t *testing.T) {
	p := little
	head := join(p.section(), p.nanos())
	swap := func(b []byte, at int, v uint32) []byte {
		b = bytes.Clone(b)
		binary.LittleEndian.PutUint32(b[at:], v)
		return b
	}
	packet := p.record(1, "abcd")
	for _, c := range []struct {
		name   string
		file   []byte
		reason capture.Reason
		text   string
	}{
		{"a byte-order magic", swap(head, 8, 0x11223344), capture.ReasonDamaged, "byte-order magic is 44 33 22 11"},
		{"a version", join(p.block(0x0A0D0D0A, p.u32(0x1A2B3C4D), p.u16(2), p.u16(1), p.u64(0)), p.nanos()), capture.ReasonVersion, "found pcapng version 2.1; want 1.0"},
		{"a block shorter than a block", join(head, swap(packet, 4, 8)), capture.ReasonDamaged, "a block of 8 bytes; want at least 12 and a multiple of 4"},
		{"a block of odd length", join(head, swap(packet, 4, 37)), capture.ReasonDamaged, "a block of 37 bytes"},
		{"two lengths", join(head, swap(packet, len(packet)-4, 40)), capture.ReasonDamaged, "36 bytes by its beginning and 40 by its end"},
		{"two lengths of a block of no interest", join(head, swap(p.block(5, make([]byte, 12)), 20, 40)), capture.ReasonDamaged, "24 bytes by its beginning and 40 by its end"},
		{"a section header too short", join(p.block(0x0A0D0D0A, p.u32(0x1A2B3C4D))), capture.ReasonDamaged, "a section header of 4 bytes; want at least 16"},
		{"a section header too long", swap(head, 4, 1<<30), capture.ReasonDamaged, "a header block of 1073741824 bytes; want at most"},
		{"an interface too short", join(p.section(), p.block(1, p.u32(147))), capture.ReasonDamaged, "an interface description of 4 bytes; want at least 8"},
		{"an interface's option too long", join(p.section(), p.iface(147, 0, p.u16(9), p.u16(400))), capture.ReasonDamaged, "an option of an interface"},
		{"a packet block too short", join(head, p.block(6, make([]byte, 16))), capture.ReasonDamaged, "a packet block of 16 bytes; want at least 20"},
		{"an empty packet block", join(head, p.block(6)), capture.ReasonDamaged, "a packet block of 0 bytes"},
		{"a simple packet block too short", join(head, p.block(3)), capture.ReasonDamaged, "a simple packet block of 0 bytes"},
		{"a packet longer than its block", join(head, swap(packet, 20, 5)), capture.ReasonDamaged, "a packet of 5 bytes in a block that has room for 4"},
		{"a packet of nearly 4 GiB", join(head, swap(packet, 20, 1<<32-1)), capture.ReasonDamaged, "a packet of 4294967295 bytes"},
		{"a simple packet longer than its block", join(head, p.block(3, p.u32(9), []byte("abcd"))), capture.ReasonDamaged, "a packet of 9 bytes in a block that has room for 4"},
		{"an unknown interface", join(head, p.packet(1, 1, 1, "a")), capture.ReasonDamaged, "a packet of interface 1 in a section that has 1"},
		{"the last interface number", join(head, p.packet(1<<32-1, 1, 1, "a")), capture.ReasonDamaged, "a packet of interface 4294967295"},
		{"a packet without an interface", join(p.section(), packet), capture.ReasonDamaged, "a packet of interface 0 in a section that has 0"},
		{"a simple packet without an interface", join(p.section(), p.block(3, p.u32(0))), capture.ReasonDamaged, "a section that has no interface"},
		{"an interface of the section before", join(head, p.section(), packet), capture.ReasonDamaged, "a section that has 0"},
		{"too many interfaces", join(p.section(), bytes.Repeat(p.nanos(), 4097)), capture.ReasonDamaged, "a section with more than 4096 interfaces"},
	} {
		records, _, err := readAll(c.file)
		if len(records) > 0 || !hasReason(err, c.reason) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %d records, %v; want %q with reason %q", c.name, len(records), err, c.text, c.reason)
		}
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestALengthInTheFileReservesNoMemory(t *testing.T) {
	p := little
	head := join(p.section(), p.nanos())
	for name, file := range map[string][]byte{
		"a block of nearly 4 GiB":           join(head, p.u32(6), p.u32(1<<32-4), make([]byte, 100)),
		"an unknown block of nearly 4 GiB":  join(head, p.u32(99), p.u32(1<<32-4), make([]byte, 100)),
		"a section header of nearly 4 GiB":  join(head, p.u32(0x0A0D0D0A), p.u32(1<<32-4), p.u32(0x1A2B3C4D)),
		"an interface of nearly 4 GiB":      join(head, p.u32(1), p.u32(1<<32-4), make([]byte, 100)),
		"a captured length of nearly 4 GiB": join(head, p.block(6, make([]byte, 12), p.u32(1<<32-1), p.u32(1<<32-1))),
	} {
		var err error
		size := allocated(func() { _, _, err = readAll(file) })
		if err == nil || err == io.EOF {
			t.Errorf("%s: no error", name)
		}
		if size > 256<<10 { // the read buffer and the test's own
			t.Errorf("%s: %d bytes allocated", name, size)
		}
	}
}

func TestTenThousandDamagedCapturesNeitherPanicNorEatMemory(t *testing.T) {
	sound := sample()
	random := rand.New(rand.NewPCG(2026, 147))
	interesting := []uint32{0, 1, 2, 3, 4, 8, 12, 147, 1<<16 - 1, 1 << 19, 1<<31 - 1, 1 << 31, 1<<32 - 4, 1<<32 - 1, 0x0A0D0D0A, 0x1A2B3C4D}
	const limit = 2 << 20 // the longest block, and the read buffer
	for i := range 10_000 {
		file := bytes.Clone(sound)
		for range 1 + random.IntN(6) {
			at := random.IntN(len(file))
			switch random.IntN(5) {
			case 0:
				file[at] ^= 1 << random.IntN(8)
			case 1:
				file[at] = byte(random.Uint32())
			case 2:
				if at &^= 3; at+4 <= len(file) {
					binary.LittleEndian.PutUint32(file[at:], interesting[random.IntN(len(interesting))])
				}
			case 3:
				file = append(file[:at:at], file[min(at+4*random.IntN(8), len(file)):]...)
			case 4:
				file = append(file[:at:at], append(bytes.Clone(file[at/2:at]), file[at:]...)...)
			}
			if len(file) == 0 {
				break
			}
		}
		var records []events.Record
		var err error
		if size := allocated(func() { records, _, err = readAll(file) }); size > limit {
			t.Fatalf("damage %d: %d bytes allocated", i, size)
		}
		var known *capture.Error
		if err != io.EOF && !errors.As(err, &known) {
			t.Fatalf("damage %d: an error without a reason: %v", i, err)
		}
		for _, r := range records {
			if len(r.Data) > len(file) || r.CPU < -1 || r.Lost > 0 && len(r.Data) > 0 {
				t.Fatalf("damage %d: an impossible record: %+v", i, r)
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(sample())
	f.Add([]byte(nil))
	f.Add(join(little.section(), little.nanos()))
	f.Add(join(sample()[:150], []byte("garbage"), sample()[150:]))
	f.Add(join(little.section(), little.nanos(), make([]byte, 24), little.nanos(), little.record(1, "a"), big.section(), big.u32(6), big.u32(40), big.nanos(), big.record(2, "b")))
	f.Add(join(big.section(), big.iface(147, 64), big.block(3, big.u32(100), make([]byte, 64))))
	f.Add(join(little.section(), little.nanos(), little.block(0x41, little.u16(147), little.u16(0), little.u32(0)), little.iface(147, 0), little.record(1, "a")))
	f.Fuzz(func(t *testing.T, file []byte) {
		records, stats, err := readAll(file)
		var known *capture.Error
		if err != io.EOF && !errors.As(err, &known) {
			t.Fatalf("an error without a reason: %v", err)
		}
		var size, count uint64
		for _, r := range records {
			size += uint64(len(r.Data))
			if r.Lost == 0 {
				count++
			}
			wire := append(r.AppendHead(nil), r.Data...)
			if _, err := events.Parse(wire); err != nil {
				t.Errorf("%+v has no wire form: %v", r, err)
			}
		}
		refused := err != io.EOF && known.Reason != capture.ReasonDamaged && known.Reason != capture.ReasonTruncated
		if !refused && (err == io.EOF) != (stats.Damages == 0) {
			t.Errorf("%+v and %v", stats, err)
		}
		if stats.UnknownBlocks > stats.Damages || stats.Early+stats.Late > uint64(len(records)) {
			t.Errorf("%+v of %d records", stats, len(records))
		}
		if stats.SteppedOver > uint64(len(file)) {
			t.Errorf("%d bytes stepped over in a file of %d", stats.SteppedOver, len(file))
		}
		if size > uint64(len(file)) || count != stats.Records {
			t.Errorf("%d records of %d bytes from a file of %d; counted %d", count, size, len(file), stats.Records)
		}
	})
}
