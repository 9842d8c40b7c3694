// SPDX-License-Identifier: Apache-2.0

// What a reader found in a file, to account for every event.

package etl

import (
	"fmt"
	"strings"
)

// Stats counts what Next has found so far. Buffers are counted by their headers, before any of their events is returned, and records
// when they are returned. It is complete when Next has returned io.EOF or an error.
type Stats struct {
	Buffers uint64 // all buffers, including the header's and unreadable ones
	Events  uint64 // records returned
	Others  Others // records of other kinds, stepped over

	CompressedBuffers uint64 // stepped over: they could not be decompressed
	UnfinishedBuffers uint64 // stepped over: never completed, as in a file that is still being written
	DamagedBuffers    uint64 // left at a place where no record could be recognized; the records before it were returned
	FirstDamage       string // place and kind of the first damage; "" for none
	TruncatedBuffers  uint64 // 1 when the file ends within a buffer; its complete records were returned
	TruncatedBytes    uint64 // bytes in use of this buffer that the file lacks; 0 if its header is cut too
	MissingBuffers    uint64 // buffers that, according to the header, were written after the last one in the file

	UnmergedBuffers uint64 // returned whole, not in order of time, because the file has too many processors for MaxMerged

	EventsLostBuffers uint64 // buffers marked: the session lost events before this one
	BufferLostBuffers uint64 // buffers marked: the session lost buffers before this one
}

// Others counts the records that are not EVENT_HEADER events, by family, without the file's own header record.
type Others struct {
	System   uint64 // SYSTEM_TRACE_HEADER, full and compact
	PerfInfo uint64 // PERFINFO_TRACE_HEADER
	Classic  uint64 // EVENT_TRACE_HEADER, EVENT_INSTANCE_HEADER
	Message  uint64 // WPP
}

// Total returns the sum over the families.
func (o Others) Total() uint64 { return o.System + o.PerfInfo + o.Classic + o.Message }

// Complete reports whether every record that the file was meant to hold could be read. Events that the session lost before they
// reached the file do not count: see Header.EventsLost.
func (s Stats) Complete() bool {
	return s.CompressedBuffers+s.UnfinishedBuffers+s.DamagedBuffers+s.TruncatedBuffers+s.MissingBuffers == 0
}

// String says in one line what was read, and what was not read and why.
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
