// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"math"
	"strings"
	"testing"
)

func TestOnlyTheNextFileOfTheSameRecordingGoesOn(t *testing.T) {
	one, two := [16]byte{1}, [16]byte{2}
	for _, c := range []struct {
		before, file File
		want         bool
	}{
		{File{ID: one, Part: 1}, File{ID: one, Part: 2}, true},
		{File{ID: one, Part: 9}, File{ID: one, Part: 10}, true},
		{File{ID: one, Part: 1}, File{ID: one, Part: 1}, false},
		{File{ID: one, Part: 2}, File{ID: one, Part: 1}, false},
		{File{ID: one, Part: 1}, File{ID: one, Part: 3}, false},
		{File{ID: one, Part: 1}, File{ID: two, Part: 2}, false},
		{File{ID: one, Part: 1<<32 - 1}, File{ID: one}, false},
		{File{}, File{}, false},
		{File{}, File{Part: 1}, false},
	} {
		if got := c.file.Continues(c.before); got != c.want {
			t.Errorf("%+v after %+v: %v; want %v", c.file, c.before, got, c.want)
		}
	}
}

func TestTheTextIsReadBackAndBounded(t *testing.T) {
	first, err := New()
	if err != nil {
		t.Fatal(err)
	}
	other, err := New()
	if err != nil || other == first {
		t.Fatalf("%v, %v: two recordings have one number", other, err)
	}
	for _, part := range []uint32{1, 2, math.MaxUint32} {
		want := File{ID: first.ID, Part: part}
		if got, ok := Parse(want.String()); !ok || got != want || len(want.String()) > MaxText {
			t.Errorf("%q: %+v, %v", want.String(), got, ok)
		}
	}
	last := File{ID: first.ID, Part: math.MaxUint32}
	for _, text := range []string{"", prefix, first.String()[:40], last.String() + "0", strings.Repeat(" ", 1<<16)} {
		if got, ok := Parse(text); ok || got != (File{}) {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
