// SPDX-License-Identifier: Apache-2.0

// Package evidence asks the records what an analyst asks, of recordings with a planted intrusion (internal/test/datagen/incident).
// The questions know attributes only: no event id, no message type.
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

// row is one record: attributes by their names, those inside AdditionalFields without the map's own. Values are as pdata gives
// them: string, int64, bool, []any, map[string]any.
type row struct {
	at time.Time
	of map[string]any
	// outer and inner are what of it stands beside AdditionalFields and in it.
	outer, inner map[string]any
}

// text gives an attribute as text, "" where the record does not have it.
func (r row) text(name string) string {
	if v, ok := r.of[name]; ok {
		return fmt.Sprint(v)
	}
	return ""
}

// list gives an attribute that is a list.
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

// table is all records of a recording.
type table []row

// where gives the rows that have the values.
func (t table) where(pairs ...string) table {
	return t.that(func(r row) bool { return r.has(pairs...) })
}

func (t table) that(keep func(row) bool) table {
	return slices.DeleteFunc(slices.Clone(t), func(r row) bool { return !keep(r) })
}

// values gives one line a row, of the attributes' values, with a blank between them.
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

// distinct gives the values that there are, sorted.
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

// most gives the keys that count at least n.
func most(counts map[string]int, n int) []string {
	return slices.Sorted(maps.Keys(maps.Collect(func(yield func(string, int) bool) {
		for k, c := range counts {
			if c >= n && !yield(k, c) {
				return
			}
		}
	})))
}

// replay plays a recording through a receiver's factory with a configuration.
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
