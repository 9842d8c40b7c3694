// SPDX-License-Identifier: Apache-2.0

package etl

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
)

func TestHeadersProveThatFilesAreOfOneSessionOrDoNot(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 3, 4, 5, minute, 0, 0, time.UTC) }
	part := func(id byte, n uint32) recording.File { return recording.File{ID: [16]byte{id}, Part: n} }
	chained := Header{
		LoggerName: "dns", LoggerID: 7, LogFileMode: ModeNewFile, BootTime: at(0), StartTime: at(10), EndTime: at(20), NumberOfProcessors: 4, PointerSize: 8,
		Clock: ClockQPC, PerfFreq: 1e7, OS: OSVersion{10, 0, 20348},
	}
	for name, tc := range map[string]struct {
		before, next func(*Header)
		want         bool
	}{
		"chained, each with its own start": {nil, func(h *Header) { h.StartTime, h.EndTime = at(20), at(30) }, true},
		"chained, all with the session's":  {nil, func(h *Header) { h.EndTime = at(30) }, true},
		"still being written":              {nil, func(h *Header) { h.EndTime = time.Time{} }, true},
		"one recording's":                  {func(h *Header) { h.LogFileMode, h.BootTime = 1, time.Time{} }, func(h *Header) { h.EndTime = at(30) }, true},
		"a copy":                           {nil, func(*Header) {}, false},
		"a copy of an unfinished file":     {func(h *Header) { h.EndTime = time.Time{} }, func(*Header) {}, false},
		"in the wrong order":               {nil, func(h *Header) { h.StartTime, h.EndTime = at(1), at(9) }, false},
		"another boot":                     {nil, func(h *Header) { h.BootTime, h.StartTime, h.EndTime = at(15), at(20), at(30) }, false},
		"another logger":                   {nil, func(h *Header) { h.LoggerName, h.EndTime = "dns2", at(30) }, false},
		"no logger":                        {func(h *Header) { h.LoggerName = "" }, func(h *Header) { h.EndTime = at(30) }, false},
		"another Windows":                  {nil, func(h *Header) { h.OS.Build, h.EndTime = 26100, at(30) }, false},
		"another host":                     {nil, func(h *Header) { h.NumberOfProcessors, h.EndTime = 8, at(30) }, false},
		"another clock":                    {nil, func(h *Header) { h.Clock, h.EndTime = ClockSystemTime, at(30) }, false},
		"two sessions of one boot":         {func(h *Header) { h.LogFileMode = 1 }, func(h *Header) { h.StartTime, h.EndTime = at(20), at(30) }, false},
		"two chained sessions of one boot": {nil, func(h *Header) { h.StartTime, h.EndTime = at(21), at(30) }, false},
		"a session that was begun at once": {nil, func(h *Header) { h.LoggerID, h.StartTime, h.EndTime = 8, at(20), at(30) }, false},
		"within the hand-over":             {nil, func(h *Header) { h.StartTime, h.EndTime = at(20).Add(handOver), at(30) }, true},
		"after the hand-over":              {nil, func(h *Header) { h.StartTime, h.EndTime = at(20).Add(handOver+1), at(30) }, false},
		"an end before is not known":       {func(h *Header) { h.EndTime = time.Time{} }, func(h *Header) { h.StartTime, h.EndTime = at(20), at(30) }, false},
		"neither boot nor start known":     {func(h *Header) { h.BootTime, h.StartTime = time.Time{}, time.Time{} }, func(h *Header) { h.EndTime = at(30) }, false},
		"the next part of a recording":     {func(h *Header) { h.Recording = part(1, 1) }, func(h *Header) { h.Recording = part(1, 2) }, true},
		"the next part, the clock set back, and nothing else known": {
			func(h *Header) { *h = Header{Recording: part(1, 1), EndTime: at(30)} }, func(h *Header) { *h = Header{Recording: part(1, 2), EndTime: at(20)} }, true,
		},
		"the same part":                     {func(h *Header) { h.Recording = part(1, 1) }, func(h *Header) { h.EndTime = at(30) }, false},
		"a part further on":                 {func(h *Header) { h.Recording = part(1, 1) }, func(h *Header) { h.EndTime, h.Recording = at(30), part(1, 3) }, false},
		"the part before":                   {func(h *Header) { h.Recording = part(1, 2) }, func(h *Header) { h.EndTime, h.Recording = at(30), part(1, 1) }, false},
		"a part of another recording":       {func(h *Header) { h.Recording = part(1, 1) }, func(h *Header) { h.EndTime, h.Recording = at(30), part(2, 2) }, false},
		"a recording's and one that is not": {func(h *Header) { h.Recording = part(1, 1) }, func(h *Header) { h.EndTime, h.Recording = at(30), recording.File{} }, false},
		"one that is not and a recording's": {nil, func(h *Header) { h.EndTime, h.Recording = at(30), part(1, 2) }, false},
		"the first file: nothing before it": {func(h *Header) { *h = Header{} }, func(h *Header) { h.EndTime = at(30) }, false},
	} {
		before := chained
		if tc.before != nil {
			tc.before(&before)
		}
		next := before
		tc.next(&next)
		require.Equal(t, tc.want, next.Continues(&before), name)
	}
}
