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
func (p *lane) begin() {
	p.logs = plog.NewLogs()
	p.records = p.Handler.Begin(p.logs)
	p.size = sizer.LogsSize(p.logs)
	p.places, p.archives = p.places[:0], p.archives[:0]
	for _, rl := range p.logs.ResourceLogs().All() {
		archive := p.Archive && isArchive(rl.Resource())
		for _, sl := range rl.ScopeLogs().All() {
			p.places, p.archives = append(p.places, sl.LogRecords()), append(p.archives, archive)
			p.size += 2 * lengthSize // the lengths of resource and scope grow with their records
		}
	}
}

// count is the number of records in the batch.
func (p *lane) count() int {
	n := 0
	for _, place := range p.places {
		n += place.Len()
	}
	return n
}

// settled checks what the handler has appended for one event: exactly one record if the event was emitted, otherwise none, and the same for
// the archive. It removes surplus records. It reports whether the record of an emitted event is there. It counts a missing record of the
// archive itself.
func (p *lane) settled(emitted, archived bool) bool {
	place, archive := p.check(emitted, false), -1
	if p.Archive {
		archive = p.check(archived, true)
		if archived {
			p.Stats.Archive.Received.Add(1)
			if archive < 0 {
				p.Stats.Archive.Dropped.Add(DropNoRecord, 1)
			}
		}
	}
	p.appended(place, archive)
	return !emitted || place >= 0
}

// check checks the places of one tier. It returns the place of the new record, or -1.
func (p *lane) check(one, archive bool) int {
	place, appended, want := -1, 0, 0
	if one {
		want = 1
	}
	for i, records := range p.places {
		if p.archives[i] != archive {
			continue
		}
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
			if p.archives[i] == archive {
				p.cut(i, n)
			}
		}
	}
	if !one {
		return -1
	}
	return place
}

// contradicted logs, once, that the handler has not appended what it says.
func (p *lane) contradicted(appended, want int) {
	if p.contradiction {
		return
	}
	p.contradiction = true
	p.Logger.Error("a fault of this program: handling an event appended another number of records than it reports; surplus records are removed, an event "+
		"without its record is counted as dropped, and further ones are only counted", zap.Int("records", appended), zap.Int("want", want))
}

// appended accounts for the records that an event has just appended, one to a place, or none (-1), and one to a place of the archive, or none.
func (p *lane) appended(place, archive int) {
	switch {
	case place < 0 && archive < 0:
	case archive < 0:
		p.add(place)
	case place < 0:
		p.add(archive)
	case p.size+p.lastSize(place)+p.lastSize(archive) <= p.Batch.MaxSizeMiB<<20 && p.count() <= p.Batch.MaxRecords:
		p.size += p.lastSize(archive)
		p.add(place)
	default: // they may go in different batches
		last := p.take(place)
		p.add(archive)
		last.MoveTo(p.places[place].AppendEmpty())
		p.add(place)
	}
}

// lastSize returns the size of the last record of a place.
func (p *lane) lastSize(i int) int {
	return sizer.LogRecordSize(p.places[i].At(p.places[i].Len()-1)) + lengthSize
}

// add accounts for the last record of a place, and hands the batch over when it is full. A record that would make the batch larger than
// Batch.MaxSizeMiB begins the next batch. Only a single record above that size makes a larger batch.
func (p *lane) add(i int) {
	size := p.lastSize(i)
	if p.size+size > p.Batch.MaxSizeMiB<<20 && p.count() > 1 {
		p.flushBefore(i)
	}
	p.size += size
	if p.count() >= p.Batch.MaxRecords {
		p.flush()
	}
}

// flushBefore hands the batch over without the last record of a place. That record begins the next batch.
func (p *lane) flushBefore(i int) {
	last := p.take(i)
	p.flush()
	last.MoveTo(p.places[i].AppendEmpty())
}

// take removes the last record of a place, and returns it.
func (p *lane) take(i int) plog.LogRecord {
	place, last := p.places[i], plog.NewLogRecord()
	place.At(place.Len() - 1).MoveTo(last)
	p.cut(i, place.Len()-1)
	return last
}

// cut removes all records of a place after the first n.
func (p *lane) cut(place, n int) {
	i := 0
	p.places[place].RemoveIf(func(plog.LogRecord) bool { i++; return i > n })
}
