// SPDX-License-Identifier: Apache-2.0

// Package row encodes log records as rows of a table of Microsoft Sentinel: JSON objects with the table's columns and
// types. It writes from pdata directly into a buffer. Attributes without a column, or that do not fit their column's
// type, go into AdditionalFields. Each rule that alters a value is counted by column; see Rule.
package row

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/jsontext"
)

// MaxRow is the largest row in bytes: a call may have 1,000,000, two of which are the array's brackets.
const MaxRow = 1_000_000 - 2

const (
	// maxField is the largest size of a text, or of AdditionalFields, in bytes. The service cuts values above 64 KB,
	// and a dynamic value that was cut is not JSON.
	maxField = 64_000
	// maxFieldOfLargeRow is the limit for every field of a row that would have more than MaxRow. It keeps any row below
	// MaxRow: at worst, each of the 139 columns of the largest table has texts of six bytes in JSON for each byte.
	maxFieldOfLargeRow = 1_000
)

// The service replaces a TimeGenerated that is older than MaxAge or more than MaxAhead in the future by the time of
// receipt. Source: "Standard columns in Azure Monitor Logs", TimeGenerated
// (https://learn.microsoft.com/azure/azure-monitor/logs/log-standard-columns).
const (
	MaxAge   = 48 * time.Hour
	MaxAhead = 24 * time.Hour
)

// Options configures the encoding of rows of one table.
type Options struct {
	Table *columns.Table
	// Schema is the value of EventSchema that the table implies. It is left out of the rows.
	Schema string
	// Omit are attributes that are left out of the rows.
	Omit []string
	// Microseconds cuts TimeGenerated to whole microseconds. Tables with the plan Auxiliary support no more
	// (https://learn.microsoft.com/azure/azure-monitor/logs/create-custom-table).
	Microseconds bool
	// Body is the column for the record's body if the record has no attribute of that name, or "".
	Body string
	// Resource lists the resource attributes without a column that go into AdditionalFields. "k8s.*" means all names
	// that begin with "k8s.". The node's name is left out if the resource's Dvc has it.
	Resource []string
	// Now is the clock for times outside the service's range and for records without a time. It is read once for each
	// resource.
	Now func() time.Time
}

// Encoder encodes rows of one table. It is not safe for concurrent use. It holds values of the current resource until
// the next call of SetResource or Reset.
type Encoder struct {
	Counts Counts // since the last Reset

	opts      Options
	table     *columns.Table
	keys      []key // of the table's columns
	body      int   // column, or -1
	startTime int   // column EventStartTime, or -1

	times     jsontext.TimeFormatter
	datetimes datetimes
	limit     int    // of a field
	now       uint64 // read when the resource was set
	seen      [4]uint64
	order     [64]uint8       // the columns of the last record's attributes, by position
	resource  []columnValue   // column values from the resource
	texts     []byte          // fields of the resource as they stand in a row; see columnValue
	more      []namedValue    // values of the resource for AdditionalFields
	device    []namedValue    // the same, of names that describe the device; the record's own ones replace them
	moved     []int           // columns whose values are in more, because only a record may have them
	extra     []namedValue    // values of the record for AdditionalFields
	object    jsontext.Object // AdditionalFields
	scratch   []byte          // AdditionalFields of a table in which the column is a text
}

// columnValue is a value of the resource for a column. If to > 0, the field was encoded when the resource was set and is
// texts[from:to]; it is the same in each row.
type columnValue struct {
	column   int
	value    pcommon.Value
	from, to int
}

type namedValue struct {
	name  string
	value pcommon.Value
}

// NewEncoder returns an encoder.
func NewEncoder(opts Options) *Encoder {
	e := &Encoder{opts: opts, table: opts.Table, body: -1, startTime: opts.Table.Lookup("EventStartTime"), limit: maxField}
	if opts.Body != "" {
		e.body = opts.Table.Lookup(opts.Body)
	}
	for _, c := range opts.Table.Columns {
		k := key{size: len(c.Key)}
		copy(k.text[:], c.Key)
		e.keys = append(e.keys, k)
	}
	return e
}

// Reset clears the counts, and drops every reference to the records.
func (e *Encoder) Reset() {
	e.Counts = Counts{}
	e.resource, e.more, e.extra, e.moved, e.device = empty(e.resource), empty(e.more), empty(e.extra), empty(e.moved), empty(e.device)
	if cap(e.texts) > maxKept<<6 {
		e.texts = nil
	}
	if cap(e.scratch) > 4*maxField {
		e.scratch = nil
	}
	e.object.Reset()
}

// maxKept is the number of elements for which a slice or map keeps memory. No usual record has as many attributes.
const maxKept = 1 << 10

// empty empties a slice, and drops the references in its elements.
func empty[T any](s []T) []T {
	if cap(s) > maxKept {
		return nil
	}
	clear(s[:cap(s)])
	return s[:0]
}

