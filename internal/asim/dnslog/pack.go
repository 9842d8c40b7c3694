// SPDX-License-Identifier: Apache-2.0

// Packed records: one record of what a client did. In go the records of sums; out comes one record with what they have in common, and with an item
// for each of them in AdditionalFields.Sums. docs/records.md defines the form. EventOriginalUid of the later ones and the digits of
// times below a millisecond are lost. The caller ends a sum with its client's window, so a sum may be two items: the gap between them is not in GapSum.

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
	// packSums is the list of groups of items, and packTexts the texts that items refer to. packAnswers marks that the answers of an item are its
	// DnsResponseName.
	packSums, packTexts, packAnswers = "Sums", "SumsTexts", "SumsAnswers"
)

// Bounds of a packed record. They count the JSON text of Sums and SumsTexts, in bytes. Application Insights takes 8,192 characters of
// AdditionalFields, and Log Analytics 64 KB of a column, so both take any packed record whole.
const (
	packFull = 6_000 // no further item is added
	packItem = 1_000 // the largest item. A larger one stays a record of its own
)

// pack is what a Mapper has packed since its last packed record. Its memory serves the next packed record, too.
type pack struct {
	items   []packed
	table   []packAttribute // the attributes of all items; the first item's first
	ids     []int32         // the attributes of each item, by place in the table
	size    int             // an estimate, in bytes
	seen    map[string]bool // texts and groups that size has counted
	key     []byte
	added   []string // what seen has got since the last item
	scratch attrs.Lists
	order   []int
	writer  packWriter
}

// ItemKind says whether the record of an item is of exchanges that are summed.
type ItemKind uint8

// The kinds.
const (
	SumItem   ItemKind = iota // of one or more that are alike
	NewItem                   // of one that is not summed: it is the first of its client for the name
	BurstItem                 // of one that is not summed: it is one of many of its client
)

// packed is one item.
type packed struct {
	start, end int64 // ms since 1970
	kind       ItemKind
	head       logHead
	ends       [3]int // in ids: the record's attributes are between the first two, those of its AdditionalFields between the last two
	table      int    // where the table's attributes of this item and those before it end
}

// packAttribute is an attribute of one item, or of the first and of others that have an equal one.
type packAttribute struct {
	attrs.Attribute
	role   packRole
	first  int32 // the first item's attribute of the same name, by place in the table; noAttribute if there is none
	varies bool  // of a first item's attribute: not all items have it
	last   int   // of a first item's attribute: the last item that has it
}

// noAttribute is no place in the table.
const noAttribute = -1

// packRole is the place of an attribute in a packed record.
type packRole uint8

const (
	roleOrdinary   packRole = iota
	rolePositional          // a place of its own in an item, or none
	roleText                // so, and it is a text
	roleGroup               // so, but in the item's group
	roleGap                 // so, of a sum
	roleAnswers             // so, if it is a list
)

// PackAttributes are the attributes without which a packed record cannot be unpacked: those that hold the items, and those that have a value in each
// item, or from which the values of items are counted.
func PackAttributes() []string {
	const fields = attrs.AdditionalFields
	names := []string{"EventCount", "EventStartTime", fields}
	for _, field := range [...]string{packSums, packTexts, packAnswers, durationMin, durationMax, recursionCount} {
		names = append(names, fields+"."+field)
	}
	return names
}

