// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// packWriter writes the items of a packed record. Its memory serves the next packed record, too.
type packWriter struct {
	*pack
	profile dns.Profile
	base    int64 // the time of the record, ms since 1970
	groups  []*packGroup
	spare   []*packGroup // groups of earlier records
	byKey   map[string]*packGroup
	counts  map[string]int   // how often a text occurs
	numbers map[string]int64 // of the texts in table, from 1
	table   []string
	names   map[string]bool
	below   map[string]int // how many names there are below a name
	group   packGroup      // of the item that is read
	fields  list           // of all items
	key     []byte
}

func newPackWriter() packWriter {
	return packWriter{
		byKey: map[string]*packGroup{}, counts: map[string]int{}, numbers: map[string]int64{}, names: map[string]bool{}, below: map[string]int{},
	}
}

// reset begins another record.
func (w *packWriter) reset() {
	w.spare = append(w.spare, w.groups...)
	clear(w.byKey)
	clear(w.counts)
	clear(w.numbers)
	clear(w.names)
	clear(w.below)
	clear(w.fields)
	w.groups, w.table, w.fields = w.groups[:0], w.table[:0], w.fields[:0]
}

// list are attributes in their order.
type list []attrs.Attribute

// packGroup are the items that have the same values but for those of the item itself.
type packGroup struct {
	details, flags, suffix string
	columns, fields        list
	items                  []packedItem
}

// newGroup adds a group with the values of another, without items.
func (w *packWriter) newGroup(of *packGroup) *packGroup {
	g := &packGroup{}
	if n := len(w.spare); n > 0 {
		g, w.spare = w.spare[n-1], w.spare[:n-1]
	}
	g.details, g.flags, g.suffix = of.details, of.flags, of.suffix
	g.columns, g.fields, g.items = append(g.columns[:0], of.columns...), append(g.fields[:0], of.fields...), g.items[:0]
	w.groups = append(w.groups, g)
	return g
}

// packedItem is what an item has of its own.
type packedItem struct {
	start     int64 // ms since the record
	name, typ string
	answers   []string
	numbers   [itemNumbers]int64
	fields    list
}

// The numbers of an item, by place. Those after the count differ for one exchange.
const (
	itemDuration  = iota // ms; -1 is none
	itemCount            // newCount or burstCount is one exchange that is not summed
	itemGap              // GapSum; -1 is none
	itemSquare           // GapSquareSum; 0 of two exchanges is the square of GapSum; -1 is none
	itemBelow            // the duration minus the shortest
	itemAbove            // the longest minus the duration
	itemRest             // what the end is later than the start, GapSum and the duration, ms; 0 if that is a millisecond
	itemRecursed         // RecursionExchanges
	itemRecursion        // RecursionCount, if RecursionExchanges is not 0
	itemNumbers

	itemPort    = itemGap    // SrcPortNumber; 0 is none
	itemXID     = itemSquare // TransactionIdHex as a number, plus 1; 0 is none
	itemOneRest = itemBelow  // as itemRest
)

// Counts of one exchange that is not summed, by kind of the item.
const newCount, burstCount = 0, -1

// ordinaryNumbers are the numbers of an item that end it: they are left out from its end.
var ordinaryNumbers = [itemNumbers]int64{itemCount: 1}

// noNumber is a number that the record does not have.
const noNumber = -1

// collect makes groups of the records, in an order.
func (w *packWriter) collect(order []int) {
	for _, i := range order {
		name := ""
		if a := w.find(w.main(&w.items[i]), "DnsQuery"); a != nil {
			name = a.Text
		}
		if w.names[name] {
			continue
		}
		w.names[name] = true
		for _, parent, ok := strings.Cut(name, "."); ok && parent != ""; _, parent, ok = strings.Cut(parent, ".") {
			w.below[parent]++
		}
	}
	for _, i := range order {
		item := w.item(i)
		for _, parent, ok := strings.Cut(item.name, "."); ok && parent != ""; _, parent, ok = strings.Cut(parent, ".") {
			if rest := len(item.name) - len(parent) - 1; rest > 0 && worthSuffix(w.below[parent], len(parent)) {
				w.group.suffix, item.name = parent, item.name[:rest]
				break
			}
		}
		w.key = append(append(w.key, 0), w.group.suffix...)
		of := w.byKey[string(w.key)]
		if of == nil {
			of = w.newGroup(&w.group)
			w.byKey[string(w.key)] = of
		}
		of.items = append(of.items, item)
	}
}

