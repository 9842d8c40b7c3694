// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// packWriter writes the items of a packed record.
type packWriter struct {
	*pack
	profile dns.Profile
	base    int64 // the time of the record, ms since 1970
	groups  []*packGroup
	counts  map[string]int   // how often a text occurs
	numbers map[string]int64 // the place of each text in table, from 1
	table   []string
}

// packGroup is a group of items. Its first fields have the values that all items have in common; the items have the rest.
type packGroup struct {
	details, flags, suffix string
	columns, fields        list
	key                    string
	items                  []packedItem
}

// packedItem has an item's own values.
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
	itemCount            // 0 is one exchange that is not summed
	itemGap              // GapSum; -1 is none
	itemSquare           // GapSquareSum; 0 of two exchanges is the square of GapSum; -1 is none
	itemBelow            // the duration minus the shortest
	itemAbove            // the longest minus the duration
	itemRest             // the end minus start, GapSum and duration, ms; 0 if that is at most a millisecond
	itemRecursed         // RecursionExchanges
	itemRecursion        // RecursionCount, if RecursionExchanges is not 0
	itemNumbers

	itemPort    = itemGap    // SrcPortNumber; 0 is none
	itemXID     = itemSquare // TransactionIdHex as a number, plus 1; 0 is none
	itemOneRest = itemBelow  // as itemRest
)

// ordinaryNumbers are the usual values of an item's numbers. Numbers at its end that have them are left out.
var ordinaryNumbers = [itemNumbers]int64{itemCount: 1}

// noNumber stands for a number that the record does not have.
const noNumber = -1

// collect puts the records into groups. order has their indexes.
func (w *packWriter) collect(order []int) {
	below := map[string]int{} // how many names there are below a name
	names := map[string]bool{}
	for _, i := range order {
		name := textOf(w.records.At(i).Attributes(), "DnsQuery")
		if names[name] {
			continue
		}
		names[name] = true
		for _, parent, ok := strings.Cut(name, "."); ok && parent != ""; _, parent, ok = strings.Cut(parent, ".") {
			below[parent]++
		}
	}
	byKey := map[string]*packGroup{}
	for _, i := range order {
		g, item := w.item(i)
		for _, parent, ok := strings.Cut(item.name, "."); ok && parent != ""; _, parent, ok = strings.Cut(parent, ".") {
			if rest := len(item.name) - len(parent) - 1; rest > 0 && worthSuffix(below[parent], len(parent)) {
				g.suffix, item.name = parent, item.name[:rest]
				break
			}
		}
		g.key += "\x00" + g.suffix
		of := byKey[g.key]
		if of == nil {
			of = &g
			byKey[g.key] = of
			w.groups = append(w.groups, of)
		}
		of.items = append(of.items, item)
	}
}

// worthSuffix reports whether the names below a parent take fewer bytes in a group of their own, which has the parent once. names is their
// number, length that of the parent.
func worthSuffix(names, length int) bool {
	const group = 40 // bytes of a group without its items and its suffix
	return names*(length+1) > group+length
}

// item reads a record. It returns its group, without items, and the item.
func (w *packWriter) item(i int) (g packGroup, item packedItem) {
	record, of := w.records.At(i).Attributes(), &w.items[i]
	item.start = of.start - w.base
	item.numbers[itemDuration], item.numbers[itemCount] = noNumber, 1
	var key strings.Builder
	result, port, xid := "", int64(0), int64(0)
	for name, v := range record.All() {
		switch name {
		case "EventResult":
			result = v.Str()
		case "EventResultDetails":
			g.details = v.Str()
		case "DnsFlags":
			g.flags = v.Str()
		case "DnsQuery":
			item.name = v.Str()
		case "DnsQueryTypeName":
			item.typ = v.Str()
		case "DnsNetworkDuration":
			item.numbers[itemDuration] = v.Int()
		case "EventCount":
			item.numbers[itemCount] = v.Int()
		case "SrcPortNumber":
			port = v.Int()
		case "TransactionIdHex":
			if n, ok := hexNumber(v.Str()); ok {
				xid = n + 1
			}
		case "DnsResponseName":
			if w.profile == dns.ProfileASIM {
				item.answers = strings.Split(v.Str(), ";") // the record has DnsAnswers, too, if that is not their boundary
				break
			}
			fallthrough
		default:
			if !positional[0][name] && w.varies[0][name] {
				g.columns = append(g.columns, attribute{name, v})
			}
		}
	}
	if result != resultOf(g.details) {
		v := pcommon.NewValueStr(result)
		g.columns = append(g.columns, attribute{"EventResult", v})
	}
	w.readFields(additionalOf(record), &g, &item)
	rest := of.end - of.start - max(0, item.numbers[itemDuration])
	if item.numbers[itemCount] == 1 {
		item.numbers[itemPort], item.numbers[itemXID], item.numbers[itemOneRest] = port, xid, restOf(rest)
	} else {
		item.numbers[itemRest] = restOf(rest - max(0, item.numbers[itemGap]))
	}
	if of.whole {
		item.numbers[itemCount] = 0
	}
	for _, part := range [...]string{g.details, g.flags} {
		key.WriteString(part + "\x00")
	}
	for _, l := range [...]list{g.columns, g.fields} {
		for _, a := range l {
			key.WriteString(a.name + "\x00" + a.value.AsString() + "\x00")
		}
		key.WriteByte(1)
	}
	g.key = key.String()
	return g, item
}