// Pack adds the record of an event and of those merged with it to the packed record, as an item of a kind. The records of one packed record must
// have the same event id. If the item is too large, Pack appends the record to records instead, and ok is false. The result is the size of the record, as Sentinel would bill it.
func (m *Mapper) Pack(records plog.LogRecordSlice, e *dns.Event, received int64, merged Merged, kind ItemKind) (size int, ok bool) {
	if m.pack == nil {
		m.pack = &pack{seen: map[string]bool{}, writer: newPackWriter()}
	}
	p := m.pack
	item := packed{kind: kind, head: m.build(e, received, merged)}
	if m.pseudonyms == nil {
		m.builder.FinishLists(&p.scratch)
		size = m.builtSize()
	} else {
		record := pcommon.NewMap()
		m.builder.Finish(record)
		m.pseudonyms.record(record, m.device.Name, m.profile == dns.ProfileASIM)
		attrs.ReadLists(record, &p.scratch)
		size = m.RecordSize(record)
	}
	r := dnsRecord{Mapper: m, Event: e, merged: merged}
	start, end := r.span()
	item.start, item.end = floorMillis(start), floorMillis(end)
	p.put(&item)
	if !p.measure(&item) {
		p.writeWhole(records.AppendEmpty(), &item)
		return size, false
	}
	p.add(&item)
	p.items = append(p.items, item)
	return size, true
}

// floorMillis returns the whole milliseconds of a time in nanoseconds, rounded down.
func floorMillis(at int64) int64 { return time.Unix(0, at).UnixMilli() }

// PackFull reports whether the packed record must be written before another item is added.
func (m *Mapper) PackFull() bool { return m.pack != nil && m.pack.size >= packFull }

// positional are the attributes that have a place of their own in an item or its group, or none.
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

// roleOf returns the role of an attribute of a record (level 0) or of its AdditionalFields (level 1).
func roleOf(level int, name string) packRole {
	switch name {
	case "DnsQuery", "DnsQueryTypeName":
		return roleText
	case "EventResult", "EventResultDetails", "DnsFlags":
		return roleGroup
	case gapSum:
		return roleGap
	case dnsAnswers:
		return roleAnswers
	}
	if positional[level][name] {
		return rolePositional
	}
	return roleOrdinary
}

// main and more are the attributes of an item, and those of its AdditionalFields, by place in the table.
func (p *pack) main(item *packed) []int32 { return p.ids[item.ends[0]:item.ends[1]] }
func (p *pack) more(item *packed) []int32 { return p.ids[item.ends[1]:item.ends[2]] }

// put puts the attributes of the scratch lists into the table.
func (p *pack) put(item *packed) {
	from, table := 0, 0
	if n := len(p.items); n > 0 {
		from, table = p.items[n-1].ends[2], p.items[n-1].table
	}
	p.ids, p.table = p.ids[:from], p.table[:table] // without those of an item that was not added
	item.ends[0] = from
	for level, list := range &p.scratch {
		for place := range list {
			p.ids = append(p.ids, p.id(level, place, &list[place]))
		}
		item.ends[level+1] = len(p.ids)
	}
	item.table = len(p.table)
}

// id returns the place of an attribute in the table: that of the first item's attribute if it is equal, or else a new one.
func (p *pack) id(level, place int, a *attrs.Attribute) int32 {
	next := int32(len(p.table))
	first := next
	if len(p.items) > 0 {
		first = p.firstOf(level, place, a.Key)
	}
	switch {
	case first == noAttribute || first == next:
		p.table = append(p.table, packAttribute{Attribute: *a, role: roleOf(level, a.Key), first: first})
	case p.table[first].Equal(&a.Value):
		return first
	default:
		p.table = append(p.table, packAttribute{Attribute: *a, role: p.table[first].role, first: first})
	}
	return next
}

// firstOf returns the first item's attribute of a name. The names of records of one kind are in the same order, so that place is tried first.
func (p *pack) firstOf(level, place int, name string) int32 {
	from, to := p.items[0].ends[level], p.items[0].ends[level+1] // the table begins with the first item's, in order
	if at := from + place; at < to && p.table[at].Key == name {
		return int32(at)
	}
	for at := from; at < to; at++ {
		if p.table[at].Key == name {
			return int32(at)
		}
	}
	return noAttribute
}

// find returns the attribute of a name among those of an item, or nil.
func (p *pack) find(ids []int32, name string) *packAttribute {
	for _, i := range ids {
		if p.table[i].Key == name {
			return &p.table[i]
		}
	}
	return nil
}