// worthSuffix reports whether names of a parent are shorter in a group of their own.
func worthSuffix(names, length int) bool {
	const group = 40 // bytes of a group without its items and its suffix
	return names*(length+1) > group+length
}

// item reads a record. It sets its group and the group's key, without the suffix.
func (w *packWriter) item(i int) (item packedItem) {
	of, g := &w.items[i], &w.group
	*g = packGroup{columns: g.columns[:0], fields: g.fields[:0]}
	item.start = of.start - w.base
	item.numbers[itemDuration], item.numbers[itemCount] = noNumber, 1
	result, port, xid := "", int64(0), int64(0)
	for _, i := range w.main(of) {
		a := &w.pack.table[i]
		switch a.Key {
		case "EventResult":
			result = a.Text
		case "EventResultDetails":
			g.details = a.Text
		case "DnsFlags":
			g.flags = a.Text
		case "DnsQuery":
			item.name = a.Text
		case "DnsQueryTypeName":
			item.typ = a.Text
		case "DnsNetworkDuration":
			item.numbers[itemDuration] = a.Num
		case "EventCount":
			item.numbers[itemCount] = a.Num
		case "SrcPortNumber":
			port = a.Num
		case "TransactionIdHex":
			if n, ok := hexNumber(a.Text); ok {
				xid = n + 1
			}
		case "DnsResponseName":
			if w.profile == dns.ProfileASIM {
				item.answers = strings.Split(a.Text, ";") // the record has DnsAnswers, too, if that is not their boundary
				break
			}
			fallthrough
		default:
			if a.role != rolePositional && w.variesOf(i) {
				g.columns = append(g.columns, a.Attribute)
			}
		}
	}
	if result != "" && result != resultOf(g.details) { // none is left out: it follows
		g.columns = append(g.columns, attrs.Attribute{Key: "EventResult", Value: attrs.Value{Type: pcommon.ValueTypeStr, Text: result}})
	}
	w.readFields(w.more(of), g, &item)
	rest := of.end - of.start - max(0, item.numbers[itemDuration])
	if item.numbers[itemCount] == 1 {
		item.numbers[itemPort], item.numbers[itemXID], item.numbers[itemOneRest] = port, xid, restOf(rest)
	} else {
		item.numbers[itemRest] = restOf(rest - max(0, item.numbers[itemGap]))
	}
	switch of.kind {
	case NewItem:
		item.numbers[itemCount] = newCount
	case BurstItem:
		item.numbers[itemCount] = burstCount
	}
	w.key = w.key[:0]
	for _, part := range [...]string{g.details, g.flags} {
		w.key = append(append(w.key, part...), 0)
	}
	for _, l := range [...]list{g.columns, g.fields} {
		for i := range l {
			w.key = append(append(w.key, l[i].Key...), 0)
			w.key = append(append(w.key, l[i].AsString()...), 0)
		}
		w.key = append(w.key, 1)
	}
	return item
}

// restOf leaves out a millisecond: times and durations are rounded down, each for itself.
func restOf(ms int64) int64 {
	if ms >= -1 && ms <= 1 {
		return 0
	}
	return ms
}

// resultOf returns the EventResult of most records with an EventResultDetails.
func resultOf(details string) string {
	switch details {
	case "":
		return ""
	case "NA":
		return "NA"
	case "NOERROR":
		return "Success"
	}
	return "Failure"
}

// readFields reads AdditionalFields of an item.
func (w *packWriter) readFields(more []int32, g *packGroup, item *packedItem) {
	n := &item.numbers
	if n[itemCount] > 1 {
		n[itemGap], n[itemSquare] = noNumber, noNumber
	}
	sum, timed := w.find(more, recursionExchanges) != nil, n[itemDuration] >= 0
	from := len(w.fields)
	for _, i := range more {
		a := &w.pack.table[i]
		switch name := a.Key; {
		case name == gapSum:
			n[itemGap] = a.Num
		case name == gapSquareSum:
			n[itemSquare] = a.Num
		case name == durationMin && timed:
			n[itemBelow] = n[itemDuration] - a.Num
		case name == durationMax && timed:
			n[itemAbove] = a.Num - n[itemDuration]
		case name == recursionExchanges:
			n[itemRecursed] = a.Num
		case name == recursionCount && sum:
			n[itemRecursion] = a.Num
		case a.role == roleAnswers && a.Type == pcommon.ValueTypeSlice && a.Other == nil:
			item.answers = a.Texts
		case a.role == roleAnswers: // with details, which say DnsResponseName as well
			item.answers = nil
			g.fields = append(g.fields, a.Attribute)
		case !w.variesOf(i):
		case perItem(&a.Attribute): // so no field of a group is a number
			w.fields = append(w.fields, a.Attribute)
		default:
			g.fields = append(g.fields, a.Attribute)
		}
	}
	item.fields = w.fields[from:len(w.fields):len(w.fields)]
	if n[itemCount] == 2 && n[itemSquare] == n[itemGap]*n[itemGap] {
		n[itemSquare] = 0
	}
}

