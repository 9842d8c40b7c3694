// SPDX-License-Identifier: Apache-2.0

package attributes

import (
	"fmt"
	"log/slog"
	"runtime"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// attribute is one attribute of the record: a text, or a number if text is empty.
type attribute struct {
	key, text string
	number    int64
}

// attributes returns n attributes of which each fourth is a number. Keys have from 8 to 24 bytes; many share their first bytes and their
// length, like EventStartTime and EventEndTime.
func attributes(n int) []attribute {
	all := make([]attribute, n)
	for i := range all {
		all[i].key = fmt.Sprintf("%s%02d", [...]string{"DstUser", "EventOriginal", "NetworkProtocolVersion"}[i%3], i)
		if i%4 == 3 {
			all[i].number = int64(i) * 1000
		} else {
			all[i].text = fmt.Sprintf("the value of attribute %d", i)
		}
	}
	return all
}

// put is what pdata offers.
func put(all []attribute) pcommon.Map {
	m := pcommon.NewMap()
	m.EnsureCapacity(len(all))
	for _, a := range all {
		if a.text != "" {
			m.PutStr(a.key, a.text)
		} else {
			m.PutInt(a.key, a.number)
		}
	}
	return m
}

// boxed is an attribute as pdata holds it: each value is a pointer to memory of its own.
type boxed struct {
	key   string
	value any
	_     int32 // pdata's index of the key
}

type (
	text   struct{ text string }
	number struct{ number int64 }
)

// insertBoxed appends attributes as pdata would without the search.
func insertBoxed(all []attribute) []boxed {
	m := make([]boxed, 0, len(all))
	for _, a := range all {
		if a.text != "" {
			m = append(m, boxed{key: a.key, value: &text{a.text}})
		} else {
			m = append(m, boxed{key: a.key, value: &number{a.number}})
		}
	}
	return m
}

// flat is an attribute whose value has no box. slog.Value is such a value: 24 bytes that hold a number or a text.
type flat struct {
	key   string
	value slog.Value
	_     int32 // pdata's index of the key
}

// insertFlat appends attributes as pdata would without the search and without boxes.
func insertFlat(all []attribute) []flat {
	m := make([]flat, 0, len(all))
	for _, a := range all {
		if a.text != "" {
			m = append(m, flat{key: a.key, value: slog.StringValue(a.text)})
		} else {
			m = append(m, flat{key: a.key, value: slog.Int64Value(a.number)})
		}
	}
	return m
}

func TestAllThreeHoldTheSameAttributes(t *testing.T) {
	all := attributes(40)
	m, withBox, without := put(all), insertBoxed(all), insertFlat(all)
	if m.Len() != len(all) || len(withBox) != len(all) || len(without) != len(all) {
		t.Fatalf("got %d, %d and %d attributes, want %d", m.Len(), len(withBox), len(without), len(all))
	}
	for i := range all {
		v, ok := m.Get(withBox[i].key)
		if !ok || without[i].key != withBox[i].key || v.AsString() != without[i].value.String() {
			t.Fatalf("attribute %d: got %v, %v, %v", i, v.AsString(), withBox[i].value, without[i].value)
		}
		switch value := withBox[i].value.(type) {
		case *text:
			ok = value.text == v.Str()
		case *number:
			ok = value.number == v.Int()
		}
		if !ok {
			t.Fatalf("attribute %d: got %v, want %v", i, withBox[i].value, v.AsString())
		}
	}
}

// BenchmarkAttributes measures the attributes of one record: with pdata, as pdata would without the search, and also without boxes.
func BenchmarkAttributes(b *testing.B) {
	for _, n := range []int{10, 20, 40, 60} {
		all := attributes(n)
		b.Run(fmt.Sprintf("n=%d/put", n), func(b *testing.B) { run(b, all, put) })
		b.Run(fmt.Sprintf("n=%d/insert", n), func(b *testing.B) { run(b, all, insertBoxed) })
		b.Run(fmt.Sprintf("n=%d/insert-flat", n), func(b *testing.B) { run(b, all, insertFlat) })
	}
}

func run[M any](b *testing.B, all []attribute, fill func([]attribute) M) {
	b.ReportAllocs()
	for b.Loop() {
		m := fill(all)
		runtime.KeepAlive(m)
	}
}
