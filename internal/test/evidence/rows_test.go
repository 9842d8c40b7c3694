// SPDX-License-Identifier: Apache-2.0

// Package evidence answers an analyst's questions from the records of recordings with a planted intrusion
// (internal/test/datagen/incident). The questions use attributes only: no event id, no message type.
package evidence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// row is one record: its attributes by name, and the fields inside AdditionalFields by their own names. Values have
// pdata's types: string, int64, bool, []any, map[string]any.
type row struct {
	at time.Time
	of map[string]any
	// outer has the attributes except AdditionalFields; inner has the fields in AdditionalFields.
	outer, inner map[string]any
}

// text returns an attribute as text, or "" if the record does not have it.
func (r row) text(name string) string {
	if v, ok := r.of[name]; ok {
		return fmt.Sprint(v)
	}
	return ""
}

// list returns an attribute that is a list.
func (r row) list(name string) []any {
	l, _ := r.of[name].([]any)
	return l
}

// has reports whether attributes have values, given as name, value, name, value.
func (r row) has(pairs ...string) bool {
	for p := range slices.Chunk(pairs, 2) {
		if r.text(p[0]) != p[1] {
			return false
		}
	}
	return true
}

// table has all records of a recording.
type table []row

// where returns the rows with these values.
func (t table) where(pairs ...string) table {
	return t.that(func(r row) bool { return r.has(pairs...) })
}

func (t table) that(keep func(row) bool) table {
	return slices.DeleteFunc(slices.Clone(t), func(r row) bool { return !keep(r) })
}

// values returns one line for each row: the attributes' values, separated by a blank.
func (t table) values(names ...string) []string {
	lines := make([]string, 0, len(t))
	for _, r := range t {
		var parts []string
		for _, name := range names {
			parts = append(parts, r.text(name))
		}
		lines = append(lines, strings.Join(parts, " "))
	}
	return lines
}

// distinct returns the distinct values, sorted.
func (t table) distinct(names ...string) []string {
	return slices.Compact(slices.Sorted(slices.Values(t.values(names...))))
}

// count counts rows by their values.
func (t table) count(names ...string) map[string]int {
	counts := map[string]int{}
	for _, line := range t.values(names...) {
		counts[line]++
	}
	return counts
}

// most returns the keys with a count of at least n.
func most(counts map[string]int, n int) []string {
	return slices.Sorted(maps.Keys(maps.Collect(func(yield func(string, int) bool) {
		for k, c := range counts {
			if c >= n && !yield(k, c) {
				return
			}
		}
	})))
}

// replay replays a recording with a configuration through a receiver of the factory.
func replay(t *testing.T, f receiver.Factory, config map[string]any) table {
	t.Helper()
	var rows table
	kit.EachRecord(kit.Replay(t, f, config), func(_ plog.ResourceLogs, lr plog.LogRecord) {
		outer := lr.Attributes().AsRaw()
		inner, _ := outer["AdditionalFields"].(map[string]any)
		of := maps.Clone(outer)
		if inner != nil {
			delete(of, "AdditionalFields")
			for name, v := range inner {
				require.NotContains(t, of, name, "an attribute and a field of AdditionalFields have one name")
				of[name] = v
			}
		}
		rows = append(rows, row{at: lr.Timestamp().AsTime(), of: of, outer: outer, inner: inner})
	})
	return rows
}