// writeTo writes the groups, and the texts that occur several times.
func (w *packWriter) writeTo(more pcommon.Map) {
	for _, g := range w.groups {
		for _, text := range [...]string{g.details, g.flags, g.suffix} {
			w.counts[text]++
		}
		for i := range g.items {
			w.counts[g.items[i].name]++
			w.counts[g.items[i].typ]++
			for _, answer := range g.items[i].answers {
				w.counts[answer]++
			}
		}
	}
	sums := more.PutEmptySlice(packSums)
	sums.EnsureCapacity(len(w.groups))
	for _, g := range w.groups {
		w.writeGroup(sums.AppendEmpty().SetEmptySlice(), g)
	}
	if len(w.table) > 0 {
		texts := more.PutEmptySlice(packTexts)
		texts.EnsureCapacity(len(w.table))
		for _, text := range w.table {
			texts.AppendEmpty().SetStr(text)
		}
	}
	if w.profile == dns.ProfileASIM && w.variesName("DnsResponseName") {
		more.PutInt(packAnswers, 1)
	}
}

// writeGroup writes one group: what its items have in common, their times, and the items.
func (w *packWriter) writeGroup(to pcommon.Slice, g *packGroup) {
	for _, text := range [...]string{g.details, g.flags, g.suffix} {
		w.putText(to, text)
	}
	putMap(to, g.fields)
	for i := range g.fields {
		if a := &g.fields[i]; a.Key == "Zone" && a.AsString() == g.suffix { // it is the parent of most names in it
			to.At(to.Len()-1).Map().PutInt(a.Key, 0)
		}
	}
	starts := to.AppendEmpty().SetEmptySlice()
	starts.EnsureCapacity(len(g.items))
	before := int64(0)
	for i := range g.items {
		starts.AppendEmpty().SetInt(g.items[i].start - before)
		before = g.items[i].start
	}
	items := to.AppendEmpty().SetEmptySlice()
	items.EnsureCapacity(len(g.items))
	for i := range g.items {
		w.writeItem(items.AppendEmpty().SetEmptySlice(), &g.items[i])
	}
	if len(g.columns) > 0 {
		putMap(to, g.columns)
	}
}

// writeItem writes one item.
func (w *packWriter) writeItem(to pcommon.Slice, item *packedItem) {
	n := len(item.numbers)
	for n > 0 && item.numbers[n-1] == ordinaryNumbers[n-1] {
		n--
	}
	to.EnsureCapacity(n + 4) // name, type, answers, fields
	w.putText(to, item.name)
	w.putText(to, item.typ)
	switch {
	case len(item.answers) == 1:
		w.putText(to, item.answers[0])
	case len(item.answers) > 1:
		answers := to.AppendEmpty().SetEmptySlice()
		for _, answer := range item.answers {
			w.putText(answers, answer)
		}
	case n > 0 || len(item.fields) > 0:
		to.AppendEmpty().SetInt(0)
	}
	for _, number := range item.numbers[:n] {
		to.AppendEmpty().SetInt(number)
	}
	if len(item.fields) > 0 {
		putMap(to, item.fields)
	}
}

// putMap appends a map, or 0 if it is empty.
func putMap(to pcommon.Slice, l list) {
	v := to.AppendEmpty()
	if len(l) == 0 {
		v.SetInt(0)
		return
	}
	m := v.SetEmptyMap()
	m.EnsureCapacity(len(l))
	for i := range l {
		l[i].CopyTo(m.PutEmpty(l[i].Key))
	}
}

// putText appends a text: 0 if it is empty, its number in the table if that is shorter.
func (w *packWriter) putText(to pcommon.Slice, text string) {
	const number = 3 // bytes of a number of two digits, with a comma
	v := to.AppendEmpty()
	n, size := w.counts[text], len(text)+len(`"",`)
	switch {
	case text == "":
		v.SetInt(0)
	case n*size <= size+n*number:
		v.SetStr(text)
	default:
		place, ok := w.numbers[text]
		if !ok {
			w.table = append(w.table, text)
			place = int64(len(w.table))
			w.numbers[text] = place
		}
		v.SetInt(place)
	}
}
