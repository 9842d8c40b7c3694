// SPDX-License-Identifier: Apache-2.0

package events_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
)

func TestARecordsWireFormIsTimeProcessorLossAndData(t *testing.T) {
	for _, c := range []struct {
		name   string
		record events.Record
		wire   string
	}{
		{"event", events.Record{Time: 0x0102030405060708, CPU: 3, Data: []byte("abc")},
			"\x08\x07\x06\x05\x04\x03\x02\x01" + "\x03\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "abc"},
		{"event of an unknown processor", events.Record{Time: 1, CPU: events.UnknownCPU, Data: []byte{}},
			"\x01\x00\x00\x00\x00\x00\x00\x00" + "\xff\xff\xff\xff" + "\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"loss", events.Record{Time: -1, CPU: 0, Lost: math.MaxUint64, Data: []byte{}},
			"\xff\xff\xff\xff\xff\xff\xff\xff" + "\x00\x00\x00\x00" + "\xff\xff\xff\xff\xff\xff\xff\xff"},
	} {
		wire := append(c.record.AppendHead(nil), c.record.Data...)
		if string(wire) != c.wire {
			t.Errorf("%s: wire form is % x; want % x", c.name, wire, c.wire)
		}
		got, err := events.Parse([]byte(c.wire))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got.Time != c.record.Time || got.CPU != c.record.CPU || got.Lost != c.record.Lost || !bytes.Equal(got.Data, c.record.Data) || got.Data == nil {
			t.Errorf("%s: parsed %+v; want %+v", c.name, got, c.record)
		}
		time, cpu, data, ok := events.Glance([]byte(c.wire))
		if ok != (c.record.Lost == 0) || ok && (time != c.record.Time || cpu != c.record.CPU || !bytes.Equal(data, c.record.Data)) {
			t.Errorf("%s: a glance shows %v %v %q %v; want %+v", c.name, time, cpu, data, ok, c.record)
		}
	}
}

func TestBytesThatAreNoRecordAreRefusedWithAReason(t *testing.T) {
	head := func(cpu, lost byte) []byte {
		return []byte{8: cpu, 9: cpu, 10: cpu, 11: cpu, 12: lost, 19: 0}
	}
	for _, c := range []struct {
		name   string
		wire   []byte
		reason events.Reason
		text   string
	}{
		{"nothing", nil, "head", "event record: want at least the 20 bytes of its head, have 0"},
		{"a head cut short", make([]byte, 19), "head", "event record: want at least the 20 bytes of its head, have 19"},
		{"a processor below -1", head(0xFE, 0), "cpu", "event record: processor -16843010; want a number from 0, or -1 for unknown"},
		{"a loss with data", append(head(0, 2), 'x'), "loss", "event record: a loss of 2 records has 1 bytes of data; want none"},
	} {
		_, err := events.Parse(c.wire)
		var wire *events.WireError
		if !errors.As(err, &wire) || wire.Reason != c.reason || err.Error() != c.text {
			t.Errorf("%s: %v; want %q with reason %q", c.name, err, c.text, c.reason)
		}
		if _, _, _, ok := events.Glance(c.wire); ok {
			t.Errorf("%s: a glance takes it for an event", c.name)
		}
	}
}

func TestAppendHeadAllocatesNothing(t *testing.T) {
	r := events.Record{Time: 1, CPU: 2, Data: []byte("x")}
	head := make([]byte, 0, events.HeadSize)
	if n := testing.AllocsPerRun(100, func() { r.AppendHead(head) }); n != 0 {
		t.Errorf("%v allocations; want 0", n)
	}
	if got := len(r.AppendHead(head)); got != events.HeadSize {
		t.Errorf("a head has %d bytes; want %d", got, events.HeadSize)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(nil))
	f.Add((&events.Record{Time: 1, CPU: -1}).AppendHead(nil))
	f.Fuzz(func(t *testing.T, wire []byte) {
		r, err := events.Parse(wire)
		if err != nil {
			return
		}
		if again := append(r.AppendHead(nil), r.Data...); !bytes.Equal(again, wire) {
			t.Errorf("% x parsed and written again is % x", wire, again)
		}
	})
}
