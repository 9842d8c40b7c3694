// SPDX-License-Identifier: Apache-2.0

package capture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
)

// Blocks of a pcapng, built from the specification, without the code under test.
type pcapng struct{ order binary.AppendByteOrder }

var (
	little = pcapng{binary.LittleEndian}
	big    = pcapng{binary.BigEndian}
)

func (p pcapng) u16(v uint16) []byte { return p.order.AppendUint16(nil, v) }
func (p pcapng) u32(v uint32) []byte { return p.order.AppendUint32(nil, v) }
func (p pcapng) u64(v uint64) []byte { return p.order.AppendUint64(nil, v) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// pad pads to 4 bytes, with bytes that no reader may take for data.
func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b[:len(b):len(b)], 0xEE)
	}
	return b
}

func (p pcapng) block(typ uint32, body ...[]byte) []byte {
	content := pad(join(body...))
	length := p.u32(uint32(12 + len(content)))
	return join(p.u32(typ), length, content, length)
}

func (p pcapng) option(code uint16, value []byte) []byte {
	return join(p.u16(code), p.u16(uint16(len(value))), pad(value))
}

func (p pcapng) section() []byte { return p.sectionOf() }

func (p pcapng) sectionOf(options ...[]byte) []byte {
	return p.block(0x0A0D0D0A, p.u32(0x1A2B3C4D), p.u16(1), p.u16(0), p.u64(1<<64-1), join(options...))
}

func (p pcapng) iface(link uint16, snap uint32, options ...[]byte) []byte {
	return p.block(1, p.u16(link), p.u16(0), p.u32(snap), join(options...))
}

// nanos is an interface of raw records with times in nanoseconds.
func (p pcapng) nanos() []byte { return p.iface(147, 0, p.option(9, []byte{9}), p.option(0, nil)) }

func (p pcapng) packet(id uint32, ticks uint64, original int, data string, options ...[]byte) []byte {
	return p.block(6, p.u32(id), p.u32(uint32(ticks>>32)), p.u32(uint32(ticks)), p.u32(uint32(len(data))), p.u32(uint32(original)),
		pad([]byte(data)), join(options...))
}

// record is a packet of nanos.
func (p pcapng) record(ns uint64, data string, options ...[]byte) []byte {
	return p.packet(0, ns, len(data), data, options...)
}

// readAll reads a capture to its end, which is io.EOF or another error. The records have memory of their own.
func readAll(file []byte) ([]events.Record, capture.Stats, error) {
	c, err := capture.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, capture.Stats{}, err
	}
	var records []events.Record
	for {
		r, err := c.Next()
		if err != nil {
			if _, again := c.Next(); again != err {
				err = fmt.Errorf("the error after the first is another: %w", again)
			}
			return records, c.Stats(), err
		}
		r.Data = bytes.Clone(r.Data)
		records = append(records, r)
	}
}

func event(time int64, data string) events.Record {
	return events.Record{Time: time, CPU: -1, Data: []byte(data)}
}

func expect(t *testing.T, file []byte, want ...events.Record) capture.Stats {
	t.Helper()
	got, stats, err := readAll(file)
	if err != io.EOF {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d records %+v; want %d", len(got), got, len(want))
	}
	for i := range want {
		if len(got[i].Data) == 0 && len(want[i].Data) == 0 {
			got[i].Data, want[i].Data = nil, nil
		}
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("record %d is %+v; want %+v", i, got[i], want[i])
		}
	}
	return stats
}

func TestACaptureIsReadInEitherByteOrder(t *testing.T) {
	for name, p := range map[string]pcapng{"little": little, "big": big} {
		t.Run(name, func(t *testing.T) {
			stats := expect(t, join(p.section(), p.nanos(), p.record(2, "abcde"), p.record(3, ""), p.record(1_700_000_000_000_000_001, "abcd")),
				event(2, "abcde"), event(3, ""), event(1_700_000_000_000_000_001, "abcd"))
			if want := (capture.Stats{Records: 3}); stats != want {
				t.Errorf("stats are %+v; want %+v", stats, want)
			}
		})
	}
}

func TestEverySectionHasItsOwnByteOrderAndInterfaces(t *testing.T) {
	micros := big.iface(147, 0) // without an option: microseconds
	expect(t, join(little.section(), little.nanos(), little.record(1000, "a"), big.section(), micros, big.record(1000, "b")),
		event(1000, "a"), event(1_000_000, "b"))
}