// devicePrefix begins the names of attributes that describe the device. A receiver may write them once, to the resource.
const devicePrefix = "Dvc"

// maxDevice is the number of attributes of the device that those of a record may replace. Further ones are kept beside the record's: each is
// compared with each attribute of a record, and any sender may send many thousands of both.
const maxDevice = 64

// SetResource sets the resource of the following records.
func (e *Encoder) SetResource(attributes pcommon.Map) {
	e.now = uint64(e.opts.Now().UnixNano())
	e.resource, e.texts, e.more, e.moved, e.device = e.resource[:0], e.texts[:0], e.more[:0], e.moved[:0], e.device[:0]
	for name, v := range attributes.All() {
		switch i := e.table.Lookup(name); {
		case slices.Contains(e.opts.Omit, name) || v.Type() == pcommon.ValueTypeEmpty:
		case i == e.table.Time || i == e.table.Additional:
			e.moved = append(e.moved, i)
			e.more = append(e.more, namedValue{name, v})
		case i >= 0:
			from := len(e.texts)
			to := 0
			if e.isConstant(i, v) {
				e.texts = append(append(append(append(e.texts, e.table.Columns[i].Key...), '"'), v.Str()...), '"')
				to = len(e.texts)
			}
			e.resource = append(e.resource, columnValue{i, v, from, to})
		case strings.HasPrefix(name, devicePrefix) && len(e.device) < maxDevice:
			e.device = append(e.device, namedValue{name, v})
		case strings.HasPrefix(name, devicePrefix):
			e.more = append(e.more, namedValue{name, v})
		case e.wanted(name) && !repeatsDevice(attributes, name, v):
			e.more = append(e.more, namedValue{name, v})
		}
	}
}

// isConstant reports whether no rule alters a value in any row, so that its field can be encoded once.
func (e *Encoder) isConstant(column int, v pcommon.Value) bool {
	if e.table.Columns[column].Type != columns.String || v.Type() != pcommon.ValueTypeStr {
		return false
	}
	s := v.Str()
	return s != "" && len(s) <= maxFieldOfLargeRow && jsontext.IsPlain(s) && (!e.table.Enumerated(column) || e.table.Lists(column, s))
}

// repeatsDevice reports whether an attribute of a resource is the name of the node, which the resource's Dvc has already.
func repeatsDevice(resource pcommon.Map, name string, v pcommon.Value) bool {
	if name != "k8s.node.name" {
		return false
	}
	dvc, ok := resource.Get("Dvc")
	return ok && dvc.Equal(v)
}