// variesOf reports whether an attribute, by place in the table, is not the same in all records.
func (p *pack) variesOf(i int32) bool {
	first := p.table[i].first
	return first == noAttribute || p.table[first].varies
}

// variesName is variesOf for the name of a record's attribute.
func (p *pack) variesName(name string) bool {
	if first := p.firstOf(0, 0, name); first != noAttribute {
		return p.table[first].varies
	}
	for i := range p.items {
		if p.find(p.main(&p.items[i]), name) != nil {
			return true
		}
	}
	return false
}

// add notes in what an item differs from the first.
func (p *pack) add(item *packed) {
	n := len(p.items)
	if n == 0 {
		return
	}
	for _, i := range p.ids[item.ends[0]:] {
		if p.table[i].first == i {
			p.table[i].last = n
		}
	}
	for i := range p.table[:p.items[0].ends[2]] {
		if p.table[i].last != n {
			p.table[i].varies = true
		}
	}
}

// measure adds the size of an item to that of the packed record. It is an estimate. It reports whether the item is not too large; if it is, it is not
// added.
func (p *pack) measure(item *packed) (ok bool) {
	const numbers = 32 // of an item: the place of its name and type, its times, and brackets
	size := numbers
	p.key, p.added = p.key[:0], p.added[:0]
	for n, i := range p.ids[item.ends[0]:] {
		a := &p.table[i]
		switch {
		case a.role == roleText:
			size += p.text(a.Text)
		case a.role == roleAnswers && a.Type == pcommon.ValueTypeSlice:
			size += p.answers(a)
		case a.role == roleGap:
			size += 3 * numbers / 2
		case a.role == roleGroup:
			p.key = append(append(p.key, a.AsString()...), 0)
		case a.role == rolePositional || len(p.items) == 0 && item.ends[0]+n < item.ends[1]:
		case len(p.items) > 0 && a.first == i && !a.varies:
		case perItem(&a.Attribute):
			length := len(a.Text)
			if a.Type == pcommon.ValueTypeInt {
				length = asim.DecimalLength(a.Num)
			}
			size += asim.EntrySize(a.Key, length, a.Type == pcommon.ValueTypeStr)
		default:
			p.key = append(append(append(p.key, a.Key...), `"":,`...), a.AsString()...)
		}
	}
	if !p.seen[string(p.key)] {
		p.isNew(string(p.key))
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

// answers estimates the size of a list of answers.
func (p *pack) answers(a *packAttribute) (size int) {
	for _, answer := range a.Texts {
		size += p.text(answer)
	}
	if a.Other != nil {
		for _, answer := range a.Other.Slice().All() {
			size += p.text(answer.AsString())
		}
	}
	return size
}

// isNew notes a text or a group, and reports whether it is new.
func (p *pack) isNew(text string) bool {
	if p.seen[text] {
		return false
	}
	p.seen[text], p.added = true, append(p.added, text)
	return true
}

// text estimates the size of a text: of a later one it is the number of the first.
func (p *pack) text(text string) int {
	const number = 5
	if !p.isNew(text) {
		return number
	}
	return len(text) + strings.Count(text, `"`) + strings.Count(text, `\`) + len(`"",`)
}

// perItem reports whether a field is in the item, because most items have a value of their own. Other fields are in the item's group.
func perItem(a *attrs.Attribute) bool {
	return a.Type == pcommon.ValueTypeInt || a.Key == dnsQueryOriginal
}

// AppendPack appends the packed record, and begins another. A single item is a record as it was.
func (m *Mapper) AppendPack(records plog.LogRecordSlice) {
	p, record := m.pack, records.AppendEmpty()
	defer p.reset()
	if len(p.items) == 1 {
		p.writeWhole(record, &p.items[0])
	} else {
		p.write(record, m.profile)
	}
}

// writeWhole writes the record of an item.
func (p *pack) writeWhole(to plog.LogRecord, item *packed) {
	all := func(int32) bool { return true }
	p.writeRecord(to, item, all, all)
}

// writeRecord writes those attributes of an item's record, and of its AdditionalFields, that are kept.
func (p *pack) writeRecord(to plog.LogRecord, item *packed, keeps, keepsMore func(i int32) bool) {
	item.head.writeTo(to)
	record := to.Attributes()
	record.EnsureCapacity(len(p.main(item)))
	for _, i := range p.main(item) {
		a := &p.table[i]
		switch {
		case a.isAdditional():
			more := record.PutEmptyMap(attrs.AdditionalFields)
			more.EnsureCapacity(len(p.more(item)) + 3) // with packSums, packTexts and packAnswers
			for _, i := range p.more(item) {
				if keepsMore(i) {
					p.table[i].CopyTo(more.PutEmpty(p.table[i].Key))
				}
			}
		case keeps(i):
			a.CopyTo(record.PutEmpty(a.Key))
		}
	}
}

// isAdditional reports whether the attribute is AdditionalFields, the map.
func (a *packAttribute) isAdditional() bool {
	return a.Type == pcommon.ValueTypeMap && a.Key == attrs.AdditionalFields && a.Other == nil
}

// reset begins another packed record.
func (p *pack) reset() {
	p.items, p.ids, p.size = p.items[:0], p.ids[:0], 0
	clear(p.table) // it may hold large texts
	p.table = p.table[:0]
	clear(p.seen)
	p.writer.reset()
}

// write writes the packed record.
func (p *pack) write(to plog.LogRecord, profile dns.Profile) {
	p.order = p.order[:0]
	for i := range p.items {
		p.order = append(p.order, i)
	}
	order := p.order
	slices.SortStableFunc(order, func(a, b int) int { return int(p.items[a].start - p.items[b].start) })
	first, last, count := &p.items[order[0]], &p.items[order[0]], int64(0)
	for _, i := range order {
		item := &p.items[i]
		if item.end > last.end {
			last = item
		}
		n := int64(0)
		if a := p.find(p.main(item), "EventCount"); a != nil {
			n = a.Num
		}
		count += max(1, n)
	}
	p.writeRecord(to, first, func(i int32) bool { return !p.removes(i) }, func(i int32) bool {
		a := &p.table[i]
		return !p.variesOf(i) && !positional[1][a.Key] && (a.role != roleAnswers || a.Type != pcommon.ValueTypeSlice)
	})
	to.SetTimestamp(last.head.at)
	record := to.Attributes()
	if _, ok := record.Get("EventCount"); ok {
		record.PutInt("EventCount", count)
	}
	if a := p.find(p.main(last), "EventEndTime"); a != nil {
		record.PutStr("EventEndTime", a.Text)
	}
	for _, name := range [...]string{"EventResult", "EventResultDetails"} { // mandatory columns
		if p.variesName(name) {
			record.PutStr(name, "NA")
		}
	}
	var more pcommon.Map
	if v, ok := record.Get(attrs.AdditionalFields); ok && v.Type() == pcommon.ValueTypeMap {
		more = v.Map()
	} else {
		more = record.PutEmptyMap(attrs.AdditionalFields)
	}
	w := &p.writer
	w.pack, w.profile, w.base = p, profile, first.start
	w.collect(order)
	w.writeTo(more)
}

// removes reports whether an attribute of the first record is not in the packed record.
func (p *pack) removes(i int32) bool {
	switch p.table[i].Key {
	case "EventCount", "EventStartTime", "EventEndTime", eventOriginalUID, "EventResult", "EventResultDetails", attrs.AdditionalFields:
		return false
	case "DnsNetworkDuration", "SrcPortNumber", "TransactionIdHex":
		return true
	}
	return p.variesOf(i)
}

// hexNumber returns the number of four hexadecimal digits.
func hexNumber(text string) (int64, bool) {
	n, err := strconv.ParseUint(text, 16, 16)
	return int64(n), err == nil && len(text) == xidLength
}