func TestTimesAreConvertedFromTheInterfacesResolution(t *testing.T) {
	for _, c := range []struct {
		name       string
		resolution byte
		offset     int64
		ticks      uint64
		want       int64
	}{
		{"seconds", 0, 0, 1_700_000_000, 1_700_000_000_000_000_000},
		{"milliseconds", 3, 0, 1_700_000_000_123, 1_700_000_000_123_000_000},
		{"microseconds", 6, 0, 1_700_000_000_123_456, 1_700_000_000_123_456_000},
		{"nanoseconds", 9, 0, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789},
		{"picoseconds", 12, 0, 1_700_000_123_456_789_123, 1_700_000_123_456_789},
		{"attoseconds", 18, 0, 18_000_000_000_000_000_000, 18_000_000_000},
		{"10^-28 s", 28, 0, 18_000_000_000_000_000_000, 1},
		{"10^-29 s", 29, 0, 18_000_000_000_000_000_000, 0},
		{"10^-127 s", 127, 0, 1, 0},
		{"2^-0 s", 0x80, 0, 7, 7_000_000_000},
		{"2^-1 s", 0x81, 0, 3, 1_500_000_000},
		{"2^-10 s", 0x8A, 0, 1<<10 + 1, 1_000_976_562}, // 1/1024 s is 976562.5 ns
		{"2^-32 s", 0xA0, 0, 1_700_000_000<<32 | 1<<31, 1_700_000_000_500_000_000},
		{"2^-63 s", 0xBF, 0, 1 << 63, 1_000_000_000},
		{"2^-64 s", 0xC0, 0, 1 << 63, 500_000_000},
		{"2^-65 s", 0xC1, 0, 1 << 63, 250_000_000},
		{"2^-127 s", 0xFF, 0, 1<<64 - 1, 0},
		{"an offset of an hour", 9, 3600, 5, 3_600_000_000_005},
		{"an offset back", 9, -1, 1_000_000_005, 5},
		{"the last nanosecond of 63 bits", 9, 0, 1<<63 - 1, 1<<63 - 1},
		{"beyond 2262", 9, 0, 1 << 63, 0},
		{"beyond 2262 by its unit", 0, 0, 1 << 40, 0},
		{"beyond 2262 by its offset", 9, 1, 1<<63 - 1, 0},
		{"an offset that no time has", 9, 1<<63 - 1, 5, 0},
		{"an offset that no time had", 9, -1 << 63, 5, 0},
		{"before 1970", 9, -10, 5, 0},
	} {
		for _, p := range []pcapng{little, big} {
			iface := p.iface(147, 0, p.option(14, p.u64(uint64(c.offset))), p.option(9, []byte{c.resolution}))
			got, stats, err := readAll(join(p.section(), iface, p.record(c.ticks, "x")))
			if err != io.EOF || len(got) != 1 || got[0].Time != c.want {
				t.Errorf("%s: %+v, %v; want time %d", c.name, got, err, c.want)
			}
			if untimed := stats.Untimed == 1; untimed != (c.want == 0) {
				t.Errorf("%s: counted as untimed: %v", c.name, untimed)
			}
		}
	}
}

func TestAPacketsQueueIsItsProcessorAndItsDropcountALossBeforeIt(t *testing.T) {
	p := little
	queue := func(n uint32) []byte { return p.option(6, p.u32(n)) }
	drops := func(n uint64) []byte { return p.option(4, p.u64(n)) }
	comment := p.option(1, []byte("a comment of an odd length"))
	stats := expect(t, join(p.section(), p.nanos(),
		p.record(1, "a", comment, queue(7), p.option(0, nil)),
		p.record(2, "b", drops(5), queue(3)),
		p.record(3, "", drops(1<<40), queue(0)),
		p.record(4, "c", drops(0), queue(1<<31)), // a processor that does not fit
		p.record(5, "d", p.u16(6), p.u16(400)),   // an option longer than the block
		p.record(6, "e", drops(1<<53-5-1<<40)),   // as many as a capture can have missed
		p.record(7, "f", drops(1)),               // more
		p.record(8, "g", drops(1<<64-1)),
	),
		events.Record{Time: 1, CPU: 7, Data: []byte("a")},
		events.Record{Time: 2, CPU: 3, Lost: 5},
		events.Record{Time: 2, CPU: 3, Data: []byte("b")},
		events.Record{Time: 3, CPU: 0, Lost: 1 << 40},
		event(4, "c"),
		event(5, "d"),
		events.Record{Time: 6, CPU: -1, Lost: 1<<53 - 5 - 1<<40},
		event(6, "e"),
		event(7, "f"),
		event(8, "g"))
	if want := (capture.Stats{Records: 7, Lost: 1 << 53}); stats != want {
		t.Errorf("stats are %+v; want %+v", stats, want)
	}
}

func TestSimpleAndObsoletePacketBlocksAreRead(t *testing.T) {
	p := little
	old := p.block(2, p.u16(0), p.u16(9), p.u32(0), p.u32(77), p.u32(3), p.u32(3), []byte("old"))
	oldUnknown := p.block(2, p.u16(0), p.u16(0xFFFF), p.u32(0), p.u32(78), p.u32(3), p.u32(3), []byte("OLD"))
	simple := p.block(3, p.u32(6), []byte("simple"))
	stats := expect(t, join(p.section(), p.nanos(), old, oldUnknown, simple),
		events.Record{Time: 77, CPU: -1, Lost: 9}, event(77, "old"), event(78, "OLD"), event(0, "simple"))
	if want := (capture.Stats{Records: 3, Lost: 9, Untimed: 1}); stats != want {
		t.Errorf("stats are %+v; want %+v", stats, want)
	}
}

func TestAPacketThatTheCaptureCutIsDeliveredAndCounted(t *testing.T) {
	p := little
	cut := p.packet(0, 1, 1500, "abc")
	simple := p.block(3, p.u32(1500), []byte("abcd"))
	stats := expect(t, join(p.section(), p.iface(147, 4, p.option(9, []byte{9})), cut, simple), event(1, "abc"), event(0, "abcd"))
	if stats.Cut != 2 {
		t.Errorf("%d cut; want 2", stats.Cut)
	}
}

func TestAPacketThatIsTooLongIsSteppedOverAndCounted(t *testing.T) {
	p := little
	longest := strings.Repeat("x", capture.MaxPacket)
	stats := expect(t, join(p.section(), p.nanos(), p.record(1, longest), p.record(2, longest+"x"), p.record(3, longest+longest), p.record(4, "d")),
		event(1, longest), event(4, "d"))
	if want := (capture.Stats{Records: 2, Oversized: 2}); stats != want {
		t.Errorf("stats are %+v; want %+v", stats, want)
	}
}

func TestACaptureWithoutAPacketHasNoRecord(t *testing.T) {
	expect(t, little.section())
	expect(t, join(little.section(), little.nanos()))
}
