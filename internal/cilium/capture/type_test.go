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
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
)

// threeUnits returns a capture of three interfaces with the units 1 µs, 1 ns and 1 ms, described before and between the packets. The
// data of each packet is its true time in nanoseconds.
func threeUnits(p pcapng) (blocks [][]byte) {
	interfaces := [][]byte{
		p.iface(147, 0, p.option(2, []byte("first")), p.option(0, nil)),
		p.iface(147, 65535, p.option(2, []byte("second")), p.option(3, []byte(strings.Repeat("what it is for ", 12))), p.option(9, []byte{9}), p.option(0, nil)),
		p.iface(147, 0, p.option(9, []byte{3})),
	}
	packet := func(id uint32, ns uint64) []byte {
		return p.packet(id, ns/[]uint64{1000, 1, 1_000_000}[id], 16, fmt.Sprintf("%016d", ns), p.option(6, p.u32(id)), p.option(0, nil))
	}
	return [][]byte{
		p.section(), interfaces[0], packet(0, 1_000_000), interfaces[1], packet(0, 2_000_000), packet(1, 3_000_000), interfaces[2],
		packet(0, 4_000_000), packet(1, 5_000_000), packet(2, 6_000_000),
		p.section(), interfaces[1], interfaces[0],
		p.packet(0, 7_000_000, 16, fmt.Sprintf("%016d", 7_000_000)), p.packet(1, 8_000, 16, fmt.Sprintf("%016d", 8_000_000)),
	}
}

// wrong returns a record whose time is not the one in its data.
func wrong(records []events.Record) string {
	for _, r := range records {
		if r.Lost == 0 && fmt.Sprintf("%016d", r.Time) != string(r.Data) {
			return fmt.Sprintf("%+v", r)
		}
	}
	return ""
}

// blocksOfNoInterest returns blocks of every registered type that is not read, as programs write them.
func blocksOfNoInterest(p pcapng) map[string][]byte {
	blocks := map[string][]byte{
		"names":                    p.block(4, p.u16(1), p.u16(13), pad([]byte("\x0a\x00\x00\x01host.a\x00")), p.u32(0)),
		"no names":                 p.block(4, p.u32(0)),
		"statistics":               p.block(5, p.u32(0), p.u32(1), p.u32(2), p.option(4, p.u64(9)), p.option(5, p.u64(0)), p.option(0, nil)),
		"statistics of a 148th":    p.block(5, p.u32(147), p.u32(0), p.u32(0x12345678), p.option(4, p.u64(9)), p.option(0, nil)),
		"a journal":                p.block(9, []byte("__REALTIME_TIMESTAMP=1\nMESSAGE=hello\n\n")),
		"secrets":                  p.block(10, p.u32(0x544c534b), p.u32(12), []byte("CLIENT_RANDO")),
		"a custom block":           p.block(0xBAD, p.u32(32473), []byte("data")),
		"of an enterprise 147":     p.block(0xBAD, p.u32(147), p.u32(0)),
		"a custom, not copied":     p.block(0x40000BAD, p.u32(147), p.u32(0), p.option(9, []byte{9}), p.option(0, nil)),
		"macOS's of a process":     p.block(0x80000001, p.u32(42), p.option(2, []byte("tcpdump")), p.option(0, nil)),
		"macOS's of a process 147": p.block(0x80000001, p.u32(147), p.option(2, []byte("ab")), p.option(0, nil)),
		"an empty one":             p.block(0x80000BAD),
		"the last type":            p.block(1<<32-1, []byte("local use")),
		"a long one":               p.block(0x204, make([]byte, 700<<10)),
	}
	for _, typ := range slices.Concat([]uint32{7, 8, 0x101, 0x102}, sysdig()) {
		blocks[fmt.Sprintf("type %#x", typ)] = p.block(typ, []byte("what is in it\x00\x00\x00"))
		blocks[fmt.Sprintf("type %#x, empty", typ)] = p.block(typ)
	}
	return blocks
}

func sysdig() (types []uint32) {
	for typ := uint32(0x201); typ <= 0x222; typ++ {
		types = append(types, typ)
	}
	return types
}

func TestBlocksOfEveryRegisteredTypeAreSteppedOver(t *testing.T) {
	for _, p := range []pcapng{little, big} {
		blocks := threeUnits(p)
		want, _, _ := readAll(join(blocks...))
		for name, block := range blocksOfNoInterest(p) {
			for at := 1; at <= len(blocks); at++ {
				got, stats, err := readAll(join(slices.Insert(slices.Clone(blocks), at, block)...))
				if err != io.EOF || len(got) != 8 || !slices.Equal(times(got), times(want)) || wrong(got) != "" || stats.Damages != 0 || stats.Oversized != 0 {
					t.Fatalf("%s before block %d: %d, %+v, %v", name, at, times(got), stats, err)
				}
			}
		}
	}
}

