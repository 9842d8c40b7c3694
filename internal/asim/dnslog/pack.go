// SPDX-License-Identifier: Apache-2.0

// Packed records: one record of what a client did. In go the records of sums; out comes one record with what they have in common, and with an item
// for each of them in AdditionalFields.Sums. docs/records.md defines the form. Only the EventOriginalUid of all but the first record is lost, and
// the digits of times below a millisecond.

package dnslog

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// Names in AdditionalFields of a packed record.
const (
	// packSums is the list of groups of items, and packTexts the texts that items refer to.
	packSums, packTexts = "Sums", "SumsTexts"
)

// Bounds of a packed record. They count the JSON text of Sums and SumsTexts, in bytes. Application Insights takes 8,192 characters of
// AdditionalFields, and Log Analytics 64 KB of a column, so both take any packed record whole.
const (
	packFull = 6_000 // no further item is added
	packItem = 1_000 // the largest item. A larger one stays a record of its own
)

// pack is what a Mapper has packed since its last packed record.
type pack struct {
	records plog.LogRecordSlice // one for each item
	items   []packed
	first   [2]list            // the attributes of the first record, and its AdditionalFields
	varies  [2]map[string]bool // the names of attributes and fields that are not the same in all records
	size    int                // an estimate, in bytes
	seen    map[string]bool    // texts and groups that size has counted
	key     []byte
	added   []string // the texts and groups of the present item that are new in seen
}

// packed is one item.
type packed struct {
	start, end int64 // ms since 1970
	whole      bool  // an exchange that is not summed
}

// list is a map in its order.
type list []attribute

type attribute struct {
	name  string
	value pcommon.Value
}

func listOf(m pcommon.Map) (l list) {
	for name, v := range m.All() {
		l = append(l, attribute{name, v})
	}
	return l
}

// find returns the value of a name. It looks at place first, because records of one kind have their names in the same order.
func (l list) find(name string, place int) (v pcommon.Value, ok bool) {
	if place < len(l) && l[place].name == name {
		return l[place].value, true
	}
	for i := range l {
		if l[i].name == name {
			return l[i].value, true
		}
	}
	return v, false
}

// PackAttributes are the attributes that hold the items of a packed record.
func PackAttributes() []string {
	const fields = attrs.AdditionalFields
	return []string{fields, fields + "." + packSums, fields + "." + packTexts}
}

// Pack adds the record of an event and of those merged with it to the packed record. whole is set for an exchange that is not summed. The records
// of one packed record must have the same event id. If the item is too large, Pack appends the record to records instead, and ok is false.
// The result is the size of the record, as Sentinel would bill it.
func (m *Mapper) Pack(records plog.LogRecordSlice, e *dns.Event, received int64, merged Merged, whole bool) (size int, ok bool) {
	if m.pack == nil {
		m.pack = &pack{records: plog.NewLogRecordSlice(), varies: [2]map[string]bool{{}, {}}, seen: map[string]bool{}}
	}
	p := m.pack
	p.keep(len(p.items)) // removes a record that a panic has left
	m.AppendMerged(p.records, e, received, merged)
	record := p.records.At(len(p.items))
	size = m.RecordSize(record.Attributes())
	r := dnsRecord{Mapper: m, Event: e, merged: merged}
	start, end := r.span()
	if !p.measure(record.Attributes()) {
		record.MoveTo(records.AppendEmpty())
		return size, false
	}
	p.add(record.Attributes())
	p.items = append(p.items, packed{start: floorMillis(start), end: floorMillis(end), whole: whole})
	return size, true
}

// floorMillis returns the whole milliseconds of a time in nanoseconds, rounded down.
func floorMillis(at int64) int64 { return time.Unix(0, at).UnixMilli() }

// Packed is the number of items of the packed record.
func (m *Mapper) Packed() int {
	if m.pack == nil {
		return 0
	}
	return len(m.pack.items)
}

// PackFull reports whether the packed record must be written before another item is added.
func (m *Mapper) PackFull() bool { return m.pack != nil && m.pack.size >= packFull }

// positional are the attributes, and the fields of AdditionalFields, that an item or its group has at a fixed place, or that are left out.
var positional = [2]map[string]bool{
	set("EventCount", "EventStartTime", "EventEndTime", eventOriginalUID, "EventResult", "EventResultDetails", "DnsFlags", "DnsQuery",
		"DnsQueryTypeName", "DnsNetworkDuration", "SrcPortNumber", "TransactionIdHex", attrs.AdditionalFields),
	set(durationMin, durationMax, gapSum, gapSquareSum, recursionExchanges),
}

func set(names ...string) map[string]bool {
	s := map[string]bool{}
	for _, name := range names {
		s[name] = true
	}
	return s
}

// additionalOf returns AdditionalFields of a record; an empty map if it has none.
func additionalOf(record pcommon.Map) pcommon.Map {
	if v, ok := record.Get(attrs.AdditionalFields); ok && v.Type() == pcommon.ValueTypeMap {
		return v.Map()
	}
	return pcommon.NewMap()
}

// add notes which attributes and fields of a record differ from those of the first record.
func (p *pack) add(record pcommon.Map) {
	for level, m := range [2]pcommon.Map{record, additionalOf(record)} {
		if len(p.items) == 0 {
			p.first[level] = listOf(m)
			continue
		}
		place, equal := 0, 0
		for name, v := range m.All() {
			if of, ok := p.first[level].find(name, place); ok && of.Equal(v) {
				equal++
			} else {
				p.varies[level][name] = true
			}
			place++
		}
		if equal == len(p.first[level]) {
			continue
		}
		for _, a := range p.first[level] {
			if v, ok := m.Get(a.name); !ok || !v.Equal(a.value) {
				p.varies[level][a.name] = true
			}
		}
	}
}