func (e *Encoder) wanted(name string) bool {
	for _, pattern := range e.opts.Resource {
		if prefix, any := strings.CutSuffix(pattern, "*"); name == pattern || any && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// AppendRow appends the row of a record, a JSON object of at most MaxRow bytes. It returns the row's TimeGenerated in
// nanoseconds since 1970.
func (e *Encoder) AppendRow(dst []byte, record plog.LogRecord) ([]byte, uint64) {
	from := len(dst)
	dst, at := e.appendRow(dst, record)
	if len(dst)-from > MaxRow {
		e.count(RuleLargeRow, e.table.Additional)
		e.limit = maxFieldOfLargeRow
		dst, at = e.appendRow(dst[:from], record)
		e.limit = maxField
	}
	return dst, at
}

// Identity returns the part of a row that is the same each time its record is encoded: all but TimeGenerated, which may
// be the time of encoding.
func (e *Encoder) Identity(row []byte) []byte {
	stamp := len(`"2026-03-04T05:06:07.8940001Z"`)
	if e.opts.Microseconds {
		stamp--
	}
	return row[len(e.table.Columns[e.table.Time].Key)+stamp:]
}

// appendRow appends the row, or the part up to where it becomes too large.
func (e *Encoder) appendRow(dst []byte, record plog.LogRecord) (_ []byte, at uint64) {
	from := len(dst)
	e.seen, e.extra = [4]uint64{}, e.extra[:0]
	exact, fromAttribute := e.time(record)
	dst = append(append(append(dst, '{'), e.table.Columns[e.table.Time].Key[1:]...), '"')
	dst = e.times.Append(dst, exact)
	at = exact
	if e.opts.Microseconds {
		const digitAndZone = 2
		dst = append(dst[:len(dst)-digitAndZone], 'Z')
		at -= at % 1000
	}
	dst = append(dst, '"')
	e.see(e.table.Time)

	var additional pcommon.Value
	hasAdditional := false
	place := 0
	for name, v := range record.Attributes().All() {
		// Most records have their attributes in the same order as the one before.
		guess := &e.order[place%len(e.order)]
		i := int(*guess)
		if e.table.Columns[i].Name != name {
			if i = e.table.Lookup(name); i >= 0 {
				*guess = uint8(i)
			}
		}
		place++
		switch {
		case i < 0:
			if slices.Contains(e.opts.Omit, name) || name == "EventSchema" && v.Type() == pcommon.ValueTypeStr && v.Str() == e.opts.Schema {
				continue
			}
			e.extra = append(e.extra, namedValue{name, v})
		case i == e.table.Time && fromAttribute:
			fromAttribute = false // a second one goes into AdditionalFields
		case i == e.table.Additional && !hasAdditional:
			additional, hasAdditional = v, true
		case e.saw(i):
			e.count(RuleMoved, i)
			e.extra = append(e.extra, namedValue{name, v})
		default:
			dst = e.appendColumn(dst, i, v)
			if len(dst)-from > MaxRow && e.limit == maxField {
				return dst, at
			}
		}
	}
	for _, f := range e.resource {
		switch {
		case e.saw(f.column):
		case f.to > 0:
			dst = append(dst, e.texts[f.from:f.to]...)
			e.see(f.column)
		default:
			dst = e.appendColumn(dst, f.column, f.value)
		}
	}
	for _, column := range e.moved {
		e.count(RuleMoved, column)
	}
	if e.body >= 0 && !e.saw(e.body) {
		dst = e.appendBody(dst, record.Body())
	}
	dst = e.checkAge(dst, exact)
	dst = e.appendAdditional(dst, additional, hasAdditional)
	return append(dst, '}'), at
}

// time returns the event's time: the record's timestamp, else its attribute TimeGenerated, else the time at which it
// was observed, else now.
func (e *Encoder) time(record plog.LogRecord) (at uint64, fromAttribute bool) {
	if at = uint64(record.Timestamp()); at != 0 {
		return at, false
	}
	if v, ok := record.Attributes().Get("TimeGenerated"); ok && v.Type() == pcommon.ValueTypeStr {
		if t, err := time.Parse(time.RFC3339Nano, v.Str()); err == nil && t.Unix() >= 0 && t.Year() < 2262 {
			return uint64(t.UnixNano()), true
		}
	}
	e.count(RuleNoTime, e.table.Time)
	if at = uint64(record.ObservedTimestamp()); at != 0 {
		return at, false
	}
	return e.now, false
}

// checkAge counts a time that the service replaces, and keeps the true time in EventStartTime.
func (e *Encoder) checkAge(dst []byte, at uint64) []byte {
	switch {
	case at < e.now-uint64(MaxAge):
		e.count(RuleTooOld, e.table.Time)
	case at > e.now+uint64(MaxAhead):
		e.count(RuleAhead, e.table.Time)
	default:
		return dst
	}
	if e.startTime >= 0 && !e.saw(e.startTime) {
		dst = append(append(dst, e.table.Columns[e.startTime].Key...), '"')
		dst = append(e.times.Append(dst, at), '"')
	}
	return dst
}

// count counts a rule. When a row is encoded again because it was too large, only new cuts are counted.
func (e *Encoder) count(r Rule, column int) {
	if e.limit == maxField || r == RuleCut {
		e.Counts.add(r, column)
	}
}

func (e *Encoder) saw(column int) bool { return e.seen[column>>6]&(1<<(column&63)) != 0 }
func (e *Encoder) see(column int)      { e.seen[column>>6] |= 1 << (column & 63) }

// appendColumn appends a column with a value, or defers the value to AdditionalFields. An empty value is left out.
func (e *Encoder) appendColumn(dst []byte, column int, v pcommon.Value) []byte {
	c, typ := &e.table.Columns[column], v.Type()
	if c.Type == columns.String && typ == pcommon.ValueTypeStr {
		return e.appendTextColumn(dst, column, v.Str())
	}
	before := len(dst)
	dst, result := e.appendValue(e.keys[column].append(dst), column, typ, v)
	switch result {
	case written:
		e.see(column)
		if e.table.Enumerated(column) && (typ != pcommon.ValueTypeStr || !e.table.Lists(column, v.Str())) {
			e.count(RuleNotEnumerated, column)
		}
		return dst
	case misfit:
		e.count(RuleMoved, column)
		e.extra = append(e.extra, namedValue{c.Name, v})
	}
	return dst[:before]
}

// appendTextColumn is appendColumn for a text in a column of texts.
func (e *Encoder) appendTextColumn(dst []byte, column int, s string) []byte {
	if s == "" {
		return dst
	}
	dst, ok := appendPlain(dst, &e.keys[column], s)
	if !ok {
		dst = e.appendText(append(dst, e.table.Columns[column].Key...), s, column)
	}
	e.see(column)
	if e.table.Enumerated(column) && !e.table.Lists(column, s) {
		e.count(RuleNotEnumerated, column)
	}
	return dst
}

func (e *Encoder) appendBody(dst []byte, body pcommon.Value) []byte {
	switch body.Type() {
	case pcommon.ValueTypeEmpty:
		return dst
	case pcommon.ValueTypeMap, pcommon.ValueTypeSlice, pcommon.ValueTypeBytes:
		e.extra = append(e.extra, namedValue{"Body", body})
		return dst
	}
	return e.appendColumn(dst, e.body, body)
}