func TestATypeThatNobodyHasRegisteredIsDamageAndCostsNoOtherPacket(t *testing.T) {
	for _, p := range []pcapng{little, big} {
		blocks := threeUnits(p)
		for _, typ := range []uint32{0, 0xB, 0x11, 0x100, 0x103, 0x200, 0x223, 0xBAC, 0x10000001, 0x0A0D0D0B, 0x7FFFFFFF} {
			for name, block := range map[string][]byte{
				"empty": p.block(typ), "short": p.block(typ, p.u16(5), p.u16(6)), "text": p.block(typ, []byte("what is in it\x00\x00\x00")),
				"another link type": p.block(typ, p.u16(1), p.u16(1), p.u32(0)), "long": p.block(typ, make([]byte, 700<<10)),
			} {
				for at := 1; at <= len(blocks); at++ {
					got, stats, err := readAll(join(slices.Insert(slices.Clone(blocks), at, block)...))
					if len(got) != 8 || wrong(got) != "" {
						t.Fatalf("type %#x, %s, before block %d: %d", typ, name, at, times(got))
					}
					want := capture.Stats{Records: 8, Damages: 1, UnknownBlocks: 1, SteppedOver: uint64(len(block))}
					if stats != want || !hasReason(err, capture.ReasonDamaged) || !strings.Contains(err.Error(), fmt.Sprintf("a block of type %#x, which is not registered", typ)) {
						t.Fatalf("type %#x, %s, before block %d: %+v, %v", typ, name, at, stats, err)
					}
				}
			}
		}
	}
}

func TestADamagedTypeGivesNoPacketAWrongTime(t *testing.T) {
	for _, p := range []pcapng{little, big} {
		blocks := threeUnits(p)
		for at, block := range blocks {
			typ := byteOrder(p).Uint32(block)
			for _, to := range damagedTypes(p, typ) {
				damaged := bytes.Clone(block)
				copy(damaged, p.u32(to))
				changed := slices.Clone(blocks)
				changed[at] = damaged
				got, stats, err := readAll(join(changed...))
				if r := wrong(got); r != "" {
					t.Errorf("type %#x of block %d became %#x: %s", typ, at, to, r)
				}
				if isPacket := typ == 6; isPacket && len(got) < 7 && to != 1 {
					t.Errorf("type %#x of block %d became %#x: %d records; want all but its own", typ, at, to, len(got))
				} else if !isPacket && (stats.Damages == 0 || err == nil || err == io.EOF) && at > 0 {
					t.Errorf("type %#x of block %d became %#x: %+v, %v; want the damage", typ, at, to, stats, err)
				}
			}
		}
	}
}

// damagedTypes returns a type with one bit or its lowest byte changed, and some others.
func damagedTypes(p pcapng, typ uint32) (types []uint32) {
	for bit := range 32 {
		types = append(types, typ^1<<bit)
	}
	for v := range uint32(256) {
		types = append(types, typ&^0xFF|v)
	}
	types = append(types, 0xBAD^1, 0x40000BAD^1, 1<<32-1, 0x12345678)
	return slices.DeleteFunc(types, func(other uint32) bool { return other == typ || obsolete(p, other) })
}

