// SPDX-License-Identifier: Apache-2.0

// What a reader saw in a file, for those who must account for every event.

package etl

import (
	"fmt"
	"strings"
)

// Stats counts what Next has met so far: the buffers by their headers, which are looked at before any event is handed on, their
// records as they are handed on. It is complete when Next has returned io.EOF or an error.
type Stats struct {
	Buffers uint64 // buffers met, the header's and the unreadable ones included
	Events  uint64 // records handed on
	Others  Others // records stepped over by their size

	CompressedBuffers uint64 // stepped over: they could not be decompressed
	UnfinishedBuffers uint64 // stepped over: never completed, as in a file that is still being written
	DamagedBuffers    uint64 // left where no record could be told any more; what stood before was handed on
	FirstDamage       string // where and what the first damage was; "" when there was none
	TruncatedBuffers  uint64 // 1 when the file ends within a buffer; its whole records were handed on
	TruncatedBytes    uint64 // bytes that this buffer has in use and the file lacks; 0 where its header is cut too
	MissingBuffers    uint64 // buffers that the header says were written after the last one that the file holds

	UnmergedBuffers uint64 // handed on whole, out of the order of time: the file has more processors than MaxMerged suffices for

	EventsLostBuffers uint64 // buffers marked: the session lost events before this one
	BufferLostBuffers uint64 // buffers marked: the session lost buffers before this one
}

// Others counts the records that are no EVENT_HEADER events, by family. The file's own header record is not among them.
type Others struct {
	System   uint64 // SYSTEM_TRACE_HEADER, full and compact
	PerfInfo uint64 // PERFINFO_TRACE_HEADER
	Classic  uint64 // EVENT_TRACE_HEADER, EVENT_INSTANCE_HEADER
	Message  uint64 // WPP
}

// Total is the sum over the families.
func (o Others) Total() uint64 { return o.System + o.PerfInfo + o.Classic + o.Message }

// Complete reports whether every record that the file was meant to hold could be read. It says nothing of events that the
// session lost before they reached the file: see Header.EventsLost.
func (s Stats) Complete() bool {
	return s.CompressedBuffers+s.UnfinishedBuffers+s.DamagedBuffers+s.TruncatedBuffers+s.MissingBuffers == 0
}

// String says in one line what was read and, where something was not, what and why.
func (s Stats) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d events in %d buffers", s.Events, s.Buffers)
	for _, part := range [...]struct {
		n    uint64
		text string
	}{
		{s.Others.Total(), "other records"},
		{s.CompressedBuffers, "compressed buffers stepped over"},
		{s.UnfinishedBuffers, "unfinished buffers stepped over"},
		{s.DamagedBuffers, "damaged buffers"},
		{s.TruncatedBuffers, "truncated buffer"},
		{s.MissingBuffers, "buffers missing at the end"},
		{s.UnmergedBuffers, "buffers not merged by time"},
		{s.EventsLostBuffers, "buffers after lost events"},
		{s.BufferLostBuffers, "buffers after lost buffers"},
	} {
		if part.n > 0 {
			fmt.Fprintf(&b, ", %d %s", part.n, part.text)
		}
	}
	if s.FirstDamage != "" {
		fmt.Fprintf(&b, " (first damage: %s)", s.FirstDamage)
	}
	return b.String()
}
