// SPDX-License-Identifier: Apache-2.0

// The size of a record as Sentinel bills it (https://learn.microsoft.com/azure/azure-monitor/logs/cost-logs): the lengths of the texts of the
// columns' values. The names of columns do not count. An attribute without a column is in AdditionalFields, a column whose value is JSON text,
// so its name counts. The escapes of JSON are not counted.

package asim

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Bill computes sizes of records of one table.
type Bill struct {
	columnless []string // attributes without a column
	prefix     string   // and all names that begin so, if it is not empty
}

// DNSBill and NetworkBill are those of ASimDnsActivityLogs and ASimNetworkSessionLogs, for the attributes that the receivers write.
var (
	DNSBill     = Bill{columnless: []string{"EventOriginalSubType", "EventOriginalResultDetails", "DnsResponseCodeName"}}
	NetworkBill = Bill{columnless: []string{"Src", "Dst"}, prefix: "cilium."}
)

const (
	eventSchema      = "EventSchema" // no row has it: the table says it
	additionalFields = "AdditionalFields"

	brackets, quotes, colon, comma = 2, 2, 1, 1
)

// HasColumn reports whether the table has a column for an attribute.
func (b *Bill) HasColumn(name string) bool {
	return !slices.Contains(b.columnless, name) && (b.prefix == "" || !strings.HasPrefix(name, b.prefix))
}

// Attribute returns what an attribute adds, in bytes. size is the length of its value's text, and text whether it is a text rather than a number
// or a truth value.
func (b *Bill) Attribute(name string, size int, text bool) int {
	switch {
	case name == eventSchema:
		return 0
	case b.HasColumn(name):
		return size
	}
	return EntrySize(name, size, text)
}

// Record returns the size of a record, in bytes.
func (b *Bill) Record(record pcommon.Map) (size int) {
	additional := 0 // the entries of AdditionalFields
	for name, v := range record.All() {
		switch {
		case name == eventSchema:
		case name == additionalFields && v.Type() == pcommon.ValueTypeMap:
			additional += entriesSize(v.Map())
		case b.HasColumn(name):
			size += ValueSize(v)
		default:
			additional += EntrySize(name, ValueSize(v), isText(v))
		}
	}
	if additional > 0 {
		size += JSONSize(additional)
	}
	return size
}

func isText(v pcommon.Value) bool { return v.Type() == pcommon.ValueTypeStr }

func entriesSize(m pcommon.Map) (size int) {
	for name, v := range m.All() {
		size += EntrySize(name, ValueSize(v), isText(v))
	}
	return size
}

// ValueSize is the length of a value's text: of a map or a list its JSON.
func ValueSize(v pcommon.Value) (size int) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return len(v.Str())
	case pcommon.ValueTypeInt:
		return DecimalLength(v.Int())
	case pcommon.ValueTypeBool:
		return BoolLength(v.Bool())
	case pcommon.ValueTypeMap:
		size = entriesSize(v.Map())
	case pcommon.ValueTypeSlice:
		for _, e := range v.Slice().All() {
			size += ElementSize(ValueSize(e), isText(e))
		}
	default:
		return len(v.AsString())
	}
	return JSONSize(size)
}

// ElementSize is what an element adds to the JSON text of a list, with its comma. size is the length of its text.
func ElementSize(size int, text bool) int {
	if text {
		size += quotes
	}
	return size + comma
}

// EntrySize is what an entry adds to the JSON text of a map, with its comma. size is the length of its value's text.
func EntrySize(name string, size int, text bool) int {
	return len(name) + quotes + colon + ElementSize(size, text)
}

// JSONSize is the length of the JSON text of a map or a list whose entries or elements have a size.
func JSONSize(size int) int { return brackets + max(0, size-comma) }

// BoolLength returns the length of a truth value's text.
func BoolLength(b bool) int {
	if b {
		return len("true")
	}
	return len("false")
}

// DecimalLength returns the length of a number's decimal text.
func DecimalLength[T int64 | uint64](n T) (length int) {
	if n < 0 {
		length++
	}
	for length++; n/10 != 0; n /= 10 {
		length++
	}
	return length
}