// restOf returns 0 for a rest of at most a millisecond, which comes from rounding: each time and duration is rounded down by itself.
func restOf(ms int64) int64 {
	if ms >= -1 && ms <= 1 {
		return 0
	}
	return ms
}

// resultOf returns the EventResult that follows from an EventResultDetails. A record with another one has it as a column of its group.
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

// readFields reads the AdditionalFields of an item's record.
func (w *packWriter) readFields(more pcommon.Map, g *packGroup, item *packedItem) {
	n := &item.numbers
	if n[itemCount] > 1 {
		n[itemGap], n[itemSquare] = noNumber, noNumber
	}
	_, sum := more.Get(recursionExchanges)
	for name, v := range more.All() {
		switch {
		case name == gapSum:
			n[itemGap] = v.Int()
		case name == gapSquareSum:
			n[itemSquare] = v.Int()
		case name == durationMin:
			n[itemBelow] = n[itemDuration] - v.Int()
		case name == durationMax:
			n[itemAbove] = v.Int() - n[itemDuration]
		case name == recursionExchanges:
			n[itemRecursed] = v.Int()
		case name == recursionCount && sum:
			n[itemRecursion] = v.Int()
		case name == dnsAnswers && v.Type() == pcommon.ValueTypeSlice && textsOnly(v.Slice()):
			item.answers = item.answers[:0]
			for _, answer := range v.Slice().All() {
				item.answers = append(item.answers, answer.Str())
			}
		case !w.varies[1][name] && name != dnsAnswers:
		case perItem(name, v): // all numbers are, so a number in a group can stand for something else
			item.fields = append(item.fields, attribute{name, v})
		default:
			g.fields = append(g.fields, attribute{name, v})
		}
	}
	if n[itemCount] == 2 && n[itemSquare] == n[itemGap]*n[itemGap] {
		n[itemSquare] = 0
	}
}

// textsOnly reports whether a list has texts only.
func textsOnly(s pcommon.Slice) bool {
	for _, v := range s.All() {
		if v.Type() != pcommon.ValueTypeStr {
			return false
		}
	}
	return true
}

// writeTo writes the groups, and the texts that occur several times.
func (w *packWriter) writeTo(more pcommon.Map) {
	w.counts, w.numbers = map[string]int{}, map[string]int64{}
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
}

// writeGroup writes one group: what its items have in common, their times, and the items.
func (w *packWriter) writeGroup(to pcommon.Slice, g *packGroup) {
	for _, text := range [...]string{g.details, g.flags, g.suffix} {
		w.putText(to, text)
	}
	putMap(to, g.fields)
	for _, a := range g.fields {
		if a.name == "Zone" && a.value.AsString() == g.suffix { // most names are directly below their zone
			to.At(to.Len()-1).Map().PutInt(a.name, 0)
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
	w.putText(to, item.name)
	w.putText(to, item.typ)
	n := len(item.numbers)
	for n > 0 && item.numbers[n-1] == ordinaryNumbers[n-1] {
		n--
	}
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
	for _, a := range l {
		a.value.CopyTo(m.PutEmpty(a.name))
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
