// SPDX-License-Identifier: Apache-2.0

// Input that the writer refuses, and failures of its destination.

package etl

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestWriteRefusesWhatIsNoEvent(t *testing.T) {
	w, err := Create(&bytes.Buffer{}, Options{BufferSize: 1024, Clock: ClockQPC, StartTime: startTime, NumberOfProcessors: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cpu  int
		raw  []byte
		says string
	}{
		{0, nil, "an event of 0 bytes"},
		{0, event(startFiletime, 1, "")[:79], "not an event in wire form: 79 bytes"},
		{0, append(event(startFiletime, 1, ""), 0), "not an event in wire form"},
		{0, other(48, 0, 0x14, 0xC0), "not an event in wire form"},
		{0, event(startFiletime, 1, strings.Repeat("x", 900)), "an event of 980 bytes; a buffer of 1024 bytes takes 952"},
		{0, event(startFiletime-36_000_000_001, 1, ""), "counts from 2024-05-01"},
		{-1, event(startFiletime, 1, ""), "processor -1; the options allow 0 to 1"},
		{2, event(startFiletime, 1, ""), "processor 2"},
	} {
		if err := w.WriteOn(c.cpu, c.raw); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v; want %q", err, c.says)
		}
	}
	if err := errors.Join(w.WriteOn(1, event(startFiletime, 1, "")), w.Close()); err != nil || w.Size() != 2048 {
		t.Errorf("after refusals: %v, %d bytes", err, w.Size())
	}
	if err := w.Write(event(startFiletime, 1, "")); err == nil || !strings.Contains(err.Error(), "after Close") {
		t.Errorf("write after Close: %v", err)
	}
}

func TestCreateRefusesImpossibleOptions(t *testing.T) {
	for says, opts := range map[string]Options{
		"1000 bytes; want 1024":    {BufferSize: 1000},
		"1028 bytes; want 1024":    {BufferSize: 1028},
		"16777224 bytes":           {BufferSize: MaxBufferSize + 8},
		"-1 processors; want 1":    {NumberOfProcessors: -1},
		"65536 processors":         {NumberOfProcessors: 65536},
		"counts from StartTime":    {Clock: ClockQPC},
		"CpuSpeed of 0 MHz":        {Clock: ClockCPUCycles, StartTime: startTime},
		"clock type is 7":          {Clock: 7, StartTime: startTime},
		"too long for the first":   {LoggerName: strings.Repeat("n", 600), BufferSize: 1024},
		"LogFileName are too long": {LogFileName: strings.Repeat("n", 40_000), BufferSize: 1 << 20},
	} {
		if _, err := Create(&bytes.Buffer{}, opts); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v; want %q", err, says)
		}
	}
}

// full accepts a number of bytes and then fails.
type full struct{ room int }

var errFull = errors.New("disk full")

func (f *full) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestAFailureOfTheDestinationStays(t *testing.T) {
	if _, err := Create(&full{}, Options{}); !errors.Is(err, errFull) {
		t.Errorf("Create: %v", err)
	}
	dst := &full{room: 2048}
	w, err := Create(dst, Options{BufferSize: 1024})
	if err != nil {
		t.Fatal(err)
	}
	big := event(startFiletime, 1, strings.Repeat("x", 800))
	if err := errors.Join(w.Write(big), w.Write(big)); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(big); !errors.Is(err, errFull) {
		t.Errorf("Write: %v", err)
	}
	dst.room = 1 << 20
	if a, b := w.Write(big), w.Close(); !errors.Is(a, errFull) || !errors.Is(b, errFull) {
		t.Errorf("later: %v, %v", a, b)
	}
}

// seeker is a destination whose Seek fails from the n-th call on.
type seeker struct {
	bytes.Buffer
	n int
}

func (s *seeker) Seek(int64, int) (int64, error) {
	if s.n--; s.n < 0 {
		return 0, errFull
	}
	return 0, nil
}

func TestAFailingSeek(t *testing.T) {
	for n := range 4 {
		dst := &seeker{n: n}
		w, err := Create(dst, Options{BufferSize: 1024})
		if err != nil {
			t.Fatal(err)
		}
		err = w.Close()
		if n == 0 && err != nil { // as with a pipe: the header stays as it was first written
			t.Errorf("cannot seek at all: %v", err)
		}
		if failed := errors.Is(err, errFull); failed != (n == 1 || n == 2) {
			t.Errorf("Seek failing after %d calls: %v", n, err)
		}
	}
}