// measure estimates the size of a record's item and adds it to that of the packed record. ok is false, and nothing is added, if the item is too
// large.
func (p *pack) measure(record pcommon.Map) (ok bool) {
	const numbers = 32 // bytes of an item's numbers: the places of its name and type, its times, and brackets
	size := numbers
	p.key, p.added = p.key[:0], p.added[:0]
	for level, m := range [2]pcommon.Map{record, additionalOf(record)} {
		place := 0
		for name, v := range m.All() {
			switch {
			case name == "DnsQuery" || name == "DnsQueryTypeName":
				size += p.text(v.Str())
			case name == dnsAnswers && v.Type() == pcommon.ValueTypeSlice:
				for _, answer := range v.Slice().All() {
					size += p.text(answer.AsString())
				}
			case name == gapSum:
				size += 3 * numbers / 2
			case name == "EventResult" || name == "EventResultDetails" || name == "DnsFlags":
				p.key = append(append(p.key, v.AsString()...), 0)
			case positional[level][name] || level == 0 && len(p.items) == 0:
			default:
				if of, ok := p.first[level].find(name, place); ok && of.Equal(v) && !p.varies[level][name] {
					break
				}
				if perItem(name, v) {
					size += len(name) + asim.ElementSize(v) + len(`"":,`)
					break
				}
				p.key = append(append(append(p.key, name...), `"":,`...), v.AsString()...)
			}
			place++
		}
	}
	if p.isNew(string(p.key)) {
		size += len(p.key) + numbers
	}
	if size > packItem {
		for _, text := range p.added {
			delete(p.seen, text)
		}
		return false
	}
	p.size += size
	return true
}

// isNew notes a text or a group, and reports whether it is new.
func (p *pack) isNew(text string) bool {
	if p.seen[text] {
		return false
	}
	p.seen[text], p.added = true, append(p.added, text)
	return true
}

// text estimates the size of a text. A text that occurred before is written as a number.
func (p *pack) text(text string) int {
	const number = 5
	if !p.isNew(text) {
		return number
	}
	return len(text) + strings.Count(text, `"`) + strings.Count(text, `\`) + len(`"",`)
}

// perItem reports whether a field is in the item, because its value differs for most items. Other fields are in the group.
func perItem(name string, v pcommon.Value) bool {
	return v.Type() == pcommon.ValueTypeInt || name == dnsQueryOriginal
}

// AppendPack appends the packed record, and begins another. For a single item it appends the record of that item.
func (m *Mapper) AppendPack(records plog.LogRecordSlice) {
	p, record := m.pack, records.AppendEmpty()
	defer p.reset()
	if len(p.items) == 1 {
		p.records.At(0).CopyTo(record)
	} else {
		p.write(record, m.profile)
	}
}

// keep drops the records after the first n.
func (p *pack) keep(n int) {
	i := -1
	if p.records.Len() > n {
		p.records.RemoveIf(func(plog.LogRecord) bool { i++; return i >= n })
	}
}

// reset begins another packed record.
func (p *pack) reset() {
	p.keep(0)
	p.items, p.first, p.size = p.items[:0], [2]list{}, 0
	for level := range p.varies {
		clear(p.varies[level])
	}
	clear(p.seen)
}

// write writes the packed record.
func (p *pack) write(to plog.LogRecord, profile dns.Profile) {
	order := make([]int, len(p.items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(p.items[a].start - p.items[b].start) })
	first, last, count := order[0], order[0], int64(0)
	for _, i := range order {
		if p.items[i].end > p.items[last].end {
			last = i
		}
		n, _ := number(p.records.At(i).Attributes(), "EventCount")
		count += max(1, n)
	}
	p.records.At(first).CopyTo(to)
	to.SetTimestamp(p.records.At(last).Timestamp())
	record := to.Attributes()
	record.RemoveIf(func(name string, _ pcommon.Value) bool { return p.removes(name) })
	if _, ok := record.Get("EventCount"); ok {
		record.PutInt("EventCount", count)
	}
	if v, ok := p.records.At(last).Attributes().Get("EventEndTime"); ok {
		record.PutStr("EventEndTime", v.Str())
	}
	for _, name := range [...]string{"EventResult", "EventResultDetails"} { // mandatory columns
		if p.varies[0][name] {
			record.PutStr(name, "NA")
		}
	}
	more := additionalOf(record)
	if _, ok := record.Get(attrs.AdditionalFields); !ok {
		more = record.PutEmptyMap(attrs.AdditionalFields)
	}
	more.RemoveIf(func(name string, v pcommon.Value) bool {
		return p.varies[1][name] || positional[1][name] || name == dnsAnswers && v.Type() == pcommon.ValueTypeSlice
	})
	w := packWriter{pack: p, profile: profile, base: p.items[first].start}
	w.collect(order)
	w.writeTo(more)
}

// removes reports whether the packed record leaves out an attribute of the first record.
func (p *pack) removes(name string) bool {
	switch name {
	case "EventCount", "EventStartTime", "EventEndTime", eventOriginalUID, "EventResult", "EventResultDetails", attrs.AdditionalFields:
		return false
	case "DnsNetworkDuration", "SrcPortNumber", "TransactionIdHex":
		return true
	}
	return p.varies[0][name]
}

func number(m pcommon.Map, name string) (n int64, ok bool) {
	if v, has := m.Get(name); has && v.Type() == pcommon.ValueTypeInt {
		return v.Int(), true
	}
	return 0, false
}

func textOf(m pcommon.Map, name string) string {
	if v, ok := m.Get(name); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}

// hexNumber returns the number of four hexadecimal digits.
func hexNumber(text string) (int64, bool) {
	n, err := strconv.ParseUint(text, 16, 16)
	return int64(n), err == nil && len(text) == xidLength
}