// If the type of one interface description is damaged, packets of the interfaces with a certain number are read.
func TestADamagedTypeOfADescriptionCostsThePacketsInDoubtOnly(t *testing.T) {
	p := little
	micros := p.iface(147, 0)
	as := func(block []byte, typ uint32) []byte {
		block = bytes.Clone(block)
		copy(block, p.u32(typ))
		return block
	}
	on := func(id uint32, ticks uint64) []byte { return p.packet(id, ticks, 1, "x") }
	for name, c := range map[string]struct {
		file []byte
		want []int64
	}{
		"between two":                                    {join(p.section(), p.nanos(), as(micros, 0x41), p.nanos(), on(0, 1), on(1, 2), on(2, 3)), []int64{1, 3}},
		"the first":                                      {join(p.section(), as(micros, 0x41), p.nanos(), on(0, 1), on(1, 2)), []int64{2}},
		"the last":                                       {join(p.section(), p.nanos(), as(micros, 0x41), on(0, 1), on(1, 2)), []int64{1}},
		"to one for local use":                           {join(p.section(), p.nanos(), as(micros, 0x80000001), p.nanos(), on(0, 1), on(1, 2), on(2, 3)), []int64{1}},
		"to statistics":                                  {join(p.section(), p.nanos(), as(micros, 5), p.nanos(), on(0, 1), on(1, 2), on(2, 3)), []int64{1}},
		"with a damaged option":                          {join(p.section(), p.nanos(), as(p.iface(147, 0, p.u16(9), p.u16(99)), 0x41), micros, on(0, 1), on(1, 2)), []int64{1}},
		"with a damaged link type":                       {join(p.section(), p.nanos(), as(p.iface(99, 0, p.option(9, []byte{9})), 0x41), micros, on(0, 1), on(1, 2)), []int64{1}},
		"with a damaged option, all alike":               {join(p.section(), p.nanos(), as(p.iface(147, 0, p.u16(9), p.u16(99)), 0x41), p.nanos(), on(0, 1), on(1, 2)), []int64{1, 2}},
		"with its length":                                {join(p.section(), p.nanos(), as(damage(micros, 4), 0x41), p.nanos(), on(0, 1), on(1, 2), on(2, 3)), []int64{1, 3}},
		"a section's":                                    {join(p.section(), p.nanos(), on(0, 1), as(p.section(), 0x0A0D0D0B), micros, on(0, 2)), []int64{1, 2000}},
		"a section's with its length":                    {join(p.section(), p.nanos(), on(0, 1), as(damage(p.section(), 4), 0x0A0D0D0B), micros, on(0, 2)), []int64{1, 2000}},
		"of nothing, with its length":                    {join(p.section(), p.nanos(), as(damage(p.block(9, []byte("text")), 4), 0x41), micros, on(0, 1), on(1, 2)), nil},
		"of nothing, with its length, all alike":         {join(p.section(), p.nanos(), as(damage(p.block(9, []byte("text")), 4), 0x41), p.nanos(), on(0, 1), on(1, 2)), []int64{1, 2}},
		"a packet's to a description's, with its length": {join(p.section(), p.nanos(), as(damage(on(0, 1), 4), 1), micros, on(0, 2), on(1, 3)), nil},
		"a section's length, and what follows":           {join(p.section(), p.nanos(), on(0, 1), damage(p.section(), 5), damage(micros, len(micros)-4), on(0, 2)), []int64{1}},
		"a section's type and length, and what follows":  {join(p.section(), p.nanos(), on(0, 1), as(damage(p.section(), 5), 0x41), damage(micros, len(micros)-4), on(0, 2)), []int64{1}},
		"a packet's to a simple one's":                   {join(p.section(), p.nanos(), as(on(0, 1), 3), on(0, 2)), []int64{2}},
	} {
		got, stats, err := readAll(c.file)
		if !slices.Equal(times(got), c.want) || stats.Damages == 0 || !hasReason(err, capture.ReasonDamaged) && !hasReason(err, capture.ReasonTruncated) {
			t.Errorf("%s: %d, %+v, %v; want %d", name, times(got), stats, err, c.want)
		}
	}
}

// obsolete reports whether a type is that of an obsolete packet block. In big endian it differs from a current packet block only in
// the position of the interface's number, so the two cannot be distinguished.
func obsolete(p pcapng, typ uint32) bool { return p == big && typ == 2 }

func byteOrder(p pcapng) binary.ByteOrder {
	if p == big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// damage changes one byte of a block.
func damage(block []byte, at int) []byte {
	block = bytes.Clone(block)
	block[at] ^= 0x40
	return block
}

func TestRandomDamageOfTypesAndLengthsGivesNoPacketAWrongTime(t *testing.T) {
	random := rand.New(rand.NewPCG(23, 24))
	for i := range 10_000 {
		p := []pcapng{little, big}[i%2]
		blocks := threeUnits(p)
		for range 1 + random.IntN(3) {
			at := random.IntN(len(blocks))
			block := bytes.Clone(blocks[at])
			switch from := random.IntN(8); random.IntN(4) {
			case 0: // a bit of the type or of the length
				block[from] ^= 1 << random.IntN(8)
			case 1: // some bytes of both
				for n := from; n < min(8, from+1+random.IntN(8)); n++ {
					block[n] = byte(random.Uint32())
				}
			case 2: // the length at its end
				block[len(block)-1-random.IntN(4)] = byte(random.Uint32())
			case 3:
				blocks = slices.Insert(blocks, 1+random.IntN(len(blocks)), p.block(random.Uint32()|1<<4, make([]byte, 4*random.IntN(10))))
				continue
			}
			if !obsolete(p, byteOrder(p).Uint32(block)) {
				blocks[at] = block
			}
		}
		got, _, _ := readAll(join(blocks...))
		if r := wrong(got); r != "" {
			t.Fatalf("damage %d: %s of\n%x", i, r, blocks)
		}
	}
}
