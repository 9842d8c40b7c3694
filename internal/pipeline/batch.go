// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
)

// sizer measures records in the protobuf form that OTLP sends.
var sizer plog.ProtoMarshaler

// lengthSize is the most that protobuf writes in front of a part of a message, in bytes: a tag and the part's length.
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

// settled checks what the handler has appended for one event: exactly one record if the event was emitted, otherwise none. It removes
// surplus records. It reports false when the record of an emitted event is missing.
func (p *Pipeline) settled(emitted bool) bool {
	place, appended, want := -1, 0, 0
	if emitted {
		want = 1
	}
	for i, records := range p.places {
		n := records.Len() - p.lengths[i]
		if n > 0 && place < 0 {
			place = i
		}
		appended += n
	}
	if appended != want {
		p.contradicted(appended, want)
		for i, n := range p.lengths {
			if i == place {
				n += want
			}
			p.cut(i, n)
		}
	}
	if !emitted || place < 0 {
		return !emitted
	}
	p.appended(place)
	return true
}

// contradicted logs, once, that the handler has not appended what it says.
func (p *Pipeline) contradicted(appended, want int) {
	if p.contradiction {
		return
	}
	p.contradiction = true
	p.Logger.Error("a fault of this program: handling an event appended another number of records than it reports; surplus records are removed, an event "+
		"without its record is counted as dropped, and further ones are only counted", zap.Int("records", appended), zap.Int("want", want))
}

// appended accounts for the record that has just been appended to a place, and hands the batch over when it is full. A record that would
// make the batch larger than Batch.MaxSizeMiB begins the next batch. Only a single record above that size makes a larger batch.
func (p *Pipeline) appended(i int) {
	size := sizer.LogRecordSize(p.places[i].At(p.places[i].Len()-1)) + lengthSize
	if p.size+size > p.Batch.MaxSizeMiB<<20 && p.count() > 1 {
		p.flushBefore(i)
	}
	p.size += size
	if p.count() >= p.Batch.MaxRecords {
		p.flush()
	}
}

// flushBefore hands the batch over without the last record of a place. That record begins the next batch.
func (p *Pipeline) flushBefore(i int) {
	place, last := p.places[i], plog.NewLogRecord()
	place.At(place.Len() - 1).MoveTo(last)
	p.cut(i, place.Len()-1)
	p.flush()
	last.MoveTo(p.places[i].AppendEmpty())
}

// cut removes all records of a place after the first n.
func (p *Pipeline) cut(place, n int) {
	i := 0
	p.places[place].RemoveIf(func(plog.LogRecord) bool { i++; return i > n })
}
