// SPDX-License-Identifier: Apache-2.0

package etl

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

// ended is a buffer of 1 KiB whose header ends it at saved, current and offset.
func ended(records []byte, saved, current, offset int) []byte {
	return with32(with32(with32(buffer(1024, records), 4, uint32(saved)), 8, uint32(current)), 48, uint32(offset))
}

func TestABufferThatItsHeaderEndsTooEarlyAtARecordIsDamaged(t *testing.T) {
	one := pad(event(startFiletime, 1, "some data"))
	two := join(one, pad(event(startFiletime+1, 2, "data")), other(24, 4, 0x04, 0xC0))
	early, end := 72+len(one), 72+len(two)
	next := buffer(1024, pad(event(startFiletime+2, 3, "")))
	for name, c := range map[string]struct {
		file   trace
		damage bool
		ids    []uint16
	}{
		"as it is written":                    {trace{buffers: [][]byte{ended(two, end, end+1024, end), next}}, false, []uint16{1, 2, 3}},
		"with the buffer's size added":        {trace{buffers: [][]byte{ended(two, early, end+1024, end), next}}, true, []uint16{1, 3}},
		"without it":                          {trace{buffers: [][]byte{ended(two, early, end, end), next}}, true, []uint16{1, 3}},
		"without a record":                    {trace{buffers: [][]byte{ended(two, 72, end, end), next}}, true, []uint16{3}},
		"within a record's padding":           {trace{buffers: [][]byte{ended(two, early-7, end, end), next}}, true, []uint16{1, 3}},
		"the two others differ":               {trace{buffers: [][]byte{ended(two, early, end-8, end), next}}, false, []uint16{1, 3}},
		"one other has the same end":          {trace{buffers: [][]byte{ended(two, early, early+1024, end), next}}, false, []uint16{1, 3}},
		"records of an earlier use of memory": {trace{buffers: [][]byte{ended(two, early, early+1024, early), next}}, false, []uint16{1, 3}},
		"the records do not end there":        {trace{buffers: [][]byte{ended(two, early, end+8, end+8), next}}, false, []uint16{1, 3}},
		"beyond the buffer":                   {trace{buffers: [][]byte{ended(two, early, 1032, 1032), next}}, false, []uint16{1, 3}},
		"no event among the records":          {trace{buffers: [][]byte{ended(join(one, other(24, 4, 0x04, 0xC0)), early, early+24, early+24), next}}, false, []uint16{1, 3}},
		"behind the end of the file":          {trace{buffers: [][]byte{ended(two, early, end, end)[:end-8]}}, false, []uint16{1}},
	} {
		events, stats := mustRead(t, c.file.build())
		require.Equal(t, c.ids, ids(events), name)
		require.Equal(t, c.damage, stats.DamagedBuffers == 1, "%s: %s", name, stats)
		require.Equal(t, c.damage, strings.Contains(stats.FirstDamage, "by one of three places in its header"), name)
	}
}

// Damaged buffers behind the last event belong to the last span of a completed file, so they are reported once. In a file that is still written they are
// only counted: the writer may still complete them.
func TestDamageBehindTheLastEventIsSurveyed(t *testing.T) {
	good := buffer(1024, pad(event(startFiletime, 1, "")))
	bad := with32(bytes.Clone(good), 4, 9)
	cut := with32(buffer(1024, join(pad(event(startFiletime, 1, "")), pad(event(startFiletime, 2, "")))), 4, 72+80+3)
	for name, c := range map[string]struct {
		file        trace
		to          span.Place
		damage      int64
		readDamaged uint64
	}{
		"completed":                                {trace{buffers: [][]byte{good, bad, bad}}, span.Place{At: 4 << 10}, 0, 2},
		"before the last event":                    {trace{buffers: [][]byte{bad, good}}, span.Place{At: 2 << 10, In: 72 + 80}, 0, 1},
		"the beginning of a record, completed":     {trace{buffers: [][]byte{good, cut}}, span.Place{At: 2 << 10, In: 72 + 80 + 3}, 0, 1},
		"the beginning of a record, being written": {trace{open: true, buffers: [][]byte{cut}}, span.Place{At: 1 << 10, In: 72 + 80 + 3}, 0, 1},
		"being written":                            {trace{open: true, buffers: [][]byte{good, bad, bad}}, span.Place{At: 1 << 10, In: 72 + 80}, 2, 0},
		"being written, no event":                  {trace{open: true, buffers: [][]byte{bad}}, span.Place{}, 1, 1},
	} {
		file := c.file.build()
		x, err := Survey(bytes.NewReader(file), int64(len(file)), span.Query{})
		require.NoError(t, err)
		require.Equal(t, c.to, x.To, name)
		require.Equal(t, c.damage, x.Damaged, name)
		require.Equal(t, c.damage > 0, x.Lacking() != nil, name)
		r, err := NewReader(bytes.NewReader(file), int64(len(file)))
		require.NoError(t, err)
		if x.ID != (span.ID{}) {
			r.ReadSpan(x.Span)
		}
		for err == nil {
			_, err = r.Next()
		}
		require.Equal(t, c.readDamaged, r.Stats().DamagedBuffers, name)
		again, err := Survey(bytes.NewReader(file), int64(len(file)), span.Query{From: x.To})
		require.NoError(t, err)
		require.True(t, again.Empty(), name)
	}
}
