// SPDX-License-Identifier: Apache-2.0

package capture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
)

// packets returns the headers of a capture and its packets, a block each, with the times 1 to n.
func packets(p pcapng, n int) (blocks [][]byte) {
	blocks = append(blocks, p.section(), p.nanos())
	for i := range n {
		blocks = append(blocks, p.record(uint64(1+i), fmt.Sprintf("packet %d", 1+i), p.option(6, p.u32(uint32(i))), p.option(0, nil)))
	}
	return blocks
}

// upTo returns the numbers 1 to n without some.
func upTo(n int, without ...int64) (list []int64) {
	for i := range n {
		if !slices.Contains(without, int64(1+i)) {
			list = append(list, int64(1+i))
		}
	}
	return list
}

func TestOneDamagedBlockCostsItsOwnPacketOnly(t *testing.T) {
	const n = 9
	for _, p := range []pcapng{little, big} {
		for damaged := 2; damaged < n+2; damaged++ {
			for name, damage := range map[string]func(block []byte) []byte{
				"the length at its beginning": func(b []byte) []byte { b[5] ^= 0x10; b[6] ^= 0x10; return b },
				"a length that is too long":   func(b []byte) []byte { copy(b[4:], p.u32(1<<32-4)); return b },
				"a length that is none":       func(b []byte) []byte { copy(b[4:], p.u32(7)); return b },
				"a length of two blocks":      func(b []byte) []byte { copy(b[4:], p.u32(uint32(2*len(b)))); return b },
				"the length at its end":       func(b []byte) []byte { b[len(b)-4]++; return b },
				"both lengths":                func(b []byte) []byte { b[4], b[len(b)-4] = 5, 6; return b },
				"the length of its packet":    func(b []byte) []byte { copy(b[20:], p.u32(1<<32-1)); return b },
				"its interface":               func(b []byte) []byte { copy(b[8:], p.u32(3)); return b },
				"zeros":                       func(b []byte) []byte { clear(b); return b },
				"its last bytes are missing":  func(b []byte) []byte { return b[:len(b)-6] },
				"a type and a length of no block": func(b []byte) []byte {
					copy(b, join(p.u32(99), p.u32(1<<30)))
					return b
				},
			} {
				blocks := packets(p, n)
				blocks[damaged] = damage(bytes.Clone(blocks[damaged]))
				got, stats, err := readAll(join(blocks...))
				if want := upTo(n, int64(damaged-1)); !slices.Equal(times(got), want) {
					t.Fatalf("%s of packet %d: %d; want %d", name, damaged-1, times(got), want)
				}
				if !hasReason(err, capture.ReasonDamaged) && !hasReason(err, capture.ReasonTruncated) {
					t.Errorf("%s of packet %d: %v; want the damage in the end", name, damaged-1, err)
				}
				if stats.Damages != 1 || stats.SteppedOver != uint64(len(blocks[damaged])) {
					t.Errorf("%s of packet %d: %+v; want one damage, of %d bytes", name, damaged-1, stats, len(blocks[damaged]))
				}
				for _, r := range got {
					if r.CPU != int32(r.Time-1) || string(r.Data) != fmt.Sprintf("packet %d", r.Time) {
						t.Errorf("%s of packet %d: %+v", name, damaged-1, r)
					}
				}
			}
		}
	}
}

func TestGarbageBetweenTwoPacketsCostsNeither(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, size := range []int{1, 3, 4, 11, 12, 13, 1000, 64 << 10, 200_001, 3 << 20} {
		garbage := make([]byte, size)
		for i := range garbage {
			garbage[i] = byte(random.Uint32())
		}
		blocks := packets(little, 4)
		blocks = slices.Insert(blocks, 4, garbage)
		got, stats, err := readAll(join(blocks...))
		if !slices.Equal(times(got), upTo(4)) || stats.SteppedOver != uint64(size) || !hasReason(err, capture.ReasonDamaged) && !hasReason(err, capture.ReasonTruncated) {
			t.Errorf("%d bytes: %d, %+v, %v", size, times(got), stats, err)
		}
	}
}

