// SPDX-License-Identifier: Apache-2.0

package pipeline

import "go.opentelemetry.io/collector/pdata/plog"

// sizer measures records in the protobuf form that OTLP sends.
var sizer plog.ProtoMarshaler

// lengthSize is the most that the protobuf form of a message adds before a part of it: a tag and the part's length, in bytes.
const lengthSize = 6

// begin starts an empty batch.
func (p *Pipeline) begin() {
	p.logs = plog.NewLogs()
	p.records = p.Handler.Begin(p.logs)
	p.size = sizer.LogsSize(p.logs)
	p.places = p.places[:0]
	for _, rl := range p.logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			p.places = append(p.places, sl.LogRecords())
			p.size += 2 * lengthSize // the lengths of resource and scope grow with their records
		}
	}
}

// count is the number of records in the batch.
func (p *Pipeline) count() int {
	n := 0
	for _, place := range p.places {
		n += place.Len()
	}
	return n
}

// appended takes note of the record that the handler has just appended, and hands the batch over when it is full. A record that would
// make the batch larger than Batch.MaxSizeMiB begins the next one; only a record that is larger by itself makes a larger batch.
func (p *Pipeline) appended() {
	i := p.newest()
	size := sizer.LogRecordSize(p.places[i].At(p.places[i].Len()-1)) + lengthSize
	if p.size+size > p.Batch.MaxSizeMiB<<20 && p.count() > 1 {
		p.flushBefore(i)
	}
	p.size += size
	if p.count() >= p.Batch.MaxRecords {
		p.flush()
	}
}

// newest is the index of the place that the handler has just appended to.
func (p *Pipeline) newest() int {
	for i, place := range p.places {
		if place.Len() > p.lengths[i] {
			return i
		}
	}
	return 0
}

// flushBefore hands the batch over without the last record of a place, which begins the next batch.
func (p *Pipeline) flushBefore(i int) {
	place, last := p.places[i], plog.NewLogRecord()
	place.At(place.Len() - 1).MoveTo(last)
	p.cut(i, place.Len()-1)
	p.flush()
	last.MoveTo(p.places[i].AppendEmpty())
}

// cut takes off what a place has beyond n records.
func (p *Pipeline) cut(place, n int) {
	i := 0
	p.places[place].RemoveIf(func(plog.LogRecord) bool { i++; return i > n })
}