// The number of an interface is meaningless if a description may be missing: no packet is better than one with a wrong time.
func TestAPacketWhoseInterfaceIsNotCertainIsSteppedOver(t *testing.T) {
	p := little
	micros := p.iface(147, 0) // its times are a thousand times as long
	bad := func(b []byte) []byte { b = bytes.Clone(b); b[4] ^= 0x40; return b }
	zeros := make([]byte, 40)
	on := func(id uint32, ticks uint64) []byte { return p.packet(id, ticks, 1, "x") }
	for name, c := range map[string]struct {
		file []byte
		want []int64
	}{
		"a damaged description":                 {join(p.section(), p.nanos(), bad(micros), on(0, 1), on(1, 2), on(0, 3)), []int64{1, 3}},
		"a damaged first description":           {join(p.section(), bad(micros), p.nanos(), on(0, 1), on(1, 2)), []int64{2}},
		"a damaged section header":              {join(bad(p.section()), p.nanos(), on(0, 1)), []int64{1}},
		"a description that cannot be right":    {join(p.section(), p.nanos(), p.iface(147, 0, p.u16(9), p.u16(400)), on(0, 1), on(1, 2)), []int64{1}},
		"a gap and another description":         {join(p.section(), p.nanos(), on(0, 1), zeros, micros, on(0, 2), on(1, 3)), []int64{1}},
		"a gap and the same description":        {join(p.section(), p.nanos(), on(0, 1), zeros, p.nanos(), on(0, 2), on(1, 3)), []int64{1, 2, 3}},
		"a gap before the first description":    {join(p.section(), zeros, p.nanos(), on(0, 1)), nil},
		"a gap, and a new section":              {join(p.section(), p.nanos(), on(0, 1), zeros, big.section(), big.nanos(), big.packet(0, 2, 1, "x")), []int64{1, 2}},
		"a damaged header of a later section":   {join(p.section(), p.nanos(), on(0, 1), bad(p.section()), micros, on(0, 2)), []int64{1, 2000}},
		"the same in the other byte order":      {join(p.section(), p.nanos(), on(0, 1), bad(big.section()), big.iface(147, 0), big.packet(0, 2, 1, "x")), []int64{1, 2000}},
		"a gap with a later section's header":   {join(p.section(), p.nanos(), on(0, 1), zeros, bad(p.section()), micros, on(0, 2)), []int64{1}},
		"a simple packet of a lost description": {join(p.section(), bad(p.nanos()), p.block(3, p.u32(1), []byte("x")), p.nanos(), on(1, 2)), nil},
	} {
		got, stats, err := readAll(c.file)
		if !slices.Equal(times(got), c.want) || stats.Damages == 0 || err == nil || err == io.EOF {
			t.Errorf("%s: %d, %+v, %v; want %d", name, times(got), stats, err, c.want)
		}
	}
}

func TestDamageIsNamedByItsFirstPlace(t *testing.T) {
	blocks := packets(little, 5)
	first := len(join(blocks[:3]...))
	blocks[3][4]++
	blocks[5][4]++
	_, stats, err := readAll(join(blocks...))
	if want := fmt.Sprintf("capture damaged at byte %d: a block of", first); err == nil || !strings.Contains(err.Error(), want) || stats.Damages != 2 {
		t.Errorf("%v, %+v; want %q and two damages", err, stats, want)
	}
}

// A reader that can only be read from beginning to end.
func TestDamageInAStreamIsSteppedOverAsInAFile(t *testing.T) {
	blocks := packets(little, 4)
	blocks[3][4]++
	c, err := capture.NewReader(struct{ io.Reader }{bytes.NewReader(join(blocks...))})
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for {
		r, err := c.Next()
		if err != nil {
			break
		}
		got = append(got, r.Time)
	}
	if !slices.Equal(got, upTo(4, 2)) {
		t.Errorf("%d; want all but the second", got)
	}
}

// Every second block is damaged, or claims the greatest length.
func TestAFileFullOfDamageTakesBoundedMemory(t *testing.T) {
	good := little.record(1, "good")
	for _, length := range []uint32{16, 20, 32<<10 - 8, 64<<10 - 4, 512_016, capture.MaxPacket + 64<<10, 1 << 30} {
		bad := bytes.Clone(good)
		binary.LittleEndian.PutUint32(bad[4:], length)
		const n = 100_000
		file := join(little.section(), little.nanos(), bytes.Repeat(join(good, bad), n))
		records := 0
		var stats capture.Stats
		size := allocated(func() {
			c, err := capture.NewReader(bytes.NewReader(file))
			for records = -1; err == nil; records++ {
				_, err = c.Next()
			}
			stats = c.Stats()
		})
		if records != n || stats.Damages != n || stats.SteppedOver != uint64(n*len(bad)) {
			t.Errorf("length %d: %d records, %+v; want %d of each", length, records, stats, n)
		}
		if size > 48<<20 { // 16 MiB of records that are read ahead in the order of time, and a text for each damage
			t.Errorf("length %d: %d bytes allocated", length, size)
		}
	}
}
